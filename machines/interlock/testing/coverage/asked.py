"""What coverage is asked for is looked at before any test runs.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pytest

from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.store.errors import InterlockError
from interlock.store.open import open_store

PREFIX = "--machine-coverage"


def check_options(config: pytest.Config) -> None:
    """Refuse options that cannot be meant.

    Raises:
        pytest.UsageError: one cannot; says what to write.
    """

    def given(name: str) -> Any:
        return config.getoption(f"{PREFIX}{name}", default="")

    least = given("-fail-under") or 0.0
    if not 0 <= least <= 100:
        _refuse("-fail-under", least, "write a share of 100, such as 90")
    for name in ("-since", "-archives"):
        if given(name) and not given("-store"):
            _refuse(name, given(name), f"this is about a store; write {PREFIX}-store=URL as well")
    if given("-since"):
        try:
            duration(given("-since"))
        except BadDefinition as error:
            _refuse("-since", given("-since"), str(error))
    if given("-archives") and not Path(given("-archives")).is_dir():
        _refuse("-archives", given("-archives"), "there is no such folder")
    if given("-picture") and Path(given("-picture")).is_file():
        _refuse("-picture", given("-picture"), "that is a file; write a folder")
    if given("-json"):
        _check_file(Path(given("-json")))
    if given("-store") and not hasattr(config, "workerinput"):
        _check_store(given("-store"))


def check_names(names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that no machine has; asked when the tests are collected, and so imported.

    Raises:
        pytest.UsageError: one has none; says which there are.
    """
    there = sorted(known)
    for name in names:
        if name not in there:
            near = get_close_matches(name, there, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            listed = ", ".join(there) or "none"
            why = f"no test module imports a machine of this name{hint} (there are {listed})"
            _refuse("-of", name, why)


def _check_file(file: Path) -> None:
    if file.is_dir():
        _refuse("-json", file, "that is a folder; write a file")
    if not file.absolute().parent.is_dir():
        _refuse("-json", file, f"there is no folder {file.parent}")


def _check_store(url: str) -> None:
    async def look() -> None:
        await open_store(url, readonly=True).close()

    try:
        asyncio.run(look())
    except (InterlockError, OSError) as error:
        _refuse("-store", url, str(error))


def _refuse(name: str, value: object, why: str) -> None:
    message = f"{PREFIX}{name}={value}: {why}"
    raise pytest.UsageError(message)
