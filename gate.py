"""The whole gate in one word: `python3 gate.py` sets everything up and runs all checks and tests.

Needs Python 3.11 or newer and pip, nothing else. With arguments, runs only the checks named:
`python3 gate.py lint types tests`. `INTERLOCK_PROFILE=long` makes property and crash loops long;
`short` looks for new examples, where the gate itself (`ci`) tries the same ones for the same code.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
HOME = ROOT / ".venv-gate"
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")

CHECKS: dict[str, list[list[str]]] = {
    "lint": [["ruff", "check", "."], ["ruff", "format", "--check", "."]],
    "types": [["mypy"], ["pyright", "--warnings"]],
    "tests": [["pytest", "-q", "-n", "auto", "--dist", "worksteal"]],
}

FEW = 3
"""Failed tests that are run once more; more of them are no race."""


def set_up() -> None:
    """Make the environment, and bring it up to date when pyproject.toml has changed."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = HOME / "installed"
    if stamp.is_file() and stamp.read_text() == digest:
        return
    venv.create(HOME, with_pip=True, clear=True)
    pip = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-e", ".[dev]"], cwd=ROOT, check=True)
    stamp.write_text(digest)


def run(command: list[str]) -> bool:
    """Run one check from the project's root; whether it passed."""
    print(f"\n$ {' '.join(command)}", flush=True)
    began = time.monotonic()
    program = str(BIN / command[0])
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [program, *command[1:]],
        cwd=ROOT,
        check=False,
        env={
            "INTERLOCK_PROFILE": "ci",
            **os.environ,
            "PATH": path,
            "VIRTUAL_ENV": str(HOME),
            "PYRIGHT_PYTHON_GLOBAL_NODE": "0",
        },
    )
    print(f"  {'passed' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s")
    return done.returncode == 0


def failed_tests() -> list[str]:
    """Those of the last run of pytest that failed."""
    kept = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
    return [*json.loads(kept.read_text())] if kept.is_file() else []


def steady(command: list[str], unsteady: list[str]) -> bool:
    """Run a check. A few tests that failed are run once more, alone: those that pass are told of.

    A real mistake fails again; what does not is a race in the test or in the code, and is to be
    mended, but says nothing of the change that was to be checked. See decision 0014.
    """
    if run(command):
        return True
    failed = failed_tests() if command[0] == "pytest" else []
    if not 0 < len(failed) <= FEW:
        return False
    passed = run(["pytest", "-q", "-n", "0", "--last-failed", "--last-failed-no-failures", "none"])
    if passed:
        unsteady += failed
    return passed


def main(names: list[str]) -> int:
    """Run the checks named, or all of them; 0 when every one passed."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"no check is called {unknown[0]!r}; there are {', '.join(CHECKS)}")
        return 2
    set_up()
    unsteady: list[str] = []
    failed = [
        " ".join(command)
        for name in names or CHECKS
        for command in CHECKS[name]
        if not steady(command, unsteady)
    ]
    for test in unsteady:
        print(f"\nUNSTEADY, passed only when it was run again, and has to be mended: {test}")
    print(f"\nfailed: {', '.join(failed)}" if failed else "\neverything passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
