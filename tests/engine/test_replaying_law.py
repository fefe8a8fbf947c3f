"""Law: a run's own code never diverges from its record; an edited call does, where it was made."""

from __future__ import annotations

import asyncio
import re
from random import Random
from typing import Any

from hypothesis import example, given, note, settings
from hypothesis import strategies as st

from engine import fans
from engine.board import Board, Life
from engine.rich import RICH
from engine.sagas import composed, flow_of
from engine.test_joins_replay import people
from engine.test_saga_law import Answer, Move, Stage, answers, kinds, which
from interlock.engine import replay
from interlock.machines import Workflow, registry
from interlock.projections import History
from interlock.store.event import Event


async def played(flow: Workflow[..., Any], moves: list[Move], said: list[Answer]) -> list[History]:
    stage = Stage(flow, moves, said)
    await stage.play()
    return [await stage.history(entry.run) for entry in await stage.store.entries()]


def program_for(history: History, flow: Workflow[..., Any]) -> Any:
    """The workflow of a run: the main one, or one of its children."""
    name = history.events[0].machine
    return flow if name == flow.name else registry.find(name)


@settings(max_examples=settings().max_examples // 3)
@given(
    seed=st.integers(0, 2**32),
    moves=st.lists(st.tuples(kinds, which), max_size=30),
    said=st.lists(answers, max_size=6),
)
def test_a_runs_own_code_never_diverges(seed: int, moves: list[Move], said: list[Answer]) -> None:
    source, flow = composed(Random(seed))
    note(source)
    for history in asyncio.run(played(flow, moves, said)):
        for event in history.events:
            note(f"{event.version} {event.body}")
        found = replay(history, program_for(history, flow))
        assert found.verdict == "same", found


@settings(max_examples=settings().max_examples // 3)
@given(
    seed=st.integers(0, 2**32),
    moves=st.lists(st.tuples(kinds, which), max_size=20),
    place=st.integers(0, 100),
)
def test_an_edited_call_is_found_where_it_was_made(
    seed: int, moves: list[Move], place: int
) -> None:
    source, flow = composed(Random(seed))
    labels = re.findall(r"p \+ '(n[\d.]+) '\)", source)
    if not labels:
        return
    label = labels[place % len(labels)]
    edited = source.replace(f"p + '{label} ')", f"p + '{label} edited ')")
    note(edited)
    histories = asyncio.run(played(flow, moves, []))
    changed = flow_of(edited)
    for history in histories:
        for event in history.events:
            note(f"{event.version} {event.body}")
        expected = next((e.version for e in history.events if calls(e, label)), None)
        found = replay(history, program_for(history, changed))
        assert found.diverged is (expected is not None), found
        if expected is not None:
            assert found.version == expected, found
            assert found.recorded is not None
            assert found.new is not None
            assert f"{label} edited " in str(found.new.given)


def calls(event: Event, label: str) -> bool:
    """Whether an event says that code called something by a label."""
    text = rf"\b{re.escape(label)} ['\"]"
    body: Any = event.body
    given: Any = None
    if event.type in ("StepScheduled", "BranchStarted", "ChildStarted"):
        given = body.args
    elif event.type == "JoinStarted":
        given = [call.args for call in body.calls]
    return given is not None and re.search(text, str(given)) is not None


@settings(max_examples=settings().max_examples // 3)
@given(
    name=st.sampled_from([*RICH]),
    seed=st.integers(0, 2**32),
    crashes=st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=2),
)
@example(name="talking", seed=0, crashes=[(1, True)])  # it went on later than it had looked
def test_nor_does_that_of_rich_runs(name: str, seed: int, crashes: list[tuple[int, bool]]) -> None:
    async def main() -> None:
        fans.BOARD.append(Board())
        life = Life(fans.BOARD[-1], Random(seed), crashes, people=people)
        flow, given_to_it = RICH[name]
        await life.live(flow, given_to_it)
        for entry in await life.store.entries():
            history = History(await life.store.read(entry.run))
            for event in history.events:
                note(f"{event.version} {event.body}")
            for until in (len(history), 1 + seed % len(history)):
                part = History(history.events[:until])
                found = replay(part, program_for(part, flow))
                assert found.verdict in ("same", "past"), found
                assert until < len(history) or found.verdict == "same", found
        fans.BOARD.pop()

    asyncio.run(main())
