"""Law: a workflow's input is bound as Python binds it, however it is passed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines.compiler.binding import Binding

SHAPES = (
    "", "a", "a, b", "a, b=1", "a, *, b", "a, *, b=1, c", "*, b, a", "a, /, b", "a, *b", "a, **b",
    "a=1, *b, c=2, **d", "b, a, /", "c, b, a",
)  # fmt: skip


def made(parameters: str) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(f"async def flow({parameters}): ...", names)  # signatures cannot be made otherwise
    flow: Callable[..., Any] = names["flow"]
    return flow


FLOWS = [made(shape) for shape in SHAPES]


def by_python(flow: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        bound = inspect.signature(flow).bind(*args, **kwargs)
    except TypeError as error:
        return str(error)
    bound.apply_defaults()
    return [*bound.arguments.items()]


def by_us(flow: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        return [*Binding(flow).frame(args, kwargs).items()]
    except TypeError as error:
        return str(error)


@given(
    st.sampled_from(FLOWS),
    st.lists(st.integers(), max_size=4).map(tuple),
    st.dictionaries(st.sampled_from("abcd"), st.text(max_size=1), max_size=4),
)
def test_it_binds_as_python_does(
    flow: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    assert by_us(flow, args, kwargs) == by_python(flow, args, kwargs)


class Size(Enum):
    SMALL = "small"


async def sized(size: Size, n: int = 1) -> None: ...


@pytest.mark.parametrize(
    ("args", "kwargs"), [(("small", 1), {}), (("small",), {}), ((), {"n": 1, "size": "small"})]
)
def test_what_is_declared_is_checked_on_either_way(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    with pytest.raises(TypeError, match="size is a str, and has to be a Size"):
        Binding(sized).frame(args, kwargs)


def test_arguments_are_not_kept() -> None:
    given_by_name = {"n": 2, "size": Size.SMALL}
    frame = Binding(sized).frame((), given_by_name)
    frame["n"] = 3
    assert given_by_name == {"n": 2, "size": Size.SMALL}
