"""How the input of a workflow becomes its first frame."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from enum import Enum
from typing import Any, get_type_hints

from pydantic import BaseModel

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Binding:
    """The parameters of one function, looked at once."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._signature = inspect.signature(function)
        self._classes = _declared_classes(function)
        parameters = self._signature.parameters
        self._simple = all(one.kind in _BY_NAME for one in parameters.values())
        self._names = tuple(parameters)
        self._in_order = tuple(
            name for name, one in parameters.items() if one.kind is one.POSITIONAL_OR_KEYWORD
        )

    def frame(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by the names of parameters and in their order, defaults applied.

        Raises:
            TypeError: the arguments do not fit the signature.
        """
        given = dict(zip(self._in_order, args, strict=False))
        given.update(kwargs)
        if self._simple and self._gives_all(given, len(args) + len(kwargs)):
            self._check(given)
            return {name: given[name] for name in self._names} if kwargs else given
        bound = self._signature.bind(*args, **kwargs)
        self._check(bound.arguments)
        bound.apply_defaults()
        return dict(bound.arguments)

    def _gives_all(self, given: dict[str, Any], arguments: int) -> bool:
        """Whether each parameter has one of so many arguments: nothing is left to find out."""
        return len(given) == arguments == len(self._names) and all(
            map(given.__contains__, self._names)
        )

    def _check(self, given: dict[str, Any]) -> None:
        for name, cls in self._classes.items():
            if name in given and not isinstance(given[name], cls):
                said = type(given[name]).__name__
                message = f"{name} is a {said}, and has to be a {cls.__name__}"
                raise TypeError(message)


def _declared_classes(function: Callable[..., Any]) -> dict[str, type]:
    """The parameters that are declared to be of one model, dataclass or enum."""
    try:
        hints = get_type_hints(function)
    except Exception:  # names that are known to type checkers only
        return {}
    found: dict[str, type] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints.get(name)
        one = parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if not one or not isinstance(hint, type):
            continue
        if is_dataclass(hint) or issubclass(hint, BaseModel | Enum):
            found[name] = hint
    return found
