"""The documentation says what the code says."""

from __future__ import annotations

import re
from collections import Counter

from errors_page import PACKAGES, PAGE, page, refused, rows
from interlock.machines.interchange import KINDS


def test_the_page_of_error_codes_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run `python tests/errors_page.py`"


def test_a_code_means_one_thing() -> None:
    codes = [row[0] for package in PACKAGES.values() for row in rows(package.__name__)]
    kinds = [row for row in codes if row != "ILK000"] + [r.code for r in refused()]
    kinds += KINDS
    kinds += re.findall(r"^\| (ILK(?:08|13)\d) \| [^`]", PAGE.read_text(), re.MULTILINE)
    shared = {code for code, n in Counter(kinds).items() if n > 1}
    assert shared <= {"ILK040", "ILK067", "ILK061"}, shared
