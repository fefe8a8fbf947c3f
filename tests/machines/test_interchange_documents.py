"""Reading SCXML that others wrote: what is understood, what is listed, what is refused."""

from __future__ import annotations

import pytest

from interlock.machines.interchange import (
    BadDocument,
    LeftOut,
    NotCarriedOver,
    Unconvertible,
    from_scxml,
)
from interlock.machines.ir import Machine


def scxml(body: str, attributes: str = "") -> str:
    return f'<scxml xmlns="http://www.w3.org/2005/07/scxml" {attributes}>\n{body}\n</scxml>'


def edges(machine: Machine) -> list[tuple[str, str, str, str]]:
    return [(e.source, e.event, e.target, e.guard) for e in machine.edges]


def listed(text: str) -> list[tuple[str, str]]:
    left_out: list[LeftOut] = []
    from_scxml(text, left_out=left_out)
    if left_out:
        with pytest.raises(NotCarriedOver):
            from_scxml(text)
    return [(item.code, f"{item.place}: {item.what}") for item in left_out]


def test_structure() -> None:
    machine = from_scxml(
        scxml(
            """
<parallel id="p">
  <state id="a"><initial><transition target="a2"/></initial>
    <state id="a1"/><state id="a2"><transition event="go" target="a1 b2"/></state>
    <history id="h" type="deep"><transition target="a2"/></history>
  </state>
  <state id="b"><state id="b1"/><state id="b2"/></state>
  <transition event="done.state.a" cond="!frozen &amp;&amp; paid" target="end"/>
  <transition cond="true" type="internal" target="p"/>
</parallel>
<final id="end"/>""",
            'name="m" initial="p"',
        )
    )
    assert [(n.id, n.kind, n.parent, n.initial, n.deep) for n in machine.nodes] == [
        ("p", "parallel", None, None, False),
        ("a", "compound", "p", "a2", False),
        ("a1", "atomic", "a", None, False),
        ("a2", "atomic", "a", None, False),
        ("h", "history", "a", "a2", True),
        ("b", "compound", "p", "b1", False),
        ("b1", "atomic", "b", None, False),
        ("b2", "atomic", "b", None, False),
        ("end", "final", None, None, False),
    ]
    assert edges(machine) == [
        ("p", "done a", "end", "not frozen and paid"),
        ("p", "always", "p", ""),
        ("a2", "go", "a1", ""),
    ]
    assert machine.edges[2].more == ("b2",)
    assert not machine.edges[1].internal  # a self-transition, as SCXML has it
    assert machine.unhandled == "ignore"
    assert machine.by_id["end"].line == 12


def test_descriptors_stand_for_the_events_that_are_named() -> None:
    body = """
<state id="s">
  <transition event="order" target="t"/>
  <transition event="order.paid stock.*" cond="some" target="u"/>
  <transition event="*" target="s"/>
</state>
<state id="t"/><state id="u"/>"""
    machine = from_scxml(scxml(body))
    assert edges(machine) == [
        ("s", "order", "t", ""),
        ("s", "order.paid", "t", ""),
        ("s", "order.paid", "u", "some"),
        ("s", "stock", "u", "some"),
        ("s", "stock", "s", ""),
    ]
    assert machine.commands == ("order", "order.paid", "stock")
    assert [e.order for e in machine.edges if e.event == "order.paid"] == [0, 1]


TIMED = """
<state id="s">
  <onentry><send event="late" delay="{delay}" id="x"/></onentry>
  <onexit>{cancel}</onexit>
  <transition event="late" target="t"/>
</state>
<state id="t">{more}</state>"""
CANCEL = '<cancel sendid="x"/>'


@pytest.mark.parametrize(
    ("delay", "event"),
    [("48h", "48 hours"), (".5s", "0.5 seconds"), ("1d", "1 day"), ("20ms", "20 ms")],
)
def test_delayed_events_are_timers(delay: str, event: str) -> None:
    machine = from_scxml(scxml(TIMED.format(delay=delay, cancel=CANCEL, more="")))
    assert edges(machine) == [("s", f"after {event}", "t", "")]
    assert machine.commands == ()


def test_what_is_no_timer_stays_an_event_and_is_listed() -> None:
    elsewhere = '<transition event="late" target="s"/>'
    for delay, cancel, more in [
        ("0s", CANCEL, ""), ("soon", CANCEL, ""), ("5s", CANCEL, elsewhere),
    ]:  # fmt: skip
        text = scxml(TIMED.format(delay=delay, cancel=cancel, more=more))
        assert [code for code, _ in listed(text)] == ["ILK188", "ILK188"]
        left_out: list[LeftOut] = []
        assert from_scxml(text, left_out=left_out).commands == ("late",)


def test_a_timer_that_is_not_cancelled_is_listed() -> None:
    text = scxml(TIMED.format(delay="5s", cancel="", more=""))
    assert listed(text) == [
        ("ILK188", "line 4: <send> in s, which does not cancel it on exit"),
    ]  # fmt: skip


def test_everything_else_is_listed_with_its_line() -> None:
    text = scxml(
        """<datamodel><data id="n" expr="1"/></datamodel>
<script>f()</script>
<state id="s">
  <onentry><log expr="1"/></onentry>
  <onexit><raise event="x"/></onexit>
  <invoke type="http"/>
  <transition event="go" cond="n &gt; 5"><assign location="n" expr="2"/></transition>
  <transition event="error.execution"/>
  <transition event="done.invoke.i"/>
</state>
<final id="f"><donedata/><transition event="go" target="s"/></final>"""
    )
    assert sorted(listed(text), key=lambda one: int(one[1].split()[1].rstrip(":"))) == [
        ("ILK189", "line 2: <datamodel>"),
        ("ILK189", "line 3: <script>"),
        ("ILK188", "line 5: <log> on entering s"),
        ("ILK188", "line 6: <raise> on leaving s"),
        ("ILK189", "line 7: <invoke>"),
        ("ILK188", "line 8: <assign> in a transition of s"),
        ("ILK187", "line 8: <transition> cond='n > 5'"),
        ("ILK190", "line 9: <transition> event='error.execution'"),
        ("ILK190", "line 10: <transition> event='done.invoke.i'"),
        ("ILK189", "line 12: <donedata>"),
        ("ILK196", "line 12: <transition> out of f"),
    ]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><scxml>&b;</scxml>'
OUTSIDE = '<!DOCTYPE x SYSTEM "file:///etc/passwd"><scxml/>'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "document type declaration"),
        (OUTSIDE, "document type declaration"),
        ("<scxml>&b;</scxml>", "undefined entity"),
        ("<scxml", "not well-formed"),
        ("", "not well-formed"),
        ("<html/>", "begins with <html>"),
        (scxml(""), "no states"),
        (scxml('<state id="a"/><state id="a"/>'), "line 2: two states have the id 'a'"),
        (scxml('<state id="a"><transition target="b"/></state>'), "target='b' names no state"),
        (scxml('<state id="a"/>', 'initial="x"'), "initial='x' names no state"),
        (scxml("<state>" * 101 + "</state>" * 101), "nested deeper than 100"),
        ("<scxml>\ud800</scxml>", "not well-formed"),
    ],
)
def test_bad_documents_are_refused(text: str, why: str) -> None:
    with pytest.raises(BadDocument, match=why):
        from_scxml(text)


def test_an_event_may_be_renamed() -> None:
    text = scxml('<state id="a"><transition event="done" target="a"/></state>')
    with pytest.raises(Unconvertible, match="pass rename="):
        from_scxml(text)
    assert from_scxml(text, rename={"done": "finish"}).commands == ("finish",)


def test_states_without_an_id_are_named_by_place() -> None:
    machine = from_scxml("<scxml><state><state/></state><final/></scxml>", unhandled="refuse")
    assert [node.id for node in machine.nodes] == [
        "scxml/state 1", "scxml/state 1/state 1", "scxml/final 2",
    ]  # fmt: skip
    assert machine.unhandled == "refuse"
