"""A store that is half made is told what is missing by one test; the others are skipped."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

HALF = """
from interlock.store import Store
from interlock.store.backends.base import Backend
from interlock.store.backends.memory import MemoryStore
from interlock.testing.conformance import DurableConformance, StoreConformance

class Abstract(Backend):
    pass

class Own:
    url = "own://"
    async def append(self, commit): ...

class Declared(Store):
    url = "declared://"

class Stubs(MemoryStore):
    async def append(self, commit):
        raise NotImplementedError
    def entries(self, where=None):
        return []

def refused():
    raise ConnectionError("nobody listens")

class TestHalf({base}):
    {make}
"""
MAKE = "def make_store(self, folder): return {made}"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        ("pass", "*TestHalf needs `def make_store(self, folder: Path) -> Store`*"),
        (MAKE.format(made="Abstract('x')"), "*abstract*digests*, *log*"),
        (MAKE.format(made="Own()"), "*ILK320: Own has no read, *Backend"),
        (MAKE.format(made="Declared()"), "*ILK320: Declared does not do append, read, *"),
        (
            MAKE.format(made="Stubs()"),
            "*Stubs does not do append yet and needs `async def` for entries",
        ),
        (MAKE.format(made="None"), "*make_store returns nothing; write `return MyStore(folder)`"),
        (f"async {MAKE.format(made='None')}", "*make_store is async; write a plain `def`*"),
        (MAKE.format(made="refused()"), "*ConnectionError: nobody listens"),
    ],
)
def test_what_is_missing_is_said_once(pytester: pytest.Pytester, make: str, told: str) -> None:
    pytester.makepyfile(HALF.format(base="StoreConformance", make=make))
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:asyncio")
    outcomes = done.parseoutcomes()
    assert (outcomes.get("failed"), outcomes.get("passed", 0)) == (1, 0)
    assert outcomes["skipped"] > 40
    done.stdout.fnmatch_lines([told])


def test_a_whole_store_is_tested(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        HALF.format(base="StoreConformance", make=MAKE.format(made="MemoryStore()"))
    )
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:asyncio")
    outcomes = done.parseoutcomes()
    assert outcomes.pop("passed") > 40
    assert "failed" not in outcomes
    assert "skipped" not in outcomes
