"""A page of docs/examples: its code, its pictures, and what the commands in it print.

The code and the pictures are made by `python tests/examples/pages.py`; what the commands print is
written again by the tests when INTERLOCK_WRITE_PAGES is set.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from typer.testing import CliRunner

from interlock.cli.app import build

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
NAMES = sorted(page.stem for page in FOLDER.glob("*.md") if page.stem != "README")
CODE = re.compile(r"(?<=^```python\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(
    r"(?<=^`)interlock (?P<command>graph \S+)(?P<between>`:\n\n```mermaid\n).*?(?=^```$)",
    re.DOTALL | re.MULTILINE,
)
CONSOLE = re.compile(
    r"(?<=^\$ )interlock (?P<command>.*)\n(?P<text>(?:(?!\$ |```).*\n)*)", re.MULTILINE
)
WIDTH = 140
"""Characters of a line; what is cut ends with …"""


def path(name: str) -> Path:
    """Where a page is."""
    return FOLDER / f"{name}.md"


def interlock(command: str, store: str = "memory://") -> str:
    """What a command line prints."""
    env = {"INTERLOCK_STORE": store, "FORCE_COLOR": "", "NO_COLOR": "1"}

    def invoke() -> str:
        app, words = build(boxes=False), shlex.split(command)
        return CliRunner().invoke(app, words, env=env, prog_name="interlock").output

    with ThreadPoolExecutor(1) as elsewhere:  # a test may have its own event loop
        return elsewhere.submit(invoke).result()


def made(name: str) -> str:
    """The page with its code and its pictures as they should be."""
    code = (FOLDER / f"{name}.py").read_text()
    text = CODE.sub(lambda _: code, path(name).read_text(), count=1)

    def draw(found: re.Match[str]) -> str:
        command = found["command"]
        return f"interlock {command}{found['between']}{interlock(command)}"

    return PICTURE.sub(draw, text)


def printed(name: str, store: str) -> None:
    """Check that the commands of a page print what it says, of a store that its story filled.

    Lines that are cut (…) are compared as far as they go; ages, processes, ids and the width of
    columns do not count.
    """
    page = path(name)

    def run(found: re.Match[str]) -> str:
        output = interlock(found["command"], store)
        if plain(output, found["text"]) == plain(found["text"], found["text"]):
            return found[0]
        return f"interlock {found['command']}\n{cut(output)}"

    text = page.read_text()
    now = CONSOLE.sub(run, text)
    if os.environ.get("INTERLOCK_WRITE_PAGES"):
        page.write_text(now)
    else:
        assert now == text
    assert CONSOLE.search(text)


def cut(output: str) -> str:
    """Output as a page shows it."""
    lines = re.sub(
        r"worker \S+:\d+", lambda found: "worker pc:4711".ljust(len(found[0])), output
    ).splitlines()
    return "".join(f"{line if len(line) <= WIDTH else line[:WIDTH] + '…'}\n" for line in lines)


def plain(output: str, like: str) -> list[str]:
    """The lines of an output without what differs from one time to the next."""
    lines = [_same(line) for line in output.rstrip().splitlines()]
    wanted = [_same(line) for line in like.rstrip().splitlines()]
    for place, line in enumerate(wanted[: len(lines)]):
        if line.endswith("…"):
            lines[place] = lines[place][: len(line) - 1] + "…"
    return lines


_CHANGING: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r"worker \S+:\d+", "worker host"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", "id"),
    (r"\b(in )?\d+ (ms|s|min|h|days?)( ago)?", "then"),
    (r"/[\w./-]*/docs/examples/", ""),
    (r"\s+", " "),
]


def _same(line: str) -> str:
    for pattern, instead in _CHANGING:
        line = re.sub(pattern, instead, line)
    return line.strip()


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER))
    for each in NAMES:
        path(each).write_text(made(each))
