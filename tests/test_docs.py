"""The documentation says what the code says."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter

import pytest

from errors_page import PACKAGES, PAGE, page, refused, rows
from interlock.machines.interchange import KINDS
from interlock.store.errors import InterlockError


def test_the_page_of_error_codes_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run `python tests/errors_page.py`"


def test_a_code_means_one_thing() -> None:
    codes = [row[0] for package in PACKAGES.values() for row in rows(package.__name__)]
    kinds = [row for row in codes if row != "ILK000"] + [r.code for r in refused()]
    kinds += KINDS
    kinds += re.findall(r"^\| (ILK(?:08|13)\d) \| [^`]", PAGE.read_text(), re.MULTILINE)
    shared = {code for code, n in Counter(kinds).items() if n > 1}
    assert shared <= {"ILK040", "ILK067", "ILK061"}, shared


@pytest.mark.parametrize("door", ["interlock.engine", "interlock.machines"])
def test_every_error_that_users_may_catch_is_at_the_door(door: str) -> None:
    package, errors = importlib.import_module(door), importlib.import_module(f"{door}.errors")
    named = {
        name for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, InterlockError)
        and value.__module__ == errors.__name__
    }  # fmt: skip
    missing = {name for name in named if not hasattr(package, name)}
    assert missing <= {"NoSuchEdge"}  # a fault of the compiler, not of a user
