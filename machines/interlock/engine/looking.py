"""The code to look at runs with, where no engine is open: it reads personal values as one would."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from interlock.engine.privacy import keys_of
from interlock.engine.programs import Programs
from interlock.projections.forgetting import fold_forgetting
from interlock.store.contract import Store
from interlock.store.forgetting import STREAM
from interlock.store.keystore import KeyStore
from interlock.store.vault import Vault


@asynccontextmanager
async def programs_of(
    store: Store,
    kinds: Sequence[object] = (),
    keys: str | Path | KeyStore | None = None,
    *,
    checked: bool = False,
) -> AsyncGenerator[Programs]:
    """The programs that an engine of this store would have. Nothing is written.

    Args:
        kinds: workflows and lifecycles; without, those that are imported.
        keys: the key store of personal data, as for the engine.
        checked: do not begin without the key store that the log names.

    Raises:
        KeyStoreLost: it is to be checked, and is not there, or is another one.
    """
    vault, found = Vault(), keys_of(store, keys)
    vault.use(found)
    vault.bound = fold_forgetting(await store.read(STREAM)).keys
    try:
        if checked:
            vault.check()
        yield Programs(kinds, vault)
    finally:
        found.close()
