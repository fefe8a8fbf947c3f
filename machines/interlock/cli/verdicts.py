"""What `check` says of a machine's problems, and of what holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from interlock.cli.render import Column, Screen, Styled, status
from interlock.machines.check import Judged, Problem

COLOURS = {"proved": "green", "bounded": "yellow", "refuted": "bold red"}


def print_problems(screen: Screen, found: Sequence[Problem], file: str) -> None:
    """What is wrong, and what may be meant, each with its place.

    Args:
        file: of the machine; only lines of other files are told with theirs.
    """
    wrong = [problem for problem in found if problem.severity != "info"]
    advice = [problem for problem in found if problem.severity == "info"]
    if not wrong:
        screen.line("")
        screen.line(Styled("no problems", "green"))
    for title, problems in (("Problems", wrong), ("Advice", advice)):
        if problems:
            screen.heading(title)
            columns = [
                Column("severity"), Column("code"), Column("line", right=True), Column("what"),
            ]  # fmt: skip
            listed = [
                (status(p.severity), p.code, place(p, file), p.message) for p in problems
            ]  # fmt: skip
            screen.table(columns, listed)


def place(problem: Problem, file: str) -> str:
    """The line, with its file where that is not the machine's."""
    if not problem.line:
        return ""
    other = problem.file not in ("", file)
    return f"{Path(problem.file).name}:{problem.line}" if other else str(problem.line)


def print_verdicts(screen: Screen, verdicts: Sequence[Judged]) -> None:
    """What is refuted, with the shortest way there; what was bounded; and how much is proved."""
    screen.heading("Verdicts, whatever the guards say")
    for one in verdicts:
        for problem in one.problems:
            at = f" in {problem.state!r}" if problem.state else ""
            said = f"not so{at}"
            screen.line(_verdict("refuted"), one.code, f"{one.property}: {said}")
            print_trace(screen, problem.trace)
    for one in verdicts:
        if one.verdict == "bounded":
            screen.line(_verdict("bounded"), one.code, f"{one.property} ({one.bound})")
    proved = [one for one in verdicts if one.verdict == "proved"]
    if proved:
        said = ", ".join(one.property for one in proved)
        screen.line(_verdict("proved"), f"{len(proved)} properties: {said}")


def _verdict(word: str) -> Styled:
    return Styled(f"{word:<8}", COLOURS[word])


def print_trace(screen: Screen, lines: Sequence[str]) -> None:
    """The moves to where something does not hold, numbered."""
    for number, line in enumerate(lines, 1):
        screen.line(f"         {number}. {line}")


def view(verdicts: Sequence[Judged]) -> list[dict[str, object]]:
    """The same for programs."""
    return [
        {
            "code": one.code,
            "property": one.property,
            "verdict": one.verdict,
            "bound": one.bound,
            "problems": [problem_view(problem) for problem in one.problems],
        }
        for one in verdicts
    ]


def problem_view(problem: Problem) -> dict[str, object]:
    """A problem as JSON."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "state": problem.state,
        "message": problem.message,
        "line": problem.line,
        "file": problem.file,
        "trace": list(problem.trace),
    }
