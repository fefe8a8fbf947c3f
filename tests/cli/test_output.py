"""What every command promises: JSON, plain pipes, errors with codes, help, a page of docs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.kit import Invoke, document, lines
from interlock.cli.app import COMMANDS, build
from interlock.cli.phrases import PHRASES
from interlock.store.vocabulary import BODIES

NAMES = [name for name, _, _ in COMMANDS]
READING = [
    ("runs",), ("approvals",), ("show", "order-1"), ("history", "order-1"), ("at", "order-1"),
    ("export", "order-1"), ("verify",), ("graph", "--run", "order-1"),
]  # fmt: skip
ON_A_RUN = [
    ("show",), ("history",), ("at",), ("approve", "manager"), ("reject", "manager"),
    ("send", "Paid", "{}"), ("cancel",), ("resolve", "ship", "--did-not"), ("export",), ("verify",),
]  # fmt: skip
PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
ESCAPES = re.compile("[\x1b\u2500-\u257f]")


def test_every_event_has_a_phrase() -> None:
    assert set(PHRASES) == set(BODIES)


@pytest.mark.parametrize("arguments", READING)
def test_json_parses_and_pipes_are_plain(il: Invoke, arguments: tuple[str, ...]) -> None:
    result = il(*arguments, "--json")
    assert result.exit_code == 0, result.output
    try:
        assert document(result)
    except ValueError:
        assert lines(result)
    assert not ESCAPES.search(il(*arguments).output)


def test_long_values_are_whole_in_a_pipe(il: Invoke) -> None:
    result = il("history", "order-2")
    whole = [line for line in result.stdout.splitlines() if "asked for" in line]
    assert whole[0].endswith('about {"id": "order-2", "total": "500"}')
    assert len(whole[0]) > 100


@pytest.mark.parametrize("arguments", ON_A_RUN)
def test_an_unknown_run_is_an_error_with_near_ids(il: Invoke, arguments: tuple[str, ...]) -> None:
    result = il(arguments[0], "order-11", *arguments[1:])
    assert result.exit_code == 1
    assert result.stderr.startswith("error ILK071: there is no run 'order-11'")
    assert "did you mean order-1 or order-10" in result.stderr
    assert "Traceback" not in result.output
    as_json = il(arguments[0], "order-11", *arguments[1:], "--json")
    assert "ILK071" in as_json.stdout
    assert document(as_json)


@pytest.mark.parametrize("arguments", [*READING, *[(c[0], "r", *c[1:]) for c in ON_A_RUN]])
def test_a_missing_database_is_an_error_and_stays_missing(
    il: Invoke, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    missing = tmp_path / "none.db"
    result = il(*arguments, "--store", f"sqlite:///{missing}")
    assert result.exit_code == 1
    assert result.stderr.startswith("error ILK091: there is no database")
    assert "interlock demo" in result.stderr
    assert not missing.exists()


@pytest.mark.parametrize(
    ("store", "code"),
    [("memory://", "ILK091"), ("mysql://x", "ILK008"), ("orders.db", "ILK008"), ("", "ILK008")],
)
def test_a_store_that_cannot_be(il: Invoke, store: str, code: str) -> None:
    assert il("runs", "--store", store).stderr.startswith(f"error {code}: ")


def test_a_file_that_is_no_database(il: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "text.db"
    file.write_text("hello " * 1000)
    assert il("runs", "--store", f"sqlite:///{file}").stderr.startswith("error ILK002: ")


def test_debug_lets_the_error_through(il: Invoke) -> None:
    result = il("show", "nobody", "--debug")
    assert type(result.exception).__name__ == "UnknownRun"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("boxes", [True, False])
def test_every_command_has_help(name: str, boxes: bool) -> None:
    result = CliRunner().invoke(build(boxes=boxes), [name, "--help"])
    assert result.exit_code == 0
    assert "--json" in result.output
    assert "--debug" in result.output


def test_a_first_sentence_fits_the_list_of_commands() -> None:
    result = CliRunner().invoke(build(boxes=False), ["--help"])
    assert "..." not in result.output.split("Commands:")[1]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_on_the_page(name: str) -> None:
    assert f"interlock {name}" in PAGE.read_text()


def test_the_page_names_every_option() -> None:
    page = PAGE.read_text()
    for name in NAMES:
        text = CliRunner().invoke(build(boxes=False), [name, "--help"]).output
        for option in re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.MULTILINE):
            if option != "--help":
                assert option in page, (name, option)


def test_looking_imports_neither_the_compiler_nor_the_demo(store: str) -> None:
    code = (
        "import sys; from interlock.cli.app import app\n"
        "try: app(['runs', '--store', sys.argv[1]])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m in ('transitions', 'interlock.engine', "
        "'interlock.demo', 'interlock.machines.compiler')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, store],
        capture_output=True, text=True, check=True, env=dict(os.environ),
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
