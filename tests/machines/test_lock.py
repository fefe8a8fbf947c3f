"""The lock file: it says all that counts, comes back as it was, and every fault has a line."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from interlock.machines import BadLock, Edge, Machine, Node
from interlock.machines.compiler import compile_workflow
from interlock.machines.lock import Lock, changes, lock_text, locked, read_lock
from machines.corpus import CORPUS

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
NAMES = TEXT | st.sampled_from(["a -> b", "charge", "x -> y on error", "approval:boss", '"', "]"])


def _nodes(ids: list[str]) -> st.SearchStrategy[list[Node]]:
    return st.tuples(*(
        st.builds(
            Node,
            id=st.just(one),
            kind=st.sampled_from(["step", "wait", "atomic", "final"]),
            parent=st.none() | NAMES,
            waits_for=st.just("") | NAMES,
            variables=st.lists(NAMES, max_size=3).map(tuple),
            line=st.integers(0, 99),
            file=st.just("") | NAMES,
            compensated=st.booleans(),
            timeout=st.none() | st.booleans(),
        )
        for one in ids
    )).map(list)  # fmt: skip


@st.composite
def drawn_machines(draw: st.DrawFn) -> Machine:
    ids = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    edges = draw(st.lists(NAMES, max_size=4, unique=True))
    made = [
        Edge(
            id=one,
            source=draw(st.sampled_from(ids)),
            target=draw(st.sampled_from(ids)),
            event=draw(st.just("done") | NAMES),
            label=draw(st.just("") | NAMES),
            order=draw(st.integers(0, 3)),
            line=draw(st.integers(0, 9)),
        )
        for one in edges
    ]
    return Machine(
        name=draw(NAMES),
        kind=draw(st.sampled_from(["workflow", "lifecycle"])),
        initial=ids[0],
        nodes=tuple(draw(_nodes(ids))),
        edges=tuple(made),
        commands=tuple(draw(st.lists(NAMES, max_size=2))),
        body=draw(st.just("") | NAMES),
        file=draw(NAMES),
        line=3,
        source=draw(NAMES),
    )


def lock_of(*machines: Machine) -> Lock:
    return {machine.name: locked(f"shop:m{i}", machine) for i, machine in enumerate(machines)}


@given(st.lists(drawn_machines(), max_size=3, unique_by=lambda m: m.name))
def test_a_lock_comes_back_as_it_was_written(machines: list[Machine]) -> None:
    lock = lock_of(*machines)
    text = lock_text(lock)
    again = read_lock(text)
    assert lock_text(again) == text
    assert changes(lock, again) == []
    for machine in machines:
        assert again[machine.name].machine.hash == machine.hash == again[machine.name].hash


@given(drawn_machines(), st.data())
def test_a_line_altered_by_hand_is_found(machine: Machine, data: st.DataObject) -> None:
    text = lock_text(lock_of(machine))
    lines = text.split("\n")
    number = data.draw(st.integers(3, len(lines) - 1))
    letter = data.draw(st.integers(0, len(lines[number])))
    lines[number] = lines[number][:letter] + "x" + lines[number][letter:]
    with pytest.raises(BadLock) as caught:
        read_lock("\n".join(lines))
    assert 1 <= caught.value.line <= len(lines)


def test_every_machine_of_the_corpus_can_be_locked() -> None:
    for function, _ in CORPUS:
        machine = compile_workflow(function).machine
        again = read_lock(lock_text(lock_of(machine)))[machine.name]
        assert again.machine.hash == machine.hash
        assert again.machine.nodes == locked("", machine).machine.nodes


SMALL = Machine(
    name="shop",
    kind="workflow",
    initial="start",
    nodes=(
        Node(id="start", kind="initial"),
        Node(id="charge", kind="step", waits_for="charge", variables=("order",), line=4),
        Node(id="completed", kind="final"),
    ),
    edges=(
        Edge(id="start -> charge", source="start", target="charge"),
        Edge(id="charge -> completed", source="charge", target="completed", label="order.paid"),
    ),
    body="abc",
)


def test_the_text_of_a_machine() -> None:
    assert (
        lock_text(lock_of(SMALL)).split("\n", 3)[3]
        == f"""
[machine.shop]
target = "shop:m0"
hash = "{SMALL.hash}"
kind = "workflow"
initial = "start"
body = "abc"
digest = "{_digest(lock_text(lock_of(SMALL)))}"

[machine.shop.states]
start = {{ kind = "initial" }}
charge = {{ kind = "step", waits_for = "charge", variables = ["order"] }}
completed = {{ kind = "final" }}

[machine.shop.transitions]
"start -> charge" = {{}}
"charge -> completed" = {{ label = "order.paid" }}
"""
    )


def _digest(text: str) -> str:
    return text.partition('digest = "')[2].partition('"')[0]


def _with(machine: Machine, **new: Any) -> Machine:
    return replace(machine, **new)


def test_a_state_more_is_a_line_more_in_the_diff() -> None:
    more = (*SMALL.nodes, Node(id="ship", kind="step", waits_for="ship"))
    before, after = lock_of(SMALL), lock_of(_with(SMALL, nodes=more))
    diff = [
        line
        for line in difflib.ndiff(lock_text(before).split("\n"), lock_text(after).split("\n"))
        if line[0] in "+-" and not line[2:].startswith(("hash", "digest"))
    ]
    assert diff == ['+ ship = { kind = "step", waits_for = "ship" }']
    told = [(c.how, c.what, c.after) for c in changes(before, after)]
    assert ("new", "state ship", "kind step, waits_for ship") in told


def test_moving_code_changes_nothing() -> None:
    moved = _with(
        SMALL,
        file="elsewhere.py",
        line=70,
        source="# more\n",
        nodes=tuple(replace(node, line=99) for node in SMALL.nodes),
    )
    assert lock_text(lock_of(moved)) == lock_text(lock_of(SMALL))


def test_what_changed_is_told_thing_by_thing() -> None:
    charge = Node(id="charge", kind="step", waits_for="charge", variables=("order", "note"))
    after = _with(SMALL, nodes=(SMALL.nodes[0], charge), body="def")
    told = [
        (c.how, c.what, c.before, c.after)
        for c in changes(lock_of(SMALL), lock_of(after))
        if c.what != "hash"
    ]
    assert told == [
        ("changed", "the code", "abc", "def"),
        ("changed", "state charge: variables", "order", "order, note"),
        ("gone", "state completed", "kind final", ""),
    ]
    assert [c.how for c in changes({}, lock_of(after))] == ["new"]
    assert [c.how for c in changes(lock_of(after), {})] == ["gone"]


GOOD = lock_text(lock_of(SMALL))
AT = GOOD.split("\n").index("[machine.shop]") + 1


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "no lock file"),
        ("[tool.poetry]\n", 1, "no lock file"),
        ("interlock = 1\nmachine = 3\n", 1, "no lock file"),
        ("interlock = 1\n[machine]\nshop = 3\n", 1, "shop cannot be read"),
        ("interlock = 2\n", 1, "newer Interlock"),
        (GOOD.replace("[machine.shop.states]", "[machine.shop.states"), 13, "cannot be read"),
        (GOOD + '"start -> charge" = {}\n', 21, "cannot be read"),
        (GOOD.replace('"order.paid"', '"order.late"'), AT + 6, "edited by hand"),
        (GOOD.replace("label =", "lable ="), AT, "'lable' is not known"),
        (GOOD.replace('kind = "initial"', 'kind = "begin"'), AT, "shop cannot be read"),
        (GOOD.replace('target = "shop:m0"\n', ""), AT, "shop cannot be read"),
        (GOOD.replace('kind = "initial" }', 'kind = "initial" }\n<<<<<<< HEAD'), 15, "a merge"),
        (GOOD + ">>>>>>> theirs\n", 21, "a merge"),
    ],
)
def test_what_is_wrong_with_a_lock_is_told_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(BadLock, match=says) as caught:
        read_lock(text, "here.lock")
    assert (caught.value.file, caught.value.line) == ("here.lock", line)
    assert f"here.lock:{line}: " in str(caught.value)
