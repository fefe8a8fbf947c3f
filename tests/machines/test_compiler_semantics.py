"""Corners of Python's semantics, each compared with Python itself and across JSON."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any

import pytest

from interlock.machines.compiler import compile_workflow
from interlock.machines.compiler.support import EndlessIterable
from interlock.machines.program import Paused, Raised, Returned
from machines.programs import Script, names
from machines.scripted import Restored, compiled, define, natively

BODIES = {
    "return through finally": """
try:
    return await act(1)
finally:
    await act.named("f")(2)
""",
    "break through two finallys": """
for x in [1, 2]:
    try:
        try:
            if await act(x):
                break
        finally:
            await act.named("inner")(x)
    finally:
        a = await act.named("outer")(x)
else:
    a = "never"
return a, x
""",
    "continue through a finally that returns late": """
out = []
for x in [1, 2, 3]:
    try:
        if x == 2:
            continue
        out.append(await act(x))
    finally:
        out.append(await act.named("f")(x))
        if x == 3:
            return out
""",
    "finally replaces the exception": """
try:
    try:
        raise KeyError(a)
    finally:
        await act(1)
        raise ValueError(a)
except ValueError as err:
    return repr(err), repr(err.__context__)
""",
    "return in finally swallows": """
try:
    raise KeyError(a)
finally:
    return await act(1)
""",
    "finally around a return whose value awaits and raises": """
try:
    try:
        return await boom(1)
    finally:
        a = await act(2)
except ValueError as err:
    return a, repr(err)
""",
    "return from a loop in a with in a try with an awaiting finally": """
try:
    with contextlib.suppress(KeyError):
        for x in range(3):
            for y in range(3):
                if x * y == 2:
                    return x, y
finally:
    await act(1)
""",
    "no return from that loop": """
try:
    with contextlib.suppress(KeyError):
        for x in range(3):
            if x == 7:
                return x
        a = "went on"
    b = a
finally:
    await act(1)
return b
""",
    "the handled exception is visible": """
try:
    await boom(1)
except ValueError:
    first = info()
    await act(2)
    second = info()
    try:
        await boom.named("again")(3)
    except ValueError:
        third = info()
        await act.named("inside")(4)
    fourth = info()
return first, second, third, fourth, info()
""",
    "bare raise in a leaf, behind an await in the handler": """
try:
    try:
        await boom(1)
    except ValueError:
        await act(2)
        if a is not None:
            raise
except ValueError as err:
    return repr(err), repr(err.__context__)
""",
    "a new exception in a handler has its context": """
try:
    try:
        await boom(1)
    except ValueError:
        await act(2)
        raise KeyError("new")
except KeyError as err:
    return repr(err), repr(err.__context__), err.__suppress_context__
""",
    "a step that raises in a handler has its context": """
try:
    try:
        await boom(1)
    except ValueError:
        await boom.named("second")(2)
except ValueError as err:
    return repr(err), repr(err.__context__), err.__context__ is err
""",
    "raise from": """
try:
    try:
        await boom(1)
    except ValueError as err:
        raise KeyError("new") from err
except KeyError as err:
    return repr(err.__cause__), err.__suppress_context__
""",
    "the name of a handler is unbound behind it": """
try:
    await boom(1)
except ValueError as err:
    await act(2)
try:
    return err
except UnboundLocalError:
    return "unbound"
""",
    "the name of a handler is unbound when it raises": """
err = 1
try:
    try:
        await boom(1)
    except ValueError as err:
        await act(2)
        raise KeyError
except KeyError:
    try:
        return err
    except UnboundLocalError:
        return await act.named("unbound")()
""",
    "break out of a handler": """
for x in range(3):
    try:
        await boom(x)
    except ValueError as err:
        if x == 1:
            break
        await act(x)
return x, info()
""",
    "break out of a handler through a leaf finally": """
for x in range(3):
    try:
        await boom(x)
    except ValueError:
        try:
            break
        finally:
            a = "finally ran"
return a, x, info()
""",
    "else runs outside of the handlers": """
try:
    try:
        await act(1)
    except ValueError:
        return "wrong"
    else:
        await boom(2)
except ValueError:
    return "right"
""",
    "except with a tuple": """
try:
    await boom(1)
except (KeyError, ValueError):
    return 1
""",
    "wrong class in except": """
try:
    await boom(1)
except a:
    return 1
""",
    "except with a tuple in a tuple": """
try:
    await boom(1)
except (KeyError, (OSError, ValueError)):
    return 1
""",
    "suppress": """
with contextlib.suppress(KeyError, ValueError):
    await act(1)
    await boom(2)
    a = "not reached"
return a
""",
    "order of evaluation in a call": """
return note(1)(note(2), await act(3), *note([4]), k=note(5), **{"m": await act.named("x")(6)})
""",
    "a name rebound by a later argument": """
x = 1
return pair(x, await act(x := 2)), pair(x, (x := 3) + await act.named("y")(x))
""",
    "an attribute changed by a later argument": """
box = Box(1)
return pair(box.n, pair(box.add(), await act(box.n)))
""",
    "chained comparison stops": """
return 1 < 2 < (await act(1)) < note(0) < (await act.named("never")(2))
""",
    "chained comparison goes on": """
return 0 < note(1) < 5 < note(7) < (await act(1) or 9)
""",
    "and or not": """
x = (await zero(1)) and (await act.named("never")(2)) or note(3)
y = not (await zero.named("z")(4)) and (note(0) or await act.named("last")(5))
return x, y
""",
    "conditional expression": """
return [(await act(1)) if a else (await act.named("no")(2)), 3 if await zero(4) else note(5)]
""",
    "f-string": """
return f"{note(1)!r:>4} {await act(2):>{await zero(3)}3} {a}"
""",
    "subscript and slice": """
xs = [0, 1, 2, 3]
return xs[note(1):await act(1):note(1)], {0: 5}[await zero(2)], xs[await zero.named("b")(3)]
""",
    "target with awaits": """
d = {}
d[await act(1)], d[note(2)] = await act.named("v")(3), d
d[await act.named("k")(4)] += 5 if d.get(7) else {}
return d
""",
    "augmented target with await in the value": """
xs, d = [1, 2, 3], {"k": 1}
xs[note(1)] += await act(1)
d["k"] += await act.named("d")(2)
box = Box(4)
box.n += await act.named("n")(3)
xs += [await act.named("list")(4)]
xs[note(0):2] += [await act.named("slice")(5)]
return xs, d, box.n
""",
    "an unbound name is seen before the await": """
x += await act(1)
""",
    "walrus in a while test": """
out = []
while (x := await act(len(out))) and len(out) < 3:
    out.append(x)
return out, x
""",
    "walrus in a comprehension": """
xs = [y := x + await act(x) for x in range(3)]
return xs, y
""",
    "comprehensions with awaits": """
x = "kept"
xs = [(x, y, await act(x, y)) for x in range(3) if await zero.named("if")(x) == 0 for y in range(x)]
d = {await act.named("key")(k): await act.named("value")(k) for k in "ab"}
s = {await act.named("set")(v) for v in [1, 1]}
return x, xs, d, s, [[z, x] for z in [x for x in range(2)]]
""",
    "inner scopes of a renamed variable": """
return [((lambda x: x)(x + 1), [x for x in [x, x]], await act(x)) for x in range(2)]
""",
    "a list that grows while it is iterated": """
xs = [1, 2]
for x in xs:
    if len(xs) < 5:
        xs.append(await act(x))
return xs
""",
    "an enumerated list that grows": """
xs = [1, 2]
for i, x in enumerate(xs):
    if i < 3:
        xs.append((i, await act(x)))
return xs
""",
    "an item changed while its list is iterated": """
items = [{"n": 1}, {"n": 2}]
for item in items:
    item["done"] = await act(item["n"])
    item["parts"] = []
    item["parts"] += [1]
    item["parts"] += [await act.named("part")(item)]
return items
""",
    "two names for one dict": """
d = {"n": 1}
e = d
e["m"] = await act(d)
d["n"] = await act.named("b")(e)
return d, e is d
""",
    "a changed object behind a name that moves on": """
xs, ys = [1], [2]
both = {"x": xs, "y": ys}
await act(1)
xs.append(3)
xs = ys
xs.append(4)
xs = None
await act.named("b")(both)
return both
""",
    "shared through a tuple": """
xs = [1]
t = (xs, xs)
await act(1)
t[0].append(2)
await act.named("b")(t)
return t, t[0] is xs
""",
    "an alias made before, changed through the other": """
inner = [1]
outer = [inner]
await act(1)
first = outer[0]
first.append(2)
await act.named("b")(inner)
return outer, inner is outer[0]
""",
    "changed by a function": """
d = {"xs": []}
xs = d["xs"]
await act(1)
bump(xs)
bump(d)
await act.named("b")(d)
return d, xs is d["xs"]
""",
    "changed in a closure": """
d = {"n": 1}
await act(1)
def change():
    d["n"] += 1
    return d
change()
await act.named("b")(d)
return d
""",
    "negative index": """
xs = [1, 2, 3]
await act(1)
xs[-1] = 9
await act.named("b")(xs)
return xs
""",
    "deleted keys and slices": """
d, xs = {"a": 1, "b": 2}, [1, 2, 3]
await act(1)
del d["a"], xs[0]
d["a"] = 3
xs[:1] = [7, 8]
await act.named("b")(d)
return d, list(d), xs
""",
    "taken out of a sum of lists": """
lists = [[{"n": 1}], [{"n": 2}]]
await act(1)
flat = sum(lists, [])
flat[0]["n"] = 5
bump(flat[1])
await act.named("b")(flat)
return lists, flat[0] is lists[0][0]
""",
    "generators and dicts are walked once": """
d = {"a": 1, "b": 2}
out = []
for k, v in d.items():
    out.append((k, v, await act(k)))
for x in (y * 2 for y in range(2)):
    out.append(await act.named("g")(x))
return out
""",
    "for with a target that unpacks": """
out = []
for (i, [x, *rest]), k in [((1, [2, 3, 4]), 5)]:
    out.append((i, x, rest, k, await act(i)))
return out
""",
    "match with awaiting guards": """
out = []
for x in [1, (1, 2), {"k": 3, "z": 4}, None, "s"]:
    match x:
        case int() if await zero(x):
            out.append("never")
        case int(n):
            out.append(n)
        case (p, q) if await act(p):
            out.append((p, q))
        case {"k": v, **rest} if v == 3:
            out.append((await act.named("map")(v), rest))
        case None | "s" as other:
            out.append(other)
return out
""",
    "match binds even when its guard fails": """
match (1, 2):
    case (x, y) if await zero(x):
        return "no"
    case _:
        return x, y
""",
    "assert": """
assert await act(1), note(1)
assert await zero(1), f"message {await act.named('m')(2)}"
""",
    "delete": """
x, d = 1, {7: 1}
del x, d[(await act(1)) * 0 + 7]
try:
    return x
except UnboundLocalError:
    return d
""",
    "annotated": """
x: int
y: int = await act(1)
d: dict[str, int] = {}
d["k"]: int = await act.named("k")(2)
return y, d
""",
    "star-expressions": """
first, *rest = [1, *[await act(1)], *await listed(2)]
return first, rest, {**{"a": 1}, "b": await act.named("b")(3)}
""",
    "shadowed builtins": """
len = range = list = locals = BaseException = 3
for x in [1, 2]:
    await act(x, len, range, list, locals, BaseException)
return x
""",
    "nested functions that do not outlive their segment": """
out = []
for x in range(2):
    def double(n):
        return n * 2 + x
    out.append(double(await act(x)) if False else double(x))
    out.append(sorted([3, 1], key=lambda n: -n))
    await act.named("b")(out)
return out
""",
    "while with else and nested breaks": """
n = 0
while n < 4:
    n += 1
    for x in range(3):
        if x == n:
            break
        if await zero(x):
            continue
    else:
        if n == 3:
            break
        await act(n)
else:
    n = "else"
return n
""",
}


def _note(log: list[Any]) -> Callable[[Any], Any]:
    class Called(int):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return args, kwargs

    def note(value: Any) -> Any:
        log.append(value)
        return Called(value) if isinstance(value, int) else value

    return note


class Box:
    """Something with an attribute; kept out of JSON by the programs that use it."""

    def __init__(self, n: int) -> None:
        self.n = n

    def add(self) -> int:
        self.n += 1
        return self.n


def _info() -> str:
    return repr(sys.exc_info()[1])


def _space() -> tuple[dict[str, Any], Script, list[Any]]:
    from interlock.machines.step import step

    script, log = Script([7]), list[Any]()
    space = names(script)

    @step
    async def act(*args: Any) -> int:
        script.outcome.calls.append(f"act {args!r}")
        return 7

    @step
    async def zero(*args: Any) -> int:
        script.outcome.calls.append(f"zero {args!r}")
        return 0

    @step
    async def boom(*args: Any) -> int:
        script.outcome.calls.append(f"boom {args!r}")
        raise ValueError(*args)

    @step
    async def listed(*args: Any) -> list[int]:
        script.outcome.calls.append(f"listed {args!r}")
        return [8, 9]

    space |= {
        "act": act,
        "zero": zero,
        "boom": boom,
        "listed": listed,
        "Box": Box,
    }
    return space | {"note": _note(log), "info": _info, "itertools": itertools}, script, log


def _define(body: str, space: dict[str, Any]) -> Callable[..., Any]:
    text = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    return define(f"async def flow(a, b=2):\n{text}", space)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_as_in_python(body: str) -> None:
    space, script, log = _space()
    flow = _define(body, space)
    expected = natively(flow, script, [1])
    noted = list(log)
    log.clear()
    found = compiled(compile_workflow(flow), script, [1])
    assert found == expected
    assert log == noted


RECORDABLE = {name: b for name, b in BODIES.items() if "Box" not in b and "note(" not in b}
"""Those whose variables a log can hold."""


@pytest.mark.parametrize("body", RECORDABLE.values(), ids=RECORDABLE)
def test_as_in_python_when_restored(body: str) -> None:
    space, script, _ = _space()
    flow = _define(body, space)
    expected = natively(flow, script, [1])
    assert compiled(compile_workflow(flow), script, [1], Restored()) == expected


def test_closures_and_defaults() -> None:
    space, _, _ = _space()
    source = """
def make(base):
    extra = [base]
    async def flow(a, /, b=5, *rest, key="k", **more):
        extra.append(await act(a, b, base))
        return extra, rest, key, more
    return flow
"""
    flow = define(source, space, "make")("base")
    program = compile_workflow(flow)
    assert program.bind((1,), {}) == {"a": 1, "b": 5, "rest": (), "key": "k", "more": {}}
    paused = program.start(program.bind((1, 2, 3), {"key": "x", "z": 9}))
    assert isinstance(paused, Paused)
    assert paused.args == (1, 2, "base")
    ended = program.resume("act", paused.frame, 7)
    assert ended == Returned((["base", 7], (3,), "x", {"z": 9}))
    with pytest.raises(TypeError):
        program.bind((), {})


@pytest.mark.parametrize(
    "iterable",
    [
        "itertools.count()",
        "itertools.cycle([1])",
        "itertools.repeat(1)",
        "map(abs, itertools.count())",
    ],
)
def test_an_endless_iterable_is_refused(iterable: str) -> None:
    space, _, _ = _space()
    program = compile_workflow(_define(f"for x in {iterable}:\n    await act(x)", space))
    ended = program.start(program.bind((1,), {}))
    assert isinstance(ended, Raised)
    assert isinstance(ended.error, EndlessIterable)
    assert "ILK067" in str(ended.error)


def test_a_finite_repeat_is_walked() -> None:
    space, script, _ = _space()
    flow = _define("for x in itertools.repeat(a, 2):\n    await act(x)", space)
    assert compiled(compile_workflow(flow), script, [1]).calls == ["act (1,)", "act (1,)"]


def test_an_interrupt_is_not_an_outcome() -> None:
    space, _, _ = _space()
    program = compile_workflow(_define("await act(1)\nraise KeyboardInterrupt", space))
    paused = program.start(program.bind((1,), {}))
    assert isinstance(paused, Paused)
    with pytest.raises(KeyboardInterrupt):
        program.resume("act", paused.frame, 1)


def test_the_frame_holds_every_bound_variable() -> None:
    space, _, _ = _space()
    program = compile_workflow(_define("dead = 3\nx = 4\nawait act(1)\nreturn x", space))
    paused = program.start(program.bind((1,), {}))
    assert isinstance(paused, Paused)
    assert paused.frame == {"a": 1, "b": 2, "dead": 3, "x": 4}
    assert paused.place.live == ("x",)
