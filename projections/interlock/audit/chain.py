"""One stream's chain, looked at event by event: which one was altered, removed or moved."""

from __future__ import annotations

from interlock.audit.finding import Findings
from interlock.store.cipher import link_of
from interlock.store.contract import Head
from interlock.store.digest import digest_of
from interlock.store.envelope import decode
from interlock.store.errors import StoreError
from interlock.store.event import Event
from interlock.store.inspection import Raw
from interlock.store.secrecy import KeyRequired


class Chain:
    """Follows the events of one stream from its first.

    An event says the digest of the one before it. Where that is another than the stored bytes
    have, one of the two was altered: the earlier one when the later one agrees with what follows
    it, else the later one.

    Attributes:
        sound: nothing was found.
        version, digest: of the last event.
        locked: how many events are encrypted by a key that is not at hand; of these only the
            chain is looked at.
    """

    def __init__(self, stream: str, findings: Findings) -> None:
        self.stream = stream
        self.sound = True
        self.version = 0
        self.digest = ""
        self.locked = 0
        self._findings = findings
        self._position = 0
        self._suspects: list[tuple[int, int]] = []  # their links to the next one are broken
        self._unread = False  # the last one could not be read

    def follow(self, raw: Raw) -> Event | None:
        """Look at the next event; None when it cannot be read, or only with a key."""
        name = f"event {raw.version} of {self.stream!r}"
        gap = self._place(raw, name)
        event: Event | None = None
        try:
            event = decode(raw.stream, raw.version, raw.topic, raw.state, raw.position)
            prev, digest = event.prev, event.digest
        except KeyRequired:
            prev, digest = link_of(raw.state), _digest(raw)
            self.locked += 1
        except (StoreError, TypeError, ValueError, KeyError) as error:
            self._settle()
            message = error.message if isinstance(error, StoreError) else str(error)
            self._bad(f"{name} was altered: {message}", raw.version, raw.position)
            self.version, self.digest, self._position = raw.version, _digest(raw), raw.position
            self._unread = True
            return None
        if not gap and prev != self.digest and not self._unread:
            self._suspects.append((self.version, self._position) if self.version else _here(raw))
        else:
            self._settle()
        self._unread = False
        self.version, self.digest, self._position = raw.version, digest, raw.position
        return event

    def _place(self, raw: Raw, name: str) -> bool:
        """Whether the event does not come right after the one before it."""
        if raw.position <= self._position:
            self._bad(
                f"{name} stands at position {raw.position} of the log, before its predecessor",
                raw.version,
                raw.position,
            )
        if raw.version == self.version + 1:
            return False
        first, last = self.version + 1, raw.version - 1
        if first > last:
            self._bad(f"{name} is there twice", raw.version, raw.position)
        elif first == last:
            self._bad(f"event {first} of {self.stream!r} is missing", first)
        else:
            self._bad(f"events {first} to {last} of {self.stream!r} are missing", first)
        self._settle()
        return True

    def end(self, head: Head | None) -> None:
        """There are no more events; `head` is what the index says, None when it cannot be read."""
        wrong = head is not None and head.version == self.version and head.digest != self.digest
        if wrong and not self._unread and not self._suspects:
            self._bad(
                f"event {self.version} of {self.stream!r} was altered, or its digest in the index",
                self.version,
                self._position,
            )
        elif wrong and not self._unread:
            self._suspects.append((self.version, self._position))
        self._settle()
        if head is None or head.version == self.version:
            return
        if head.version > self.version:
            self._bad(
                f"the events of {self.stream!r} after {self.version} are missing: the index says"
                f" that it ends at {head.version}",
                self.version + 1,
            )
        else:
            self._bad(
                f"the index says that {self.stream!r} ends at {head.version}, and there are"
                f" {self.version} events",
                head.version + 1,
            )

    def _settle(self) -> None:
        """A link holds (or none is to be expected): so it is plain which events before are bad."""
        if not self._suspects:
            return
        one = self._suspects[min(1, len(self._suspects) - 1)]
        last, _ = self._suspects[-1]
        what = f"event {one[0]} of {self.stream!r} was altered"
        if last > one[0]:
            what = f"events {one[0]} to {last} of {self.stream!r} were altered"
        if len(self._suspects) > 1:
            what += f" (and {self._suspects[0][0]} may be)"
        self._suspects.clear()
        self._bad(what, *one)

    def _bad(self, what: str, version: int, position: int = 0) -> None:
        self.sound = False
        self._findings.add(what, self.stream, version, position)


def _here(raw: Raw) -> tuple[int, int]:
    return raw.version, raw.position


def _digest(raw: Raw) -> str:
    try:
        return digest_of(raw.stream, raw.version, raw.topic, raw.state)
    except (TypeError, UnicodeEncodeError):
        return ""
