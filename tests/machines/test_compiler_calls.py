"""What an awaited call is given: refused when it is compiled, where the source says enough."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping
from typing import IO, Any, TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines import BadDefinition, CompileError, Retry, resource, step, waits
from interlock.machines.compiler import compile_workflow
from interlock.machines.rule import after
from machines.scripted import define


@step
async def charge(amount: int, *, currency: str = "EUR", payments: Any = resource("pay")) -> int:
    return amount


@step
async def anything(*args: Any, **kwargs: Any) -> int:
    return 1


NAMES: dict[str, Any] = {
    "charge": charge, "anything": anything, "approval": waits.approval, "sleep": waits.sleep,
    "wait_for": waits.wait_for, "TIMEOUT": "2 days",
}  # fmt: skip


def compile_body(body: str) -> None:
    compile_workflow(define(f"async def flow(x, args):\n    {body}\n", NAMES))


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ("await charge()", "ILK150", "missing a required argument: 'amount'"),
        ("await charge(1, 2)", "ILK150", "too many positional arguments"),
        ("await charge(1, curency='USD')", "ILK150", "unexpected keyword argument 'curency'"),
        ("await charge(amount=1, amont=2)", "ILK150", "(amount: 'int', *, currency: 'str'"),
        ("await charge.named('a')()", "ILK150", "'amount'"),
        ("y = 1 + await charge(1, 2, 3)", "ILK150", "`charge(1, 2, 3)`"),
        ("await charge(1, payments=x)", "ILK151", "leave it out"),
        ("await approval('a', timeout='2 dayz')", "ILK152", "'2 dayz' in `approval("),
        ("await approval('a', timeout=30)", "ILK152", "30 in `approval("),
        ("await approval('a', 'b')", "ILK150", "too many positional"),
        ("await sleep('1 fortnight')", "ILK152", "'1 fortnight'"),
        ("await sleep(5)", "ILK152", "write text such as '30 seconds'"),
        ("await sleep()", "ILK150", "'how_long'"),
        ("await charge.with_(timeout='soon')(1)", "ILK153", "'soon' is not a duration"),
        ("await charge.with_(retries=3)(1)", "ILK153", "retries"),
    ],
)  # fmt: skip
def test_a_call_that_cannot_work_is_refused_with_its_line(body: str, code: str, says: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_body(body)
    assert (caught.value.code, caught.value.line) == (code, 2)
    assert says in caught.value.message


@pytest.mark.parametrize(
    "body",
    [
        "await charge(1)", "await charge(amount=x, currency='USD')", "await charge(*args)",
        "await charge(**x)", "await anything(1, 2, a=3)", "await approval('a', timeout=None)",
        "await approval('a', timeout=TIMEOUT)", "await approval('a', timeout=x)",
        "await sleep('1h 30m')", "await charge.with_(timeout='3 s')(1)",
    ],
)  # fmt: skip
def test_a_call_that_may_work_is_left_to_the_run(body: str) -> None:
    compile_body(body)


@given(
    required=st.integers(0, 3), optional=st.integers(0, 2), positional=st.integers(0, 5),
    named=st.lists(st.sampled_from("abcdef"), unique=True, max_size=3),
)  # fmt: skip
def test_a_call_fits_when_python_says_so(
    required: int, optional: int, positional: int, named: list[str]
) -> None:
    """The oracle is Python itself, which binds the same arguments."""
    parameters = [*"abc"[:required], *(f"{name}=None" for name in "def"[:optional])]
    target = step(define(f"def target({', '.join(parameters)}): pass", {}, "target"))
    arguments = [*(str(n) for n in range(positional)), *(f"{name}=0" for name in named)]
    body = f"async def flow():\n    await target({', '.join(arguments)})\n"
    flow = define(body, {"target": target})
    try:
        target.function(*range(positional), **dict.fromkeys(named, 0))
    except TypeError:
        with pytest.raises(CompileError, match="ILK150"):
            compile_workflow(flow)
    else:
        compile_workflow(flow)


def a(x: Iterator[int]) -> None: ...
def b(x: list[Callable[[], int]]) -> None: ...
def c(x: TextIO | None) -> None: ...
def d(x: IO[bytes]) -> None: ...
def e(x: io.StringIO) -> None: ...
async def f() -> AsyncIterator[int]: ...  # type: ignore[empty-body]  # pyright: ignore[reportReturnType]  # never run
def g() -> Generator[int]: ...  # type: ignore[empty-body]  # pyright: ignore[reportReturnType]  # never run
def h(x: Iterable[int], y: Iterator[int] | list[int], z: Mapping[str, Any], w: object) -> None: ...


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (a, "'x' of step s is an iterator"), (b, "'x' of step s is a function"),
        (c, "'x' of step s is an open file"), (d, "'x' of step s is an open file"),
        (e, "'x' of step s is an open file"), (f, "the result of step s is an iterator"),
        (g, "the result of step s is an iterator"), (h, ""),
    ],
)  # fmt: skip
def test_what_no_log_can_hold_is_refused_by_its_annotation(
    function: Callable[..., Any], says: str
) -> None:
    made = step(name="s")(function)
    flow = define("async def flow(args):\n    await s(*args)\n", {"s": made})
    if not says:
        compile_workflow(flow)
        return
    with pytest.raises(CompileError) as caught:
        compile_workflow(flow)
    assert (caught.value.code, caught.value.line) == ("ILK154", 2)
    assert says in caught.value.message


def test_a_workflow_is_refused_by_its_own_annotations() -> None:
    names = {**NAMES, "Iterator": Iterator}
    flow = define("async def flow(x: int) -> Iterator[int]:\n    await charge(x)\n", names)
    with pytest.raises(CompileError, match="the result of the workflow is an iterator"):
        compile_workflow(flow)


def no() -> None: ...
def one(result: int) -> None: ...
def both(result: int, amount: int, post: Any = resource("post")) -> None: ...
def every(*args: Any) -> None: ...
def three(result: int, amount: int, more: int) -> None: ...
def keyword(result: int, *, reason: str) -> None: ...
def one_with(result: int, post: Any = resource("post")) -> None: ...


@pytest.mark.parametrize("undo", [no, one, both, every, one_with])
def test_an_undo_that_fits(undo: Callable[..., Any]) -> None:
    @step(compensate=undo)
    def pay(amount: int) -> int:
        return amount

    assert pay.options.compensate is undo


@pytest.mark.parametrize(("undo", "why"), [(three, "'more'"), (keyword, "'reason'")])
def test_an_undo_that_cannot_be_called_is_refused(undo: Callable[..., Any], why: str) -> None:
    with pytest.raises(BadDefinition) as caught:

        @step(compensate=undo)
        def pay(amount: int) -> int:
            return amount

    assert caught.value.file == __file__
    assert f"compensate={undo.__name__} of step pay takes" in caught.value.message
    assert why in caught.value.message


def test_a_verify_that_does_not_take_the_input_is_refused() -> None:
    with pytest.raises(BadDefinition, match=r"verify=no of step pay takes .* with \(amount\)"):

        @step(verify=no)
        def pay(amount: int) -> int:
            return amount


UNTYPED_STEP: Any = step
UNTYPED_AFTER: Any = after


@pytest.mark.parametrize(
    "declare",
    [
        lambda: step(timeout="2 dayz"), lambda: UNTYPED_STEP(on_crash="hald"),
        lambda: step(on_crash="verify"), lambda: step(interruptions=0),
        lambda: Retry(attempts=0), lambda: Retry(initial="1 fortnight"), lambda: Retry(jitter=2),
        lambda: UNTYPED_AFTER("soon", source=None, target=None),
    ],
)  # fmt: skip
def test_a_bad_declaration_is_told_with_its_line(declare: Callable[[], object]) -> None:
    with pytest.raises(BadDefinition) as caught:
        declare()
    assert caught.value.code == "ILK031"
    assert caught.value.message.startswith(f"{__file__}:{caught.value.line}: ")
