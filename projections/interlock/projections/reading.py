"""Queries: a run's variables as typed values, from the log alone."""

from __future__ import annotations

from typing import Any, TypeVar, cast, get_origin, overload

from pydantic import TypeAdapter, ValidationError

from interlock.projections.errors import NoSuchVariable, NotOfThatType
from interlock.projections.run import RunState
from interlock.store.values import Types

T = TypeVar("T")


@overload
def read_variable(
    state: RunState, name: str, wanted: type[T], types: Types | None = None, *, branch: str = ""
) -> T: ...
@overload
def read_variable(
    state: RunState, name: str, wanted: Any, types: Types | None = None, *, branch: str = ""
) -> Any: ...
def read_variable(
    state: RunState, name: str, wanted: Any, types: Types | None = None, *, branch: str = ""
) -> Any:
    """A variable of a run, decoded: a fresh value that shares nothing with any other.

    Args:
        state: the folded run, at any version.
        name: of the variable; those inside of a helper are called `helper/name`.
        wanted: what it should be: a class, `list[Item]`, `int | None`, `Any`.
        types: classes that are known besides those that `wanted` leads to.
        branch: id of the branch whose variable it is, "" for the workflow itself.

    Raises:
        NoSuchVariable: it has none of this name there; with those that it has.
        NotOfThatType: it holds something else.
        UnknownType: it holds an object of a class that nobody named.
    """
    if branch and branch not in state.threads:
        raise NoSuchVariable(_missing(state, f"branch {branch!r}", state.threads))
    image = state.threads[branch].image if branch else state.image
    if name not in image.variables:
        raise NoSuchVariable(_missing(state, f"variable {name!r}", image.plain_variables()))
    known = Types(*(() if types is None else (types,)))
    known.collect(wanted)
    value = image.decode(known, image.variables[name])
    if not _is(value, wanted):
        message = (
            f"variable {name!r} of run {state.run!r} at version {state.head.version} "
            f"is {type(value).__name__}, not {_said(wanted)}"
        )
        raise NotOfThatType(message)
    return value


def _is(value: object, wanted: Any) -> bool:
    if wanted is Any:
        return True
    if isinstance(wanted, type) and get_origin(wanted) is None:
        return isinstance(value, wanted)
    try:
        TypeAdapter(cast("Any", wanted)).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _missing(state: RunState, what: str, there: dict[str, Any]) -> str:
    names = ", ".join(sorted(there)) or "none"
    return (
        f"run {state.run!r} has no {what} at version {state.head.version}, "
        f"in state {state.state!r}; it has: {names}"
    )


def _said(wanted: Any) -> str:
    plain = isinstance(wanted, type) and get_origin(wanted) is None
    return wanted.__name__ if plain else str(wanted)
