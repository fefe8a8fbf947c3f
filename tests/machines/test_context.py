"""What a step can ask about its call."""

from __future__ import annotations

import pytest

from interlock.machines import Command, Current, OutsideRun, calling, current


class Note(Command):
    text: str


async def test_every_command_of_an_attempt_has_an_id_of_its_own_and_keeps_it() -> None:
    async def attempt() -> list[str]:
        ids: list[str] = []

        async def send(run: str, command: Command, *, command_id: str) -> None:
            ids.append(command_id)

        with calling(Current("order-1", "tell", "tell", 1, "order-1/tell#1", send)):
            await current().send("other", Note(text="a"))
            await current().send("other", Note(text="b"))
            await current().send("third", Note(text="a"))
        return ids

    first = await attempt()
    assert len(set(first)) == 3
    assert await attempt() == first


def test_outside_a_run_there_is_no_current_call() -> None:
    with pytest.raises(OutsideRun, match="outside a run"):
        current()
