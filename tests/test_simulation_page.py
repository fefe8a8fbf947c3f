"""The code of docs/simulation.md is one program, and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from interlock.testing.fault import KINDS
from test_readme import ROOT, run

PAGE = (ROOT / "docs" / "simulation.md").read_text()
CODE = "".join(f"{block}\n" for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
PRINTED = "".join(re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL))


def test_the_page_prints_what_it_says(tmp_path: Path) -> None:
    assert run(CODE, tmp_path) == PRINTED


def test_the_page_lists_every_fault() -> None:
    rows = re.findall(r"^\| `([a-z ]+)` \| (.*) \|$", PAGE, re.MULTILINE)
    assert dict(rows) == dict(KINDS)
