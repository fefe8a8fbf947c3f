"""What the fields of a class are where nothing was recorded of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

from interlock.store.values.refusal import is_model


def defaults_of(cls: Any) -> dict[str, Callable[[], Any]]:
    """What makes the fields of a dataclass or model that need not be given, by name."""
    if is_model(cls):
        return {
            name: partial(info.get_default, call_default_factory=True, validated_data={})
            for name, info in cls.model_fields.items()
            if not info.is_required()
        }
    found: dict[str, Callable[[], Any]] = {}
    for field in dataclasses.fields(cls):
        if field.default_factory is not dataclasses.MISSING:
            found[field.name] = field.default_factory
        elif field.default is not dataclasses.MISSING:
            found[field.name] = partial(_itself, field.default)
    return found


def _itself(value: object) -> object:
    return value
