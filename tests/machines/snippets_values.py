"""Bodies of workflows that turn on one corner of Python: of expressions, names and objects."""

from __future__ import annotations

VALUES = {
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
