"""The code of docs/resilience.md is one program, and prints what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from interlock.machines import Breaker, Policy, RateLimit, Retry, policies
from interlock.machines.duration import duration
from test_readme import ROOT, run

PAGE = (ROOT / "docs" / "resilience.md").read_text()
CODE = "".join(f"{block}\n" for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
PRINTED = "".join(re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL))


def test_the_page_prints_what_it_says(tmp_path: Path) -> None:
    assert run(CODE, tmp_path) == PRINTED


def _rows(head: str) -> list[list[str]]:
    table = re.search(rf"^\| {re.escape(head)}.*\n\|-.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table[1].splitlines()]


def test_the_tables_are_the_presets() -> None:
    breakers = [Breaker("page"), Breaker.critical("page c"), Breaker.lenient("page l")]
    for made, row in zip(breakers, _rows("preset"), strict=True):
        assert [str(made.threshold), made.window, made.reset, str(made.trials)] == [
            cell.replace(" s", " seconds") for cell in row[1:]
        ]
    for row in _rows("`policies"):
        policy: Policy = policies[row[0].strip("`")]
        assert policy.timeout is not None
        assert policy.retry is not None
        assert duration(policy.timeout) == duration(row[1])
        assert policy.retry.attempts == int(row[2].split(",")[0])
    presets = [Retry.none, Retry.transient, Retry.standard, Retry.aggressive]
    for retry, row in zip(presets, _rows("`Retry`"), strict=True):
        assert retry.attempts == int(row[1])
        if row[2]:
            first, longest = re.findall(r"\d+ m?s", row[2])
            assert (duration(retry.initial), duration(retry.maximum)) == (
                duration(first), duration(longest),
            )  # fmt: skip
    api, external = RateLimit.api("page api"), RateLimit.external("page external")
    assert (api.per_second, api.burst, external.per_second, external.burst) == (10, 20, 5, 10)
