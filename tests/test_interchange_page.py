"""The code of docs/interchange.md runs, and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

from test_readme import ROOT, run

PAGE = (ROOT / "docs" / "interchange.md").read_text()
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PRINTED = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_runs_from_top_to_bottom(tmp_path: Path) -> None:
    assert len(CODE) == 4
    assert run("\n".join(CODE), tmp_path) == "".join(PRINTED)
