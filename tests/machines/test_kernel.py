"""The kernel by example: the well-known cases of statecharts, each on the smallest machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from interlock.machines.errors import BadDefinition, EndlessChain
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.kernel import Chart, Microstep, Snapshot, begin, react, readable


def state(path: str, kind: str = "", initial: str = "", *, deep: bool = False) -> Node:
    """A node by its path; compound when it has an initial state."""
    parent = path.rpartition("/")[0] or None
    kind = kind or ("compound" if initial else "atomic")
    first = f"{path}/{initial}" if initial else None
    return Node(id=path, kind=kind, parent=parent, initial=first, deep=deep)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # one of the kinds


def edge(source: str, event: str, *targets: str, internal: bool = False) -> Edge:
    first, *more = targets or (source,)
    return Edge(
        id=f"{source} {event}",
        source=source,
        target=first,
        more=tuple(more),
        event=event,
        internal=internal or not targets,
    )


def machine(*parts: Node | Edge, initial: str = "") -> Machine:
    nodes = tuple(part for part in parts if isinstance(part, Node))
    edges = tuple(part for part in parts if isinstance(part, Edge))
    initial = initial or nodes[0].id
    return Machine(name="m", kind="lifecycle", initial=initial, nodes=nodes, edges=edges)


class Run:
    """A run without guards."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.chart = Chart(machine)
        self.log: list[str] = []
        self.snapshot = Snapshot(())
        self.done = False
        self._follow(begin(self.chart, self._choose))
        self.log.clear()

    def _choose(self, state: str, event: str) -> Edge | None:
        found = (e for e in self.machine.edges if (e.source, e.event) == (state, event))
        return next(found, None)

    def _follow(self, steps: Iterator[Microstep]) -> None:
        for step in steps:
            self.log += [*(f"-{name}" for name in step.exited), *(f"+{n}" for n in step.entered)]
            self.snapshot, self.done = step.after, step.done

    def send(self, *events: str) -> str:
        for event in events:
            self._follow(react(self.chart, self.snapshot, event, self._choose))
        return self.at

    @property
    def at(self) -> str:
        return readable(self.machine, self.snapshot.active)


PLAYER = (
    state("off"),
    state("on", "parallel"),
    state("on/sound", initial="quiet"),
    state("on/sound/quiet"),
    state("on/sound/loud"),
    state("on/tape", initial="stopped"),
    state("on/tape/stopped"),
    state("on/tape/playing", initial="forward"),
    state("on/tape/playing/forward"),
    state("on/tape/playing/back"),
    state("on/tape/over", "final"),
)
POWER = (edge("off", "power", "on"), edge("on", "power", "off"))


def test_all_regions_begin_and_each_takes_its_own_part_of_an_event() -> None:
    run = Run(
        machine(
            *PLAYER,
            *POWER,
            edge("on/sound/quiet", "play", "on/sound/loud"),
            edge("on/tape/stopped", "play", "on/tape/playing"),
        )
    )
    assert run.at == "off"
    assert run.send("power") == "on(sound/quiet, tape/stopped)"
    assert run.send("play") == "on(sound/loud, tape/playing/forward)"
    assert run.send("play") == "on(sound/loud, tape/playing/forward)"
    run.log.clear()
    assert run.send("power") == "off"
    assert run.log[:3] == ["-on/tape/playing/forward", "-on/tape/playing", "-on/tape"]
    assert run.log[3:] == ["-on/sound/loud", "-on/sound", "-on", "+off"]


def test_an_inner_transition_comes_before_an_outer_one() -> None:
    run = Run(
        machine(
            *PLAYER,
            *POWER,
            edge("on/tape/playing", "turn", "on/tape/stopped"),
            edge("on/tape/playing/forward", "turn", "on/tape/playing/back"),
            edge("on/tape/stopped", "go", "on/tape/playing/forward"),
            initial="on",
        )
    )
    assert run.send("go", "turn") == "on(sound/quiet, tape/playing/back)"
    assert run.send("turn") == "on(sound/quiet, tape/stopped)"


def test_of_two_regions_that_both_leave_the_first_one_in_the_document_wins() -> None:
    run = Run(
        machine(
            *PLAYER,
            state("broken"),
            edge("on/sound/quiet", "hit", "broken"),
            edge("on/tape/stopped", "hit", "off"),
            initial="on",
        )
    )
    assert run.send("hit") == "broken"


def test_a_transition_out_preempts_one_that_stays_within_a_later_region() -> None:
    parts = (*PLAYER, edge("on/tape/stopped", "hit", "on/tape/playing"))
    outer = machine(*parts, edge("on/sound/quiet", "hit", "off"), initial="on")
    assert Run(outer).send("hit") == "off"
    swapped = machine(
        *PLAYER,
        edge("on/sound/quiet", "hit", "on/sound/loud"),
        edge("on/tape/stopped", "hit", "off"),
        initial="on",
    )
    assert Run(swapped).send("hit") == "on(sound/loud, tape/stopped)"


def test_a_self_transition_of_a_region_restarts_it_alone() -> None:
    run = Run(
        machine(
            *PLAYER,
            edge("on/sound/quiet", "louder", "on/sound/loud"),
            edge("on/tape/stopped", "go", "on/tape/playing/back"),
            edge("on/tape", "again", "on/tape"),
            edge("on", "restart", "on"),
            initial="on",
        )
    )
    assert run.send("louder", "go") == "on(sound/loud, tape/playing/back)"
    run.log.clear()
    assert run.send("again") == "on(sound/loud, tape/stopped)"
    assert "-on/sound" not in run.log
    assert run.send("restart") == "on(sound/quiet, tape/stopped)"


def test_an_internal_transition_keeps_its_source_and_an_external_one_does_not() -> None:
    parts = (state("p", initial="a"), state("p/a"), state("p/b"))
    inner = Run(machine(*parts, edge("p", "go", "p/b", internal=True), edge("p", "stay")))
    assert (inner.send("go"), inner.log) == ("p/b", ["-p/a", "+p/b"])
    inner.log.clear()
    assert (inner.send("stay"), inner.log) == ("p/b", [])
    outer = Run(machine(*parts, edge("p", "go", "p/b")))
    assert (outer.send("go"), outer.log) == ("p/b", ["-p/a", "-p", "+p", "+p/b"])


def test_a_target_deep_inside_a_parallel_state_lets_the_other_regions_begin() -> None:
    run = Run(machine(*PLAYER, edge("off", "jump", "on/tape/playing/back")))
    assert run.send("jump") == "on(sound/quiet, tape/playing/back)"
    both = Run(machine(*PLAYER, edge("off", "jump", "on/tape/playing/back", "on/sound/loud")))
    assert both.send("jump") == "on(sound/loud, tape/playing/back)"


@pytest.mark.parametrize(
    ("deep", "back"),
    [
        (False, "on(sound/quiet, tape/playing/forward)"),
        (True, "on(sound/quiet, tape/playing/back)"),
    ],
)
def test_a_history_goes_back_one_level_or_all(deep: bool, back: str) -> None:
    run = Run(
        machine(
            *PLAYER,
            state("on/tape/h", "history", deep=deep),
            *POWER,
            edge("off", "resume", "on/tape/h"),
            edge("on/tape/stopped", "go", "on/tape/playing/back"),
        )
    )
    assert run.send("resume") == "on(sound/quiet, tape/stopped)"
    assert run.send("go", "power", "resume") == back
    assert run.send("power", "power") == "on(sound/quiet, tape/stopped)"


def test_a_compound_state_is_done_with_its_final_child_and_a_parallel_one_with_all() -> None:
    parts = [state("all", "parallel"), state("end", "final")]
    for region in ("one", "two"):
        path = f"all/{region}"
        parts += [state(path, initial="a"), state(f"{path}/a"), state(f"{path}/z", "final")]
    run = Run(
        machine(
            *parts,
            edge("all/one/a", "first", "all/one/z"),
            edge("all/two/a", "second", "all/two/z"),
            edge("all", "done", "end"),
        )
    )
    assert not run.chart.is_done(run.snapshot, "all/one")
    assert run.send("first") == "all(one/z, two/a)"
    assert run.chart.is_done(run.snapshot, "all/one")
    assert not run.chart.is_done(run.snapshot, "all")
    assert run.send("first") == "all(one/z, two/a)"
    assert run.send("second") == "end"
    assert run.done


def test_eventless_transitions_follow_until_none_is_left_and_never_for_ever() -> None:
    parts = [state(name) for name in "abcd"]
    chain = Run(machine(*parts, *(edge(a, "always", b) for a, b in ("ab", "bc", "cd"))))
    assert chain.at == "d"
    with pytest.raises(EndlessChain, match="for ever"):
        Run(machine(*parts, edge("a", "always", "b"), edge("b", "always", "a")))


def test_eventless_transitions_come_before_the_events_that_were_raised() -> None:
    run = Run(
        machine(
            state("p", initial="f"),
            state("p/f", "final"),
            state("by done"),
            state("by always"),
            edge("p", "done", "by done"),
            edge("p", "always", "by always"),
        )
    )
    assert run.at == "by always"


def test_what_would_enter_a_state_is_told_without_a_run() -> None:
    chart = Chart(machine(*PLAYER))
    assert chart.entering(["on"])[:3] == ("on", "on/sound", "on/sound/quiet")
    assert (
        chart.problem(["on", "on/sound", "on/sound/quiet"]) == "not every region of 'on' is active"
    )
    assert chart.problem(["off", "on"]) == "2 states at the top are active"
    assert chart.problem(["on/tape"]) == "0 states at the top are active"
    assert "not a state" in chart.problem(["nowhere"])


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([state("a/b")], "do not lead to the top"),
        ([state("a"), state("a/b")], "only compound and parallel"),
        ([state("p", "parallel")], "no regions"),
        ([state("p", "parallel"), state("p/a", "final")], "region of 'p' is final"),
        ([state("p", "compound"), state("p/a")], "which of its states is entered first"),
        ([state("p", initial="a")], "no states inside"),
        ([state("p", initial="x"), state("p/a")], "which is not inside"),
        ([state("h", "history")], "in no state"),
        ([state("p", initial="a"), state("p/a"), state("p/b"), edge("p", "e", "p/a", "p/b")],
         "cannot be active together"),
        ([state("p", initial="a"), state("p/a"), state("p/h", "history"), edge("p/h", "e", "p")],
         "starts from a history"),
        ([state("a"), edge("a", "e", "b")], "no state 'b'"),
    ],
)  # fmt: skip
def test_states_that_are_no_tree_are_refused(parts: list[Node | Edge], why: str) -> None:
    with pytest.raises(BadDefinition, match=why):
        Chart(machine(*parts))


def test_a_nested_machine_comes_back_from_json() -> None:
    built = machine(*PLAYER, state("on/tape/h", "history", deep=True), *POWER)
    assert Machine.from_json(built.to_json()) == built
    assert Machine.from_json(built.to_json()).hash == built.hash
