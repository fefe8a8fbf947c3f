"""`run`: a run for every line of a file of JSON."""

from __future__ import annotations

import asyncio
import sys
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

from interlock.cli.errors import BadArgument, described
from interlock.cli.intake import Intake, intake_of
from interlock.cli.notifying import notify_of
from interlock.cli.progress import Bar
from interlock.cli.render import Column, Screen, Styled, print_document, status
from interlock.cli.repeated import Repeated
from interlock.cli.settling import settled
from interlock.cli.stores import may_be_made, run_async
from interlock.cli.target import import_apps, load_target
from interlock.cli.text import lasting, many, one_line
from interlock.engine import Engine
from interlock.engine.notices import Notify
from interlock.machines.workflow import Workflow
from interlock.store.clock import stopwatch
from interlock.store.contract import Entry, Filter
from interlock.store.errors import InterlockError

_CHUNK = 500
_POLL = 0.002
_BAD_ENDS = ("failed", "compensation failed")
_SHOWN_ENDS = (*_BAD_ENDS, "compensated", "held", "in doubt")
_PARKED = ("waiting", "sleeping", "open")
_SHOWN = 10


@dataclass(slots=True)
class Report:
    """What became of a file.

    Attributes:
        lines: how many there were, empty ones not counted.
        runs: ids of the runs, in the order of the lines.
        refused: line numbers, and why.
        statuses: of the runs, in the end.
        bad: runs that somebody may want to look at, and their status.
        parked: rows of the runs that wait for a person, a command or time.
        seconds: it took.
    """

    lines: int = 0
    runs: list[str] = field(default_factory=list[str])
    refused: list[tuple[int, InterlockError]] = field(
        default_factory=list[tuple[int, InterlockError]]
    )
    statuses: Counter[str] = field(default_factory=Counter[str])
    bad: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    parked: list[Entry] = field(default_factory=list[Entry])
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether every line became a run, and none failed without being compensated."""
        return not self.refused and not any(self.statuses[name] for name in _BAD_ENDS)


def run_file(
    store: str,
    target: str,
    source: Path,
    id_field: str,
    in_flight: int,
    wait: timedelta = timedelta(),
    *,
    as_json: bool,
) -> bool:
    """Start and drive a run for each line. Whether all went well.

    Args:
        wait: go on for so long while a timer is due within it.

    Raises:
        BadArgument: the file cannot be read.
    """
    may_be_made(store)
    kind = load_target(target)
    resources, notify = import_apps([target]), notify_of([target])
    with ExitStack() as files:
        lines, total = _open(files, source)
        report = run_async(
            _Batch(store, kind, resources, notify, id_field, in_flight, total).run(lines, wait)
        )
    if as_json:
        print_document(_view(store, report))
    else:
        _print(store, target.partition(":")[0], report)
    return report.clean


def _open(files: ExitStack, source: Path) -> tuple[BinaryIO, int | None]:
    if str(source) == "-":
        return sys.stdin.buffer, None
    try:
        with source.open("rb") as counted:
            total = sum(1 for line in counted if line.strip())
        return files.enter_context(source.open("rb")), total
    except OSError as error:
        message = f"cannot read {source}: {error.strerror}"
        raise BadArgument(message) from error


class _Batch:
    """One call of `run_file`."""

    def __init__(
        self,
        store: str,
        kind: object,
        resources: Mapping[Any, Any],
        notify: Notify | None,
        id_field: str,
        in_flight: int,
        total: int | None,
    ) -> None:
        self._store = store
        self._resources = resources
        self._notify = notify
        self._kind = kind
        self._intake: Intake = intake_of(kind, id_field)
        self._in_flight = in_flight
        self._report = Report()
        self._starting = asyncio.Semaphore(in_flight)
        self._bar = Bar("lines", total)
        self._wrong = Repeated(self._bar.say)

    async def run(self, lines: BinaryIO, wait: timedelta) -> Report:
        """Start a run for each line, and wait until all have come as far as they go."""
        began = stopwatch()
        report = self._report
        async with Engine(
            self._store,
            machines=[self._kind],
            resources=self._resources,
            notify=self._notify,
            concurrency=self._in_flight,
        ) as engine:
            with self._bar:
                async with asyncio.TaskGroup() as group:
                    for number, text in numbered(lines):
                        await self._starting.acquire()
                        while engine.busy >= self._in_flight:  # noqa: ASYNC110  no event tells it
                            await asyncio.sleep(_POLL)
                        group.create_task(self._start(engine, number, text))
                self._wrong.end()
                if engine.driving:
                    await settled(engine, wait)
                else:
                    print("another worker drives these runs on", file=sys.stderr)
            for start in range(0, len(report.runs), _CHUNK):
                ids = tuple(report.runs[start : start + _CHUNK])
                entries = await engine.store.entries(Filter(ids=ids))
                report.statuses.update(entry.status for entry in entries)
                report.bad += [(e.run, e.status) for e in entries if e.status in _SHOWN_ENDS]
                report.parked += [e for e in entries if e.status in _PARKED]
        report.refused.sort(key=lambda refused: refused[0])
        report.seconds = stopwatch() - began
        return report

    async def _start(self, engine: Engine, number: int, text: bytes) -> None:
        report = self._report
        report.lines += 1
        try:
            run, args, kwargs = self._intake.read(text)
            handle = await engine.start(
                cast("Workflow[..., Any]", self._kind), *args, id=run, **kwargs
            )
            report.runs.append(handle.id)
        except InterlockError as error:
            self._refuse(number, error)
        except Exception as error:
            self._refuse(number, BadArgument(f"{type(error).__name__}: {error}"))
        finally:
            self._starting.release()
            self._bar.advance()

    def _refuse(self, number: int, error: InterlockError) -> None:
        self._report.refused.append((number, error))
        self._wrong.note(number, f"error {error.code}: {one_line(error.message)}")


def numbered(lines: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers from 1; a byte order mark is skipped."""
    for number, text in enumerate(lines, 1):
        kept = text.removeprefix(BOM_UTF8) if number == 1 else text
        if kept.strip():
            yield number, kept


def _view(store: str, report: Report) -> dict[str, object]:
    return {
        "store": store,
        "lines": report.lines,
        "runs": len(set(report.runs)),
        "statuses": dict(report.statuses.most_common()),
        "look_at": [{"run": run, "status": what} for run, what in report.bad],
        "parked": [
            {"waits": waits, "waits_for": waits_for, "runs": len(rows), "first": rows[0].run}
            for (waits, waits_for), rows in _parked(report).items()
        ],
        "refused": [{"line": number, **described(error)} for number, error in report.refused],
        "seconds": round(report.seconds, 3),
    }


def _parked(report: Report) -> dict[tuple[str, str], list[Entry]]:
    """The runs that wait, by what they wait for; all that sleep together, the first to wake first.

    A lifecycle that is not final waits for its commands.
    """
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in sorted(report.parked, key=lambda entry: (entry.waits, entry.waits_for)):
        named = "" if entry.waits in ("timer", "child") else entry.waits_for
        found.setdefault((entry.waits or "command", named), []).append(entry)
    return found


def _print_parked(screen: Screen, store: str, module: str, report: Report) -> None:
    screen.heading("Parked")
    for (waits, waits_for), rows in _parked(report).items():
        runs = "1 run waits" if len(rows) == 1 else f"{len(rows)} runs wait"
        first = rows[0]
        if waits == "timer":
            said, how = f"until {first.waits_for}Z", f"interlock work {module} --store {store}"
        elif waits == "approval":
            said, how = f"for approval {waits_for}", f"interlock approvals --store {store}"
        else:
            said = "for children" if waits == "child" else f"for {waits} {waits_for}".rstrip()
            how = f"interlock show {first.run} --store {store}"
        screen.line(f"  {runs} {said}:", Styled(how, "dim"))


def _print(store: str, module: str, report: Report) -> None:
    screen = Screen()
    said = f"{many(report.lines, 'line')}, {many(len(set(report.runs)), 'run')} in {store}"
    screen.line(Styled(said, "bold"), Styled(f"in {lasting(report.seconds)}", "dim"))
    rows = [(status(name), str(count)) for name, count in report.statuses.most_common()]
    if report.refused:
        rows.append((Styled("refused lines", "red"), str(len(report.refused))))
    screen.table([Column("status"), Column("runs", right=True)], rows)
    if report.bad:
        screen.heading("Look at")
        for run, what in report.bad[:_SHOWN]:
            screen.line(f"  interlock show {run} --store {store}", Styled(what, "dim"))
        if len(report.bad) > _SHOWN:
            screen.line(f"  and {len(report.bad) - _SHOWN} more: interlock runs --store {store}")
    if report.parked:
        _print_parked(screen, store, module, report)
