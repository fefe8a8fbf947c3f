"""The code of docs/audit.md is one program, and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from test_readme import ROOT, run

PAGE = (ROOT / "docs" / "audit.md").read_text()
CODE = "".join(f"{block}\n" for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
PRINTED = "".join(re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL))


def test_the_page_prints_what_it_says(tmp_path: Path) -> None:
    assert run(CODE, tmp_path) == PRINTED


def test_the_independent_verifier_is_short_and_needs_nothing_of_ours() -> None:
    (block,) = [b for b in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "def check" in b]
    assert "interlock" not in block
    function = block[block.index("def check") : block.index("\n\n\nprint")]
    assert len(function.splitlines()) <= 31
