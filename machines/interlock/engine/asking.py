"""What `approval(...)` was given, as the event of the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interlock.machines.approvers import Escalate, approvers_of, is_several
from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition
from interlock.store.decisions import ApprovalRequested, Approvers, Escalation
from interlock.store.event import Actor, Delta, Encoded
from interlock.store.values import Types, digest
from interlock.store.within import Within


@dataclass(frozen=True, slots=True)
class Asked:
    """An `approval(...)` whose arguments were looked at.

    Attributes:
        name, about: as given.
        request: makes the event, of the activity's id, the encoded facts, what has to be
            recorded of the variables, and where it belongs.
    """

    name: str
    about: object
    request: Callable[[str, Encoded, Delta | None, Within | None], ApprovalRequested]


def ask(
    args: Sequence[Any], kwargs: Mapping[str, Any], types: Types, at: datetime, starter: Actor
) -> Asked:
    """What `approval(*args, **kwargs)` asks for at an instant.

    Raises:
        BadDefinition: something in it cannot be meant.
    """
    return _asked(types, at, starter, *args, **kwargs)


def _asked(
    types: Types,
    at: datetime,
    starter: Actor,
    name: Any,
    *,
    about: object = None,
    timeout: Any = None,
    approvers: Any = None,
    quorum: Any = 1,
    rejections: Any = 1,
    four_eyes: bool = False,
    requester: Any = "",
    remind: Any = (),
    escalate: Any = (),
) -> Asked:
    if not isinstance(name, str):
        message = f"approval({name!r}): the name of an approval is text"
        raise BadDefinition(message)
    what = f"approval({name!r})"
    who = approvers_of(approvers, what)
    asker = _requester(what, requester, four_eyes, starter)
    later = sorted((_escalation(one, at, what) for one in _several(escalate)), key=lambda e: e.at)
    _check_votes(what, quorum, rejections)
    if not later:  # who comes to decide later may be more
        _check_reachable(what, who, quorum, rejections, asker)

    due = None if timeout is None else at + duration(timeout)
    reminders = sorted(at + duration(one) for one in _several(remind))
    of = "" if about is None else digest(types, about)

    def request(
        activity: str, facts: Encoded, memory: Delta | None, within: Within | None
    ) -> ApprovalRequested:
        return ApprovalRequested(
            activity, name, facts, due, memory, within, facts=of,
            approvers=who, quorum=quorum, rejections=rejections, requester=asker,
            reminders=reminders, escalations=later,
        )  # fmt: skip

    return Asked(name, about, request)


def _several(given: Any) -> Sequence[Any]:
    return given if is_several(given) else [given]


def _requester(what: str, requester: Any, four_eyes: bool, starter: Actor) -> str:
    if not isinstance(requester, str):
        message = f"{what}: requester={requester!r} is no name"
        raise BadDefinition(message)
    if requester or not four_eyes:
        return requester
    if starter.kind == "user" and starter.id:
        return starter.id
    message = (
        f"{what}: four_eyes needs to know who asks; give requester=, or start the run with by="
    )
    raise BadDefinition(message)


def _escalation(given: Any, at: datetime, what: str) -> Escalation:
    if not isinstance(given, Escalate):
        message = f"{what}: escalate= takes Escalate(after, to=...), not {given!r}"
        raise BadDefinition(message)
    who = approvers_of(given.to, what)
    if who == Approvers():
        message = f"{what}: Escalate needs to=: who decides from then on"
        raise BadDefinition(message)
    if given.quorum is not None:
        _check_votes(what, given.quorum, 1)
    return Escalation(at + duration(given.after), who, given.quorum or 0)


def _check_votes(what: str, quorum: Any, rejections: Any) -> None:
    for name, count in (("quorum", quorum), ("rejections", rejections)):
        if type(count) is not int or count < 1:
            message = f"{what}: {name}={count!r} has to be a number of people, 1 or more"
            raise BadDefinition(message)


def _check_reachable(
    what: str, who: Approvers, quorum: int, rejections: int, requester: str
) -> None:
    """Refuse what a known number of people can never decide, or can leave undecided."""
    if who.groups or who.rule or not who.names:
        return
    voters = len(set(who.names) - {requester})
    if voters < quorum + rejections - 1:
        message = (
            f"{what}: {voters} people cannot always come to a decision by {quorum} yes or "
            f"{rejections} no; name more approvers, or ask for fewer votes"
        )
        raise BadDefinition(message)
