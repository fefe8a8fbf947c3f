"""The picture as SVG: every state is in it once, nothing lies on anything else."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.machines.draw import svg
from interlock.machines.draw.layout import lay_out
from interlock.machines.draw.picture import Picture
from interlock.machines.ir import Edge, Machine, Node
from sample_orders import OrderLifecycle
from sample_subscription import Subscription

SPACE = "{http://www.w3.org/2000/svg}"
names = st.lists(
    st.text("ab<&\"'/ é\x01", min_size=1, max_size=9), min_size=1, max_size=8, unique=True
)


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    """Any graph, circles and hostile names included."""
    states = draw(names)
    pairs = draw(st.lists(st.tuples(st.sampled_from(states), st.sampled_from(states)), max_size=14))
    return Machine(
        name=draw(st.sampled_from(["m", "<m>", "&"])),
        kind="lifecycle",
        initial=states[0],
        nodes=tuple(Node(id=name, kind="atomic") for name in states),
        edges=tuple(
            Edge(id=f"e{n}", source=a, target=b, event="<go>", label="a & b")
            for n, (a, b) in enumerate(pairs)
        ),
    )


def boxes(root: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    found: list[tuple[float, float, float, float]] = []
    for rect in root.iter(f"{SPACE}rect"):
        x, y = float(rect.attrib["x"]), float(rect.attrib["y"])
        found.append((x, y, x + float(rect.attrib["width"]), y + float(rect.attrib["height"])))
    return found


def check(machine: Machine) -> None:
    root = ElementTree.fromstring(svg(machine, at=machine.initial))
    places = boxes(root)
    shown = Picture(machine, machine.initial).nodes
    assert len(places) == len(shown)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for a, b, c, d in places:
        assert -1 <= a < c <= width + 1
        assert -1 <= b < d <= height + 1
    for one, other in combinations(places, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)
    texts = [element.text or "" for element in root.iter(f"{SPACE}text")]
    for node in shown:
        assert " ".join(node.id.replace("\x01", "\ufffd").split()) in texts


@given(machines())
def test_any_graph_is_drawn(machine: Machine) -> None:
    check(machine)


@pytest.mark.parametrize("kind", [Subscription, OrderLifecycle])
def test_lifecycles_are_drawn(kind: type[Subscription | OrderLifecycle]) -> None:
    check(kind.program().machine)


def test_what_arrows_say_has_a_place_of_its_own() -> None:
    made = lay_out(["a", "b"], {("a", "b"): 90.0, ("b", "a"): 90.0}, {"a": 50, "b": 50}, ["a"])
    (down, up) = made.said["a", "b"], made.said["b", "a"]
    assert abs(made.x[down] - made.x[up]) >= 90
    assert made.back == {("b", "a")}
