"""An upcaster counts for the hash of every machine that holds its class, or is refused."""

from __future__ import annotations

from dataclasses import make_dataclass
from enum import Enum, StrEnum
from typing import Any

import pytest
from pydantic import create_model

from interlock.machines import Command, Lifecycle, Workflow, on, upcast, wait_for
from interlock.store import LateUpcast


class Status(StrEnum):
    OPEN = "open"
    SHUT = "shut"


class Shut(Command): ...


def classes() -> tuple[Any, Any, Any]:
    """An order, its line and the line's colour: the same each time, and other classes."""
    enum: Any = Enum
    several: Any = list
    colour = enum("Colour", ["RED"])
    line: Any = make_dataclass("Line", [("sku", str), ("colour", colour)])
    return create_model("Order", lines=(several[line], ...)), line, colour


def flow(order: Any) -> str:
    """The hash of a workflow that holds one."""

    async def late(order: Any) -> Any:
        await wait_for(Shut)
        return order

    late.__annotations__["order"] = order
    return Workflow(late, "late").machine.hash


def lifecycle(order: Any) -> str:
    """The hash of a lifecycle that holds one."""

    class Late(
        Lifecycle[Status, order],  # a class made above
        initial=Status.OPEN,
        final={Status.SHUT},
        name="late-lifecycle",
    ):
        @on(Shut, source=Status.OPEN, target=Status.SHUT)
        def shut(self, data: Any, command: Shut) -> Any:
            return data

        shut.__annotations__["data"] = order
        shut.__annotations__["return"] = order

    return Late.program().machine.hash


def unchanged(old: Any) -> Any:
    return old


@pytest.mark.parametrize("machine", [flow, lifecycle])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_it_counts_above_and_is_refused_below(machine: Any, which: int) -> None:
    before = machine(classes()[0])
    assert machine(classes()[0]) == before  # the same classes, made anew
    found = classes()
    upcast(found[which], from_=1)(unchanged)
    assert machine(found[0]) != before
    later = classes()
    assert machine(later[0]) == before
    name = later[which].__name__
    with pytest.raises(LateUpcast, match=rf"{name}, from_=1\) stands below 'late.*move it above"):
        upcast(later[which], from_=1)
    with pytest.raises(LateUpcast, match=r"test_late_upcast.py:\d+: @upcast"):
        upcast(found[which], from_=2)  # a link of a chain as well
