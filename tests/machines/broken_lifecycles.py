"""Lifecycles with one thing wrong with each; `broken.py` says what."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel

from interlock.machines import Command, Lifecycle, Region, across, after, done, entering, on, step
from interlock.machines.step import Effect


class At(StrEnum):
    NEW = "new"
    PAID = "paid"
    LOST = "lost"
    OVER = "over"


class Part(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    GONE = "gone"


class Other(StrEnum):
    OPEN = "open"
    SHUT = "shut"


class Third(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    GONE = "gone"


class Data(BaseModel):
    n: int = 0


class Pay(Command):
    pass


class Close(Command):
    pass


class Go(Command):
    pass


def enough(data: Data, command: Command) -> bool:
    return data.n > 0


class Unreachable(Lifecycle[At, Data], initial=At.NEW, final={At.OVER}, name="broken-unreachable"):
    @on(Close, source={At.NEW, At.PAID, At.LOST}, target=At.OVER)
    def close(self, data: Data, command: Close) -> Data:
        return data

    @on(Pay, source=At.NEW, target=At.PAID)
    def pay(self, data: Data, command: Pay) -> Data:
        return data


class DeadEnd(Lifecycle[At, Data], initial=At.NEW, final={At.OVER}, name="broken-dead-end"):
    @on(Close, source={At.NEW, At.PAID}, target=At.OVER)
    def close(self, data: Data, command: Close) -> Data:
        return data

    @on(Pay, source=At.NEW, target=At.PAID)
    def pay(self, data: Data, command: Pay) -> Data:
        return data

    @on(Go, source=At.PAID, target=At.LOST)
    def lose(self, data: Data, command: Go) -> Data:
        return data


class NestedDeadEnd(Lifecycle[Other, Data], initial=Other.OPEN, name="broken-inner-dead-end"):
    @on(Close, source=Other.SHUT, target=Other.OPEN)
    def reopen(self, data: Data, command: Close) -> Data:
        return data

    @done(source=Other.OPEN, target=Other.SHUT)
    def finished(self, data: Data) -> Data:
        return data

    class Inner(Region[Part, Data], of=Other.OPEN, initial=Part.OPEN, final={Part.SHUT}):
        @on(Pay, source=Part.OPEN, target=Part.SHUT)
        def pay(self, data: Data, command: Pay) -> Data:
            return data

        @on(Go, source=Part.OPEN, target=Part.GONE)
        def lose(self, data: Data, command: Go) -> Data:
            return data


class NoEnd(Lifecycle[At, Data], initial=At.NEW, final={At.OVER}, name="broken-no-end"):
    @on(Close, source=At.NEW, target=At.OVER)
    def close(self, data: Data, command: Close) -> Data:
        return data

    @on(Pay, source={At.NEW, At.LOST}, target=At.PAID)
    def pay(self, data: Data, command: Pay) -> Data:
        return data

    @on(Go, source=At.PAID, target=At.LOST)
    def lose(self, data: Data, command: Go) -> Data:
        return data


class Shadowed(Lifecycle[Other, Data], initial=Other.OPEN, name="broken-shadowed"):
    """The outer transition is never taken: every state inside takes the command before."""

    @on(Go, source=Other.OPEN, target=Other.SHUT)
    def leave(self, data: Data, command: Go) -> Data:
        return data

    @on(Close, source={Other.OPEN, Other.SHUT}, target=Other.OPEN)
    def again(self, data: Data, command: Close) -> Data:
        return data

    @on(Pay, source=Other.OPEN, target=Other.SHUT)
    def paid(self, data: Data, command: Pay) -> Data:
        return data

    class Inner(Region[Part, Data], of=Other.OPEN, initial=Part.OPEN):
        @on(Go, source={Part.OPEN, Part.SHUT}, target=Part.GONE)
        def go(self, data: Data, command: Go) -> Data:
            return data

        @on(Go, source=Part.GONE, target=Part.SHUT)
        def back(self, data: Data, command: Go) -> Data:
            return data


class LateTimer(Lifecycle[At, Data], initial=At.NEW, final={At.OVER}, name="broken-late-timer"):
    @on(Pay, source=At.NEW, target=At.PAID)
    def pay(self, data: Data, command: Pay) -> Data:
        return data

    @on(Go, source=At.PAID, target=At.LOST)
    def lose(self, data: Data, command: Go) -> Data:
        return data

    @after("1 day", source={At.PAID, At.LOST}, target=At.OVER)
    def expire(self, data: Data) -> Data:
        return data

    @after("2 days", source=At.PAID, target=At.LOST)
    def late(self, data: Data) -> Data:
        return data


class Overlap(Lifecycle[At, Data], initial=At.NEW, final={At.OVER}, name="broken-overlap"):
    """Both regions leave on one command, without a guard: only the first one's is taken."""

    @on(Close, source={At.NEW, At.PAID, At.LOST}, target=At.OVER)
    def close(self, data: Data, command: Close) -> Data:
        return data

    class Left(Region[Part, Data], of=At.NEW, initial=Part.OPEN):
        @on(Go, source={Part.OPEN, Part.SHUT}, target=across(At.PAID))
        def go(self, data: Data, command: Go) -> Data:
            return data

        @on(Pay, source={Part.OPEN, Part.GONE}, target=Part.SHUT)
        def pay(self, data: Data, command: Pay) -> Data:
            return data

        @on(Pay, source=Part.SHUT, target=Part.GONE)
        def lose(self, data: Data, command: Pay) -> Data:
            return data

    class Right(Region[Other, Data], of=At.NEW, initial=Other.OPEN):
        @on(Pay, source=Other.OPEN, target=Other.SHUT)
        def pay(self, data: Data, command: Pay) -> Data:
            return data

        @on(Go, source=Other.SHUT, target=across(At.LOST))
        def go(self, data: Data, command: Go) -> Data:
            return data


class NeverDone(Lifecycle[At, Data], initial=At.NEW, final={At.OVER}, name="broken-join"):
    """Each region's end can be come to, and not together with the other's."""

    @done(source=At.NEW, target=At.OVER)
    def finished(self, data: Data) -> Data:
        return data

    @on(Close, source=At.NEW, target=At.PAID)
    def close(self, data: Data, command: Close) -> Data:
        return data

    @on(Close, source={At.PAID, At.LOST}, target=At.OVER)
    def leave(self, data: Data, command: Close) -> Data:
        return data

    @on(Pay, source=At.PAID, target=At.LOST)
    def lose(self, data: Data, command: Pay) -> Data:
        return data

    class Left(Region[Part, Data], of=At.NEW, initial=Part.OPEN, final={Part.SHUT}):
        @on(Go, source=Part.OPEN, target=Part.SHUT)
        def go(self, data: Data, command: Go) -> Data:
            return data

        @on(Pay, source=Part.OPEN, target=Part.GONE)
        def lose(self, data: Data, command: Pay) -> Data:
            return data

    class Right(Region[Third, Data], of=At.NEW, initial=Third.OPEN, final={Third.SHUT}):
        @on(Pay, source=Third.OPEN, target=Third.SHUT)
        def pay(self, data: Data, command: Pay) -> Data:
            return data

        @on(Go, source=Third.OPEN, target=Third.GONE)
        def lose(self, data: Data, command: Go) -> Data:
            return data


class Unanswered(
    Lifecycle[At, Data], initial=At.NEW, final={At.OVER}, unhandled={At.NEW: "ignore"},
    name="broken-unanswered",
):  # fmt: skip
    @on(Pay, source=At.NEW, target=At.PAID)
    def pay(self, data: Data, command: Pay) -> Data:
        return data

    @on(Go, source=At.PAID, target=At.LOST)
    def lose(self, data: Data, command: Go) -> Data:
        return data

    @on(Close, source={At.PAID, At.LOST}, target=At.OVER)
    def close(self, data: Data, command: Close) -> Data:
        return data


@step
async def unhurried(n: int) -> None: ...


class SlowEffect(Lifecycle[At, Data], initial=At.NEW, final={At.OVER}, name="broken-slow-effect"):
    @on(Pay, source=At.NEW, target=At.PAID)
    def pay(self, data: Data, command: Pay) -> Data:
        return data

    @on(Go, source=At.PAID, target=At.LOST)
    def lose(self, data: Data, command: Go) -> Data:
        return data

    @on(Close, source={At.PAID, At.LOST}, target=At.OVER)
    def close(self, data: Data, command: Close) -> Data:
        return data

    @entering(At.PAID)
    def tell(self, data: Data) -> Effect:
        return unhurried.effect(data.n)
