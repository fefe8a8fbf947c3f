"""Workflows as people write them: their states, their graph, and that they run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from interlock.machines.check import problems
from interlock.machines.compiler import compile_workflow
from interlock.machines.draw.picture import Picture
from interlock.machines.errors import TimedOut
from interlock.machines.ir import Machine
from interlock.machines.program import Ended, Paused, Raised, Returned
from interlock.machines.waits import Decision
from interlock.store.values import Touch
from machines import corpus
from machines.corpus import CORPUS, Item, Order, Tier
from machines.scripted import Level, Restored, define

CASES = pytest.mark.parametrize(
    ("function", "expected"), CORPUS, ids=[function.__name__ for function, _ in CORPUS]
)
ORDER = Order(id="o-1", total=Decimal(2000), items=[Item(id=1), Item(id=2), Item(id=3)])
YES = Decision(granted=True, by="ann", reason="", at=datetime(2026, 1, 1, tzinfo=UTC))
VALUES = {"approval": YES, "sleep": None}


@CASES
def test_states_are_named_by_place(function: Callable[..., Any], expected: list[str]) -> None:
    assert list(compile_workflow(function).places) == expected


@CASES
def test_the_graph_is_whole(function: Callable[..., Any], expected: list[str]) -> None:
    machine = compile_workflow(function).machine
    ids = [node.id for node in machine.nodes]
    assert len(set(ids)) == len(ids)
    assert len({edge.id for edge in machine.edges}) == len(machine.edges)
    reached = {"start"}
    for _ in ids:
        reached |= {edge.target for edge in machine.edges if edge.source in reached}
    assert set(expected) <= reached
    final = {node.id for node in machine.nodes if node.kind == "final"}
    assert not any(edge.source in final for edge in machine.edges)
    for state in ["start", *expected]:
        targets = {edge.target for edge in machine.edges if edge.source == state}
        assert "failed" in targets
    assert Machine.from_json(machine.to_json()) == machine


@CASES
def test_every_move_of_a_run_is_an_edge(function: Callable[..., Any], expected: list[str]) -> None:
    program = compile_workflow(function)
    moves = {(edge.source, edge.target) for edge in program.machine.edges}
    for failing in range(6):
        keeper = Restored()
        args = {"order": ORDER, "due": Decimal(5), "approvers": ["a", "b"], "rows": [[1, 0], [-1]]}
        wanted = function.__code__.co_varnames[: function.__code__.co_argcount]
        first, values = keeper.begin(program, [args.get(name, "source") for name in wanted])
        numbers = {"attempts": 2, "size": 2}
        bound = {n: numbers.get(n, v) for n, v in zip(wanted, values, strict=True)}
        ended: Ended = program.start(program.bind((), {**first, **bound}))
        state, turns = "start", 0
        while isinstance(ended, Paused):
            assert (state, ended.place.state) in moves
            state, turns = ended.place.state, turns + 1
            level = Level(program, "", ended.place, ended.frame)
            keeper.note(level, ended)
            keeper.keep([level])
            frame = level.frame
            assert turns < 100
            if turns == failing:
                ended = program.throw(state, frame, TimedOut("late"))
            else:
                value = keeper.adopt(program, _value(ended))
                ended = program.resume(state, frame, value)
        target = "completed" if isinstance(ended, Returned) else "failed"
        assert (state, target) in moves


def _value(paused: Paused) -> Any:
    kind = paused.place.kind
    if kind == "wait":
        return paused.place.commands[0](**{"amount": 3} if "Payment" in paused.place.state else {})
    if paused.place.step is None:
        return VALUES[kind]
    coroutine = paused.place.step(*paused.args, **paused.kwargs)
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError


def test_edges_carry_the_authors_conditions() -> None:
    machine = compile_workflow(corpus.checkout).machine
    kinds = ("done", "raise Declined")
    labels = {(e.source, e.target): e.label for e in machine.edges if e.event in kinds}
    assert labels["charge", "approval:manager"] == "order.total > 1000"
    assert labels["charge", "ship"] == "else"
    assert labels["ship", "completed"] == ""
    assert ("approval:manager", "completed") not in labels
    assert labels["approval:manager", "failed"] == "not decision.granted"
    assert labels["approval:manager", "ship"] == "else"


def test_a_raise_is_an_edge_of_its_own() -> None:
    machine = compile_workflow(corpus.checkout).machine
    raised = [(e.source, e.target, e.label) for e in machine.edges if e.event == "raise Declined"]
    wanted = "not decision.granted"
    assert raised == [
        ("approval:manager", "failed", wanted),
        ("approval:manager", "compensating", wanted),
    ]
    assert not any(e.event == "done" and e.target == "failed" for e in machine.edges)
    picture = Picture(machine)
    assert {"failed", "compensating"} <= picture.apart
    assert picture.arrows["approval:manager", "compensating"] == [
        "raise Declined, not decision.granted"
    ]
    assert ("approval:manager", "failed") not in picture.arrows


@pytest.mark.parametrize(
    ("wait", "timeout"),
    [
        ("approval('a')", False),
        ("approval('a', timeout=None)", False),
        ("approval('a', timeout='2 days')", True),
        ("approval('a', timeout=x)", True),
        ("approval('a', **x)", None),
        ("wait_for(Shipped)", False),
        ("wait_for(Shipped, where=lambda c: True, timeout=x)", True),
        ("sleep('2 days')", None),
        ("ship(x)", None),
    ],
)
def test_a_wait_says_whether_it_may_last_for_ever(wait: str, timeout: bool | None) -> None:
    machine = compile_workflow(
        define(f"async def flow(x):\n    await {wait}\n", vars(corpus))
    ).machine
    (node,) = [n for n in machine.nodes if n.kind in ("approval", "wait", "sleep", "step")]
    assert node.timeout is timeout
    codes = [problem.code for problem in problems(machine)]
    assert codes == (["ILK086"] if timeout is False else [])


def test_a_handler_is_an_edge_of_its_own() -> None:
    machine = compile_workflow(corpus.saga).machine
    found = {(e.source, e.target, e.event, e.label) for e in machine.edges}
    assert ("charge", "notify", "error", "except Declined") in found
    assert ("charge", "ship", "done", "") in found
    assert ("notify", "compensating", "error", "") in found
    assert ("compensating", "compensation failed", "done", "") in found


def test_what_can_leave_is_declared() -> None:
    assert compile_workflow(corpus.checkout).machine.raises == (
        "OutOfStock",
        "Declined",
        "TimedOut",
    )
    assert compile_workflow(corpus.fallback).machine.raises == ()
    assert compile_workflow(corpus.saga).machine.raises == ("OutOfStock", "Declined")
    assert compile_workflow(corpus.invoice).machine.commands == ("PaymentReceived",)


@pytest.mark.parametrize(
    ("function", "state", "growing"),
    [
        (corpus.charge_each, "charge", ("order", "results", ".for item")),
        (corpus.totals, "charge", ("order", "by_id", ".for item")),
        (corpus.grid, "reserve", ("rows", "row", "found", ".for (y, row)")),
    ],
)
def test_long_containers_are_never_scanned_in_a_loop(
    function: Callable[..., Any], state: str, growing: tuple[str, ...]
) -> None:
    program = compile_workflow(function)
    frame = program.bind((ORDER,) if state == "charge" else ([[1, 2], [3, 4]],), {})
    paused = program.start(frame)
    for _ in range(2):
        assert isinstance(paused, Paused)
        paused = program.resume(state, paused.frame, "payment")
    assert isinstance(paused, Paused)
    touched = {name: paused.touched.get(name, Touch.READ) for name in growing}
    assert Touch.DEEP not in touched.values()
    assert all(value <= Touch.APPEND for value in touched.values())


def test_a_write_into_a_container_is_noted() -> None:
    program = compile_workflow(corpus.totals)
    paused = program.start(program.bind((ORDER,), {}))
    assert isinstance(paused, Paused)
    after = program.resume("charge", paused.frame, "payment")
    assert isinstance(after, Paused)
    assert after.writes == [(after.frame["by_id"], 1)]


def test_where_is_evaluated_with_what_is_recorded() -> None:
    program = compile_workflow(corpus.two_commands)
    paused = program.start(program.bind((ORDER,), {}))
    assert isinstance(paused, Paused)
    assert program.where("wait:Shipped", paused.frame) is None
    paused = program.resume("wait:Shipped", paused.frame, corpus.Shipped())
    assert isinstance(paused, Paused)
    assert paused.place.live == ("minimum", "shipped")
    assert paused.kwargs == {}
    where = program.where("wait:PaymentReceived", paused.frame)
    assert where is not None
    assert not where(corpus.PaymentReceived(amount=Decimal(999)))
    assert where(corpus.PaymentReceived(amount=Decimal(1000)))


def test_types_come_from_annotations_and_from_what_is_mentioned() -> None:
    types = compile_workflow(corpus.report).types
    assert corpus.Report in types
    assert corpus.OutOfStock in types
    assert Decision in types
    assert Tier in compile_workflow(corpus.tiers).types


GOLDEN = "checkout f3895d1c1d6974a8"


def test_the_hash_is_the_same_in_every_process() -> None:
    code = (
        "from machines.corpus import checkout, report; "
        "from interlock.machines.compiler import compile_workflow; "
        "print(*(compile_workflow(f).machine.hash for f in (checkout, report)))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("0", "1", "2")
    }  # fmt: skip
    hashes = [compile_workflow(f).machine.hash for f in (corpus.checkout, corpus.report)]
    assert found == {" ".join(hashes) + "\n"}


def test_the_hash_is_fixed() -> None:
    """A change of this value is a change of every recorded definition."""
    assert f"checkout {compile_workflow(corpus.checkout).machine.hash}" == GOLDEN


PLAIN = "async def flow(x):\n    if x:\n        await charge(x)\n    return await ship(x)\n"
SAME = '''# a comment
async def flow( x ):  # another
    """What it does."""

    if (x):
        await charge(
            x,
        )
    return (await ship(x))
'''


def test_comments_and_layout_keep_the_hash() -> None:
    names = vars(corpus)
    first, second = (compile_workflow(define(s, names)).machine for s in (PLAIN, SAME))
    assert first.hash == second.hash
    assert [n.line for n in first.nodes] != [n.line for n in second.nodes]
    third = compile_workflow(define(PLAIN.replace("if x", "if not x"), names)).machine
    assert third.hash != first.hash


def test_an_exception_points_at_the_authors_line() -> None:
    program = compile_workflow(corpus.checkout)
    paused = program.start(program.bind((ORDER,), {}))
    assert isinstance(paused, Paused)
    ended = program.throw("reserve", paused.frame, KeyError("gone"))
    assert isinstance(ended, Raised)
    top = ended.error.__traceback__
    assert top is not None
    assert Path(top.tb_frame.f_code.co_filename).name == "corpus.py"
    assert top.tb_frame.f_code.co_name == "checkout"
    assert top.tb_lineno == paused.place.line
    text = Path(top.tb_frame.f_code.co_filename).read_text().splitlines()[top.tb_lineno - 1]
    assert "await reserve(order)" in text
