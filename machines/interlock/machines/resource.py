"""Resources: what a step works with and no log can hold; the engine gives them to each call."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from interlock.machines.errors import BadDefinition, MissingResource
from interlock.machines.place import place_of


class Wanted:
    """Default of a parameter that an engine fills in. Using it raises `MissingResource`.

    Attributes:
        interlock_key: its name; "" when the annotation says which one it is.
        interlock_place: where it stands, for messages. (No resource has attributes like these.)
    """

    __slots__ = ("interlock_key", "interlock_place")

    interlock_key: str
    interlock_place: str

    def __init__(self, key: str = "") -> None:
        object.__setattr__(self, "interlock_key", key)
        object.__setattr__(self, "interlock_place", "")

    def __repr__(self) -> str:
        return f"resource({self.interlock_key!r})" if self.interlock_key else "resource()"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # tools that look at defaults ask for these
        _refuse(self)

    def __setattr__(self, name: str, value: object) -> None:
        _refuse(self)


def _refuse(wanted: Wanted, *_: object) -> NoReturn:
    where = wanted.interlock_place or "a parameter that is a resource()"
    message = f"{where} was not given; an engine gives it, in a direct call you pass it yourself"
    raise MissingResource(message)


for _use in (
    "__call__", "__await__", "__enter__", "__exit__", "__aenter__", "__aexit__", "__iter__",
    "__aiter__", "__next__", "__anext__", "__getitem__", "__setitem__", "__delitem__",
    "__contains__", "__len__", "__bool__", "__str__", "__int__", "__float__", "__add__",
    "__sub__", "__mul__", "__truediv__", "__lt__", "__gt__", "__le__", "__ge__",
):  # fmt: skip
    setattr(Wanted, _use, _refuse)


def resource(name: str = "") -> Any:
    """Default of a step's parameter that the engine gives: `payments: Payments = resource()`.

    What it gives stands in `Engine(resources={Payments: …})`. It is no part of the step's
    recorded input. The undo of a step and its `verify=` may have such parameters too.

    Args:
        name: look it up by this name (`Engine(resources={"payments": …})`) rather than by the
            parameter's annotation.
    """
    return Wanted(name)


@dataclass(frozen=True, slots=True)
class Need:
    """A resource that a function needs.

    Attributes:
        parameter: its parameter.
        place: how many positional parameters come before it.
        key: its class, or its name.
    """

    parameter: str
    place: int
    key: object

    @property
    def text(self) -> str:
        """The key, as an author writes it."""
        return self.key.__name__ if isinstance(self.key, type) else repr(self.key)


def wanted_by(function: Callable[..., Any]) -> dict[str, Wanted]:
    """The parameters of a function that are resources, by name."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # some built-in functions have none
        return {}
    found = {name: parameter.default for name, parameter in parameters.items()}
    return {name: default for name, default in found.items() if isinstance(default, Wanted)}


def check_resources(function: Callable[..., Any]) -> None:
    """Check how a function declares its resources, and tell these where they stand.

    Raises:
        BadDefinition: one has neither annotation nor name, or cannot be passed by name.
    """
    for name, wanted in wanted_by(function).items():
        where = f"{name!r} of {getattr(function, '__name__', function)}"
        parameter = inspect.signature(function).parameters[name]
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise _bad(function, f"{where} is a resource(): it is passed by name, so drop the /")
        if not wanted.interlock_key and parameter.annotation is parameter.empty:
            text = f'{where} is a resource(): annotate it, or name it: resource("{name}")'
            raise _bad(function, text)
        if not wanted.interlock_place:
            object.__setattr__(wanted, "interlock_place", f"the resource {where}")


@functools.lru_cache(maxsize=4096)
def needs_of(function: Callable[..., Any]) -> tuple[Need, ...]:
    """The resources of a function.

    Raises:
        BadDefinition: an annotation cannot be looked up.
    """
    wanted = wanted_by(function)
    if not wanted:
        return ()
    names = list(inspect.signature(function).parameters)
    return tuple(
        Need(name, names.index(name), one.interlock_key or _annotation(function, name))
        for name, one in wanted.items()
    )


def _annotation(function: Callable[..., Any], name: str) -> object:
    function = inspect.unwrap(function)
    found: object = function.__annotations__.get(name)
    if not isinstance(found, str):
        return found
    try:
        return typing.get_type_hints(function)[name]
    except Exception:  # of another parameter, perhaps
        pass
    variables = inspect.getclosurevars(function)
    try:
        meant: object = eval(found, function.__globals__, dict(variables.nonlocals))
    except Exception:
        meant = found
    if isinstance(meant, str):
        text = (
            f"{name!r} of {function.__name__} is a resource(), and its annotation {found!r} "
            f'cannot be looked up here; import it at run time, or write resource("{name}")'
        )
        raise _bad(function, text)
    return meant


def _bad(function: Callable[..., Any], what: str) -> BadDefinition:
    file, line = place_of(function)
    return BadDefinition(what, file, line)
