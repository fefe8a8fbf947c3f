"""What a running step can ask about itself: `current()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from interlock.machines.errors import OutsideRun
from interlock.store.running import RUNNING, Running

if TYPE_CHECKING:  # only named in annotations; pydantic is slow to import
    from interlock.machines.command import Command


class Sender(Protocol):
    """What the engine lends to a step, so that it can talk to other runs."""

    async def __call__(self, run: str, command: Command, *, command_id: str) -> None:
        """Deliver a command once."""
        ...


class Current(msgspec.Struct, frozen=True):
    """The call that is being made.

    Attributes:
        run: id of the run.
        step: name of the step.
        state: the state the run is in.
        attempt: number of this attempt, from 1.
        key: idempotency key: the same for every attempt of this call, also after a crash. Give
            it to whatever the step calls.
        correlation: what all events of the run share: of the request that began it, unless that
            had none. Give it to whatever the step calls, so that its log and this one can be
            held side by side.
    """

    run: str
    step: str
    state: str
    attempt: int
    key: str
    sender: Sender | None = None
    correlation: str = ""
    _sent: dict[str, int] = {}

    async def send(self, run: str, command: Command) -> None:
        """Send a command to another run, once, however often this step is attempted.

        Commands of one type to one run are told apart by their order within the attempt.

        Raises:
            Refused: the other run does not accept it in its present state.
        """
        if self.sender is None:
            raise OutsideRun("current().send needs a step that an engine runs")
        place = f"{run}:{type(command).__name__}"
        number = self._sent[place] = self._sent.get(place, 0) + 1
        suffix = "" if number == 1 else f":{number}"
        await self.sender(run, command, command_id=f"{self.key}>{place}{suffix}")


class Making(Running):
    """What runs while a call is made; `calling` says so for tests."""

    current: Current


def current() -> Current:
    """The call that is being made, inside a step of a run.

    Raises:
        OutsideRun: there is none: the step's function was called directly.
    """
    running = RUNNING.get()
    if isinstance(running, Making):
        return running.current
    message = "current() was called outside a run; in a test, use `with calling(Current(...)):`"
    raise OutsideRun(message)


class calling:  # noqa: N801  reads as a statement: `with calling(...)`
    """`with calling(Current(...)):` makes `current()` answer inside the block."""

    def __init__(self, call: Current) -> None:
        self._making = Making(call)

    def __enter__(self) -> Current:
        self._token = RUNNING.set(self._making)
        return self._making.current

    def __exit__(self, *exc: object) -> None:
        RUNNING.reset(self._token)
