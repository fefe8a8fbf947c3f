"""A page of docs/examples: its code, its pictures, and what the commands in it print.

The code and the pictures are made by `python tests/examples/pages.py`; what the commands print is
written again by the tests when INTERLOCK_WRITE_PAGES is set.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
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


def printed(name: str, store: str, *, under: str = "", numbers: bool = True) -> None:
    """Check that the commands of a page print what it says, of a store that its story filled.

    Lines that are cut (…) are compared as far as they go; ages, processes, ids and the width of
    columns do not count.

    Args:
        under: the commands of this section only.
        numbers: whether numbers count.
    """
    page = path(name)

    def run(found: re.Match[str]) -> str:
        output = interlock(found["command"], store)
        if same(output, found["text"], numbers=numbers):
            return found[0]
        return f"interlock {found['command']}\n{cut(output)}"

    text = page.read_text()
    before, heading, section = text.partition(f"\n## {under}\n") if under else ("", "", text)
    section, rest, after = section.partition("\n## ") if under else (section, "", "")
    now = "".join([before, heading, CONSOLE.sub(run, section), rest, after])
    if os.environ.get("INTERLOCK_WRITE_PAGES"):
        page.write_text(now)
    else:
        assert now == text
    assert CONSOLE.search(section)


def cut(output: str) -> str:
    """Output as a page shows it."""
    output = output.replace(f"{FOLDER}/", "")
    lines = re.sub(
        r"worker \S+:\d+", lambda found: "worker pc:4711".ljust(len(found[0])), output
    ).splitlines()
    return "".join(f"{line if len(line) <= WIDTH else line[:WIDTH] + '…'}\n" for line in lines)


def same(output: str, shown: str, *, numbers: bool = True) -> bool:
    """Whether an output is what a page shows, but for what differs from one time to the next."""
    lines, wanted = ([_lasting(line) for line in text.rstrip().splitlines()]
                     for text in (output, shown))  # fmt: skip
    if not numbers:
        lines, wanted = ([re.sub(r"\d+", "0", line) for line in text] for text in (lines, wanted))
    return len(lines) == len(wanted) and all(
        line.startswith(like[:-1]) if like.endswith("…") else line == like
        for line, like in zip(lines, wanted, strict=True)
    )


_CHANGING = [
    (r"worker \S+:\d+", "worker host"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", "id"),
    (r"\b(in )?\d+ (ms|s|min|h|days?)( ago)?|just now", "then"),
    (r"/[\w./-]*/docs/examples/", ""),
    (r"\s+", " "),
]


def _lasting(line: str) -> str:
    for pattern, instead in _CHANGING:
        line = re.sub(pattern, instead, line)
    return line.strip()


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER))
    for each in NAMES:
        path(each).write_text(made(each))
