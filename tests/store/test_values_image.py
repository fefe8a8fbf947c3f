"""The JSON side of a run's memory: for people, for copies, for a process with text alone."""

from __future__ import annotations

import subprocess
import sys

import msgspec

from interlock.store.event import Delta
from interlock.store.values import Touch
from store.values_kit import Declined, Order, Pair, Point, Run


def test_variables_for_people() -> None:
    order = Order(number=1, lines=[Point(1, {2})])
    run = Run(a=[order, order, Pair(1, (2,))], b={1: bytearray(b"x"), "d": Declined(code=2)})
    run.frame["a"].append(run.frame["a"])
    run.pause(a=Touch.DEEP)
    run.image.variables[".hidden"] = run.image.variables["loop@1"] = 1
    plain = {"number": 1, "lines": [{"x": 1, "y": [2]}], "status": "PAID", "_seen": []}
    declined = {"error": "Declined", "args": ["declined with 2"], "code": 2, "box": None}
    assert run.image.plain_variables() == {
        "a": [plain, plain, {"first": 1, "second": [2]}, "<cycle>"],
        "b": {"1": "eA==", "d": declined},
    }
    assert run.image.plain_variables(hidden=True).keys() == {"a", "b", ".hidden", "loop@1"}


def test_applying_a_delta_alters_neither_events_nor_copies() -> None:
    run = Run(a=[1], b={"k": 1})
    first = Delta(new={9: {"$": "set", "v": [1]}})
    before = msgspec.json.encode(first)
    run.image.apply(first)
    copy = run.image.copy()
    nodes = msgspec.json.encode(copy.nodes)
    run.image.apply(Delta(patch=[[9, "add", 2], [1, "append", 2], [2, "set", "k", 2]]))
    assert msgspec.json.encode(first) == before
    assert msgspec.json.encode(copy.nodes) == nodes
    copy.apply(Delta(patch=[[9, "discard", 1]]))
    assert run.image.nodes[9] == {"$": "set", "v": [1, 2]}
    assert copy.nodes[9] == {"$": "set", "v": []}


def test_another_process_restores_from_text_alone() -> None:
    run = Run(a={"orders": [Order(number=1)], "$": {1, 2}}, b=None)
    run.frame["b"] = run.frame["a"]["orders"][0]
    run.pause()
    text = msgspec.json.encode(Delta(new=run.image.nodes, set=run.image.variables))
    program = (
        "import sys, msgspec\n"
        "from interlock.store.event import Delta\n"
        "from interlock.store.values import Image, Memory\n"
        "from store.values_kit import all_types\n"
        "image = Image()\n"
        "image.apply(msgspec.json.decode(sys.stdin.buffer.read(), type=Delta))\n"
        "_, frame = Memory.restore(all_types(), image)\n"
        "print(frame['a']['orders'][0] is frame['b'], frame['b'].number, sorted(frame['a']['$']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=text, capture_output=True, check=False,
        env={"PYTHONPATH": ":".join(p for p in sys.path if p)},
    )  # fmt: skip
    assert done.stdout.decode() == "True 1 [1, 2]\n", done.stderr.decode()
