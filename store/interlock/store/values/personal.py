"""Personal values: their contents are in the log only encrypted, by a key of their subject."""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, NoReturn, TypeVar, cast, get_args
from uuid import UUID

import msgspec

from interlock.store.event import Encoded
from interlock.store.secrecy import Forgotten, KeyStoreError, NoKeyStore
from interlock.store.values.atom import class_of
from interlock.store.values.refusal import Refused
from interlock.store.values.reveals import note_revealed

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, SerializationInfo
    from pydantic_core import CoreSchema

    from interlock.store.values.codec import Codecs

T = TypeVar("T")
U = TypeVar("U")

TAG = "personal"
"""The tag of a personal value's recorded form."""

_CONSTANT = (str, bytes, int, float, Decimal, date, datetime, time, timedelta, UUID, type(None))
_SHOWN = re.compile(r"<(personal|forgotten)( .*)?>", re.DOTALL)


class _Sealed(NamedTuple):
    """The recorded form: the key's id ("" for what was forgotten at once) and the ciphertext."""

    key: str
    data: bytes


class Personal(Generic[T]):
    """A value that belongs to a person: text, a date, anything that can be recorded.

    It never shows what it holds: not in `str`, `repr`, an f-string, a log or JSON. `reveal()` gives
    the content, and is the one place where it comes out. In the log it stands encrypted by its
    subject's key; once the subject is forgotten (`interlock erase`) it cannot be revealed any more.

    A subject is named once: by the field marked `Subject` of the object that holds the value (or
    holds what holds it), when that is first recorded; or here. Let it be an opaque id, for it
    stays readable.

    Two are equal when their contents are. They have no order and no length; any of them is true.

    Args:
        content: what it holds; a copy of it if it can be changed.
        subject: whose it is, "" for the one of the object that it will stand in.
    """

    __slots__ = ("_content", "_sealed", "_subject", "_types")

    def __init__(self, content: T, *, subject: str = "") -> None:
        note_revealed(content)  # the code that makes it knows the text, and may raise it
        self._content: Any = _detached(content)
        self._subject = subject
        self._sealed: _Sealed | None = None
        self._types: Codecs | None = None

    @property
    def subject(self) -> str:
        """Whose it is, "" while nobody said so."""
        return self._subject

    @property
    def forgotten(self) -> bool:
        """Whether the subject was forgotten, so that `reveal` raises `Forgotten`.

        Raises:
            KeyStoreError: that cannot be told, since the key store cannot be asked.
        """
        sealed = self._sealed
        if sealed is None or self._types is None or self._types.vault is None:
            return sealed is not None and not sealed.key
        return self._types.vault.is_forgotten(self._subject, sealed.key)

    def reveal(self) -> T:
        """What it holds.

        Raises:
            Forgotten: the subject was forgotten.
            KeyStoreError: the key cannot be had.
        """
        content = self._opened()
        note_revealed(content)
        return cast("T", _detached(content))

    def map(self, function: Callable[[T], U]) -> Personal[U]:
        """What a function makes of the content, of the same subject: `email.map(str.lower)`."""
        return Personal(function(self.reveal()), subject=self._subject)

    def __repr__(self) -> str:
        kind = "forgotten" if self._sealed is not None and not self._sealed.key else TAG
        return f"<{kind} {self._subject}>" if self._subject else f"<{kind}>"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Personal):
            return NotImplemented
        mine, its = self._sealed, other._sealed
        if self is other:
            return True
        if mine is not None and its is not None and mine == its and mine.key:
            return True
        try:
            return bool(self._opened() == other._opened())
        except KeyStoreError:
            return False

    def __hash__(self) -> int:
        return hash(Personal)  # any other would change when the content is gone

    def __copy__(self) -> Personal[T]:
        return self

    def __deepcopy__(self, memo: object) -> Personal[T]:
        return self

    def __reduce__(self) -> NoReturn:
        message = "a personal value is not pickled: reveal() it where the text may go"
        raise TypeError(message)

    def _opened(self) -> Any:
        sealed = self._sealed
        if sealed is None:
            return self._content
        if not sealed.key:
            message = f"the personal data of {self._subject!r} was forgotten: nothing is left of it"
            raise Forgotten(message, self._subject)
        types = self._types
        if types is None or types.vault is None:
            message = (
                f"a personal value of {self._subject!r} is read where there is no key store: "
                "read it through an engine"
            )
            raise NoKeyStore(message)
        from interlock.store.values.whole import decode_whole  # it needs this module

        text = types.vault.open(self._subject, sealed.key, sealed.data)
        return decode_whole(types, msgspec.json.decode(text))

    # For the codecs

    def bind(self, subject: str) -> None:
        """Say whose it is, if nobody said so before."""
        self._subject = self._subject or subject

    def recorded(self, types: Codecs) -> Encoded:
        """The recorded form. From then on this object holds no plain text.

        Raises:
            Refused: nobody said whose it is, or there is no key store.
            KeyStoreError: its key cannot be had.
        """
        sealed = self._seal(types)
        text = base64.b64encode(sealed.data).decode("ascii")
        return {"$": TAG, "s": self._subject, "k": sealed.key, "v": text}

    @staticmethod
    def restored(encoded: Any, types: Codecs) -> Personal[Any]:
        """The value that was recorded, still encrypted."""
        kind: Any = Personal
        value: Personal[Any] = object.__new__(kind)
        value._content, value._subject, value._types = None, encoded["s"], types
        value._sealed = _Sealed(encoded["k"], base64.b64decode(encoded["v"]))
        return value

    def _seal(self, types: Codecs) -> _Sealed:
        vault, sealed = types.vault, self._sealed
        own = None if self._types is None else self._types.vault
        if sealed is not None and (vault is None or own is vault or own is None):
            return sealed
        if not self._subject:
            raise Refused(self, _UNBOUND)
        if vault is None:
            reason = "it is personal, and there is no key store here to encrypt it with"
            raise Refused(self, reason)
        from interlock.store.values.whole import encode_whole  # it needs this module

        try:
            content = encode_whole(types, self._opened())
        except Forgotten:
            return _Sealed("", b"")
        made = _Sealed(*vault.seal(self._subject, msgspec.json.encode(content)))
        if sealed is None:  # else it goes on in the log that it came from
            self._sealed, self._types, self._content = made, types, None
        return made

    # For pydantic

    def converted(self, inner: Callable[[Any], Any]) -> Personal[Any]:
        """Itself, with what `inner` makes of its content unless that is encrypted already."""
        if self._sealed is None:
            self._content = inner(self._content)
        return self

    @staticmethod
    def _validated(value: Any, inner: Callable[[Any], Any]) -> Personal[Any]:
        """From a personal value, its content, or `{"value": …, "subject": …}`."""
        if isinstance(value, Personal):
            return value.converted(inner)
        if class_of(value) is dict:
            given = cast("dict[str, Any]", value)
            if given.keys() == {"value", "subject"}:
                return Personal(inner(given["value"]), subject=str(given["subject"]))
        note_revealed(value)
        if isinstance(value, str) and _SHOWN.fullmatch(value):
            message = "a personal value shows this in place of its content; give the content"
            raise ValueError(message)
        return Personal(inner(value))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        (content,) = get_args(source) or (Any,)
        return core_schema.no_info_wrap_validator_function(
            cls._validated,
            handler.generate_schema(content),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _serialized, info_arg=True, when_used="always"
            ),
        )


_UNBOUND = (
    "it is personal, and nobody said whose it is: mark the field with the id of its object "
    "(`id: Subject`), or write Personal(…, subject=…)"
)


def _detached(content: Any) -> Any:
    return content if type(content) in _CONSTANT else copy.deepcopy(content)


def _serialized(value: Personal[Any], info: SerializationInfo) -> Any:
    """Itself in Python; in JSON what it shows, unless `context={"reveal": True}` was asked for."""
    if info.mode != "json":
        return value
    context = info.context
    if isinstance(context, dict) and cast("dict[str, Any]", context).get("reveal"):
        return value.reveal()
    return repr(value)


def shown(encoded: Any) -> str:
    """What people are shown of a recorded personal value."""
    kind = TAG if encoded["k"] and not encoded.get("gone") else "forgotten"
    return f"<{kind} {encoded['s']}>"
