"""`coverage`: what the runs of a database did, beside what tests did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from interlock.cli.errors import BadArgument
from interlock.cli.files import text_of
from interlock.cli.render import Column, Screen, Styled, print_lines
from interlock.cli.stores import reading, run_async
from interlock.cli.target import import_apps, import_module, load_target, machine_of
from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.machines.ir import Machine
from interlock.machines.modules import machines_in
from interlock.store.clock import SystemClock
from interlock.testing.coverage import Report, Tally, dot_picture, mermaid_picture, production
from interlock.testing.coverage.report import unread
from interlock.testing.coverage.tally import load


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        target: `MODULE:NAME`, or "" for all of the modules.
        since: a duration back from now, or "".
        tests: what pytest wrote.
        picture: folder for drawings.
        archives: folder where archives are now, if they moved.
    """

    target: str
    since: str
    tests: Path | None
    picture: Path | None
    archives: Path | None = None


def show(store: str, apps: Sequence[str], asked: Asked, *, as_json: bool) -> None:
    """Print what ran, and what never did.

    Raises:
        BadArgument: no machine is named, `--since` is no duration, or a file does not fit.
    """
    import_apps(apps)
    machines = _machines(apps, asked.target)
    reports = run_async(_reports(store, machines, asked))
    if asked.picture is not None:
        _draw(asked.picture, reports)
    if as_json:
        print_lines(_view(report) for report in reports)
        return
    screen = Screen()
    for report in reports:
        _print(screen, report, tests=asked.tests is not None)


def _machines(apps: Sequence[str], target: str) -> list[Machine]:
    if target:
        return [machine_of(load_target(target))]
    names = [app.partition(":")[0] for app in apps]
    kinds = [kind for name in names for kind in machines_in(import_module(name)).values()]
    if not kinds:
        raise BadArgument("name a machine, MODULE:NAME, or the module of several: --app MODULE")
    found = {machine.name: machine for machine in map(machine_of, kinds)}
    return [*found.values()]


async def _reports(url: str, machines: Sequence[Machine], asked: Asked) -> list[Report]:
    try:
        since = SystemClock().now() - duration(asked.since) if asked.since else None
    except BadDefinition as error:
        message = f"--since {asked.since!r}: {error.message}"
        raise BadArgument(message) from None
    tests = _tests(asked.tests)
    async with reading(url) as store:
        return [
            Report(
                tests.get(machine.name) or Tally(machine),
                await production(store, machine, since=since, archives=asked.archives),
                asked.since,
            )
            for machine in machines
        ]


def _tests(file: Path | None) -> dict[str, Tally]:
    if file is None:
        return {}
    try:
        return {tally.machine.name: tally for tally in load(text_of(file))}
    except msgspec.DecodeError as error:
        message = f"{file} was not written by pytest --machine-coverage-json: {error}"
        raise BadArgument(message) from error


def _draw(folder: Path, reports: Sequence[Report]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for report in reports:
            name = report.machine.name
            (folder / f"{name}.mmd").write_text(mermaid_picture(report), encoding="utf-8")
            (folder / f"{name}.dot").write_text(dot_picture(report), encoding="utf-8")
    except OSError as error:
        message = f"cannot write into {folder}: {error.strerror}"
        raise BadArgument(message) from error


def _print(screen: Screen, report: Report, *, tests: bool) -> None:
    assert report.production is not None  # it was read
    period = f"in the last {report.period}" if report.period else "since it began"
    runs = report.production.runs
    said = f"{runs} run{'' if runs == 1 else 's'} {period}"
    screen.line(Styled(report.machine.name, "bold"), said)
    for line in unread(report.production):
        screen.line(Styled(f"{line}: --from FOLDER", "yellow"))
    columns = [Column("kind", keep=True), Column("what"), Column("production", keep=True)]
    columns += [Column("tests", keep=True)] if tests else []
    rows: list[list[Any]] = []
    for item in report.items:
        times = report.in_production(item)
        if times is None and not tests:
            continue
        row: list[Any] = [item.kind, item.title, _times(times)]
        rows.append([*row, _times(report.times(item))] if tests else row)
    screen.table(columns, rows)


def _times(count: int | None) -> Styled:
    if count is None:
        return Styled("not recorded", "dim")
    return Styled(str(count), "green" if count else "red")


def _view(report: Report) -> dict[str, object]:
    assert report.production is not None  # it was read
    return {
        "machine": report.machine.name,
        "runs": report.production.runs,
        "archived_runs_not_counted": report.production.unread,
        "period": report.period,
        "items": [
            {
                "kind": item.kind,
                "what": item.title,
                "line": item.line,
                "production": report.in_production(item),
                "tests": report.times(item),
            }
            for item in report.items
        ],
    }
