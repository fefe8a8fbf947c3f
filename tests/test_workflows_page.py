"""The code of docs/workflows.md runs, and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

from test_readme import ROOT, run

PAGE = (ROOT / "docs" / "workflows.md").read_text()
(SENDING,) = [b for b in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "engine.send" in b]


def test_a_command_is_sent_before_its_wait_and_once(tmp_path: Path) -> None:
    change, refused = run(SENDING, tmp_path).splitlines()
    assert change == "change: 2"
    assert refused == "Praised was refused: run 'order-1' is completed"
