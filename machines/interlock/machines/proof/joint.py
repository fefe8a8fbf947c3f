"""The moves of a system: what each member's events do to it, and to the commands on their way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from interlock.machines.command import Command
from interlock.machines.due import Due
from interlock.machines.errors import EndlessChain, HandlerFailed, MachineError, Refused
from interlock.machines.kernel import Snapshot, readable
from interlock.machines.lifecycle import Lifecycle
from interlock.machines.lifecycle_program import Taken
from interlock.machines.lifecycle_refusal import is_final
from interlock.machines.lifecycle_watch import call
from interlock.machines.proof.asking import Ask
from interlock.machines.proof.keys import Key, frozen, key_of
from interlock.machines.proof.moving import KEPT
from interlock.machines.proof.together import Here, Sending, Together, sendings_of
from interlock.machines.step import Effect

MAILS = 4
"""Commands that are on their way at a time, at most."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where one member stands.

    Attributes:
        snapshot: its states.
        data: its data.
        kept: numbers of its events that are kept for later.
        final: it has come to its end.
    """

    snapshot: Snapshot
    data: Any
    kept: tuple[int, ...]
    final: bool


@dataclass(frozen=True, slots=True)
class Led:
    """What an event led a member to.

    Attributes:
        to: number of where it stands then.
        effects: what is to be done.
        failed: what the author's code failed with.
    """

    to: int
    effects: tuple[Effect, ...] = ()
    failed: MachineError | None = None


_FULL = Led(-1)
"""Too much is kept for later: it is not looked on from there."""


class Member:
    """One member: its places and events by number, and what each event does at each place, once."""

    def __init__(self, name: str, kind: type[Lifecycle[Any, Any]]) -> None:
        self.name = name
        self.kind = kind
        self.program = kind.program()
        self.stands: list[Stand] = []
        self.asks: list[Ask] = []
        self.taken: set[str] = set()
        self._numbers: dict[Key, int] = {}
        self._commands: dict[Key, int] = {}
        self._known: dict[tuple[int, int], Led | None] = {}
        self._key = key_of(self.program.data_type)
        self._due = Due(self.program.machine)
        self._timers: dict[str, int] = {}
        for edge in self.program.machine.edges:
            if edge.event.startswith("after "):
                self._timers[edge.id] = len(self.asks)
                self.asks.append(Ask(edge.event, None, edge.id))

    def ask(self, command: Command) -> int:
        """The number of a command."""
        key = frozen(command)
        if key not in self._commands:
            self._commands[key] = len(self.asks)
            self.asks.append(Ask(type(command).__name__, command))
        return self._commands[key]

    def timer(self, edge: str) -> int:
        """The number of a timer."""
        return self._timers[edge]

    def begin(self, data: Any) -> Led:
        """Where it begins.

        Raises:
            HandlerFailed: the author's code failed.
        """
        return self._led(self.program.begin(data), (), ())

    def due(self, at: int) -> list[int]:
        """The timers that may be the next to fire."""
        stand = self.stands[at]
        active = () if stand.final else stand.snapshot.active
        return [self._timers[edge.id] for edge in self._due.of(active)]

    def led(self, at: int, ask: int) -> Led | None:
        """Where an event leads; None when it is refused."""
        known = (at, ask)
        if known not in self._known:
            self._known[known] = self._ask(at, ask)
        return self._known[known]

    def _ask(self, at: int, ask: int) -> Led | None:
        stand = self.stands[at]
        try:
            return self._led(self._taken(stand, ask), stand.kept, ())
        except Refused:
            command = self.asks[ask].command
            if command is None:
                return None
            word = self.program.unhandled(stand.snapshot, command)
            if word == "defer" and len(stand.kept) >= KEPT:
                return _FULL
            if word == "defer":
                return Led(self.number(stand.snapshot, stand.data, (*stand.kept, ask)))
            return Led(at) if word == "ignore" else None
        except (HandlerFailed, EndlessChain) as error:
            return Led(at, (), error)

    def _taken(self, stand: Stand, ask: int) -> Taken:
        asked = self.asks[ask]
        if asked.command is None:
            return self.program.expire(stand.snapshot, stand.data, asked.edge)
        return self.program.decide(stand.snapshot, stand.data, asked.command)

    def _led(self, taken: Taken, kept: tuple[int, ...], before: tuple[Effect, ...]) -> Led:
        """Take what was decided, and what was kept for later and is accepted now."""
        effects = before
        for one in (taken, *taken.then):
            self.taken.update(edge.id for edge in one.edges)
            effects += one.effects
        last = taken.then[-1] if taken.then else taken
        if is_final(self.program.chart, last.step.after):
            return Led(self.number(last.step.after, last.data, ()), effects)
        stand = Stand(last.step.after, last.data, kept, final=False)
        for place, ask in enumerate(kept):
            left = kept[:place] + kept[place + 1 :]
            try:
                return self._led(self._taken(stand, ask), left, effects)
            except Refused:
                continue
            except HandlerFailed:  # it is dropped: nobody is there to be told
                return Led(self.number(stand.snapshot, stand.data, left), effects)
        return Led(self.number(stand.snapshot, stand.data, kept), effects)

    def number(self, snapshot: Snapshot, data: Any, kept: tuple[int, ...]) -> int:
        """The number of a place."""
        key = (snapshot.active, tuple(sorted(snapshot.history.items())), self._key(data), kept)
        if key not in self._numbers:
            self._numbers[key] = len(self.stands)
            final = is_final(self.program.chart, snapshot)
            self.stands.append(Stand(snapshot, data, kept, final))
        return self._numbers[key]

    def here(self, at: int) -> Here[Any]:
        """Where it stands, for invariants."""
        stand = self.stands[at]
        words = readable(self.program.machine, stand.snapshot.active)
        return Here(self.name, words, stand.snapshot.active, stand.data, self.kind)


Where: TypeAlias = tuple[tuple[int, ...], tuple[tuple[int, int], ...]]
"""A place of a system: where each member stands, and what is on its way: to whom, and which."""


@dataclass(frozen=True, slots=True)
class Happens:
    """An event of a system.

    Attributes:
        who: numbers of the members.
        asks: the event of each of them.
        sent: its place among the commands on their way, -1 for none of them.
    """

    who: tuple[int, ...]
    asks: tuple[int, ...]
    sent: int = -1


@dataclass(frozen=True, slots=True)
class Leads:
    """What an event of a system led to.

    Attributes:
        to: where.
        refused: a command that was sent is refused.
        failed: what the author's code failed with.
    """

    to: Where
    refused: bool = False
    failed: MachineError | None = None


class Joint:
    """The moves of one system. It holds no run.

    Attributes:
        members: in their order.
        outside: the events that come from outside.
        full: something was not looked at, because too much was on its way.
    """

    def __init__(
        self, kind: type[Together], commands: Callable[[type[Command]], Sequence[Command]]
    ) -> None:
        self.kind = kind
        self.members = [Member(name, member) for name, member in kind.members.items()]
        self._places = {name: number for number, name in enumerate(kind.members)}
        self._sendings = sendings_of(kind)
        self.full = False
        self.outside: list[Happens] = []
        for number, member in enumerate(self.members):
            for command in member.program.commands.values():
                if command not in kind.shared and self._comes(member.name, command):
                    self.outside += [
                        Happens((number,), (member.ask(one),)) for one in commands(command)
                    ]
        self.outside += [self.sharing(one) for kind_ in kind.shared for one in commands(kind_)]

    def _comes(self, name: str, command: type[Command]) -> bool:
        sent = any(s.to == name and command in s.makes for s in self._sendings)
        return not sent or command in self.kind.outside

    def sharing(self, command: Command) -> Happens:
        """A command that reaches all members which know it."""
        who = [
            n for n, m in enumerate(self.members) if type(command).__name__ in m.program.commands
        ]
        return Happens(tuple(who), tuple(self.members[n].ask(command) for n in who))

    def begin(self, data: Mapping[str, Any]) -> Where:
        """Where a system begins.

        Raises:
            HandlerFailed: the author's code failed.
        """
        led = [member.begin(data[member.name]) for member in self.members]
        mail: tuple[tuple[int, int], ...] = ()
        for number, one in enumerate(led):
            mail += self._sent(number, one.effects)
        return tuple(one.to for one in led), self._ordered(mail)

    def moves(self, where: Where) -> Iterator[tuple[Happens, Leads]]:
        """All that can happen at a place."""
        for happens in self._possible(where):
            leads = self.leads(where, happens)
            if leads is not None:
                yield happens, leads

    def _possible(self, where: Where) -> Iterator[Happens]:
        stands, mail = where
        yield from self.outside
        for number, member in enumerate(self.members):
            for ask in member.due(stands[number]):
                yield Happens((number,), (ask,))
        seen: set[object] = set()
        for place, (to, ask) in enumerate(mail):
            key = to if self.kind.in_order else (to, ask)
            if key not in seen:
                seen.add(key)
                yield Happens((to,), (ask,), place)

    def leads(self, where: Where, happens: Happens) -> Leads | None:
        """Where an event leads; None when it is refused from outside."""
        stands, mail = list(where[0]), where[1]
        if happens.sent >= 0:
            mail = mail[: happens.sent] + mail[happens.sent + 1 :]
        led = [
            self.members[who].led(stands[who], ask)
            for who, ask in zip(happens.who, happens.asks, strict=True)
        ]
        if _FULL in led:
            self.full = True
            return None
        if None in led:
            return Leads((where[0], mail), refused=True) if happens.sent >= 0 else None
        for who, one in zip(happens.who, led, strict=True):
            if one is None or one.failed is not None:
                return Leads(where, failed=None if one is None else one.failed)
            stands[who] = one.to
            mail += self._sent(who, one.effects)
        if len(mail) > MAILS:
            self.full = True
            return None
        return Leads((tuple(stands), self._ordered(mail)))

    def _ordered(self, mail: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        return mail if self.kind.in_order else tuple(sorted(mail))

    def _sent(self, who: int, effects: tuple[Effect, ...]) -> tuple[tuple[int, int], ...]:
        found: list[tuple[int, int]] = []
        for effect in effects:
            for sending in self._sendings:
                if self._is_of(sending, who, effect):
                    command = call(sending.command, effect)
                    if isinstance(command, Command):
                        to = self._places[sending.to]
                        found.append((to, self.members[to].ask(command)))
        return tuple(found)

    def _is_of(self, sending: Sending, who: int, effect: Effect) -> bool:
        by = sending.by in ("", self.members[who].name)
        return by and sending.step.name == effect.step.name

    def here(self, where: Where) -> dict[str, Here[Any]]:
        """Where each member stands."""
        return {m.name: m.here(at) for m, at in zip(self.members, where[0], strict=True)}

    def words(self, where: Where) -> str:
        """A place as one line."""
        parts = [f"{name} {here.state}" for name, here in self.here(where).items()]
        sent = [
            f"{self.members[to].asks[ask].name} to {self.members[to].name}" for to, ask in where[1]
        ]
        return ", ".join(parts) + (f"; on the way: {', '.join(sent)}" if sent else "")

    def over(self, where: Where) -> bool:
        """Whether every member that has an end is there."""
        pairs = zip(self.members, where[0], strict=True)
        return all(m.stands[at].final for m, at in pairs if m.program.final)
