"""Exceptions and their recorded form."""

from __future__ import annotations

from typing import cast

from interlock.engine.errors import RunFailedError
from interlock.machines.errors import StepFailed
from interlock.projections import RunState
from interlock.store.errors import Unrecordable
from interlock.store.values import Memory, Types, encode_whole
from interlock.store.values.reveals import revealed_in, without
from interlock.store.values.scrubbing import scrubbed
from interlock.store.vocabulary import Failure

EXITS = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""Exceptions that no workflow is given: Python uses them to end programs and coroutines."""

_TOLD = 3
"""Errors of a group that its text tells of."""


def record_failure(
    memory: Memory, error: BaseException, step: str = ""
) -> tuple[Failure, BaseException]:
    """The recorded form of an exception, and the exception that the workflow will see.

    That is a copy of it as it can be rebuilt from the log, so that a run that was never
    interrupted behaves as one that was; an exception that cannot be rebuilt becomes `StepFailed`.
    """
    name = type(error).__name__
    text = message_of(error)
    try:
        if isinstance(error, EXITS):
            raise Unrecordable("it would end the program that raises it")
        value, copy = memory.adopt(scrubbed(memory.types, error))
    except Unrecordable:
        stand_in = StepFailed(f"{name}: {text}", step, name)
        value, copy = memory.adopt(stand_in)
    assert isinstance(copy, BaseException)
    copy.__traceback__ = error.__traceback__
    return Failure(type=name, message=text, value=value), copy


def record_whole_failure(types: Types, error: BaseException, step: str = "") -> Failure:
    """The same for an exception that is tied to no variables: encoded in one piece."""
    name = type(error).__name__
    text = message_of(error)
    try:
        if isinstance(error, EXITS):
            raise Unrecordable("it would end the program that raises it")
        value = encode_whole(types, scrubbed(types, error))
    except Unrecordable:
        value = encode_whole(types, StepFailed(f"{name}: {text}", step, name))
    return Failure(type=name, message=text, value=value)


def message_of(error: BaseException) -> str:
    """The text of an exception; its `repr` when it has none or `str` fails.

    That of a group says what is in it, as far as a line can. Personal data that was revealed in
    the code that raised it is left out.
    """
    try:
        text = _text_of_group(error) or str(error) or repr(error)
    except Exception:
        return f"<{type(error).__name__} that cannot be shown>"
    text = without(text, revealed_in(error))
    return text.encode(errors="backslashreplace").decode()  # lone surrogates are no text


def _text_of_group(error: BaseException) -> str:
    if not isinstance(error, BaseExceptionGroup):
        return ""
    error = cast("BaseExceptionGroup[BaseException]", error)
    inside = error.exceptions
    said = [f"{type(one).__name__}: {message_of(one)}" for one in inside[:_TOLD]]
    if len(inside) > _TOLD:
        said.append(f"and {len(inside) - _TOLD} more")
    return f"{error.message} ({'; '.join(said)})"


def rebuild(state: RunState, types: Types | None) -> BaseException:
    """The exception that ended a run, as its own class when this program knows it."""
    failure = state.error
    if failure is None:
        return RunFailedError(f"run {state.run!r} ended as {state.status}")
    if types is not None and failure.value is not None:
        try:
            error = state.image.decode(types, failure.value)
        except Exception:  # its class may have changed since
            error = None
        if isinstance(error, BaseException):
            return error
    return RunFailedError(f"{failure.type}: {failure.message}", failure.type)
