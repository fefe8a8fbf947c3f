"""What a workflow can wait for besides steps: approvals, time, commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import UnionType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from interlock.machines.approvers import Escalate, Who
from interlock.machines.duration import Duration
from interlock.machines.errors import OutsideRun

if TYPE_CHECKING:  # only named in annotations; pydantic is slow to import
    from interlock.machines.command import Command

C = TypeVar("C", bound="Command")
A = TypeVar("A", bound="Command")
B = TypeVar("B", bound="Command")
D = TypeVar("D", bound="Command")


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person said to an approval.

    Attributes:
        by: who.
        granted: yes or no.
        reason: why, in their words.
        at: when, UTC.
        facts: digest of the facts that they decided on.
    """

    by: str
    granted: bool
    reason: str
    at: datetime
    facts: str = ""


@dataclass(frozen=True)  # without slots: a decision of an old log has no votes, and is given ()
class Decision:
    """The answer to an approval.

    Attributes:
        granted: False is a rejection: an answer, not an exception.
        by: who decided; with a quorum, whose vote completed it.
        reason: why, in their words.
        at: when, UTC.
        votes: of everybody who voted, oldest first.
    """

    granted: bool
    by: str
    reason: str
    at: datetime
    votes: tuple[Vote, ...] = ()


async def approval(
    name: str,
    *,
    about: object = None,
    timeout: Duration | None = None,
    approvers: Who | None = None,
    quorum: int = 1,
    rejections: int = 1,
    four_eyes: bool = False,
    requester: str = "",
    remind: Duration | Sequence[Duration] = (),
    escalate: Escalate | Sequence[Escalate] = (),
) -> Decision:
    """Wait until somebody decides.

    Args:
        name: what the decision is called, such as `"manager"`; a literal names the state.
        about: the facts to decide on, recorded with the request, and a digest of them.
        timeout: None waits for ever.
        approvers: who may decide, None for anybody. A function is written here, by its name or
            as a lambda: it is asked when a decision comes, not kept until then.
        quorum: how many different people have to say yes.
        rejections: how many have to say no; by default the first no decides.
        four_eyes: the requester has no vote.
        requester: who asks; by default whoever started the run. Naming one means four eyes.
        remind: instants of reminders, each counted from the request.
        escalate: from when on others decide, each counted from the request.

    Raises:
        TimedOut: in the workflow, when the timeout passes first.
        OutsideRun: called natively; in tests give the workflow's function a step instead.
    """
    _outside(f"approval({name!r}, {about!r}, {timeout!r})")


async def sleep(how_long: Duration) -> None:
    """Wait durably: a restart in the middle keeps the deadline, for years if need be.

    Raises:
        OutsideRun: called natively.
    """
    _outside(f"sleep({how_long!r})")


@overload
async def wait_for(
    command: type[C], *, where: Callable[[C], bool] | None = None, timeout: Duration | None = None
) -> C: ...
@overload
async def wait_for(
    a: type[A], b: type[B], /, *, where: Callable[[A | B], bool] | None = None,
    timeout: Duration | None = None,
) -> A | B: ...  # fmt: skip
@overload
async def wait_for(
    a: type[A], b: type[B], c: type[C], /, *, where: Callable[[A | B | C], bool] | None = None,
    timeout: Duration | None = None,
) -> A | B | C: ...  # fmt: skip
@overload
async def wait_for(
    a: type[A], b: type[B], c: type[C], d: type[D], /, *,
    where: Callable[[A | B | C | D], bool] | None = None, timeout: Duration | None = None,
) -> A | B | C | D: ...  # fmt: skip
@overload
async def wait_for(
    command: UnionType, *, where: Callable[[Any], bool] | None = None,
    timeout: Duration | None = None,
) -> Any: ...  # fmt: skip
async def wait_for(
    *command: object, where: object = None, timeout: Duration | None = None, **named: object
) -> Any:
    """Wait for a command of this type; one that came before the wait began is not lost.

    Args:
        command: the class, or several: `wait_for(Assign, Cancel)` is typed as either of them;
            `wait_for(Assign | Cancel)` says the same.
        where: accept only commands for which this is true; evaluated once for each command.
        timeout: None waits for ever; zero, or less, gives up unless a command is there.

    Raises:
        TimedOut: in the workflow, when the timeout passes first.
        OutsideRun: called natively.
    """
    _outside(f"wait_for({_names(*command, *named.values())}, {where!r}, {timeout!r})")


@overload
async def received(command: type[C], /) -> C | None: ...
@overload
async def received(a: type[A], b: type[B], /) -> A | B | None: ...
@overload
async def received(a: type[A], b: type[B], c: type[C], /) -> A | B | C | None: ...
@overload
async def received(command: UnionType, /) -> Any: ...
async def received(*command: object) -> Any:
    """The first command of this type that has come and was not taken yet; None without waiting.

    Args:
        command: the class, or several, as for `wait_for`.

    Raises:
        OutsideRun: called natively.
    """
    _outside(f"received({_names(*command)})")


def _names(*commands: object) -> str:
    return " | ".join(getattr(command, "__name__", str(command)) for command in commands)


def _outside(what: str) -> NoReturn:
    message = f"{what} was called outside a run; only a workflow started by an engine can wait"
    raise OutsideRun(message)
