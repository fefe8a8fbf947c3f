"""Laws of exploring quickly: what is prepared for each state answers as a run does."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from interlock.machines import (
    Command,
    Lifecycle,
    Region,
    always,
    done,
    entering,
    exiting,
    history,
    on,
    step,
)
from interlock.machines.check import problems
from interlock.machines.errors import EndlessChain
from interlock.machines.interchange import lifecycle_of
from interlock.machines.ir import Machine, Unhandled
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.proof import explore, invariant, prove
from interlock.machines.proof.asking import Failed
from interlock.machines.proof.keys import key_of
from interlock.machines.proof.moving import Moving
from interlock.machines.step import Effect
from machines.charts import charts
from machines.small_lifecycles import EVERY, Rule, lifecycle, rules

MANY = 60


def seen(moving: Moving, at: int, data: Any, kept: tuple[int, ...]) -> list[object]:
    """All moves of a place, without the numbers that each search gives for itself."""
    found: list[object] = []
    for ask, move in moving.moves(at, data, kept):
        if move is not None and move[3]:
            try:
                moving.enter(move[0], move[1])
            except Failed:
                move = None
        place = None if move is None else (moving.places[move[0]].snapshot, move[1], move[2])
        found.append((ask, place))
    return found


def agree(
    program: LifecycleProgram, commands: Sequence[Command], start: Any, many: int = MANY
) -> int:
    """Both ways of asking answer alike at every place; how many places were compared."""
    quick, exact = Moving(program, commands), Moving(program, commands, exactly=True)
    todo = [quick.begin(start)]
    exact.begin(start)
    known: list[tuple[Any, ...]] = []
    while todo and len(known) < many:
        at, data, kept, _ = todo.pop(0)
        snapshot = quick.places[at].snapshot
        if (snapshot, data, kept) in known:
            continue
        known.append((snapshot, data, kept))
        assert seen(quick, at, data, kept) == seen(exact, exact.number(snapshot), data, kept)
        todo += [move for _, move in quick.moves(at, data, kept) if move is not None]
    assert quick.taken == exact.taken or len(known) == many
    return len(known)


words = st.sampled_from(["refuse", "ignore", "defer"])


@given(drawn=st.lists(rules, max_size=6), word=words)
def test_flat_lifecycles_move_as_in_a_run(drawn: list[Rule], word: Unhandled) -> None:
    kind = lifecycle(drawn, 9, word)
    assert agree(kind.program(), [*EVERY], kind.program().data_type()) >= 1


class Counted(BaseModel):
    n: int = 0


def sometimes(data: Counted, command: Any) -> bool:
    return (data.n + len(getattr(command, "values", ()))) % 2 == 0


def counts(data: Counted, *command: Any) -> Counted:
    return Counted(n=(data.n + 1) % 3)


@given(charts(depth=2))
def test_any_nesting_moves_as_in_a_run(machine: Machine) -> None:
    assume(not any(problem.severity == "error" for problem in problems(machine)))
    changes = {edge.id: counts for edge in machine.edges if edge.order % 2}
    kind = lifecycle_of(machine, guards={"g": sometimes}, data=Counted, changes=changes)
    program = kind.program()
    values: tuple[dict[str, int], ...] = ({}, {"ready": 1})
    every = [c.model_validate({"values": v}) for c in program.commands.values() for v in values]
    try:
        assert agree(program, every, Counted(), 12) >= 1
    except EndlessChain:  # it does not even begin
        assume(False)


class On(StrEnum):
    OFF = "off"
    ACTIVE = "active"
    OVER = "over"


class Pay(StrEnum):
    OPEN = "open"
    PAID = "paid"


class Ship(StrEnum):
    PACKED = "packed"
    SENT = "sent"


class Data(BaseModel):
    n: int = 0
    notes: list[str] = []


class Start(Command):
    pass


class Stop(Command):
    pass


class Pays(Command):
    amount: Annotated[int, Field(ge=0, le=2)]


class Sends(Command):
    pass


@step(timeout="1 minute")
async def tell(n: int) -> None: ...


def enough(data: Data) -> bool:
    return data.n >= 2


class Nested(
    Lifecycle[On, Data], initial=On.OFF, final={On.OVER}, name="proof-nested", steps=[tell],
    unhandled={On.OFF: "defer"},
):  # fmt: skip
    @on(Start, source=On.OFF, target=history(On.ACTIVE, deep=True))
    def start(self, data: Data, command: Start) -> Data:
        return data

    @on(Stop, source=On.ACTIVE, target=On.OFF)
    def stop(self, data: Data, command: Stop) -> Data:
        return data.model_copy(update={"notes": [*data.notes, "s"][:2]})

    @done(source=On.ACTIVE, target=On.OVER)
    def finish(self, data: Data) -> Data:
        return data

    @exiting(On.ACTIVE)
    def say(self, data: Data) -> Effect:
        return tell.effect(data.n)

    @invariant
    def never_sent_unpaid(self, data: Data) -> bool:
        return data.n < 3

    class Paying(Region[Pay, Data], of=On.ACTIVE, initial=Pay.OPEN, final={Pay.PAID}):
        @on(Pays, source=Pay.OPEN)
        def pay(self, data: Data, command: Pays) -> Data:
            return data.model_copy(update={"n": min(data.n + command.amount, 2)})

        @always(source=Pay.OPEN, target=Pay.PAID, guard=enough)
        def paid(self, data: Data) -> Data:
            return data

    class Shipping(Region[Ship, Data], of=On.ACTIVE, initial=Ship.PACKED, final={Ship.SENT}):
        @on(Sends, source=Ship.PACKED, target=Ship.SENT)
        def send(self, data: Data, command: Sends) -> Data:
            if data.n == 1:
                raise ValueError("one is odd")
            return data

        @entering(Ship.SENT)
        def sent(self, data: Data) -> Effect:
            return tell.effect(data.n)


def test_nested_states_histories_and_kept_commands_move_as_in_a_run() -> None:
    commands = [Start(), Stop(), Pays(amount=0), Pays(amount=1), Pays(amount=2), Sends()]
    assert agree(Nested.program(), commands, Data()) > 50
    found = explore(Nested)
    kept = {place.kept for place in found.places}
    assert ("Pays", "Sends") in kept
    results = {r.code: r for r in prove(Nested)}
    assert results["ILK170"].verdict == "bounded"  # no more than two are kept at a time
    assert "at most 2 commands kept" in results["ILK170"].bound
    assert results["ILK171"].verdict == "refuted"
    assert "one is odd" in results["ILK171"].reason


class Careless(Lifecycle[On, Data], initial=On.OFF, final={On.OVER}, name="proof-careless"):
    @on(Start, source=On.OFF)
    def start(self, data: Data, command: Start) -> Data:
        data.n += 1
        return data

    @on(Stop, source=On.OFF, target=On.OVER)
    def stop(self, data: Data, command: Stop) -> Data:
        data.notes.append("stopped")
        return data


def test_a_method_that_changes_its_input_is_found_and_the_rest_is_as_it_was() -> None:
    failing = next(r for r in prove(Careless) if r.code == "ILK171")
    assert failing.verdict == "refuted"
    assert "changed its input in place" in failing.reason
    assert [place.data for place in explore(Careless).places] == [Data()]


class Wide(BaseModel):
    a: Any = None
    b: Any = None


VALUES: list[Any] = [
    0, False, 0.0, "0", b"0", None, Decimal(0), Decimal("0.0"), [], (), {}, set(), [0], [False],
    (0,), {"a": 0}, {"a": False}, {0}, On.OFF, "off", Data(), Data(n=1), Data(notes=["0"]),
]  # fmt: skip


@given(st.sampled_from(VALUES), st.sampled_from(VALUES), st.sampled_from(VALUES))
def test_keys_are_equal_for_the_same_values_and_for_no_others(a: Any, b: Any, c: Any) -> None:
    key = key_of(Wide)
    assert key(Wide(a=a, b=b)) == key(Wide(a=a, b=b).model_copy(deep=True))
    same = repr(c) == repr(a) and type(c) is type(a)
    assert (key(Wide(a=a, b=b)) == key(Wide(a=c, b=b))) == same


def test_data_that_are_let_go_are_computed_again(monkeypatch: Any) -> None:
    module = importlib.import_module("interlock.machines.proof.search")
    kind = lifecycle([], 9)
    whole = [place.data for place in explore(Nested).places]
    monkeypatch.setattr(module, "_REMEMBERED", 2)
    assert [place.data for place in explore(Nested).places] == whole
    assert len(explore(kind).places) == 1


class Grams(Command):
    grams: float


class Trapped(Lifecycle[On, Data], initial=On.OFF, final={On.OVER}, name="proof-trapped"):
    @on(Grams, source=On.OFF, target=On.ACTIVE)
    def weigh(self, data: Data, command: Grams) -> Data:
        return data


def test_where_nothing_can_happen_no_other_value_would_help() -> None:
    results = {r.code: r for r in prove(Trapped)}
    assert results["ILK172"].verdict == "refuted"
    assert results["ILK171"].verdict == "bounded"  # only a few weights were tried
    assert "nothing moves it on in 'active'" in str(results["ILK172"])
