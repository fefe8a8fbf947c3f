"""The code of docs/lifecycles.md runs, prints what it says, and is drawn as shown."""

from __future__ import annotations

import re
from pathlib import Path

from test_readme import ROOT, run

PAGE = (ROOT / "docs" / "lifecycles.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_the_subscription_goes_where_the_page_says(tmp_path: Path) -> None:
    printed = run(f"{BLOCKS[0]}\n{BLOCKS[1]}", tmp_path).splitlines()
    mails = [line for line in printed if line.startswith("mail: ")]
    said = [line for line in printed if line not in mails]
    plain = [re.sub(r"^\d+ ", "", line) for line in said]
    assert plain == [re.sub(r"^\d+ ", "", line) for line in block("text").splitlines()]
    assert sorted(mails)[-1] == "mail: your plan is gold"
    assert "mail: paused, as you asked" in mails


def test_it_is_drawn_as_on_the_page(tmp_path: Path) -> None:
    code = "from interlock.machines.draw import mermaid\n"
    code += "print(mermaid(Subscription.program().machine))"
    assert run(f"{BLOCKS[0]}\n{code}", tmp_path).strip() == block("mermaid").strip()
