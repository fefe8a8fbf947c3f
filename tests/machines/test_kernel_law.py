"""Laws of the kernel: it moves as the W3C algorithm says, and never into an illegal place."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from hypothesis import assume, given
from hypothesis import strategies as st

from interlock.machines.errors import EndlessChain
from interlock.machines.flat import FlatSelector
from interlock.machines.guard import Check, Guard
from interlock.machines.ir import Edge, Machine
from interlock.machines.kernel import (
    LONGEST_CHAIN,
    Chart,
    Choose,
    Microstep,
    Snapshot,
    begin,
    react,
)
from interlock.machines.selector import Selector
from machines.charts import EVENTS, charts
from machines.scxml import Interpreter

words = st.lists(st.sampled_from(EVENTS), min_size=1, max_size=8)


class Answers:
    """Guards that answer by their edge and by how many microsteps there were: the same for both."""

    def __init__(self, machine: Machine, pattern: list[bool]) -> None:
        self.edges = machine.edges
        self.pattern = pattern
        self.moved = 0

    def __call__(self, edge: Edge) -> bool:
        place = int(edge.id[1:]) * 7 + self.moved
        return self.pattern[place % len(self.pattern)]

    def choose(self, state: str, event: str) -> Edge | None:
        for edge in sorted(self.edges, key=lambda edge: edge.order):
            if (edge.source, edge.event) == (state, event) and self(edge):
                return edge
        return None


patterns = st.lists(st.booleans(), min_size=3, max_size=11)


def runs(
    machine: Machine, pattern: list[bool], word: list[str]
) -> Iterator[tuple[Snapshot, list[Microstep]]]:
    """What the kernel does at the beginning and with each event, until the machine is done."""
    chart, answers = Chart(machine), Answers(machine, pattern)
    snapshot = Snapshot(())
    for event in ("", *word):
        if event:
            steps = react(chart, snapshot, event, answers.choose)
        else:
            steps = begin(chart, answers.choose)
        taken: list[Microstep] = []
        for step in steps:
            taken.append(step)
            answers.moved += 1
        if taken:
            snapshot = taken[-1].after
        yield snapshot, taken
        if taken and taken[-1].done:
            return


@given(charts(), patterns, words)
def test_the_kernel_moves_as_the_w3c_algorithm_says(
    machine: Machine, pattern: list[bool], word: list[str]
) -> None:
    answers = Answers(machine, pattern)

    def asks(edge: Edge) -> bool:
        answers.moved = len(oracle.steps)
        return answers(edge)

    oracle = Interpreter(machine, asks)
    ours = runs(machine, pattern, word)
    for event in ("", *word):
        before = len(oracle.steps)
        oracle.most = before + LONGEST_CHAIN
        try:
            oracle.start() if event == "" else oracle.send(event)
        except OverflowError:
            try:
                next(ours)
            except EndlessChain:
                return
            raise AssertionError("the kernel found an end") from None
        snapshot, taken = next(ours)
        assert [
            ([e.id for e in step.edges], list(step.exited), list(step.entered)) for step in taken
        ] == oracle.steps[before:]
        assert set(snapshot.active) == oracle.configuration
        assert {k: list(v) for k, v in snapshot.history.items()} == oracle.history
        if not oracle.running:
            assert taken[-1].done
            break


@given(charts(), patterns, words)
def test_every_configuration_is_legal_and_follows_from_what_was_left_and_entered(
    machine: Machine, pattern: list[bool], word: list[str]
) -> None:
    chart = Chart(machine)
    before = Snapshot(())
    ours = runs(machine, pattern, word)
    while True:
        try:
            _, taken = next(ours)
        except (StopIteration, EndlessChain):
            return
        for step in taken:
            assert chart.problem(step.after.active) == ""
            left = set(before.active) - set(step.exited)
            assert left.isdisjoint(step.entered)
            assert left | set(step.entered) == set(step.after.active)
            assert set(step.exited) <= set(before.active)
            assert step.after.history == {**before.history, **step.history}
            tops = [n.id for n in machine.nodes if n.kind == "final" and n.parent is None]
            assert step.done == bool(set(tops) & set(step.after.active))
            before = step.after


@given(charts(), patterns, words)
def test_the_same_questions_have_the_same_answers_and_change_nothing(
    machine: Machine, pattern: list[bool], word: list[str]
) -> None:
    first, second = runs(machine, pattern, word), runs(machine, pattern, word)
    chart, answers = Chart(machine), Answers(machine, pattern)
    try:
        for (snapshot, taken), again in zip(first, second, strict=True):
            assert again == (snapshot, taken)
            kept = copy.deepcopy(snapshot)
            for event in EVENTS:
                one = chart.select(snapshot, event, answers.choose)
                assert chart.select(snapshot, event, answers.choose) == one
                assert chart.take(snapshot, one) == chart.take(snapshot, one)
            assert snapshot == kept
    except EndlessChain:
        return


@given(charts(), patterns, words)
def test_a_history_brings_back_what_was_left(
    machine: Machine, pattern: list[bool], word: list[str]
) -> None:
    chart = Chart(machine)
    before = Snapshot(())
    try:
        for snapshot, taken in runs(machine, pattern, word):
            for step in taken:
                for name, kept in step.history.items():
                    node = machine.by_id[name]
                    inside = {s for s in before.active if node.parent in chart.upward(s)[1:]}
                    back = set(chart.entering([name], step.after))
                    assert set(kept) <= inside
                    if node.deep:
                        assert inside <= back
                    else:
                        assert {s for s in inside if machine.by_id[s].parent == node.parent} <= back
                before = step.after
            assert before == snapshot
    except EndlessChain:
        return


def divisible(by: int) -> Callable[[int, int], Check]:
    def check(data: int, command: int) -> Check:
        return (data + command) % by == 0

    check.__name__ = f"divisible_by_{by}"
    return check


@given(charts(), st.lists(st.integers(1, 4), min_size=14, max_size=14), words)
def test_the_table_moves_a_chart_as_transitions_does(
    machine: Machine, by: list[int], word: list[str]
) -> None:
    guards: dict[str, tuple[Guard, ...]] = {
        edge.id: (divisible(by[place]),) for place, edge in enumerate(machine.edges)
    }

    def drive(selector: Selector | FlatSelector) -> list[Microstep]:
        chart, found = Chart(machine), list[Microstep]()

        def choose(state: str, event: str) -> Edge | None:
            return selector.select(state, event, len(found), 0).edge

        def follow(steps: Iterator[Microstep]) -> None:
            for step in steps:
                found.append(step)

        try:
            follow(begin(chart, choose))
            for event in word:
                if not found[-1].done:
                    follow(react(chart, found[-1].after, event, choose))
        except EndlessChain:
            pass
        return found

    table, flat = drive(Selector(machine, guards)), drive(FlatSelector(machine, guards))
    assert table == flat


def only(edge: Edge) -> Choose:
    def choose(state: str, event: str) -> Edge | None:
        return edge if (edge.source, edge.event) == (state, event) else None

    return choose


@given(charts(), st.data())
def test_what_stays_leaves_and_enters_nothing_and_a_region_leaves_its_siblings_alone(
    machine: Machine, data: st.DataObject
) -> None:
    assume(machine.edges)
    chart = Chart(machine)
    snapshot = chart.begin().after
    states = [name for name in snapshot.active if machine.by_id[name].kind != "final"]
    state = data.draw(st.sampled_from(states))
    internal = data.draw(st.booleans())
    edge = Edge(id="self", source=state, target=state, event="again", internal=internal)
    extended = Machine(
        name="m", kind="lifecycle", initial=machine.initial, nodes=machine.nodes, edges=(edge,)
    )
    chart = Chart(extended)
    (step,) = react(chart, snapshot, "again", only(edge))
    touched = {*step.exited, *step.entered}
    if internal:
        assert not touched
    else:
        assert state in step.exited
        assert state in step.entered
        parent = machine.by_id[state].parent
        if parent is not None and machine.by_id[parent].kind == "parallel":
            assert all(state in chart.upward(other) for other in touched)
