"""Who may decide on an approval: names, groups, or a function of the actor and the facts."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeGuard, cast

from interlock.machines.duration import Duration
from interlock.machines.errors import BadDefinition
from interlock.machines.guard import Check
from interlock.store.decisions import Approvers


@dataclass(frozen=True, slots=True)
class Group:
    """Everybody in a group, as the engine's directory says when a decision comes."""

    name: str


MayDecide: TypeAlias = Callable[[str, Any], Check]
"""Whether an actor may decide on these facts: `True`, or `Refuse("why not")`.

Asked once for each vote, when it comes; what it says is recorded with the vote.
"""

Who: TypeAlias = str | Group | Collection[str | Group] | MayDecide
"""One person or group, several, or a function."""


@dataclass(frozen=True, slots=True)
class Escalate:
    """After a time, counted from the request, others decide in the place of those before.

    Attributes:
        after: from the request.
        to: who decides from then on.
        quorum: how many of them have to say yes; None keeps the number. Votes that were given
            before still count, but only a further vote decides.
    """

    after: Duration
    to: Who
    quorum: int | None = None


Groups: TypeAlias = (
    Mapping[str, Collection[str]] | Callable[[str], Collection[str] | Awaitable[Collection[str]]]
)
"""The directory: names by group, or a function (async or not) that is given a group's name."""

_declared: list[Groups] = []


def directory(groups: Groups) -> Groups:
    """Tell every engine of this program who is in which group, unless it was given `groups=`.

    Called again, it takes the place of what was told before.
    """
    _declared[:] = [groups]
    return groups


def declared() -> Groups:
    """What `directory` was told last; no groups at all when nothing was."""
    return _declared[-1] if _declared else {}


def approvers_of(who: object, what: str) -> Approvers:
    """The recorded form of what an author wrote in `approvers=`.

    Args:
        who: a `Who`, None for anybody.
        what: names the approval, in errors.

    Raises:
        BadDefinition: it is nobody, or nothing that can decide.
    """
    if who is None:
        return Approvers()
    if callable(who) and not isinstance(who, type):
        if inspect.iscoroutinefunction(who) or not inspect.isroutine(who):
            message = f"{what}: approvers= takes a plain function of the actor and the facts"
            raise BadDefinition(message)
        return Approvers(rule=rule_name(who))
    several: object = [who] if isinstance(who, str | Group) else who
    if not isinstance(several, Collection) or not several:
        message = f"{what}: {who!r} is nobody; write a name, Group(...), a list of them, a function"
        raise BadDefinition(message)
    found = list(cast("Collection[object]", several))
    for one in found:
        if not isinstance(one, str | Group) or not (one if isinstance(one, str) else one.name):
            message = f"{what}: {one!r} is no approver; write a name, Group(...) or a function"
            raise BadDefinition(message)
    names = {one for one in found if isinstance(one, str)}
    groups = {one.name for one in found if isinstance(one, Group)}
    return Approvers(sorted(names), sorted(groups))


def is_several(given: object) -> TypeGuard[Sequence[Any]]:
    """Whether several are given where one may be."""
    return isinstance(given, list | tuple)


def rule_name(rule: Callable[..., Any]) -> str:
    """By which refusals and the log know a function."""
    name = getattr(rule, "__name__", "")
    return name if name and name != "<lambda>" else "a rule"
