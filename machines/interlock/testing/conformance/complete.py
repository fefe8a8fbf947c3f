"""What is missing of a store that is half made: said once, and not by every test."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from interlock.store import Store
from interlock.testing.errors import HarnessError

Make: TypeAlias = Callable[[Any, Path], Store]

NOT_WRITTEN = "{name} needs `def make_store(self, folder: Path) -> Store`, which opens a new store"


def once(make: Make) -> Make:
    """A `make_store` that fails the first test with all that is missing, and skips the others."""
    said: dict[type[Any], str] = {}
    fine: set[type[Any]] = set()

    @wraps(make)
    def made(self: Any, folder: Path) -> Store:
        __tracebackhide__ = True
        kind: Any = type(self)  # pyright: ignore[reportUnknownVariableType]  # of anything
        if kind in said:
            pytest.skip(f"as the first test of {kind.__name__} says: {said[kind]}")
        try:
            store = make(self, folder)
            why = "" if kind in fine else missing(store)
        except NotImplementedError:
            why = NOT_WRITTEN.format(name=kind.__name__)
        except Exception as error:
            if kind not in fine:
                said[kind] = f"make_store raised {type(error).__name__}: {error}"
            raise
        else:
            fine.add(kind)
            if not why:
                return store
        said[kind] = why
        pytest.fail(str(HarnessError(why)), pytrace=False)

    return made


def missing(store: object) -> str:
    """Why something cannot be tested as a store, "" when it can."""
    if inspect.iscoroutine(store):
        store.close()  # it is never awaited
        return "make_store is async; write a plain `def`, and open the store when it is first used"
    if store is None:
        return "make_store returns nothing; write `return MyStore(folder)`"
    kind = type(store)
    gone = [name for name in _wanted() if not hasattr(store, name)]
    stubs = [name for name in _wanted() if name not in gone and _is_stub(kind, name)]
    plain = [
        name
        for name in _wanted()
        if name not in (*gone, *stubs) and _is_async(Store, name) and not _is_async(kind, name)
    ]
    parts = [f"has no {', '.join(gone)}"] if gone else []
    parts += [f"does not do {', '.join(stubs)} yet"] if stubs else []
    parts += [f"needs `async def` for {', '.join(plain)}"] if plain else []
    hint = "; begin with interlock.store.backends.base.Backend" if gone else ""
    return f"{kind.__name__} {' and '.join(parts)}{hint}" if parts else ""


def _wanted() -> list[str]:
    """The names of all that a store has."""
    return [name for name in (*Store.__annotations__, *vars(Store)) if not name.startswith("_")]


def _is_async(kind: type, name: str) -> bool:
    return inspect.iscoroutinefunction(getattr(kind, name, None))


def _is_stub(kind: type, name: str) -> bool:
    """Whether a method is that of the contract itself, or does nothing but raise."""
    found: Any = inspect.getattr_static(kind, name, None)
    if found is None:
        return False
    if found is vars(Store).get(name):
        return True
    code = getattr(inspect.unwrap(found) if callable(found) else found, "__code__", None)
    return code is not None and code.co_names == ("NotImplementedError",)
