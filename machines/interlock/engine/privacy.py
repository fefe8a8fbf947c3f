"""The key store of an engine: found when it opens, made when it is first needed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from interlock.engine.caller import draft_by
from interlock.projections.forgetting import Forgetting, fold_forgetting
from interlock.store.backends.base import Backend
from interlock.store.contract import Commit, Entry, Store
from interlock.store.errors import Conflict
from interlock.store.event import Actor, Body, Encoded
from interlock.store.forgetting import MACHINE, STREAM, KeyStoreBound
from interlock.store.keystore import KeyStore
from interlock.store.keystores import MemoryKeys, SQLiteKeys
from interlock.store.secrecy import Forgotten
from interlock.store.values.atom import class_of
from interlock.store.values.personal import TAG
from interlock.store.vault import Vault

if TYPE_CHECKING:
    from interlock.engine.core import Core

_in_memory: WeakKeyDictionary[Store, KeyStore] = WeakKeyDictionary()
"""The keys of stores in memory: as long-lived as these."""


def keys_of(store: Store, keys: str | Path | KeyStore | None = None) -> KeyStore:
    """The key store of a store: the one that is named, or else the one beside it.

    `INTERLOCK_PERSONAL_KEYS` names a file, too.
    """
    path: object = getattr(store, "path", None)
    if keys is None and isinstance(path, Path):
        keys = keys_beside(path)
    if isinstance(keys, str | Path):
        return SQLiteKeys(keys)
    if keys is not None:
        return keys
    return _in_memory.setdefault(store, MemoryKeys())


def refuse_forgotten(vault: Vault | None, encoded: Iterable[Encoded]) -> None:
    """Refuse what comes from outside about a subject that was forgotten: nothing of it is kept.

    Raises:
        Forgotten: it holds such a value.
    """
    waiting: list[Any] = [*encoded] if vault is not None and vault.blanks else []
    while waiting:
        node = waiting.pop()
        kind = class_of(node)
        if kind is list:
            waiting.extend(node)
        elif kind is dict:
            if node.get("$") == TAG and not node["k"]:
                subject = str(node["s"])
                message = (
                    f"{subject!r} was forgotten, so nothing personal of it is recorded any more: "
                    "a person who comes back needs a new id"
                )
                raise Forgotten(message, subject)
            waiting.extend(node.values())


def keys_beside(database: Path) -> Path:
    """The file of keys of a database, unless another is named."""
    named = os.environ.get("INTERLOCK_PERSONAL_KEYS")
    return Path(named) if named else database.with_name(f"{database.stem}-keys.db")


class Privacy:
    """What an engine has to do with personal data besides encrypting it."""

    def __init__(self, engine: Core, keys: str | Path | KeyStore | None) -> None:
        self._engine = engine
        self._given = keys
        self._lock = asyncio.Lock()
        self._keys: KeyStore | None = None

    async def open(self) -> None:
        """Find the key store, and make sure that it is the one that the log names.

        A key that came back with an older copy of the key store is destroyed again.

        Raises:
            KeyStoreLost: it is not there, or is another. Nothing is written.
        """
        vault, store = self._engine.vault, self._engine.store
        self._keys = keys = keys_of(store, self._given)
        vault.use(keys)
        known = await self.load()
        vault.bound = known.keys
        if not known.keys:
            vault.unbound = self._wanted
            return
        vault.check()
        for subject in known.subjects:
            left = keys.find(subject)
            if left is None or left.secret is not None:
                keys.destroy(subject)

    def close(self) -> None:
        """Release the key store; it is opened again when a value is revealed later."""
        if self._keys is not None:
            self._keys.close()

    async def load(self) -> Forgetting:
        """What the log says about keys and those who were forgotten."""
        return fold_forgetting(await self._engine.store.read(STREAM))

    def _wanted(self) -> None:
        """Something personal was encrypted: the log has to name its key store first."""
        store = self._engine.store
        if isinstance(store, Backend):
            store.prelude = self._before
        else:
            self._engine.spawn(self.bind())

    async def _before(self, commit: Commit) -> None:
        if commit.entry.run != STREAM:
            await self.bind()
            store = self._engine.store
            if isinstance(store, Backend):
                store.prelude = None

    async def bind(self) -> None:
        """Write into the log which key store it has, unless it says so.

        Raises:
            KeyStoreLost: it names another one.
        """
        vault = self._engine.vault
        async with self._lock:
            while not vault.bound:
                known = await self.load()
                if not known.keys:
                    try:
                        await self.append(known, KeyStoreBound(vault.keys.identity()))
                    except Conflict:
                        continue
                    known = await self.load()
                vault.bound = known.keys
                vault.check()
            vault.unbound = None

    async def append(self, known: Forgetting, body: Body, actor: Actor | None = None) -> None:
        """Append to the stream `$personal`."""
        last = known.head.at
        now = self._engine.now() if last is None else max(last, self._engine.now())
        entry = Entry(STREAM, MACHINE, "", "bound", "open", now, "", "", known.began or now)
        drafts = [draft_by(body, "bound", actor or Actor("system"))]
        await self._engine.store.append(Commit(known.head, entry, drafts, now, STREAM))
