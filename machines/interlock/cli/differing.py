"""`diff`: what changed between two moments of a run, or what differs between two runs."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.cli.difference_view import difference_view, moment_view
from interlock.cli.errors import BadArgument
from interlock.cli.instants import when_of
from interlock.cli.past import between, length
from interlock.cli.phrases import phrase
from interlock.cli.render import STYLES, Screen, Styled, print_document, status
from interlock.cli.saying import both_sides, print_changes, print_effects, print_waits
from interlock.cli.stores import events_of_run, reading, run_async, unknown
from interlock.cli.summing import MANY
from interlock.cli.text import brief, compact, instant, shorten
from interlock.cli.view import told
from interlock.cli.wording import changed
from interlock.projections import (
    Both,
    Difference,
    History,
    Moment,
    RunDifference,
    changes,
    diff_runs,
    facts,
)
from interlock.store.event import JSON
from interlock.store.forking import RunForked


@dataclass(frozen=True, slots=True)
class Asked:
    """Two runs that are to be compared."""

    one: History
    other: History


def tell_difference(store: str, run: str, first: str, second: str, *, as_json: bool) -> None:
    """Print what changed in a run, or what differs between two.

    Args:
        first: a version, an instant, or (without `second`) the id of another run.
        second: a version or an instant; "" for now.
    """
    found = run_async(_found(store, run, first, second))
    if isinstance(found, Asked):
        runs = diff_runs(found.one, found.other)
        if as_json:
            print_document(_runs_view(found, runs))
        else:
            _print_runs(Screen(), found, runs)
        return
    if as_json:
        print_document({"run": run, **difference_view(found)})
    else:
        _print_moments(Screen(), found)


async def _found(url: str, run: str, first: str, second: str) -> Asked | Difference:
    async with reading(url) as store:
        await length(store, run)
        if not second:
            events = await store.read(first)
            if events:
                return Asked(History(await events_of_run(store, run)), History(events))
        try:
            begin = when_of(first, "the first moment")
        except BadArgument:
            if second:
                raise
            raise await unknown(store, first) from None
        return await between(
            store, run, begin, when_of(second, "the second moment") if second else None
        )


def _print_moments(screen: Screen, found: Difference) -> None:
    before, after = found.before, found.after
    screen.line(
        Styled(before.event.stream, "bold"),
        Styled(f"version {before.version} → {after.version}", "bold"),
        Styled(f"({_apart(before, after)})", "dim"),
    )
    if found.empty:
        screen.line("  nothing changed but the time")
        return
    _print_found(screen, found)


def _apart(before: Moment, after: Moment) -> str:
    seconds = (after.at - before.at).total_seconds()
    word = "later" if seconds >= 0 else "earlier"
    return f"{instant(before.at)}, {brief(abs(seconds))} {word}"


def _print_found(screen: Screen, found: Difference) -> None:
    pairs = [(name, one, other) for name, one, other in facts(found.before, found.after)
             if one != other]  # fmt: skip
    screen.pairs((name, _fact(screen, name, one, other)) for name, one, other in pairs)
    if found.changes:
        screen.heading("Variables")
        print_changes(screen, found.changes, "  ")
    for branch in found.branches:
        one, other = branch.state
        moved = f"{_last(one) or 'not begun'} → {_last(other) or 'over'}"
        screen.heading(f"Branch {branch.name}: {moved if one != other else _last(one)}")
        print_changes(screen, branch.changes, "  ")
    print_waits(screen, found)
    print_effects(screen, found.effects)


def _last(state: str) -> str:
    return state.rpartition("/")[2]


def _fact(screen: Screen, name: str, one: JSON, other: JSON) -> Styled:
    if name == "state" and "(" in f"{one}{other}":
        return Styled(changed(str(one), str(other)), "")
    texts = ["none" if not value and value is not False else value if isinstance(value, str)
             else compact(value) for value in (one, other)]  # fmt: skip
    before, after = both_sides(texts[0], texts[1], screen.width - 14)
    style = STYLES.get(str(other), "") if name == "status" else ""
    return Styled(f"{before} → {after}", style)


def _print_runs(screen: Screen, asked: Asked, found: RunDifference) -> None:
    one, other = asked.one, asked.other
    screen.line(Styled(one.run, "bold"), "↔", Styled(other.run, "bold"))
    for fork, parent in ((one, other), (other, one)):
        made = _forked_from(fork, parent.run)
        if made:
            screen.line(f"  {fork.run} was {made}")
    if found.ends.before.run_state.hash != found.ends.after.run_state.hash:
        screen.line("  they follow different definitions")
    if found.same:
        screen.line("  the same happened in both, with the same values")
        return
    if found.values is not None and found.values != found.parts:
        screen.heading(f"Their values differ from {_version(asked, found.values)} on")
        _print_pair(screen, asked, found.values)
        _print_values(screen, asked, found.values)
    if found.parts is not None:
        screen.heading(f"They part at {_version(asked, found.parts)}")
        _print_pair(screen, asked, found.parts)
        if found.values == found.parts:
            _print_values(screen, asked, found.parts)
    else:
        screen.line("")
        screen.line("The same steps were taken from beginning to end")
    screen.heading("At their ends")
    screen.line(
        " ", one.run, status(found.ends.before.status), Styled("→", "dim"),
        other.run, status(found.ends.after.status),
    )  # fmt: skip
    _print_found(screen, found.ends)


def _forked_from(fork: History, parent: str) -> str:
    """How a run was forked from another one, "" where it was not."""
    for event in fork.events:
        if isinstance(event.body, RunForked) and event.body.parent == parent:
            return phrase(event, fork.at(event.version).plain)
    return ""


def _version(asked: Asked, both: Both) -> str:
    """Where it is in both runs: of a fork that may be another version."""
    one, other = both
    if one is None or other is None or one.version == other.version:
        return f"version {next(moment.version for moment in both if moment is not None)}"
    return f"version {one.version} of {asked.one.run}, {other.version} of {asked.other.run}"


def _print_pair(screen: Screen, asked: Asked, both: Both) -> None:
    """Print what each of two runs says of a moment, from where the texts differ on."""
    said = [_said(history, moment) for history, moment
            in zip((asked.one, asked.other), both, strict=True)]  # fmt: skip
    name = max(len(asked.one.run), len(asked.other.run))
    room = screen.width - name - 4
    texts = both_sides(said[0], said[1], 2 * room)
    for history, text in zip((asked.one, asked.other), texts, strict=True):
        screen.line(f"  {history.run:<{name}}  {shorten(text, room)}")


def _print_values(screen: Screen, asked: Asked, both: Both) -> None:
    """Print what differs in the values there but for the runs' ids, unless it is too much."""
    one, other = ({} if moment is None else _values(moment) for moment in both)
    ids = asked.one.run, asked.other.run
    found = [change for change in changes(one, other) if (change.before, change.after) != ids]
    print_changes(screen, found[:MANY], "  ")
    if len(found) > MANY:
        screen.line(f"  and {len(found) - MANY} more")


def _values(moment: Moment) -> dict[str, JSON]:
    """What an event brought: input, result, message; and the variables after it."""
    body = moment.event.body
    found: dict[str, JSON] = {}
    for index, value in enumerate(getattr(body, "args", ())):
        found[f"input {index + 1}"] = moment.plain(value)
    for name, value in getattr(body, "kwargs", {}).items():
        found[name] = moment.plain(value)
    for name in ("result", "value", "about"):
        if getattr(body, name, None) is not None:
            found[name] = moment.plain(getattr(body, name))
    return found | moment.variables


def _said(history: History, moment: Moment | None) -> str:
    if moment is None:
        return "had ended" if history.state().ended is not None else "had come no further"
    *_, (_, _, what) = told(history.until(moment.version))
    return what


def _runs_view(asked: Asked, found: RunDifference) -> dict[str, object]:
    return {
        "runs": [asked.one.run, asked.other.run],
        "same": found.same,
        "values_differ": _both_view(asked, found.values),
        "part": _both_view(asked, found.parts),
        "ends": difference_view(found.ends),
    }


def _both_view(asked: Asked, both: Both | None) -> list[dict[str, object] | None] | None:
    if both is None:
        return None
    return [
        None
        if moment is None
        else {**moment_view(moment), "what": _said(history, moment), "type": moment.event.type}
        for history, moment in zip((asked.one, asked.other), both, strict=True)
    ]
