"""Whose personal values of a run cannot be read where it is taken to: their keys are elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.projections.personal import keys_in
from interlock.projections.telling import is_told
from interlock.store.event import Event
from interlock.store.keystore import KeyStore


def unreadable(events: Sequence[Event], keys: KeyStore) -> list[str]:
    """The subjects of values that were encrypted with keys that a key store has never had.

    Not those who were forgotten, here or where the run comes from.

    Raises:
        KeyStoreError: it cannot be asked.
    """
    wanted = {one for event in events for one in keys_in(event)}
    missing: set[str] = set()
    for subject, key in wanted:
        found = keys.get(key)
        if found is None or found.subject != subject:
            missing.add(subject)
    return sorted(one for one in missing if not is_told(events, one))
