"""The other Pythons of this machine that can run Interlock."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOTS = [ROOT / name for name in ("machines", "projections", "store", "tests", "docs/examples")]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


@cache
def others() -> dict[str, str]:
    """Programs by version: those that INTERLOCK_PYTHONS names, else `python3.x` on the path.

    Only those of another version than this one, and that have what Interlock needs.
    """
    named = [name for name in os.environ.get("INTERLOCK_PYTHONS", "").split(os.pathsep) if name]
    onpath = [shutil.which(f"python{version}") for version in VERSIONS if version != OWN]
    versions = ((_version(program), program) for program in named or onpath if program)
    return {version: program for version, program in versions if version not in ("", OWN)}


def environment() -> dict[str, str]:
    """That of a program that imports Interlock from this folder."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, ROOTS))}


def _version(program: str) -> str:
    text = "import sys, interlock.engine; print('%d.%d' % sys.version_info[:2])"
    told = subprocess.run(
        [program, "-c", text], env=environment(), capture_output=True, text=True, check=False
    )
    return told.stdout.strip()
