"""Reading the nesting of a `HierarchicalMachine`."""

from __future__ import annotations

from typing import Any

import pytest
from transitions.extensions.nesting import HierarchicalMachine

from interlock.machines.interchange import NotCarriedOver, Unconvertible, from_transitions
from interlock.machines.kernel import flaws


def nested(**options: Any) -> HierarchicalMachine:
    return HierarchicalMachine(
        states=[
            "off",
            {
                "name": "on",
                "initial": "idle",
                "children": ["idle", {"name": "done", "final": True}],
                "transitions": [["finish", "idle", "done"]],
            },
            {
                "name": "both",
                "parallel": [
                    {"name": "left", "initial": "1", "children": ["1", "2"]},
                    {"name": "right", "initial": "1", "children": ["1", "2"]},
                ],
            },
        ],
        initial="off",
        transitions=[
            ["power", "off", "on"],
            ["again", "on", "on_idle"],
            ["again", "on_idle", "on_idle"],
            ["split", "on", "both_left_2"],
            ["move", "both_right_1", "both_right_2"],
        ],
        **options,
    )


def test_nesting_is_read() -> None:
    machine = from_transitions(nested())
    assert list(flaws(machine)) == []
    assert [(n.id, n.kind, n.parent, n.initial) for n in machine.nodes] == [
        ("off", "atomic", None, None),
        ("on", "compound", None, "on_idle"),
        ("on_idle", "atomic", "on", None),
        ("on_done", "final", "on", None),
        ("both", "parallel", None, None),
        ("both_left", "compound", "both", "both_left_1"),
        ("both_left_1", "atomic", "both_left", None),
        ("both_left_2", "atomic", "both_left", None),
        ("both_right", "compound", "both", "both_right_1"),
        ("both_right_1", "atomic", "both_right", None),
        ("both_right_2", "atomic", "both_right", None),
    ]
    assert [(e.source, e.event, e.target, e.internal) for e in machine.edges] == [
        ("on_idle", "finish", "on_done", False),
        ("off", "power", "on", False),
        ("on", "again", "on_idle", True),
        ("on_idle", "again", "on_idle", False),
        ("on", "split", "both_left_2", False),
        ("both_right_1", "move", "both_right_2", False),
    ]


def test_reading_leaves_the_machine_as_it_was() -> None:
    made: Any = nested()
    before = (dict(made.states), dict(made.events), made.state)
    from_transitions(made)
    assert (dict(made.states), dict(made.events), made.state) == before
    assert made.power()
    assert made.state == "on_idle"


def test_a_parent_without_a_first_child_is_refused_where_it_can_be_entered() -> None:
    parts = [{"name": "p", "children": ["x", "y"]}, "q"]
    made = HierarchicalMachine(states=parts, initial="q", transitions=[["go", "q", "p_y"]])
    assert from_transitions(made).by_id["p"].initial == "p_x"
    made.add_transition("enter", "q", "p")
    with pytest.raises(Unconvertible, match="'p' has children and can be active without them"):
        from_transitions(made)


def test_an_order_against_the_nesting_is_listed() -> None:
    made = nested()
    made.add_transition("finish", "on_idle", "off")  # the same state: only later
    assert from_transitions(made).edges[0].target == "on_done"
    inner = {"name": "c", "initial": "d", "children": ["d"]}
    outer = {"name": "p", "initial": "c", "children": [inner], "transitions": [["go", "c", "c"]]}
    against = HierarchicalMachine(states=[outer], initial="p", transitions=[["go", "p_c_d", "p"]])
    with pytest.raises(NotCarriedOver, match="ILK194 go in p_c: asked before the one in p_c_d"):
        from_transitions(against)
