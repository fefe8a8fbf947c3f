"""Migrations: what an author says about runs that cannot go on as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from engine.trouble import Ping, Troubled
from interlock.engine import Engine, deploy_check
from interlock.machines import (
    BadDefinition,
    Command,
    Where,
    Workflow,
    add,
    approval,
    compose,
    parallel,
    phase,
    remove,
    rename,
    step,
    transform,
    wait_for,
    workflow,
)
from interlock.projections import RunState, fold
from interlock.store.changing import RunMigrated

CALLS: list[object] = []


class Pong(Command):
    number: int


@dataclass
class Line:
    sku: str


@dataclass
class Basket:
    lines: list[Line] = field(default_factory=list[Line])


@dataclass
class NewLine:
    sku: str
    count: int


NewLine.__qualname__ = "Line"


@dataclass
class NewBasket:
    lines: list[NewLine] = field(default_factory=list[NewLine])


NewBasket.__qualname__ = "Basket"


@step
async def work(what: Any) -> Any:
    CALLS.append(what)
    return what


@pytest.fixture(autouse=True)
def _clean() -> None:
    CALLS.clear()


def called(function: Any, version: str = "") -> Workflow[..., Any]:
    """The same name for each: a program before and after an edit."""
    return Workflow(function, "edited", version)


async def parked(store: Troubled, machine: Workflow[..., Any], *args: Any) -> None:
    """A run that waits, and whose process is gone."""
    async with Engine(store, machines=[machine]) as engine:
        await engine.start(machine, *args, id="run")
        await engine.settle()


async def pinged(store: Troubled, machine: Workflow[..., Any]) -> RunState:
    """The run after a command, under another definition."""
    async with Engine(store, machines=[machine]) as engine:
        await engine.send("run", Ping(number=1))
        await engine.settle()
        return fold(await store.read("run"))


async def migrations(store: Troubled) -> list[RunMigrated]:
    return [e.body for e in await store.read("run") if isinstance(e.body, RunMigrated)]


async def first(total: int) -> Any:
    note = "n"
    await wait_for(Ping)
    return [total, note]


async def second(total: int) -> Any:
    amount = Decimal(total)
    currency = "USD"
    with phase("payment"):
        await wait_for(Ping)
    return [amount, currency]


async def third(total: int) -> Any:
    amounts = [Decimal(total)]
    currency = "USD"
    with phase("paid"):
        await wait_for(Ping)
    return [amounts, currency]


AMOUNT = compose(rename(total="amount"), transform("amount", Decimal), add(currency="EUR"))
STATES = {"wait:Ping": "payment/wait:Ping"}


async def test_states_and_variables_are_mapped_once() -> None:
    store = Troubled()
    await parked(store, called(first, "1"), 7)
    machine = called(second)

    @machine.migrate(from_="1", states=STATES)
    def to_second(variables: dict[str, Any]) -> dict[str, Any]:
        return {"amount": Decimal(variables["total"]) * 100, "currency": "EUR"}

    state = await pinged(store, machine)
    assert state.status == "completed"
    assert state.image.plain(state.result) == ["700", "EUR"]
    (migrated,) = await migrations(store)
    assert migrated.by == ["to_second"]
    assert migrated.states == STATES
    assert to_second({"total": 1}) == {"amount": Decimal(100), "currency": "EUR"}


async def test_migrations_are_chained_from_the_oldest() -> None:
    store = Troubled()
    await parked(store, called(first, "1"), 7)
    machine = called(third, "3")
    machine.migrate(from_="1", to="2", states=STATES)(
        compose(
            rename(total="amount"),
            transform("amount", Decimal),
            add(currency="EUR"),
            remove("note"),
        )
    )
    machine.migrate(from_="2", states={"payment": "paid"})(
        compose(rename(amount="amounts"), transform("amounts", lambda amount: [amount]))
    )
    state = await pinged(store, machine)
    assert state.image.plain(state.result) == [["7"], "EUR"]
    (migrated,) = await migrations(store)
    assert migrated.states == {"wait:Ping": "paid/wait:Ping"}
    assert migrated.by == [
        "rename total to amount; transform amount; add currency; remove note",
        "rename amount to amounts; transform amounts",
    ]


async def test_a_definition_is_named_by_its_hash_as_well() -> None:
    store = Troubled()
    old = called(first)
    await parked(store, old, 7)
    machine = called(second)
    machine.migrate(from_=old.machine.hash[:8], states=STATES)(AMOUNT)
    assert (await pinged(store, machine)).status == "completed"


def raising(variables: dict[str, Any]) -> dict[str, Any]:
    raise KeyError("nothing")


def nothing(variables: dict[str, Any]) -> Any:
    return None


def too_little(variables: dict[str, Any]) -> dict[str, Any]:
    return {"amount": Decimal(1)}


def of_another_type(variables: dict[str, Any]) -> dict[str, Any]:
    return {"amount": object(), "currency": "EUR"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (raising, "raised KeyError"),
        (nothing, "return the variables"),
        (too_little, "reads 'currency'"),
        (of_another_type, "cannot be recorded"),
    ],
)
async def test_what_goes_wrong_in_a_migration_holds_the_run_as_it_was(
    change: Callable[..., Any], why: str
) -> None:
    store = Troubled()
    await parked(store, called(first, "1"), 7)
    machine = called(second)
    machine.migrate(from_="1", states=STATES)(change)
    state = await pinged(store, machine)
    assert state.status == "held"
    assert why in state.held
    assert state.variables == {"total": 7, "note": "n"}
    assert await migrations(store) == []
    machine.migrate(from_="1", states=STATES)(AMOUNT)
    async with Engine(store, machines=[machine]) as engine:
        assert await (await engine.get("run")).result() == [Decimal(7), "EUR"]


class Old(BaseModel):
    total: Decimal


class New(BaseModel):
    amount: Decimal
    currency: str = "EUR"


async def test_a_migration_may_take_and_give_models() -> None:
    store = Troubled()
    await parked(store, called(first, "1"), 7)
    machine = called(second)

    @machine.migrate(from_="1", states=STATES)
    def to_second(old: Old) -> New:
        return New(amount=old.total)

    state = await pinged(store, machine)
    assert state.image.plain(state.result) == ["7", "EUR"]


async def of_basket(basket: Basket) -> Any:
    await wait_for(Ping)
    return len(basket.lines)


async def of_new_basket(basket: NewBasket) -> Any:
    await wait_for(Ping)
    return sum(line.count for line in basket.lines)


of_basket.__annotations__["basket"] = Basket
of_new_basket.__annotations__["basket"] = NewBasket


async def test_an_object_of_another_shape_holds_the_run_until_somebody_reshapes_it() -> None:
    store = Troubled()
    await parked(store, called(of_basket, "1"), Basket([Line("a"), Line("b")]))
    machine = called(of_new_basket)
    state = await pinged(store, machine)
    assert state.status == "held"
    assert "basket holds a Line without 'count', which has no default" in state.held
    machine.migrate(from_="1")(rename(other="more"))
    async with Engine(store, machines=[machine]) as engine:
        await engine.settle()
        assert "leaves the fields of a Basket in 'basket'" in engine.held["run"]

    def each(basket: Mapping[str, Any]) -> NewBasket:
        return NewBasket([NewLine(line["sku"], 2) for line in basket["lines"]])

    machine.migrate(from_="1")(transform("basket", each))
    async with Engine(store, machines=[machine]) as engine:
        assert await (await engine.get("run")).result() == 4


async def waiting() -> str:
    word = "old"
    await wait_for(Ping)
    return word


async def inside(words: list[str]) -> list[str]:
    await approval("boss")
    return words


async def branched() -> Any:
    return await parallel(waiting(), inside(["x"]))


async def test_branches_are_asked_for_when_a_migration_wants_to_know_where_it_is() -> None:
    store = Troubled()
    machine = called(branched, "1")
    await parked(store, machine, *())

    edited = called(more_branches, "2")
    seen: list[Where] = []

    @edited.migrate(from_="1", states={"parallel:waiting+inside": "parallel:waiting+inside"})
    def change(variables: dict[str, Any], where: Where) -> dict[str, Any]:
        seen.append(where)
        return {n: "new" if n == "word" else v for n, v in variables.items()}

    async with Engine(store, machines=[edited]) as engine:
        await engine.send("run", Ping(number=1))
        await engine.approve("run", "boss", by="ann")
        assert await (await engine.get("run")).result() == ["new", ["x"], "more"]
    places = [(where.state, where.branch) for where in seen]
    assert [*dict.fromkeys(places)] == [  # also asked when the engine looks at what waits
        ("parallel:waiting+inside", ""),
        ("waiting/wait:Ping", "parallel:waiting+inside#1[0]"),
        ("inside/approval:boss", "parallel:waiting+inside#1[1]"),
    ]


async def more_branches() -> Any:
    return [*await parallel(waiting(), inside(["x"])), "more"]


async def test_a_migration_that_leaves_a_state_out_is_told_when_the_engine_opens() -> None:
    store = Troubled()
    await parked(store, called(first, "1"), 7)
    machine = called(second)
    machine.migrate(from_="1")(AMOUNT)
    with pytest.raises(BadDefinition, match=r"leave out.*no state 'wait:Ping'.*write states="):
        async with Engine(store, machines=[machine]):
            raise AssertionError
    machine.migrate(from_="1", states={"wait:Ping": "nowhere"})(AMOUNT)
    with pytest.raises(BadDefinition, match="'nowhere', which is no state of it"):
        async with Engine(store, machines=[machine]):
            raise AssertionError


def test_what_cannot_be_meant_is_told() -> None:
    machine = called(second)
    nothing: Any = None
    with pytest.raises(BadDefinition, match="maps 'wait:Ping' to None; states go by their names"):
        machine.migrate(from_="1", states={"wait:Ping": nothing})
    with pytest.raises(BadDefinition, match="name the definition"):
        machine.migrate(from_="")
    with pytest.raises(BadDefinition, match="takes the variables"):
        machine.migrate(from_="1")(dict)
    with pytest.raises(BadDefinition, match="same name"):
        rename(a="c", b="c")


async def test_a_migration_to_no_state_is_told_before_a_deploy() -> None:
    @workflow(name="mistyped-migration")
    async def flow() -> str:
        await approval("boss")
        return "done"

    @flow.migrate(from_="0" * 16, states={"approval:chef": "approval:bos"})
    def nothing(variables: dict[str, Any]) -> dict[str, Any]:
        return variables

    with pytest.raises(BadDefinition, match="maps 'approval:chef' to 'approval:bos'"):
        await deploy_check(Troubled(), [flow])
