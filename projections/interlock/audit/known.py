"""What an audit has to know of a definition, told by who can read definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from interlock.store.contract import Definition


@dataclass(frozen=True, slots=True)
class Known:
    """A definition that was read.

    Attributes:
        wrong: what is wrong with it, "" for nothing.
        delays: of a lifecycle, by state: the edges that are taken after a while, and the while.
        internal: of a lifecycle, the edges that leave nothing.
    """

    wrong: str = ""
    delays: Mapping[str, tuple[tuple[str, timedelta], ...]] = field(
        default_factory=dict[str, tuple[tuple[str, timedelta], ...]]
    )
    internal: frozenset[str] = frozenset()


ReadDefinition: TypeAlias = Callable[[Definition], Known]
"""Reads a definition and checks it against its hash. It lives where machines are known."""
