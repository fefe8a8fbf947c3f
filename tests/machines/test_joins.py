"""Awaits of several calls: what the engine is given, how the states are called and drawn."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from interlock import machines
from interlock.machines import Command, Err, Handle, Ok, Workflow, step, workflow
from interlock.machines.batch import Batch
from interlock.machines.call import Call
from interlock.machines.check import problems
from interlock.machines.compiler import compile_workflow
from interlock.machines.program import Paused, Place, Program
from machines.scripted import define


class Paid(Command):
    amount: int = 0


class Stop(Command):
    pass


class Declined(Exception):
    pass


@step(raises=(Declined,))
async def charge(*args: object, **kwargs: object) -> int:
    return len(args)


@step
async def ship(*args: object) -> int:
    return len(args)


async def refund(paid: int) -> None:
    del paid


@step(compensate=refund)
async def reserve(*args: object) -> int:
    return len(args)


@workflow
async def other(x: int) -> int:
    return await charge(x)


def made_by_a_factory() -> Workflow[[int], int]:
    @workflow
    async def inside(x: int) -> int:
        return await ship(x)

    return inside


NAMES: dict[str, Any] = {
    **{name: getattr(machines, name) for name in machines.__all__},
    "asyncio": asyncio, "charge": charge, "ship": ship, "reserve": reserve, "other": other,
    "made": made_by_a_factory(), "Paid": Paid, "Stop": Stop, "Either": Paid | Stop,
    "timedelta": timedelta,
}  # fmt: skip


def compiled(body: str) -> Program:
    text = "".join(f"    {line}\n" for line in body.splitlines())
    return compile_workflow(define(f"async def flow(x, xs):\n{text}", NAMES))


def first(body: str, x: Any = 7, xs: Any = (1, 2)) -> Paused:
    program = compiled(body)
    paused = program.start(program.bind((x, xs), {}))
    assert isinstance(paused, Paused)
    return paused


JOINS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "await parallel(charge(x), ship(1))": (
        "parallel:charge+ship",
        (Call("charge", (7,)), Call("ship", (1,))),
        {},
    ),
    "await parallel(charge(x), charge(1, k=x))": (
        "parallel:charge",
        (Call("charge", (7,)), Call("charge", (1,), {"k": 7})),
        {},
    ),
    "await parallel(a=charge(), b=ship())": (
        "parallel:a+b",
        (),
        {"a": Call("charge"), "b": Call("ship")},
    ),
    "await parallel(**{str(y): charge(y) for y in xs})": (
        "parallel:charge",
        (),
        {"1": Call("charge", (1,)), "2": Call("charge", (2,))},
    ),
    "await parallel(*[charge(y) for y in xs])": (
        "parallel:charge",
        (Call("charge", (1,)), Call("charge", (2,))),
        {},
    ),
    "await parallel(*(charge(y) for y in xs))": (
        "parallel:charge",
        (Call("charge", (1,)), Call("charge", (2,))),
        {},
    ),
    "await parallel(*list(charge(y) for y in xs))": (
        "parallel:charge",
        (Call("charge", (1,)), Call("charge", (2,))),
        {},
    ),
    "await parallel(charge(1) if x else ship(2))": (
        "parallel:charge+ship",
        (Call("charge", (1,)),),
        {},
    ),
    "await parallel(charge.named('first')(), charge.named('last')())": (
        "parallel:first+last",
        (Call("first"), Call("last")),
        {},
    ),
    "await asyncio.gather(charge(), return_exceptions=True)": (
        "gather:charge",
        (Call("charge"),),
        {"return_exceptions": True},
    ),
    "await asyncio.gather(*[charge(y) for y in xs])": (
        "gather:charge",
        (Call("charge", (1,)), Call("charge", (2,))),
        {},
    ),
    "await settle(charge(x))": ("settle:charge", (Call("charge", (7,)),), {}),
    "await race(paid=wait_for(Paid, timeout='1 day'), late=asyncio.sleep(5))": (
        "race:paid+late",
        (),
        {
            "paid": Call("wait:Paid", (), {"timeout": "1 day"}),
            "late": Call("sleep", (timedelta(seconds=5),)),
        },
    ),
    "await race(wait_for(Either), sleep('1 day'))": (
        "race:Paid or Stop+sleep",
        (Call("wait:Paid or Stop"), Call("sleep", ("1 day",))),
        {},
    ),
    "await race(approval('boss', about=x), approval('vp'))": (
        "race:boss+vp",
        (Call("approval:boss", ("boss",), {"about": 7}), Call("approval:vp", ("vp",))),
        {},
    ),
    "await parallel(other(x), made(1))": (
        "parallel:other+inside",
        (Call("other", (7,)), Call("inside", (1,))),
        {},
    ),
}


@pytest.mark.parametrize("body", JOINS)
def test_a_join_holds_its_calls(body: str) -> None:
    state, args, kwargs = JOINS[body]
    paused = first(body)
    assert (paused.place.state, paused.args, paused.kwargs) == (state, args, kwargs)
    assert paused.place.kind == "join"
    said = {call.place for call in (*args, *kwargs.values()) if isinstance(call, Call)}
    assert said <= {place.state for place in paused.place.calls}
    program = compiled(body)
    assert {place.state for place in paused.place.calls} == set(program.calls)
    assert not set(program.calls) & set(program.places)


WHOLE = {"concurrency": 10, "batch": None, "on_error": "stop", "ids": None}
EACH: dict[str, tuple[str, Any, Any]] = {
    "await each(charge, xs)": ("each:charge", ("charge", [1, 2]), WHOLE),
    "await each(charge.named('one'), xs)": ("each:one", ("one", [1, 2]), WHOLE),
    "await each(charge.with_(timeout='1 s'), xs)": ("each:charge", ("charge", [1, 2]), WHOLE),
    "await each(other, (y for y in xs), concurrency=3)": (
        "each:other",
        ("other", [1, 2]),
        {**WHOLE, "concurrency": 3},
    ),
    "await each(lambda y: charge(y, x), xs)": (
        "each:charge",
        ([Call("charge", (1, 7)), Call("charge", (2, 7))],),
        WHOLE,
    ),
    "await each([charge(y, x) for y in xs], on_error='collect')": (
        "each:charge",
        ([Call("charge", (1, 7)), Call("charge", (2, 7))],),
        {**WHOLE, "on_error": "collect"},
    ),
    "await each(charge, xs, batch=Batch.balanced, ids=lambda y: y + 1)": (
        "each:charge",
        ("charge", [1, 2]),
        {**WHOLE, "concurrency": 5, "batch": Batch.balanced, "ids": ["2", "3"]},
    ),
    "await each(lambda y: charge(y), xs, ids='ab')": (
        "each:charge",
        ([Call("charge", (1,)), Call("charge", (2,))],),
        {**WHOLE, "ids": ["a", "b"]},
    ),
}


@pytest.mark.parametrize("body", EACH)
def test_each_has_items_or_calls(body: str) -> None:
    paused = first(body)
    assert (paused.place.state, paused.args, paused.kwargs) == EACH[body]
    assert [place.state for place in paused.place.calls] == [EACH[body][0][5:]]


def test_options_of_a_call_are_its_places() -> None:
    program = compiled("await each(charge.with_(timeout='1 s'), xs)")
    called = program.calls["charge"].step
    assert called is not None
    assert called.options.timeout == timedelta(seconds=1)
    assert called.options.raises == (Declined,)


def test_handles_are_awaited_by_a_join() -> None:
    body = "hs = xs\nfor h in hs:\n    await h\nys = [await h for h in hs]\nreturn await hs[x]"
    program = compiled(body)
    states = ["join:h after start", "join:h after join:h", "join:hs[x]"]
    assert list(program.places) == states
    assert {place.how for place in program.places.values()} == {"await"}
    paused = program.start(program.bind((0, [Handle("a"), Handle("b")]), {}))
    assert isinstance(paused, Paused)
    assert paused.args == (Handle("a"),)


def test_an_await_of_something_else_is_an_error_as_in_python() -> None:
    program = compiled("try:\n    await x\nexcept TypeError as error:\n    return str(error)")
    ended = program.start(program.bind((7, []), {}))
    assert "int can't be used in 'await' expression" in ended.value  # type: ignore[union-attr]  # it returns


WAITS = {
    "await wait_for(Paid | Stop, timeout=timedelta())": ("wait", "wait:Paid or Stop", (Paid, Stop)),
    "await wait_for(Either)": ("wait", "wait:Paid or Stop", (Paid, Stop)),
    "await wait_for(Paid, Stop)": ("wait", "wait:Paid or Stop", (Paid, Stop)),
    "await received(Paid)": ("received", "received:Paid", (Paid,)),
    "await received(Paid | Stop)": ("received", "received:Paid or Stop", (Paid, Stop)),
}


@pytest.mark.parametrize("body", WAITS)
def test_waits_for_one_of_several_commands(body: str) -> None:
    paused = first(body)
    place = paused.place
    assert (place.kind, place.state, place.commands) == WAITS[body]
    assert paused.args == ()
    assert compiled(body).machine.commands == tuple(c.__name__ for c in place.commands)


def test_children_and_seconds() -> None:
    child = first("await other(x)").place
    assert (child.kind, child.state, child.child) == ("child", "other", other)
    asleep = first("await asyncio.sleep(x)")
    assert (asleep.place.kind, asleep.args) == ("sleep", (timedelta(seconds=7),))
    asleep = first("await asyncio.sleep(delay=0.5)")
    assert asleep.kwargs == {"how_long": timedelta(seconds=0.5)}


def test_a_join_is_drawn_with_its_calls_inside() -> None:
    machine = compiled("await charge(x)\nawait parallel(reserve(1), charge(2))").machine
    inside = [n for n in machine.nodes if n.parent is not None]
    assert [(n.id, n.kind, n.parent, n.compensated) for n in inside] == [
        ("parallel:reserve+charge/reserve", "step", "parallel:reserve+charge", True),
        ("parallel:reserve+charge/charge", "step", "parallel:reserve+charge", False),
    ]
    assert machine.by_id["parallel:reserve+charge"].kind == "parallel"
    assert ("parallel:reserve+charge", "compensating") in machine.moves
    assert "Declined" in machine.raises
    assert "ExceptionGroup" in machine.raises
    assert problems(machine) == []


@pytest.mark.parametrize(
    ("body", "raises"),
    [
        ("await settle(charge(x), ship(x))", ()),
        ("await parallel(charge(x))", ("Declined",)),
        ("await asyncio.gather(charge(x), ship(x))", ("Declined",)),
        ("await race(charge(x), sleep('1 s'))", ("Declined", "ExceptionGroup")),
        ("await each(charge, xs)", ("Declined",)),
        ("await each(charge, xs, on_error='collect')", ()),
        ("await asyncio.gather(charge(x), return_exceptions=True)", ()),
        ("await race(wait_for(Paid, timeout='1 s'), ship(x))", ("TimedOut", "ExceptionGroup")),
    ],
)
def test_what_a_join_can_raise(body: str, raises: tuple[str, ...]) -> None:
    assert compiled(body).machine.raises == raises


@pytest.mark.parametrize(
    ("body", "warned"),
    [
        ("await race(wait_for(Paid), sleep('1 day'))", False),
        ("await race(wait_for(Paid), charge(x))", True),
        ("await parallel(wait_for(Paid), sleep('1 day'))", True),
        ("await race(wait_for(Paid, timeout='1 s'), charge(x))", False),
    ],
)
def test_a_wait_beside_a_sleep_ends(body: str, warned: bool) -> None:
    found = [problem.code for problem in problems(compiled(body).machine)]
    assert found == (["ILK086"] if warned else [])


def test_a_name_that_a_state_has_is_preceded_by_the_join() -> None:
    body = "await charge(1)\nawait parallel(charge(2), ship(3))\nh = start(charge(4))\nawait h"
    program = compiled(body)
    assert set(program.calls) == {"parallel:charge+ship/charge", "ship", "charge started"}
    assert [n.id for n in program.machine.nodes if n.parent] == [
        "parallel:charge+ship/charge",
        "parallel:charge+ship/ship",
    ]


def test_a_long_join_has_a_short_name() -> None:
    calls = ", ".join(f"charge.named('a_long_name_{n}')(x)" for n in range(9))
    (state,) = compiled(f"await parallel({calls})").places
    assert state == "parallel:a_long_name_0+a_long_name_1+a_long_name_2+6 more"


def test_awaits_inside_calls_come_first_in_pythons_order() -> None:
    body = "await parallel(charge(x, await ship(1)), ship(x, await charge(2)), *[charge(x)])"
    program = compiled(body)
    assert list(program.places) == ["ship", "charge", "parallel:charge+ship"]
    ended: Any = program.start(program.bind((7, []), {}))
    ended = program.resume("ship", _live(ended.place, ended.frame), "s")
    ended = program.resume("charge", _live(ended.place, ended.frame), "c")
    assert ended.args == (
        Call("parallel:charge+ship/charge", (7, "s")),
        Call("parallel:charge+ship/ship", (7, "c")),
        Call("parallel:charge+ship/charge", (7,)),
    )


def _live(place: Place, frame: dict[str, Any]) -> dict[str, Any]:
    return {name: frame[name] for name in place.live if name in frame}


def test_the_classes_of_everything_inside_are_known() -> None:
    types = compiled("r = await settle(other(x))\nreturn r").types
    assert {Ok, Err, Handle, Declined} <= {cls for _, cls in types}


def test_plain_values_of_outcomes() -> None:
    assert machines.attempt(int, "7") == Ok(7)
    assert isinstance(machines.attempt(int, "x"), Err)
    error = ValueError()
    outcomes: list[Ok[int] | Err[ValueError]] = [Ok(1), Err(error), Ok(2)]
    assert machines.partition(outcomes) == ([1, 2], [error])
    with pytest.raises(machines.BadDefinition, match="settle"):
        machines.attempt(ship, 1)


def test_an_author_may_have_classes_of_the_same_names() -> None:
    source = "async def flow(x: Ok) -> Err:\n    return await parallel(charge(x), ship(Handle()))\n"

    class Ok(Command):
        pass

    program = compile_workflow(define(source, {**NAMES, "Ok": Ok, "Err": int, "Handle": Stop}))
    assert {machines.Ok, Ok} <= {cls for _, cls in program.types}
