"""`deploy-check`: what new code would do to the runs in flight."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.cli.progress import Bar
from interlock.cli.render import Column, Screen, Styled, print_document
from interlock.cli.stores import must_exist, reading, run_async
from interlock.cli.target import import_apps, import_module, tell_kept
from interlock.engine.deploying import DeployReport, Fate, FateGroup
from interlock.engine.deploying import deploy_check as ask
from interlock.engine.rehearsing import Rehearsed, rehearse
from interlock.machines.advice import migration

_STYLES: dict[Fate, str] = {
    "unchanged": "dim", "goes on": "green", "migrated": "green", "stays": "yellow",
    "needs mapping": "bold red", "type changed": "bold red", "not imported": "bold red",
    "unreadable": "bold red",
}  # fmt: skip
_TOLD: dict[Fate, str] = {
    "unchanged": "follow this very code",
    "goes on": "go on as they are",
    "migrated": "are migrated",
    "stays": "stay on their own code, which is registered",
    "needs mapping": "need a mapping of their state",
    "type changed": "hold something of another type",
    "not imported": "are of machines that are not imported",
    "unreadable": "cannot be read",
}


def deploy_check(store: str, modules: Sequence[str], *, dry_run: bool, as_json: bool) -> bool:
    """Print what becomes of the runs in flight. False when some would be held."""
    found = [import_module(module) for module in modules]
    resources = import_apps(modules)
    must_exist(store)
    tell_kept(modules)

    async def look() -> tuple[DeployReport, list[Rehearsed] | None]:
        with Bar("runs", None) as bar:
            async with reading(store) as opened:
                report = await ask(opened, found, progress=bar.update)
            if not dry_run:
                return report, None
            return report, await rehearse(store, found, resources=resources, progress=bar.update)

    report, rehearsed = run_async(look())
    if as_json:
        print_document(_document(report, rehearsed))
    else:
        _print(Screen(), report, rehearsed)
    return not report.held and not any(one.held for one in rehearsed or ())


def _document(report: DeployReport, rehearsed: list[Rehearsed] | None) -> dict[str, object]:
    document: dict[str, object] = {
        "runs": report.runs,
        "held": report.held,
        "fates": {fate: report.count(fate) for fate in _TOLD},
        "groups": [
            {
                "machine": group.machine,
                "state": group.state,
                "hash": group.hash,
                "fate": group.fate,
                "held": group.held,
                "runs": group.count,
                "samples": group.samples,
                "reasons": list(group.reasons),
                "lacking": list(group.lacking),
                "wanted": list(group.wanted),
                "migrations": list(group.by),
            }
            for group in report.groups
        ],
    }
    if rehearsed is not None:
        document["dry_run"] = {
            "runs": len(rehearsed),
            "moved": sum(one.before != one.after for one in rehearsed),
            "held": [{"run": one.run, "reason": one.held} for one in rehearsed if one.held],
        }
    return document


def _print(screen: Screen, report: DeployReport, rehearsed: list[Rehearsed] | None) -> None:
    screen.line(Styled(_many(report.runs, "run") + " in flight", "bold"))
    for fate, told in _TOLD.items():
        if report.count(fate):
            screen.line(Styled(f"  {report.count(fate):>6} {told}", _STYLES[fate]))
    if report.groups:
        _print_groups(screen, report.groups)
    _print_advice(screen, report.groups)
    if rehearsed is not None:
        _print_rehearsed(screen, rehearsed)
    held = report.held or sum(bool(one.held) for one in rehearsed or ())
    screen.line("")
    if held:
        what = f"{_many(held, 'run')} would be held: write the migrations, or keep the old code"
        screen.line(Styled(what, "bold red"))
    else:
        screen.line(Styled("nothing would be held", "green"))


def _print_groups(screen: Screen, groups: Sequence[FateGroup]) -> None:
    screen.heading("What becomes of them")
    whys = [] if screen.narrow else [Column("why")]
    columns = [
        Column("machine", "bold"), Column("state", "bold"), Column("of", "dim"),
        Column("runs", right=True), Column("fate"), Column("such as"), *whys,
    ]  # fmt: skip
    rows = [
        (
            group.machine,
            group.state,
            group.hash[:8],
            str(group.count),
            Styled(group.fate, _STYLES[group.fate]),
            ", ".join(group.samples),
            _why(group),
        )[: len(columns)]
        for group in groups
    ]
    screen.table(columns, rows)
    told = dict.fromkeys(_why(group) for group in groups if group.held) if screen.narrow else ()
    for why in told:
        screen.paragraph(why)


def _why(group: FateGroup) -> str:
    return "; ".join(group.reasons) or ", ".join(group.by)


def _print_advice(screen: Screen, groups: Sequence[FateGroup]) -> None:
    """The migrations that are lacking, one for each definition."""
    wanted: dict[tuple[str, str], tuple[list[str], list[str], list[str]]] = {}
    for group in groups:
        if group.migratable:
            key = (group.author, group.hash)
            states, variables, reasons = wanted.setdefault(key, ([], [], []))
            states += group.lacking
            variables += group.wanted
            reasons += group.reasons
    if not wanted:
        return
    screen.heading("To be written")
    for (author, definition), needed in wanted.items():
        screen.paragraph(migration(author, definition, *needed))


def _print_rehearsed(screen: Screen, rehearsed: Sequence[Rehearsed]) -> None:
    moved = sum(one.before != one.after for one in rehearsed)
    held = [one for one in rehearsed if one.held]
    screen.heading("In a copy of the database")
    screen.line(f"  {_many(moved, 'run')} moved over, {_many(len(held), 'run')} held")
    for one in held[:10]:
        screen.paragraph(f"{one.run}: {one.held}")
    if len(held) > 10:
        screen.line(f"  and {len(held) - 10} more; --json lists them")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
