"""Errors of running (ILK070 to ILK089)."""

from __future__ import annotations

from interlock.store.errors import InterlockError


class EngineError(InterlockError):
    """Any failure of the engine itself."""

    code = "ILK070"


class UnknownRun(EngineError):
    """No run has this id."""

    code = "ILK071"


class InputMismatch(EngineError):
    """A run with this id exists and was started with other input (or is another machine's)."""

    code = "ILK072"


class UnknownMachine(EngineError):
    """The run's machine is not known to this program: its module was not imported."""

    code = "ILK073"


class DefinitionChanged(UnknownMachine):
    """The run's machine was edited, and the run cannot go on under the new code."""

    code = "ILK295"


class RunCancelledError(EngineError):
    """`result()` of a run that was cancelled."""

    code = "ILK074"


class NotInDoubt(EngineError):
    """`resolve` names a step that is not in doubt."""

    code = "ILK075"


class EngineClosed(EngineError):
    """The engine was closed while the call waited, or was never opened."""

    code = "ILK076"


class BadInput(EngineError):
    """The input does not fit the workflow's parameters, or what is sent is no command."""

    code = "ILK077"


class RunFailedError(EngineError):
    """`result()` of a run that failed with an error that cannot be raised as its own class.

    Attributes:
        type: class name of the original exception.
    """

    code = "ILK078"

    def __init__(self, message: str, type: str = "") -> None:  # noqa: A002  its name
        super().__init__(message)
        self.type = type


class BadRunId(EngineError):
    """A run id that is empty, too long, or holds control characters."""

    code = "ILK079"


class NoReply(EngineError):
    """A run ended without answering a command that was sent with `reply=True`."""

    code = "ILK089"


class NoCopy(EngineError):
    """A rehearsal of a deploy needs a database in a file, of which it makes a copy."""

    code = "ILK236"
