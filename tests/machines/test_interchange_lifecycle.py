"""Machines that came from elsewhere, run as lifecycles."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from pydantic import BaseModel

from interlock.engine import Engine
from interlock.machines import BadDefinition, Command, Effect, Refuse, Refused, registry, step
from interlock.machines.check import problems
from interlock.machines.errors import EndlessChain
from interlock.machines.guard import Guard
from interlock.machines.interchange import (
    Unconvertible,
    UnknownFunction,
    Values,
    from_scxml,
    lifecycle_of,
    to_scxml,
)
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.kernel import Snapshot, endless
from interlock.machines.lifecycle_program import Taken
from machines.interchange_kit import ORDER, runs, trace
from sample_machines import checkout

GUARDS: dict[str, Guard] = {
    "ready": lambda data, command: command is not None and "ready" in command.values,
    "paid": lambda data, command: command is not None and "paid" in command.values,
}


@given(runs())
def test_it_moves_as_the_machine_is_drawn(
    run: tuple[Machine, list[tuple[str, set[str]]]],
) -> None:
    machine, events = run
    assume(not any(problem.severity == "error" for problem in problems(machine)))
    assume(endless(machine) is None)
    program = lifecycle_of(machine, guards=GUARDS).program()
    wanted = trace(machine, events)
    found: list[tuple[str, ...]] = []
    data = Values()
    try:
        place = last(program.begin(data))
        found.append(place.active)
        for event, yes in events:
            command = program.commands.get(event)
            if command is not None:
                asked = command.model_validate({"values": dict.fromkeys(yes, 1)})
                place = decided(program, place, data, asked)
            found.append(place.active)
    except EndlessChain:
        found.append(())
    assert found == wanted


def decided(program: Any, place: Snapshot, data: Values, command: Command) -> Snapshot:
    try:
        return last(program.decide(place, data, command))
    except Refused:
        return place


def last(taken: Taken) -> Snapshot:
    return (taken, *taken.then)[-1].step.after


class Order(BaseModel):
    notes: int = 0
    paid: bool = False


class Send(Command):
    paid: bool


rung: list[str] = []


@step
async def ring(text: str) -> None:
    rung.append(text)


def is_paid(order: Order, command: Send | None) -> bool:
    return order.paid


def frozen(order: Order, command: Send | None) -> bool | Refuse:
    return Refuse("not yet")


def note(order: Order, command: Command) -> Order:
    return order.model_copy(update={"notes": order.notes + 1})


def take(order: Order, command: Send) -> Order:
    return order.model_copy(update={"paid": command.paid})


def tell(order: Order) -> Effect:
    return ring.effect(f"paid {order.paid}")


def ordered() -> Machine:
    nodes = tuple(
        msgspec.structs.replace(node, entering=("tell",)) if node.id == "closed" else node
        for node in ORDER.nodes
    )
    return msgspec.structs.replace(ORDER, nodes=nodes, name="order-of-elsewhere")


def shop(machine: Machine) -> Any:
    return lifecycle_of(
        machine,
        guards={"paid": is_paid, "frozen": frozen},
        data=Order,
        commands=[Send],
        changes={"Note": note, "open/draft.Send": take},
        effects={"tell": tell},
    )


async def test_it_runs_in_an_engine_with_data_effects_and_what_follows() -> None:
    rung.clear()
    text = to_scxml(ordered(), left_out=[])
    lifecycle = shop(from_scxml(text))
    assert "order-of-elsewhere" in registry.all()
    assert (lifecycle.__module__, list(lifecycle.program().steps)) == (__name__, ["ring"])
    async with Engine("memory://") as engine:
        run = await engine.start(lifecycle, Order(), id="o-1")
        await engine.send(run, lifecycle.program().commands["Note"]())
        assert (await run.variables())["data"] == {"notes": 1, "paid": False}
        await engine.send(run, Send(paid=True))
        await run.result()
        assert await run.state() == "closed"
    assert rung == ["paid True"]


def test_the_functions_count_for_the_hash() -> None:
    one, other = shop(ordered()), shop(ordered())
    assert one.program().machine.hash == other.program().machine.hash
    without = lifecycle_of(ORDER, guards={"paid": is_paid, "frozen": frozen}, data=Order)
    turned = lifecycle_of(ORDER, guards={"paid": frozen, "frozen": is_paid}, data=Order)
    assert without.program().machine.hash != turned.program().machine.hash


def test_what_is_missing_or_unknown_is_told() -> None:
    with pytest.raises(UnknownFunction, match="guards that were not given: frozen, paid"):
        lifecycle_of(ORDER)
    guards: dict[str, Guard] = {"paid": is_paid, "frozen": frozen}
    with pytest.raises(UnknownFunction, match="effects that were not given: tell"):
        lifecycle_of(ordered(), guards=guards)
    with pytest.raises(BadDefinition, match="no transition 'Pay'"):
        lifecycle_of(ORDER, guards=guards, changes={"Pay": note})
    unknown = type("Unknown", (Command,), {})
    with pytest.raises(BadDefinition, match="no command 'Unknown'; it has Send, Note"):
        lifecycle_of(ORDER, guards=guards, commands=[unknown])
    with pytest.raises(Unconvertible, match="only its code can run"):
        lifecycle_of(checkout())


def test_a_machine_that_cannot_run_as_drawn_is_refused() -> None:
    nodes = (Node(id="a", kind="atomic"), Node(id="b", kind="final"))
    twice = tuple(
        Edge(id=name, source="a", target="b", event="Go", order=number)
        for number, name in enumerate("xy")
    )
    with pytest.raises(BadDefinition, match="only 'x' is taken"):
        lifecycle_of(Machine(name="m", kind="lifecycle", initial="a", nodes=nodes, edges=twice))
    spins = (Edge(id="x", source="a", target="a", event="always"),)
    with pytest.raises(BadDefinition, match="follows by itself for ever"):
        lifecycle_of(Machine(name="m", kind="lifecycle", initial="a", nodes=nodes, edges=spins))
