"""`deploy-check`: what new code would do to the runs in flight."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.cli.progress import Bar
from interlock.cli.render import STYLES, Column, Screen, Styled, print_document
from interlock.cli.stores import must_exist, reading, run_async
from interlock.cli.target import import_apps, import_module, tell_kept
from interlock.cli.text import many
from interlock.engine.deploying import DeployReport, Fate, FateGroup
from interlock.engine.deploying import deploy_check as ask
from interlock.engine.rehearsing import Rehearsed, rehearse
from interlock.machines.advice import migration

_STYLES: dict[Fate, str] = {
    "unchanged": "dim", "goes on": "green", "migrated": "green", "stays": "yellow",
    "needs mapping": "bold red", "type changed": "bold red", "migration fails": "bold red",
    "not imported": "bold red", "unreadable": "bold red",
}  # fmt: skip
_TOLD: dict[Fate, tuple[str, str]] = {
    "unchanged": ("follows this very code", "follow this very code"),
    "goes on": ("goes on as it is", "go on as they are"),
    "migrated": ("is migrated", "are migrated"),
    "stays": (
        "stays on its own code, which is imported as well",
        "stay on their own code, which is imported as well",
    ),
    "needs mapping": ("needs a mapping of its state", "need a mapping of their state"),
    "type changed": ("holds something of another type", "hold something of another type"),
    "migration fails": ("cannot be migrated: it fails", "cannot be migrated: it fails"),
    "not imported": ("is of a machine that is not imported", "are of machines not imported"),
    "unreadable": ("cannot be read", "cannot be read"),
}
"""What becomes of one run, and of several."""
_CAUSES = 10
_SAMPLES = 3


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
        "doubts": list(report.doubts),
        "fates": {fate: report.count(fate) for fate in _TOLD},
        "groups": [
            {
                "machine": group.machine,
                "state": group.state,
                "hash": group.hash,
                "fate": group.fate,
                "held": group.held,
                "over": group.over,
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
    screen.line(Styled(many(report.runs, "run") + " in flight", "bold"))
    for fate, (one, several) in _TOLD.items():
        count = report.count(fate)
        if count:
            told = one if count == 1 else several
            screen.line(Styled(f"  {count:>6} {told}", _STYLES[fate]))
    if report.groups:
        _print_groups(screen, report.groups)
    _print_advice(screen, report.groups)
    if rehearsed is not None:
        _print_rehearsed(screen, rehearsed)
    if report.doubts:
        screen.line("")
    for doubt in report.doubts:
        screen.paragraph(f"warning: {doubt}", STYLES["warning"], 0)
    held = report.held or sum(bool(one.held) for one in rehearsed or ())
    screen.line("")
    if held:
        what = f"{many(held, 'run')} would be held: {_remedy(report.groups)}"
        screen.line(Styled(what, "bold red"))
    else:
        screen.line(Styled("nothing would be held", "green"))


def _remedy(groups: Sequence[FateGroup]) -> str:
    held = [group for group in groups if group.held]
    parts: list[str] = []
    if any(group.migratable for group in held):
        parts.append("write the migrations")
    if any(group.by for group in held):
        parts.append("mend the migrations")
    if any(group.fate == "not imported" for group in held):
        parts.append("name the modules of their machines")
    return f"{', '.join([*parts, ''])}or keep the old code"


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
    if screen.narrow:
        _print_whys(screen, groups)


def _print_whys(screen: Screen, groups: Sequence[FateGroup]) -> None:
    """What has no room in a table: why, once for all groups that share it."""
    told: dict[str, list[FateGroup]] = {}
    for group in groups:
        if _why(group):
            told.setdefault(_why(group), []).append(group)
    for why, several in told.items():
        screen.line("")
        states = ", ".join(dict.fromkeys(group.state for group in several))
        count = many(sum(group.count for group in several), "run")
        screen.paragraph(f"{several[0].fate}, {count} in {states}:", _STYLES[several[0].fate])
        screen.paragraph(why, indent=4)


def _why(group: FateGroup) -> str:
    over = ("it is completed, and undone when the run that began it fails",) * group.over
    return "; ".join((*group.reasons, *over)) or ", ".join(group.by)


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
    held: dict[str, list[Rehearsed]] = {}
    for one in rehearsed:
        if one.held:
            held.setdefault(one.cause, []).append(one)
    screen.heading("In a copy of the database")
    count = sum(map(len, held.values()))
    screen.line(f"  {many(moved, 'run')} moved over, {many(count, 'run')} held")
    for several in [*held.values()][:_CAUSES]:
        first = several[0].held
        if len(several) == 1:
            screen.paragraph(f"{several[0].run}: {first}")
            continue
        names = ", ".join(one.run for one in several[:_SAMPLES])
        screen.paragraph(f"{many(len(several), 'run')}, such as {names}: {first}")
    if len(held) > _CAUSES:
        rest = sum(map(len, [*held.values()][_CAUSES:]))
        screen.line(f"  and {many(rest, 'run')} more, for other reasons; --json lists them")
