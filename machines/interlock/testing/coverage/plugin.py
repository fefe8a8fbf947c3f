"""The options of pytest for coverage of machines.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from interlock.machines import registry
from interlock.machines.duration import duration
from interlock.store.clock import SystemClock
from interlock.store.errors import InterlockError
from interlock.store.open import open_store
from interlock.testing.coverage.asked import check_names, check_options
from interlock.testing.coverage.live import Collector
from interlock.testing.coverage.picture import dot_picture, mermaid_picture
from interlock.testing.coverage.production import production
from interlock.testing.coverage.report import Report, percent, table
from interlock.testing.coverage.tally import Tally, dump, load

_OUTPUT = "interlock_coverage"
"""What a worker of xdist hands to the process that prints."""

_WRONG = "interlock_coverage_wrong"
"""And what it says of names that no machine has."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("interlock")
    add = group.addoption
    add("--machine-coverage", action="store_true",
        help="Tell which states, transitions and guards were covered, of machines that did "
        "something or are declared below the root folder.")  # fmt: skip
    add("--machine-coverage-of", default="", metavar="NAMES",
        help="Of these machines alone, with commas between.")  # fmt: skip
    add("--machine-coverage-fail-under", type=float, default=0.0, metavar="PERCENT",
        help="Fail when less is covered, of all these machines together.")  # fmt: skip
    add("--machine-coverage-picture", default="", metavar="FOLDER",
        help="Draw each machine: NAME.mmd (Mermaid) and NAME.dot (Graphviz).")  # fmt: skip
    add("--machine-coverage-json", default="", metavar="FILE",
        help="Write what was counted, for `interlock coverage --tests FILE`.")  # fmt: skip
    add("--machine-coverage-store", default="", metavar="URL",
        help="Tell besides what the runs of this store did.")  # fmt: skip
    add("--machine-coverage-since", default="", metavar="DURATION",
        help='Only what happened there in the last of it, such as "90 days".')  # fmt: skip
    add("--machine-coverage-archives", default="", metavar="FOLDER",
        help="Where the archives of that store are now, if they moved.")  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count, if that is asked for.

    Raises:
        pytest.UsageError: something is asked for that cannot be meant.
    """
    if _wanted(config) and not config.getoption("--collect-only"):
        check_options(config)
        config.pluginmanager.register(MachineCoverage(config), "interlock-machine-coverage")


def _wanted(config: pytest.Config) -> bool:
    names = ("", "-of", "-fail-under", "-picture", "-json", "-store", "-since", "-archives")
    return any(config.getoption(f"--machine-coverage{name}", default="") for name in names)


class MachineCoverage:
    """Counts during a session, and tells at its end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._collector = Collector()
        self._reports: list[Report] = []
        self._wrong = ""
        self._collector.begin()

    def pytest_unconfigure(self) -> None:
        """Count no more."""
        self._collector.end()

    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> None:
        """All test modules are imported, and so are the machines that they are about.

        Raises:
            pytest.UsageError: there is none of a name that is asked for.
        """
        if session.testsfailed:  # a module that cannot be imported: pytest says so
            return
        output = getattr(self._config, "workeroutput", None)
        try:
            check_names(self._names, [*registry.all()])
        except pytest.UsageError as error:
            if output is None:
                raise
            items.clear()  # nothing is run, and the process that prints is told
            output[_WRONG] = str(error)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of xdist is done."""
        output = getattr(node, "workeroutput", {})
        if output.get(_OUTPUT):
            self._collector.add(load(output[_OUTPUT]))
        self._wrong = output.get(_WRONG, self._wrong)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Everything has run."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = dump(self._collector.tallies)
            return
        if self._wrong:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        if self._wrong or session.exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        try:
            self._tell()
        except (InterlockError, OSError) as error:
            self._wrong = str(error)
        least = self._option("-fail-under") or 0.0
        if self._wrong or percent(self._reports) < least:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print it."""
        tell = terminalreporter
        if self._wrong:
            tell.line(f"ERROR: {self._wrong}", red=True)
        if not self._reports:
            return
        tell.section("coverage of machines")
        for line in table(self._reports):
            tell.line(line)
        for report in self._reports:
            lines = [*report.lines()]
            if lines:
                tell.line(f"{report.machine.name}:")
            for line in lines:
                tell.line(f"  {line}")
        least = self._option("-fail-under") or 0.0
        total = percent(self._reports)
        if least:
            said = "reached" if total >= least else "NOT reached"
            colour = {"green": True} if total >= least else {"red": True}
            tell.line(f"{least:g}% of the machines is {said}: it is {total:.1f}%", **colour)

    def _option(self, name: str) -> Any:
        return self._config.getoption(f"--machine-coverage{name}", default="")

    def _tell(self) -> None:
        tallies = self._tallies()
        if self._option("-json"):
            Path(self._option("-json")).write_text(
                dump({(one.machine.name, one.machine.hash): one for one in tallies}),
                encoding="utf-8",
            )
        self._reports = [Report(one) for one in tallies]
        if self._option("-store"):
            self._reports = asyncio.run(self._with_production(tallies))
        if self._option("-picture"):
            folder = Path(self._option("-picture"))
            folder.mkdir(parents=True, exist_ok=True)
            for report in self._reports:
                name = report.machine.name
                (folder / f"{name}.mmd").write_text(mermaid_picture(report), encoding="utf-8")
                (folder / f"{name}.dot").write_text(dot_picture(report), encoding="utf-8")

    async def _with_production(self, tallies: Sequence[Tally]) -> list[Report]:
        period = self._option("-since")
        since = SystemClock().now() - duration(period) if period else None
        archives = Path(self._option("-archives")) if self._option("-archives") else None
        store = open_store(self._option("-store"), readonly=True)
        try:
            return [
                Report(
                    one,
                    await production(store, one.machine, since=since, archives=archives),
                    period,
                )
                for one in tallies
            ]
        finally:
            await store.close()

    @property
    def _names(self) -> list[str]:
        return [name.strip() for name in self._option("-of").split(",") if name.strip()]

    def _declared(self) -> None:
        for machine in _declared(self._config.rootpath, self._names):
            self._collector.of(machine)

    def _tallies(self) -> list[Tally]:
        self._declared()
        names = self._names
        found = self._collector.tallies.values()
        chosen = [one for one in found if not names or one.machine.name in names]
        return sorted(chosen, key=lambda one: one.machine.name)


def _declared(root: Path, names: Sequence[str]) -> list[Any]:
    """The machines of imported modules below a folder, or of these names."""
    from interlock.engine.programs import program_of

    found: list[Any] = []
    for kind in registry.all().values():
        if "<locals>" in str(getattr(kind, "__qualname__", "")):
            continue
        try:
            machine = program_of(kind).machine
        except InterlockError:  # a workflow that cannot be compiled covers nothing
            continue
        inside = machine.file and Path(machine.file).is_relative_to(root)
        if machine.name in names or (not names and inside):
            found.append(machine)
    return found
