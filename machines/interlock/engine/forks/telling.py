"""Recorded outcomes in a few words, for those who are asked about a call."""

from __future__ import annotations

import json

from interlock.projections.recorded import Outcome
from interlock.store.values import Image, plain


def said_of(outcome: Outcome) -> str:
    """An outcome in a few words."""
    body = outcome.event.body
    error = getattr(body, "error", None)
    if error is not None:
        return f"{error.type}: {error.message}"
    shown = _plain(outcome)
    text = json.dumps(shown, ensure_ascii=False)
    return text if len(text) < 100 else f"{text[:97]}…"


def _plain(outcome: Outcome) -> object:
    """A recorded result, for people."""
    image = Image()
    image.nodes = outcome.nodes
    result = getattr(outcome.event.body, "result", None)
    return image.plain(result) if outcome.nodes else plain(result)
