"""Errors of authoring and compiling (ILK030 to ILK069): each says what to write instead."""

from __future__ import annotations

from interlock.store.errors import InterlockError


class MachineError(InterlockError):
    """Anything wrong with the definition of a machine."""

    code = "ILK030"


class BadDefinition(MachineError):
    """A decorator or class was given something that it cannot mean.

    Attributes:
        file, line: where that stands, "" and 0 when it is not known.
    """

    code = "ILK031"

    def __init__(self, message: str, file: str = "", line: int = 0) -> None:
        super().__init__(f"{file}:{line}: {message}" if file else message)
        self.file = file
        self.line = line


class CompileError(MachineError):
    """A construct that a workflow cannot hold.

    Attributes:
        code: one per construct, ILK040 to ILK069.
        file, line: where it stands.
        what: what was found.
        instead: what to write instead.
    """

    code = "ILK040"

    def __init__(self, code: str, file: str, line: int, what: str, instead: str) -> None:
        super().__init__(f"{file}:{line}: {what}; {instead}")
        self.code = code  # one class, a code for each construct
        self.file = file
        self.line = line
        self.what = what
        self.instead = instead


class OutsideRun(MachineError):
    """Something that only a run can answer was called outside of one."""

    code = "ILK032"


class HandlerFailed(MachineError):
    """A guard or a method of a lifecycle raised, changed its input, or returned what it may not.

    Nothing was recorded. What it raised is the `__cause__`.

    Attributes:
        handler: its name.
        file, line: where it is defined.
    """

    code = "ILK036"

    def __init__(self, handler: str, file: str, line: int, what: str) -> None:
        super().__init__(f"{file}:{line}: {handler} {what}")
        self.handler = handler
        self.file = file
        self.line = line


class MissingResource(MachineError):
    """A step's `resource()` was given neither by the engine nor by the caller."""

    code = "ILK039"


class NoSuchEdge(MachineError):
    """A run was about to move where its machine has no edge."""

    code = "ILK037"


class EndlessChain(MachineError):
    """The transitions of a machine that follow by themselves (`always`, `done`) do not end."""

    code = "ILK038"


class TimedOut(InterlockError, TimeoutError):
    """A wait, an approval or a step ended by its timeout. Raised in workflow code.

    A `TimeoutError`, as what `asyncio` raises: `except TimeoutError` catches it.
    """

    code = "ILK033"


class ChildRefused(InterlockError):
    """A child run could not be started: its id is taken, or its input does not fit it.

    Raised in workflow code, where the child is awaited.
    """

    code = "ILK064"


class StepFailed(InterlockError):
    """A step failed with an error that cannot be raised again as its own class.

    Attributes:
        step: the step's name.
        type: class name of the original exception.
    """

    code = "ILK034"

    def __init__(self, message: str, step: str = "", type: str = "") -> None:  # noqa: A002  its name
        super().__init__(message)
        self.step = step
        self.type = type


class Refused(InterlockError):
    """A command was refused: nothing was recorded.

    Attributes:
        run: the run that refused it.
        state: the state it is in.
        accepts: what it would accept from this state.
        guards: the guards that said no, with their reasons.
        said: the same as objects; () where another process refused.
    """

    code = "ILK035"

    def __init__(
        self,
        message: str,
        *,
        run: str = "",
        state: str = "",
        accepts: tuple[str, ...] = (),
        guards: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.run = run
        self.state = state
        self.accepts = accepts
        self.guards = guards
        self.said: tuple[object, ...] = ()


class BadLock(MachineError):
    """The lock file cannot be used: it is no such file, was merged or edited, or is newer.

    Attributes:
        file, line: where.
    """

    code = "ILK233"

    def __init__(self, file: str, line: int, what: str) -> None:
        super().__init__(f"{file}:{line}: {what}")
        self.file = file
        self.line = line
