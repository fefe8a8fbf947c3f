"""Laws of systems: what is explored is what two scenarios and a box of letters come to."""

from __future__ import annotations

import types
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines import BadDefinition, HandlerFailed, Lifecycle
from interlock.machines.command import Command
from interlock.machines.proof import (
    Here,
    Result,
    Together,
    as_pytest,
    explore_together,
    invariant,
    prove_together,
    sends,
)
from interlock.machines.proof.joint import MAILS
from interlock.machines.step import Effect
from interlock.testing import Scenario, TogetherScenario
from machines import joint_shop
from machines.joint_shop import Cancel, Charge, Data, OrderLife, PaymentLife, Place, Shop
from machines.small_lifecycles import EVERY, Nothing, Rule, Spot, Step, Turn, lifecycle, poke, rules

Move: TypeAlias = Any
DEEP = 2
NAMES = ("a", "b")


def pair(
    a: type[Lifecycle[Any, Any]], b: type[Lifecycle[Any, Any]], *, ordered: bool, shared: bool
) -> type[Together]:
    def tells_b(self: Any, effect: Effect) -> Turn | None:
        return Turn(on=effect.args[0] % 2 == 1) if effect.args[0] else None

    def tells_a(self: Any, effect: Effect) -> Nothing:
        return Nothing()

    tells_a.__annotations__["return"] = Nothing
    tells_b.__annotations__["return"] = Turn | None

    def body(namespace: dict[str, Any]) -> None:
        namespace["tells_b"] = sends(poke, to="b", by="a")(tells_b)
        namespace["tells_a"] = sends(poke, to="a", by="b")(tells_a)

    head: dict[str, Any] = {"a": a, "b": b, "in_order": ordered}
    if shared:
        head["shared"] = (Step,)
    made: type[Together] = types.new_class("Pair", (Together,), head, body)
    return made


class Played:
    """The oracle: one walk by two scenarios, which know nothing of each other."""

    def __init__(self, kind: type[Together]) -> None:
        self.kind = kind
        self.two = {name: Scenario(member) for name, member in kind.members.items()}
        self.box: list[tuple[str, Command]] = []
        for name, scenario in self.two.items():
            self.post(name, scenario)

    def post(self, name: str, scenario: Scenario[Any, Any]) -> None:
        for effect in scenario.effects:
            if name == "b":
                self.box.append(("a", Nothing()))
            elif effect.args[0]:
                self.box.append(("b", Turn(on=effect.args[0] % 2 == 1)))

    def take(self, move: Move) -> bool:
        """Whether it can be taken."""
        what, to, event = move[:3]
        if what == "letter":
            del self.box[event]
            event = move[3]
        for name in NAMES if what == "shared" else (to,):
            scenario = self.two[name]
            if isinstance(event, str):
                scenario.fires(event)
            else:
                scenario.when(event)
                if scenario.refusal is not None:
                    return bool(what == "letter")
            self.post(name, scenario)
        return len(self.box) <= MAILS  # more are not looked at

    def moves(self) -> list[Move]:
        found: list[Move] = [("shared", "", one) for one in EVERY if type(one) in self.kind.shared]
        for name, scenario in self.two.items():
            private = {"a": Nothing, "b": Turn}[name]
            known = self.kind.members[name].program()
            found += [
                ("when", name, one)
                for one in EVERY
                if type(one) not in (private, *self.kind.shared)
                and type(one).__name__ in known.commands
            ]
            timers = known.timers(scenario.configuration[0])
            first = min(timers, key=lambda timer: timer[1], default=None)
            found += [] if first is None else [("fires", name, first[0])]
        seen: set[str] = set()
        for place, (to, command) in enumerate(self.box):
            if not self.kind.in_order or to not in seen:
                found.append(("letter", to, place, command))
            seen.add(to)
        return found

    def place(self) -> tuple[object, ...]:
        parts = [(s.configuration, s.data.model_dump_json()) for s in self.two.values()]
        box = [(to, repr(command)) for to, command in self.box]
        return (*parts, *(box if self.kind.in_order else sorted(box)))


def walk(kind: type[Together], path: list[Move]) -> Played | None:
    played = Played(kind)
    try:
        return played if all(played.take(move) for move in path) else None
    except HandlerFailed:
        return None


def near(kind: type[Together]) -> set[tuple[object, ...]]:
    """All places of walks of at most so many moves."""
    found: set[tuple[object, ...]] = set()
    paths: list[list[Move]] = [[]]
    for _ in range(DEEP + 1):
        further: list[list[Move]] = []
        for path in paths:
            played = walk(kind, path)
            if played is not None:
                found.add(played.place())
                further += [[*path, move] for move in played.moves()]
        paths = further
    return found


@given(
    one=st.lists(rules, min_size=1, max_size=3), two=st.lists(rules, min_size=1, max_size=3),
    spots=st.tuples(st.sampled_from(Spot), st.sampled_from(Spot)), ordered=st.booleans(),
    shared=st.booleans(),
)  # fmt: skip
def test_a_system_comes_to_what_its_members_come_to_one_after_another(
    one: list[Rule], two: list[Rule], spots: tuple[Spot, Spot], ordered: bool, shared: bool
) -> None:
    a, b = (lifecycle(drawn, 9, pokes=at) for drawn, at in zip((one, two), spots, strict=True))
    both = all("Step" in kind.program().commands for kind in (a, b))
    kind = pair(a, b, ordered=ordered, shared=shared and both)
    found = explore_together(kind, limit=3000)
    seen: set[tuple[object, ...]] = set()
    for number, where in enumerate(found.places):
        if len(found.trace(number).events) <= DEEP:
            here = found.joint.here(where)
            parts = [(h.active, h.data.model_dump_json()) for h in here.values()]
            box = [
                (found.joint.members[to].name, repr(found.joint.members[to].asks[ask].command))
                for to, ask in where[1]
            ]
            seen.add((*parts, *(box if ordered else sorted(box))))
    assert seen == near(kind)


def of(results: list[Result], about: str) -> Result:
    return next(result for result in results if about in (result.about, result.code))


def test_the_race_of_a_cancellation_is_found_and_is_a_test_that_fails() -> None:
    results = prove_together(Shop)
    lost = of(results, "nobody_pays_for_what_is_cancelled")
    assert (lost.verdict, lost.reason) == ("refuted", "the money of a cancelled order is kept")
    assert lost.trace is not None
    assert [str(event).partition(" →")[0] for event in lost.trace.events] == [
        "order: Place()", "order: Cancel()", "payment: Charge() (sent)",
    ]  # fmt: skip
    assert of(results, "what_is_shipped_was_charged").verdict == "proved"
    refused = of(results, "ILK302")
    assert "Charged is refused by order in 'cancelled'" in refused.reason
    names: dict[str, Any] = {}
    exec(as_pytest(Shop, lost, refused), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    assert len(tests) == 2
    with pytest.raises(AssertionError, match="the money of a cancelled order is kept"):
        tests[0]()
    with pytest.raises(AssertionError):
        tests[1]()


def test_a_shared_command_is_taken_by_all_or_by_none() -> None:
    class Both(Together, order=OrderLife, payment=PaymentLife, shared=(Cancel,)):
        @sends(joint_shop.ask_for_money, to="payment")
        def charges(self, effect: Effect) -> Charge:
            return Charge()

    scenario = TogetherScenario(Both).shared(Cancel())
    assert "Cancel() is refused in order cart, payment none" in scenario.refusal
    scenario.when("order", Place()).shared(Cancel())
    assert (scenario.refusal, scenario.here("order").state) == ("", "cancelled")
    assert scenario.on_the_way == (("payment", Charge()),)
    scenario.arrives("payment", Charge()).holds()
    assert scenario.here("payment").state == "taken"
    assert not scenario.over
    with pytest.raises(AssertionError, match="not on its way to payment"):
        scenario.arrives("payment", Charge())


def test_what_a_system_cannot_be() -> None:
    with pytest.raises(BadDefinition, match="has no members"):
        types.new_class("Nobody", (Together,))
    with pytest.raises(BadDefinition, match="which is no lifecycle"):
        types.new_class("Odd", (Together,), {"order": Data})

    def lonely(self: Any, customer: Here[Data], order: Here[Data]) -> bool:
        return True

    with pytest.raises(BadDefinition, match="takes 'customer'; name members of it: order"):
        types.new_class(
            "Lonely", (Together,), {"order": OrderLife},
            lambda namespace: namespace.update(lonely=invariant(lonely)),
        )  # fmt: skip

    def charges(self: Any, effect: Effect) -> Charge:
        return Charge()

    with pytest.raises(BadDefinition, match="names 'nobody'"):
        types.new_class(
            "Sender", (Together,), {"order": OrderLife},
            lambda space: space.update(
                charges=sends(joint_shop.ask_for_money, to="nobody")(charges)
            ),
        )  # fmt: skip
