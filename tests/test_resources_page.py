"""The code of docs/resources.md runs, and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

from test_readme import ROOT, run

PAGE = (ROOT / "docs" / "resources.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_and_its_test(tmp_path: Path) -> None:
    test = f"{BLOCKS[0]}\n{BLOCKS[1]}\nasyncio.run(test_buying())\n"
    assert run(test, tmp_path).splitlines() == [
        "connected", "shop: receipt-5", "receipt-5", "disconnected", "test: fake",
    ]  # fmt: skip
