"""`simulate`: a machine under a thousand storms, each of which can be had again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from interlock.engine.programs import program_of
from interlock.machines.command import Command
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.workflow import Workflow
from interlock.store.clock import Clock
from interlock.store.contract import Store
from interlock.testing.errors import SimulationFailed
from interlock.testing.simulation import asked, parts
from interlock.testing.simulation.calls import Odds
from interlock.testing.simulation.came import Came
from interlock.testing.simulation.pool import Pool
from interlock.testing.simulation.register import Check
from interlock.testing.simulation.run import Seeded, Setting, in_memory, simulated
from interlock.testing.simulation.shrink import shrink
from interlock.testing.simulation.world import Subject

if TYPE_CHECKING:
    from hypothesis import strategies as st

_SHOWN = 40
"""Lines of the trace that a failure shows."""


@dataclass
class Simulated:
    """What many simulations came to; all was well in all of them.

    Attributes:
        seeds: how many there were.
        runs: how many runs came to which status.
        faults: how many things went wrong, by kind.
        calls, events: how many there were.
        lasted: virtual time, all in all.
        never: the states, or transitions, that no run came to.
        last: the last simulation: `last.trace.lines`, `last.trace.digest`.
    """

    seeds: int = 0
    runs: Counter[str] = field(default_factory=Counter[str])
    faults: Counter[str] = field(default_factory=Counter[str])
    calls: int = 0
    events: int = 0
    lasted: timedelta = timedelta()
    never: list[str] = field(default_factory=list[str])
    last: Seeded | None = None

    def add(self, one: Seeded) -> None:
        """Count one more."""
        self.seeds += 1
        self.runs += one.runs
        self.faults += Counter(_kind(name) for name in one.faults)
        self.calls += one.calls
        self.events += one.events
        self.lasted += one.lasted
        self.last = one

    def __str__(self) -> str:
        runs = ", ".join(f"{count} {status}" for status, count in sorted(self.runs.items()))
        told = (
            f"{_many(self.seeds, 'seed')}, {_many(self.runs.total(), 'run')} ({runs}), "
            f"{_many(self.calls, 'call')}, {_many(self.events, 'event')}, "
            f"{_many(self.faults.total(), 'fault')}, {_many(max(self.lasted.days, 0), 'day')}"
        )
        return "; never: ".join([told, *self.never])


def simulate(
    machine: Workflow[..., Any] | type[Lifecycle[Any, Any]],
    *,
    seeds: int | Iterable[int] = 100,
    inputs: Sequence[Any] | None = None,
    commands: Sequence[Command] = (),
    people: Sequence[str] = ("ann", "bob", "cid"),
    steps: Mapping[Any, Callable[..., Any]] | Literal["own"] | None = None,
    invariants: Sequence[Check] = (),
    payloads: Mapping[Any, st.SearchStrategy[Any]] | None = None,
    odds: Odds | None = None,
    engines: int = 3,
    runs: int = 4,
    actions: int = 25,
    faults: bool = True,
    store: Callable[[Clock], Store] = in_memory,
    before: Callable[[], object] | None = None,
    engine: Mapping[str, Any] | None = None,
) -> Simulated:
    """Run a machine on several engines over one store, while anything goes wrong that may.

    Each seed is a world of its own, in virtual time and without threads: runs are started,
    commands sent twice, approvals decided, runs cancelled, by any of the engines. Requests to the
    store are refused, delayed, lost, repeated or late, processes die and are started again, clocks
    jump. Then all that stops, time passes, and it is looked at what came of it: every run has to
    end, or to wait for something that has a name; the log has to be whole and to hold what was
    acknowledged; no call may be made that was not recorded before, or whose outcome was.

    No step is called unless it is said: calls are answered by values of their annotation, by
    errors that they declare, by others, or not at all. The same seed gives the same simulation,
    as long as the machine's own code reads no clock but `now()`.

    Args:
        seeds: how many, or which.
        inputs: what runs are started with, each a value or a tuple of arguments. By default they
            are drawn; a lifecycle whose data has defaults for everything begins with these.
        commands: to be sent; types of which none is given are drawn.
        people: who decides on approvals.
        steps: what to call in place of steps, by step or name; `"own"` calls the steps.
        invariants: asked about each run after each commit, with its `RunState`.
        payloads: strategies for the values of types, as in `payload`.
        odds: how the calls end that nothing is said about.
        engines, runs, actions: how many processes and runs there are, and how much happens.
        faults: False leaves everything but the scheduling as it should be.
        store: makes the store of each simulation, such as a backend of your own; it must do
            without threads.
        before: called before each simulation: to clear what stand-ins keep.
        engine: further arguments of the engines: `{"groups": …}`.

    Raises:
        HarnessError: it is asked for what cannot be, no run could be started, or the machine's own
            code fails at once, so that nothing was simulated.
        SimulationFailed: something did not hold, with the seed, the faults that it takes and the
            trace.
        NoPayload: nothing is known of a type that values are wanted of.
    """
    machines = parts.family([machine])
    found, pool = parts.steps(machines), Pool(payloads)
    asked.check_seeds(seeds)
    asked.check_numbers(engines=engines, runs=runs)
    asked.check_odds(odds, found)
    asked.check_invariants(invariants)
    given = asked.stand_ins(steps, found)
    kinds = parts.commands(machine)
    asked.check_commands(commands, kinds)
    subject = Subject(
        machine,
        asked.fitting(machine, _inputs(machine, inputs, pool)),
        _commands(kinds, commands, pool),
        people,
        runs,
        actions,
    )
    options = {"resources": parts.resources(found), **(engine or {})}
    setting = Setting(
        subject, machines, given, steps == "own", odds or Odds(), pool, invariants, engines,
        faults, store, before, options,
    )  # fmt: skip
    total, came = Simulated(), Came(program_of(machine).machine)
    for seed in range(seeds) if isinstance(seeds, int) else seeds:
        one = simulated(setting, seed)
        if one.wrong:
            raise _failed(setting, one)
        total.add(one)
        came.add(one)
    asked.check_done(total.seeds, total.runs.total(), came.refused)
    total.never = came.judge(total.seeds)
    return total


def _failed(setting: Setting, one: Seeded) -> SimulationFailed:
    """Look for fewer faults that lead to the same."""

    def fails(only: frozenset[str]) -> bool:
        again = simulated(setting, one.seed, only)
        return any(_alike(a) == _alike(one.wrong[0]) for a in again.wrong)

    needed = shrink(one.faults, fails)
    least = simulated(setting, one.seed, frozenset(needed))
    if not least.wrong:
        needed, least = one.faults, one
    name = setting.subject.machine.__name__
    told = "\n".join(f"  {text}" for text in least.wrong)
    faults = "\n".join(f"  {text}" for text in needed) or "  none"
    message = (
        f"simulate({name}, seeds=[{one.seed}]) does not hold:\n{told}\n"
        f"with these faults ({len(needed)} of {len(one.faults)}):\n{faults}\n"
        f"after this:\n{least.trace.told(_SHOWN)}"
    )
    return SimulationFailed(message, one.seed, least.wrong, needed, least.trace.lines)


def _alike(text: str) -> str:
    """What is wrong, without which run it is."""
    return "".join(" " if letter.isdigit() else letter for letter in text)[:40]


def _kind(fault: str) -> str:
    who, _, what = fault.partition(": ")
    if who != "world":
        return what.partition(" at ")[0]
    return "clock jumps" if what.startswith("the clock jumps") else what.split(" ")[0]


def _many(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _inputs(machine: Any, given: Sequence[Any] | None, pool: Pool) -> Sequence[tuple[Any, ...]]:
    if given is not None:
        return [_arguments(one) for one in given]
    if isinstance(machine, Workflow):
        columns = pool.columns(machine.function)
        return [*zip(*columns, strict=True)] if columns else [()]
    program: LifecycleProgram = machine.program()
    model = program.data_type
    if any(one.is_required() for one in model.model_fields.values()):
        return [(value,) for value in pool.values(model)]
    return [(model(),)]


def _arguments(one: Any) -> tuple[Any, ...]:
    return one if isinstance(one, tuple) else (one,)  # pyright: ignore[reportUnknownVariableType]  # of any values


def _commands(
    kinds: Mapping[str, type[Command]], given: Sequence[Command], pool: Pool
) -> Mapping[str, Sequence[Command]]:
    found: dict[str, list[Command]] = {}
    for one in given:
        found.setdefault(type(one).__name__, []).append(one)
    return {name: found.get(name) or pool.values(kind) for name, kind in sorted(kinds.items())}
