"""Law: no file of a database holds personal data in plain; after an erasure nothing reads it."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.private_life import LATER, Affair, CaseData, Letter, Person, child, life
from interlock.engine import Engine
from interlock.machines import Personal
from interlock.projections import History, dump_history
from interlock.store import ManualClock
from store.personal_kit import found_in, holding, traces

TEXTS = st.text(min_size=6, max_size=20).map("ÿ§{}".format)  # as no code or name begins
MACHINES = [life, child, Affair]


class Told:
    """The personal texts of one person in one example."""

    def __init__(self, subject: str, texts: list[str]) -> None:
        self.subject = subject
        self.texts = texts

    def person(self) -> Person:
        letters = [Personal(text) for text in self.texts[1:3]]
        return Person(id=self.subject, name=Personal(self.texts[0]), letters=letters)

    def letter(self) -> Letter:
        return Letter(person=self.subject, text=Personal(self.texts[3]))


async def _live(url: str, told: list[Told], clock: ManualClock) -> None:
    """Everything up to the approvals, in one process that then stops without closing the runs."""
    async with Engine(url, machines=MACHINES, clock=clock) as engine:
        for one in told:
            for run, broken in (("whole", False), ("broken", True)):
                await engine.start(life, one.person(), broken, id=f"{run}-{one.subject}")
            data = CaseData(person=one.subject, text=Personal(one.texts[0]))
            await engine.start(Affair, data, id=f"affair-{one.subject}")
            await engine.start(life, one.person(), id=f"later-{one.subject}", debounce=LATER)
        await engine.settle()


async def _go_on(engine: Engine, one: Told) -> None:
    for run in ("whole", "broken"):
        await engine.approve(f"{run}-{one.subject}", "somebody", by="ann")
        await engine.send(f"{run}-{one.subject}", one.letter())
    await engine.send(f"affair-{one.subject}", one.letter())
    await engine.settle()


async def _texts(engine: Engine) -> str:
    """All that people and programs are shown of the runs."""
    shown: list[str] = []
    for entry in await engine.runs():
        history = History(await engine.store.read(entry.run))
        shown.append(dump_history(history))
        shown += [repr(moment.variables) for moment in history]
        shown.append(repr(entry))
    return "".join(shown)


async def _example(folder: Path, ann: Told, bob: Told) -> None:
    url = f"sqlite:///{folder}/x.db"
    clock = ManualClock()
    texts = [*ann.texts, *bob.texts]
    await _live(url, [ann, bob], clock)
    assert found_in(folder, *texts) == []
    async with Engine(url, machines=MACHINES, clock=clock) as engine:
        clock.set(clock.now() + timedelta(seconds=2))
        await engine.tick()
        await engine.settle()
        key = engine.vault.keys.find("p-ann")
        assert key is not None
        done = await engine.forget("p-ann")
        held = {held.run.split("/")[0] for held in done.held}
        assert held >= {"whole-p-ann", "affair-p-ann", "$cache", "$debounce"}
        await _go_on(engine, bob)
        result: Any = await (await engine.get("whole-p-bob")).result()
        assert [value.reveal() for value in result.values()] == [
            bob.texts[0], bob.texts[3], f"{bob.texts[0]}!", bob.texts[1] + "!",
        ]  # fmt: skip
        await engine.approve("whole-p-ann", "somebody", by="ann")
        await engine.settle()
        shown = await _texts(engine)
        assert not [text for text in texts if text in shown or repr(text)[1:-1] in shown]
        await engine.backup(folder / "copy.db")
    assert key.secret is not None
    assert holding(folder, key.secret) == []
    assert found_in(folder, *texts) == []


@settings(max_examples=max(3, settings().max_examples // 12))
@given(st.lists(TEXTS, min_size=8, max_size=8, unique=True))
def test_no_file_holds_what_is_personal(texts: list[str]) -> None:
    assume(all(len(trace) > 5 for text in texts for trace in [*traces(text)][:2]))
    with tempfile.TemporaryDirectory() as folder:
        ann, bob = Told("p-ann", texts[:4]), Told("p-bob", texts[4:])
        asyncio.run(_example(Path(folder), ann, bob))
