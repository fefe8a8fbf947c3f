"""While a lifecycle is looked at, its models copy themselves by a shorter way, to the same effect.

What a proof of many places takes is what the author's methods take, and they do little but
`model_copy(update=…)`: pydantic goes about that by `copy.copy`, for models of every kind.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, cast

from pydantic import BaseModel

_NAME = "model_copy"


@contextmanager
def quick_copies(models: Iterable[type[Any]]) -> Generator[None]:
    """Let plain models copy themselves quickly meanwhile."""
    changed = [model for model in models if _is_plain(model)]
    for model in changed:
        setattr(model, _NAME, _quick(model))
    try:
        yield
    finally:
        for model in changed:
            if _NAME in vars(model):
                delattr(model, _NAME)


def _is_plain(model: type[Any]) -> bool:
    """Whether it copies itself as pydantic does it, and has nothing but fields."""
    return (
        issubclass(model, BaseModel)
        and model.model_copy is BaseModel.model_copy
        and model.__copy__ is BaseModel.__copy__
        and model.__new__ is BaseModel.__new__
        and model.model_config.get("extra") != "allow"
        and not model.__private_attributes__
    )


def _quick(model: type[BaseModel]) -> Any:
    new, put = object.__new__, object.__setattr__

    def model_copy(
        self: Any, *, update: Mapping[str, Any] | None = None, deep: bool = False
    ) -> Any:
        if deep or type(self) is not model:
            return BaseModel.model_copy(self, update=update, deep=deep)
        values = self.__dict__.copy()
        given = self.__pydantic_fields_set__.copy()
        if update:
            values.update(update)
            given.update(update)
        made = new(model)
        put(made, "__dict__", values)
        put(made, "__pydantic_fields_set__", given)
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made

    return cast("Any", model_copy)
