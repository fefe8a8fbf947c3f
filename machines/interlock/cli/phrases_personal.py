"""What an event says of personal data: where its keys are, and who was forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interlock.cli.wording import Plain
from interlock.store.event import Event
from interlock.store.forgetting import KeyStoreBound, SubjectForgotten


def _bound(event: Event, body: KeyStoreBound, plain: Plain) -> str:
    return f"the keys of personal data are in key store {body.keys}"


def _forgotten(event: Event, body: SubjectForgotten, plain: Plain) -> str:
    return f"the personal data of {body.subject} was forgotten"


PERSONAL: dict[str, Callable[[Event, Any, Plain], str]] = {
    KeyStoreBound.__name__: _bound,
    SubjectForgotten.__name__: _forgotten,
}
"""The phrases of these events, by their names."""
