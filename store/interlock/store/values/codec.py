"""What the memory has to know about a class of objects: how they come apart and together again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import is_
from typing import Any, Protocol, TypeAlias

from interlock.store.event import Encoded
from interlock.store.values.atom import Encoder
from interlock.store.vault import Vault

Encode: TypeAlias = Callable[[object], Encoded]
"""Encodes a child: an atom in place, an object as a reference (or nested, in `encode_whole`)."""

Convert: TypeAlias = Callable[[Any], Any]
"""Gives the child that takes the place of another: decoded, or copied."""

Patch: TypeAlias = list[Encoded]
"""One change inside an object; see `interlock.store.values.image`."""


class Codec:
    """One class of objects.

    An object's *state* is its contents without its identity: the children themselves, not copies.
    It is what is encoded, and for objects that can change it is what is compared later.

    Each kind overrides what can be asked of it, and no more: what cannot change is never compared,
    what is made at once has no shell. The rest raises `NotImplementedError`, a fault of this
    package; that is why the class is not abstract.

    Attributes:
        mutable: objects can change, so that their state is worth keeping.
        shelled: objects are made empty and filled later, so that cycles can be closed.
    """

    mutable: bool = True
    shelled: bool = True

    def state(self, obj: Any) -> Any:
        """The contents."""
        raise NotImplementedError

    def unchanged(self, obj: Any, state: Any) -> bool:
        """Whether the contents are still the very same children."""
        raise NotImplementedError

    def parts(self, state: Any) -> Iterable[object]:
        """The children."""
        return [child for _, child in self.labels(state)]

    def labels(self, state: Any) -> Iterator[tuple[str, object]]:
        """The children, each with how an author would write it: `[3]`, `.name`."""
        raise NotImplementedError

    def encode(self, state: Any, child: Encode) -> Encoded:
        """The state as JSON."""
        raise NotImplementedError

    def decode(self, encoded: Any, child: Convert, key: Convert) -> Any:
        """A state from JSON. `key` decodes what will be hashed: it comes back complete."""
        raise NotImplementedError

    def convert(self, state: Any, child: Convert, key: Convert) -> Any:
        """The same state with other children."""
        raise NotImplementedError

    def shell(self) -> Any:
        """An empty object."""
        raise NotImplementedError

    def fill(self, obj: Any, state: Any) -> None:
        """Give a shell its contents."""
        raise NotImplementedError

    def make(self, state: Any) -> Any:
        """A whole object at once, for those that are not `shelled`."""
        raise NotImplementedError

    def patch(self, number: int, old: Any, new: Any, child: Encode) -> list[Patch]:
        """What leads from the old state to the new one; by default the new one as a whole."""
        return [[number, "is", self.encode(new, child)]]


class Codecs(Protocol):
    """Where codecs are found: `interlock.store.values.Types`."""

    atoms: dict[type, Encoder]
    vault: Vault | None

    def codec(self, cls: type, value: object = ...) -> Codec | None:
        """The codec of a class, or None when its values are atoms."""
        ...

    def find(self, name: str) -> type:
        """The class registered under a name."""
        ...

    def named(self, name: str) -> Codec:
        """The codec of the class registered under a name."""
        ...


def same(left: Iterable[object], right: Iterable[object]) -> bool:
    """Whether two iterables of equal length give the very same objects."""
    return all(map(is_, left, right))
