"""The text of a regression test, and whether it passes."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from interlock.projections import History, dump_history
from interlock.store.vocabulary import RunStarted
from interlock.testing.errors import NoRegression, PersonalInside
from interlock.testing.regression.layout import quoted, span
from interlock.testing.regression.literal import Literals
from interlock.testing.regression.reading import Act, Made, Reading
from interlock.testing.story import story_of

_PERSONAL = b'"$":"personal"'
_LEAST = timedelta(seconds=1)
"""Time between two things that a test does not let pass."""

_WIDTH = 88

_HEAD = '''"""The run {run} of {machine}, done again. Made by `interlock test`, for you to change.

{what}
"""
'''
_SCRIPTED = """Each call has the outcome that was recorded, and what came from outside comes again.
It fails when the run goes another way, or calls something else, or with something else."""
_REPLAYED = """The history that was recorded stands beside this file. It fails when the code would
have done something else with the outcomes that are in it."""


_OTHERWISE = "done again, its story is another one, or what it tells is in another order"


@dataclass(frozen=True, slots=True)
class Regression:
    """A test that does a run again.

    Attributes:
        text: of the file.
        history: of a second file beside it, as JSON lines; "" where the test needs none.
        why: why it replays the history instead of making the run anew; "" where it does that.
    """

    text: str
    history: str = ""
    why: str = ""


async def regression(
    histories: Sequence[History],
    kinds: Mapping[str, Any],
    *,
    beside: str = "",
    replayed: bool = False,
) -> Regression:
    """A test of a run, which passes now: it was tried.

    Where the run cannot be made anew from what is recorded of it (it depended on a breaker, or on
    the order of things at the same instant), the test replays its history.

    Args:
        histories: of the run, and then of the children that it started, and theirs.
        kinds: the workflow or lifecycle of each machine by name, as imported.
        beside: name of the file for the history.
        replayed: replay the history in any case.

    Raises:
        PersonalInside: the run holds personal data, which would stand in the file.
        NoRegression: the code does something else already, or cannot be imported by name.
    """
    _check_personal(histories)
    names = {name: _import_of(kind) for name, kind in kinds.items()}
    main = histories[0]
    machine = main.events[0].machine
    why = "that was asked for"
    if not replayed:
        try:
            text = Source(histories, kinds, names).text()
            await _passes(text)
        except Exception as error:  # whatever the run does now, it is not what it did
            why = f"{type(error).__name__}: {error or _OTHERWISE}"
        else:
            return Regression(text)
    module, name = names[machine]
    text = _replay_text(main, module, name, beside)
    history = dump_history(main)
    _check_replays(history, kinds[machine], why)
    return Regression(text, history, why.strip().split("\n")[0])


def _check_personal(histories: Sequence[History]) -> None:
    for history in histories:
        found = [e.version for e in history.events if _PERSONAL in msgspec.json.encode(e.body)]
        if found:
            message = (
                f"run {history.run!r} holds personal data, first in its event {found[0]}, which "
                "would stand in the file; write the test with `Environment` and a made-up "
                "person, or compare where the run is: `assert_store_replays(STORE, MACHINE)`"
            )
            raise PersonalInside(message)


def _import_of(kind: Any) -> tuple[str, str]:
    module, name = str(kind.__module__), str(kind.__qualname__)
    try:
        found: object = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        found = None
    if found is not kind or module == "__main__":
        message = (
            f"{name} of {module} cannot be imported by that name; let it stand at the top of a "
            "module, for a test has to import it"
        )
        raise NoRegression(message)
    return module, name


def _check_replays(history: str, kind: Any, why: str) -> None:
    from interlock.testing.replays import assert_replays

    try:
        assert_replays(history, kind)
    except AssertionError as error:
        message = (
            "the code does not do any more what the run did, so no test passes now: "
            f"{error}\n({why})"
        )
        raise NoRegression(message) from error


def _replay_text(history: History, module: str, name: str, beside: str) -> str:
    head = _HEAD.format(run=history.run, machine=history.events[0].machine, what=_REPLAYED)
    return (
        f"{head}\nfrom pathlib import Path\n\nfrom {module} import {name}\n"
        f"from interlock.testing import assert_replays\n\n\n"
        f"def test_{_identifier(history.run)}() -> None:\n"
        f"    assert_replays(Path(__file__).with_name({beside!r}), {name})\n"
    )


def _identifier(run: str) -> str:
    return re.sub(r"\W+", "_", run).strip("_").lower() or "run"


async def _passes(text: str) -> None:
    """Run a test once."""
    made: dict[str, Any] = {"__name__": "interlock_regression"}
    exec(compile(text, "<regression>", "exec"), made)  # what was written just now, of what is shown
    await made["again"]()


class Source:
    """Writes the test that makes a run anew."""

    def __init__(
        self,
        histories: Sequence[History],
        kinds: Mapping[str, Any],
        names: Mapping[str, tuple[str, str]],
    ) -> None:
        self._names = names
        self._readings: list[Reading] = []
        for history in histories:
            machine = history.events[0].machine
            literals = Literals(kinds[machine], names[machine][1])
            self._readings.append(Reading(history, literals))
        self._main = self._readings[0]

    def text(self) -> str:
        """The whole file."""
        body = [*self._script(), *self._env()]
        stories = [*self._stories()]
        first = self._main.history.events[0]
        head = _HEAD.format(run=first.stream, machine=first.machine, what=_SCRIPTED)
        lines = [
            f"{head}\nfrom datetime import datetime\n",
            *self._imports(),
            *stories,
            "",
            "",
            f"def test_{_identifier(first.stream)}() -> None:",
            "    run_again(again)",
            "",
            "",
            "async def again() -> None:",
            *(f"    {line}" if line else "" for line in "\n".join(body).split("\n")),
        ]
        return "\n".join(lines) + "\n"

    def _imports(self) -> Iterator[str]:
        used = {"Environment", "Script", "VirtualClock", "assert_story", "run_again"}
        for reading in self._readings:
            used |= reading.words | reading.literals.used
        used.discard("")
        machines = {reading.history.events[0].machine for reading in self._readings}
        modules: dict[str, set[str]] = {}
        for module, name in (self._names[machine] for machine in machines):
            modules.setdefault(module, set()).add(name)
        for module, found in sorted(modules.items()):
            yield f"from {module} import {', '.join(sorted(found))}"
        yield (
            "from interlock.testing import (\n"
            + "".join(f"    {name},\n" for name in sorted(used))
            + ")\n"
        )

    def _script(self) -> Iterator[str]:
        yield "script = Script()"
        by_step: dict[str, list[Made]] = {}
        calls = [made for reading in self._readings for made in reading.calls()]
        for one in sorted(calls, key=lambda one: one.order):
            by_step.setdefault(one.step, []).append(one)
        for step, made in by_step.items():
            texts = [one.text() for one in made]
            line = f"script.on({quoted(step)}, {', '.join(texts)})"
            inside = "".join(f"    {text},\n" for text in texts)
            yield line if _fits(line) else f"script.on(\n    {quoted(step)},\n{inside})"

    def _env(self) -> Iterator[str]:
        first = self._main.history.events[0]
        body = first.body
        assert isinstance(body, RunStarted)  # every run begins so
        yield f"clock = VirtualClock(datetime.fromisoformat({quoted(first.at.isoformat())}))"
        yield "async with Environment(script, clock=clock) as env:"
        given = [self._main.literals.of(one, self._begun) for one in body.args]
        named = [
            f"{name}={self._main.literals.of(one, self._begun)}"
            for name, one in body.kwargs.items()
        ]
        name = self._names[first.machine][1]
        parts = [name, *given, *named, f"id={quoted(first.stream)}"]
        line = f"    run = await env.start({', '.join(parts)})"
        inside = "".join(f"        {part},\n" for part in parts)
        yield line if _fits(line) else f"    run = await env.start(\n{inside}    )"
        acts = [act for reading in self._readings for act in reading.acts]
        for act in sorted(acts, key=lambda act: act.position):
            yield from (f"    {line}" for line in self._act(act))
        yield from (f"    {line}" for line in self._end())

    @property
    def _begun(self) -> Any:
        from interlock.projections import evolve

        return evolve(None, self._main.history.events[0]).image

    def _act(self, act: Act) -> Iterator[str]:
        waited = act.at - act.after
        matters = waited >= _LEAST or self._precise(act)
        yield _reach(act.run, act.state, waited if matters else timedelta())
        yield f"await {act.text}"
        if act.text.startswith("env.engine."):
            yield "await env.settle()"

    def _precise(self, act: Act) -> bool:
        """Whether a call was under way, so that it matters when this came."""
        return any(
            made.since <= act.at and (made.until is None or act.at <= made.until)
            for reading in self._readings
            for made in reading.made
        )

    def _end(self) -> Iterator[str]:
        last = self._main.history.events[-1]
        yield _reach(last.stream, last.state, last.at - self._main.since)
        yield "assert_story(await run.story(), STORY)"
        for number, reading in enumerate(self._readings[1:], 1):
            name = reading.history.run
            yield f"assert_story(await env.run({quoted(name)}).story(), CHILD_{number})"
        yield "script.finished()"

    def _stories(self) -> Iterator[str]:
        for number, reading in enumerate(self._readings):
            name = f"CHILD_{number}" if number else "STORY"
            text = story_of(reading.history).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
            yield f'{name} = """\\\n{text}"""\n'.rstrip()


def _reach(run: str, state: str, stayed: timedelta) -> str:
    more = f", stayed={quoted(span(stayed))}" if stayed else ""
    return f"await env.reach({quoted(run)}, {quoted(state)}{more})"


def _fits(line: str) -> bool:
    return "\n" not in line and len(line) <= _WIDTH


def history_file(test: Path) -> Path:
    """Where the history of a test stands that needs one."""
    return test.with_suffix(".jsonl")
