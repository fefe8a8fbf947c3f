"""The code of docs/time_travel.md is one program, and its commands print what the page says."""

from __future__ import annotations

import os
import re
from pathlib import Path

from examples.pages import CONSOLE, interlock, same
from test_readme import ROOT, run

FILE = ROOT / "docs" / "time_travel.md"
PAGE = FILE.read_text()
CODE = "".join(f"{block}\n" for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
PRINTED = re.compile(r"(?<=^```text\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
WIDTH = 118
"""Characters of a line; what is cut ends with …"""


def test_the_page_prints_what_it_says(tmp_path: Path) -> None:
    printed = run(CODE, tmp_path)

    def command(found: re.Match[str]) -> str:
        output = interlock(found["command"], f"sqlite:///{tmp_path / 'orders.db'}")
        output = output.replace(f"{tmp_path}/", "")
        if same(output, found["text"]):
            return found[0]
        return f"interlock {found['command']}\n{_cut(output)}"

    now = CONSOLE.sub(command, PRINTED.sub(lambda _: printed, PAGE, count=1))
    if os.environ.get("INTERLOCK_WRITE_PAGES"):
        FILE.write_text(now)
    else:
        assert now == PAGE
    assert len(CONSOLE.findall(PAGE)) == 8


def _cut(output: str) -> str:
    output = re.sub(r"worker \S+:\d+", lambda found: "worker pc:4711".ljust(len(found[0])), output)
    lines = output.rstrip().splitlines()
    return "".join(f"{x if len(x) <= WIDTH else x[:WIDTH] + '…'}\n" for x in lines)
