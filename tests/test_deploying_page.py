"""The blocks of docs/deploying.md: files are written, commands run and print what it says.

With INTERLOCK_WRITE_PAGES=1 the page is written again with what they print now.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interlock.cli.app import build
from interlock.machines import registry
from test_readme import ROOT

PAGE = ROOT / "docs" / "deploying.md"
BLOCK = re.compile(r"```(py|console)\n(.*?)```", re.DOTALL)
CHANGING = re.compile(r"\b[0-9a-f]{16}\b|\b[0-9a-f]{8}\b|\d{4}-\d\d-\d\dT[0-9:.]+Z|\b\d\.\d+\b")
"""What differs from time to time: hashes and instants."""


def test_the_commands_print_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(registry, "_known", {})  # other tests have a `checkout` as well
    text = PAGE.read_text()
    now = BLOCK.sub(lambda block: "".join(_run(block, tmp_path)), text)
    if os.environ.get("INTERLOCK_WRITE_PAGES"):
        PAGE.write_text(now)
    else:
        assert CHANGING.sub("#", now) == CHANGING.sub("#", text)


def _run(block: re.Match[str], folder: Path) -> Iterator[str]:
    if block[1] == "py":
        (folder / "shop.py").write_text(block[2])
        yield block[0]
        return
    yield "```console\n"
    for command in re.findall(r"^\$ (.*)$", block[2], re.MULTILINE):
        yield f"$ {command}\n{_output(command, folder)}"
    yield "```"


def _output(command: str, folder: Path) -> str:
    name, *arguments = shlex.split(command)
    if name == "echo":
        text, how, file = arguments
        with (folder / file).open("a" if how == ">>" else "w") as opened:
            opened.write(f"{text}\n")
        return ""
    sys.modules.pop("shop", None)
    done = CliRunner().invoke(build(boxes=False), arguments, prog_name="interlock")
    assert not done.stderr.startswith("error"), done.stderr
    return "".join(f"{_cut(line)}\n" for line in done.stdout.splitlines())


def _cut(line: str) -> str:
    return line if len(line) <= 160 else f"{line[:159]}…"
