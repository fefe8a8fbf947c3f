"""Resources: given to calls, opened once, closed in reverse, missed early, and never recorded."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum
from typing import Any, Protocol
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.trouble import Troubled
from interlock.engine import Engine
from interlock.machines import (
    BadDefinition,
    Command,
    DidNotHappen,
    Effect,
    Happened,
    Lifecycle,
    MissingResource,
    Step,
    Workflow,
    current,
    entering,
    on,
    resource,
    step,
    workflow,
)
from interlock.projections import dump_history

LOG: list[str] = []


@pytest.fixture(autouse=True)
def _clean() -> None:
    LOG.clear()


class Payments(Protocol):
    async def charge(self, amount: int) -> str: ...


class Lock(Protocol):
    def locked(self) -> bool: ...


class Fake:
    """Payments that remember what was asked for."""

    def __init__(self, name: str = "fake") -> None:
        self.name = name

    async def charge(self, amount: int) -> str:
        LOG.append(f"{self.name} {amount}")
        return f"{self.name}-{amount}"


async def refund(receipt: str, payments: Payments = resource()) -> None:
    await payments.charge(-int(receipt.rpartition("-")[2]))


def shop() -> tuple[Step[..., str], Workflow[..., str]]:
    """A step that wants two resources, and a workflow that calls it."""

    @step(compensate=refund)
    async def charge(
        amount: int, payments: Payments = resource(), *, mail: object = resource("mail")
    ) -> str:
        LOG.append(f"mail {mail}")
        return await payments.charge(amount)

    @step
    def strict(ok: bool) -> None:
        if not ok:
            raise ValueError("not ok")

    @workflow(name="resourceful")
    async def buying(amount: int, ok: bool = True) -> str:
        receipt = await charge(amount)
        await strict(ok)
        return receipt

    return charge, buying


async def test_a_call_and_its_undo_get_what_the_engine_was_given() -> None:
    _, buying = shop()
    given = {Payments: Fake(), "mail": "post"}
    async with Engine("memory://", machines=[buying], resources=given) as engine:
        assert await (await engine.start(buying, 5)).result() == "fake-5"
        failing = await engine.start(buying, 7, ok=False, id="failing")
        with pytest.raises(ValueError, match="not ok"):
            await failing.result()
        recorded = dump_history(await failing.history())
    assert LOG == ["mail post", "fake 5", "mail post", "fake 7", "fake -7"]
    assert "payments" not in recorded
    assert "post" not in recorded


async def test_a_step_in_a_thread_and_an_effect_get_theirs() -> None:
    class Stage(StrEnum):
        NEW = "new"
        PAID = "paid"

    class Bill(BaseModel):
        total: int

    class Pay(Command):
        pass

    @step
    def note(total: int, book: list[int] = resource("book")) -> None:
        book.append(total)

    class Equipped(Lifecycle[Stage, Bill], initial=Stage.NEW, final={Stage.PAID}):
        @on(Pay, source=Stage.NEW, target=Stage.PAID)
        def pay(self, bill: Bill, command: Pay) -> Bill:
            return bill

        @entering(Stage.PAID)
        def tell(self, bill: Bill) -> Effect:
            return note.effect(bill.total)

    book: list[int] = []
    async with Engine("memory://", machines=[Equipped], resources={"book": book}) as engine:
        run = await engine.start(Equipped, Bill(total=3))
        await engine.send(run, Pay())
        await engine.settle()
    assert book == [3]
    with pytest.raises(MissingResource, match="note needs 'book'"):
        await Engine("memory://", machines=[Equipped]).__aenter__()


async def test_verify_gets_them_too() -> None:
    async def ask(payments: str = resource("pay")) -> Happened[str] | DidNotHappen:
        return Happened(payments) if LOG else DidNotHappen()

    @step(verify=ask)
    async def post(payments: str = resource("pay")) -> str:
        LOG.append(current().key)
        await asyncio.Event().wait()
        return payments

    @workflow(name="resourceful-verify")
    async def posting() -> str:
        return await post()

    store = Troubled()
    async with Engine(store, machines=[posting], resources={"pay": "dead"}) as engine:
        await engine.start(posting, id="run")
        while not LOG:  # noqa: ASYNC110  a step tells no one
            await asyncio.sleep(0)
    async with Engine(store, machines=[posting], resources={"pay": "asked"}) as engine:
        assert await (await engine.get("run")).result() == "asked"


async def test_the_definition_knows_nothing_of_resources() -> None:
    @step
    async def charge(amount: int) -> str:
        return str(amount)

    @step
    def strict(ok: bool) -> None: ...

    @workflow(name="resourceful")
    async def buying(amount: int, ok: bool = True) -> str:
        receipt = await charge(amount)
        await strict(ok)
        return receipt

    _, wanting = shop()
    assert wanting.machine.body == buying.machine.body
    assert Payments not in wanting.program.types


@contextmanager
def managed(name: str) -> Generator[str]:
    LOG.append(f"open {name}")
    yield name
    LOG.append(f"close {name}")


@asynccontextmanager
async def amanaged(name: str) -> AsyncGenerator[str]:
    LOG.append(f"open {name}")
    yield name
    LOG.append(f"close {name}")


async def later(name: str) -> str:
    await asyncio.sleep(0)
    return name


FORMS: dict[str, Callable[[str], object]] = {
    "value": lambda name: name,
    "factory": lambda name: lambda: name,
    "partial": lambda name: functools.partial(str, name),
    "async factory": lambda name: functools.partial(later, name),
    "coroutine": later,
    "manager": managed,
    "async manager": amanaged,
    "factory of a manager": lambda name: functools.partial(managed, name),
    "factory of an async manager": lambda name: functools.partial(amanaged, name),
}


@given(st.lists(st.sampled_from(sorted(FORMS)), max_size=6))
def test_every_form_is_opened_once_and_closed_in_reverse(forms: list[str]) -> None:
    LOG.clear()
    names = [str(number) for number in range(len(forms))]
    managers = [name for name, form in zip(names, forms, strict=True) if "manager" in form]
    asyncio.run(_open_all(dict(zip(names, forms, strict=True))))
    opened = [f"open {name}" for name in managers]
    assert opened + [f"close {name}" for name in reversed(managers)] == LOG


async def _open_all(forms: dict[str, str]) -> None:
    @step
    async def look(name: str, found: Any = resource("0")) -> str:
        return str(found)

    @workflow(name="resourceful-forms")
    async def looking() -> list[str]:
        return [await look("a"), await look.named("again")("b")]

    given_ = {name: FORMS[form](name) for name, form in forms.items()}
    if not given_:
        return
    async with Engine("memory://", machines=[looking], resources=given_) as engine:
        assert await (await engine.start(looking)).result() == ["0", "0"]


async def test_a_lock_and_a_mock_are_taken_as_they_are() -> None:
    @step
    async def look(lock: Lock = resource(), mock: MagicMock = resource("mock")) -> bool:
        mock.seen()
        return lock.locked()

    @workflow(name="resourceful-lock")
    async def looking() -> bool:
        return await look()

    mock = MagicMock()
    given_ = {Lock: threading.Lock(), "mock": mock}
    async with Engine("memory://", machines=[looking], resources=given_) as engine:
        assert await (await engine.start(looking)).result() is False
    mock.seen.assert_called_once_with()


async def test_one_that_cannot_be_opened_closes_those_before_it() -> None:
    def broken() -> object:
        raise OSError("no network")

    engine = Engine("memory://", resources={"a": managed("a"), "b": broken, "c": managed("c")})
    with pytest.raises(OSError, match="no network"):
        await engine.__aenter__()
    assert LOG == ["open a", "close a"]


async def test_a_missing_one_is_told_when_the_engine_opens() -> None:
    _, buying = shop()
    with pytest.raises(MissingResource) as caught:
        await Engine("memory://", machines=[buying], resources={"mail": 1}).__aenter__()
    assert caught.value.code == "ILK039"
    assert "resourceful: charge needs Payments for its 'payments'" in caught.value.message
    assert "resources={Payments: …}" in caught.value.message
    assert LOG == []


async def test_a_missing_one_is_told_when_a_machine_comes_later() -> None:
    _, buying = shop()
    store = Troubled()
    async with Engine(store, machines=[]) as engine:
        with pytest.raises(MissingResource, match="charge needs Payments"):
            await engine.start(buying, 1, id="run")
        assert await engine.runs() == []
        async with Engine(store, worker=False) as client:  # it makes no calls
            await client.start(buying, 1, id="run")
        engine.wake("run")
        await engine.settle()
        assert "charge needs Payments" in engine.held["run"]
        (entry,) = await engine.runs()
        assert entry.status == "held"
    async with Engine(store, machines=[buying], resources={Payments: Fake(), "mail": 1}) as engine:
        assert await (await engine.get("run")).result() == "fake-1"


async def test_in_a_direct_call_it_is_passed_or_missed_by_name() -> None:
    charge, _ = shop()
    assert await charge(3, Fake("mine"), mail="m") == "mine-3"
    with pytest.raises(MissingResource, match="'payments' of charge was not given"):
        await charge(3, mail="m")


@pytest.mark.parametrize(
    "use",
    ["it.name", "it()", "it[0]", "[*it]", "not it", "it + 1", "setattr(it, 'x', 1)", "f'{it}'",
     "len(it)", "it < 3", "1 in it"],
)  # fmt: skip
def test_any_use_of_one_that_was_not_given_is_told(use: str) -> None:
    with pytest.raises(MissingResource, match="was not given"):
        eval(use, {"it": resource()})


def test_a_resource_that_nothing_could_be_looked_up_by_is_refused() -> None:
    with pytest.raises(BadDefinition, match=r"test_resources.py:\d+: 'it' of bare .*annotate it"):

        @step
        async def bare(it=resource()) -> None:  # type: ignore[no-untyped-def]  # pyright: ignore[reportMissingParameterType]  # the mistake
            ...

    with pytest.raises(BadDefinition, match="drop the /"):

        @step
        async def unnamed(it: str = resource(), /) -> None: ...

    async def undo(done: str, it=resource()) -> None:  # type: ignore[no-untyped-def]  # pyright: ignore[reportMissingParameterType]  # the mistake
        ...

    with pytest.raises(BadDefinition, match=r"'it' of undo"):

        @step(compensate=undo)
        async def done() -> None: ...


async def test_an_annotation_that_cannot_be_looked_up_is_told_when_the_engine_opens() -> None:
    @step
    async def look(it: Nowhere = resource()) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]  # the mistake

    @workflow(name="resourceful-nowhere")
    async def looking() -> None:
        await look()

    with pytest.raises(BadDefinition, match=r'write resource\("it"\)'):
        await Engine("memory://", machines=[looking]).__aenter__()
