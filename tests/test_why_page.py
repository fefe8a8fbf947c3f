"""The code of docs/why.md is one program, and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from interlock.projections import Cause
from test_readme import ROOT, run

PAGE = (ROOT / "docs" / "why.md").read_text()
CODE = "".join(f"{block}\n" for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
PRINTED = "".join(re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL))


def test_the_page_prints_what_it_says(tmp_path: Path) -> None:
    assert run(CODE, tmp_path) == PRINTED


def test_the_page_names_every_cause() -> None:
    assert [cause for cause in get_args(Cause) if f"`{cause}`" not in PAGE] == []
