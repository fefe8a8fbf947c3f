"""The code of docs/composition.md runs, and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from test_readme import ROOT, run

PAGE = (ROOT / "docs" / "composition.md").read_text()


def test_the_page_prints_what_it_says(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (said,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert run(code, tmp_path) == said
