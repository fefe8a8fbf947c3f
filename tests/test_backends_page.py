"""The code of docs/backends.md works: its store passes, its mistakes fail as the page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from test_readme import ROOT

PAGE = (ROOT / "docs" / "backends.md").read_text()
BLOCKS = re.findall(r'```python\n"""(\w+\.py)"""\n(.*?)```', PAGE, re.DOTALL)
(FAILING,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def pytest_in(folder: Path, *files: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", "--tb=no", *files],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    for name, code in BLOCKS:
        (tmp_path / name).write_text(code)
    code, told = pytest_in(tmp_path, "test_json_store.py", "test_storm.py")
    assert code == 0, told
    assert "failed" not in told
    code, told = pytest_in(tmp_path, "test_mistakes.py")
    failed = re.findall(r"^FAILED \S+?::(\w+::\w+)", told, re.MULTILINE)
    assert "".join(f"{name}\n" for name in dict.fromkeys(failed)) == FAILING, told


def test_every_test_that_the_page_names_exists() -> None:
    from interlock.testing.conformance import SharedConformance

    named = re.findall(r"`(test_\w+)`", PAGE)
    assert len(named) > 5
    assert all(hasattr(SharedConformance, name) for name in named)
