"""The codec of exceptions: rebuilt without running the author's `__init__`.

Kept: the arguments, every attribute, notes, `__cause__`, `__context__`, `__suppress_context__` and
what built-in exceptions hold apart from their arguments (an `OSError`'s file name). Not kept: the
traceback, and a cause or context that is itself not recordable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from interlock.store.event import Encoded
from interlock.store.values.codec import Codec, Convert, Encode, same
from interlock.store.values.reveals import MARK
from interlock.store.values.structure import Attributes, same_items

_NATIVE: dict[type[BaseException], tuple[str, ...]] = {
    OSError: ("errno", "strerror", "filename", "filename2"),
    ImportError: ("msg", "name", "path"),
    NameError: ("name",),
    AttributeError: ("name",),
    StopIteration: ("value",),
    SystemExit: ("code",),
    SyntaxError: (
        "msg", "filename", "lineno", "offset", "text", "end_lineno", "end_offset",
        "print_file_and_line",
    ),
    UnicodeDecodeError: ("encoding", "object", "start", "end", "reason"),
    UnicodeEncodeError: ("encoding", "object", "start", "end", "reason"),
    UnicodeTranslateError: ("object", "start", "end", "reason"),
}  # fmt: skip


class ErrorState(NamedTuple):
    """The contents of an exception. `group` are the members of an exception group."""

    args: Any
    attributes: dict[str, Any]
    native: dict[str, Any]
    cause: Any
    context: Any
    quiet: bool
    group: Any


class ErrorCodec(Codec):
    """One class of exceptions. `keeps` says whether a cause or context can be recorded."""

    def __init__(self, cls: type, name: str, keeps: Callable[[object], bool]) -> None:
        self._cls: Any = cls
        self._name = name
        self._keeps = keeps
        self._attributes = Attributes(cls)
        self._native = [
            n for base, names in _NATIVE.items() if issubclass(cls, base) for n in names
        ]
        self._group = issubclass(cls, BaseExceptionGroup)
        self.shelled = not self._group  # a group is given its members at birth
        self._base: Any = cls
        while self._base.__module__ != "builtins":
            self._base = self._base.__base__

    def _own(self, obj: object) -> dict[str, object]:
        """The attributes, without what is never recorded."""
        found = self._attributes.read(obj)
        found.pop(MARK, None)
        return found

    def contents(self, obj: Any) -> ErrorState:
        """The state, with cause and context left out."""
        native = {name: getattr(obj, name, None) for name in self._native}
        return ErrorState(
            tuple(obj.args),
            self._own(obj),
            {name: value for name, value in native.items() if value is not None},
            None,
            None,
            obj.__suppress_context__,
            obj.exceptions if self._group else (),
        )

    def state(self, obj: Any) -> ErrorState:
        cause, context = obj.__cause__, obj.__context__
        return self.contents(obj)._replace(
            cause=cause if cause is not None and self._keeps(cause) else None,
            context=context if context is not None and self._keeps(context) else None,
        )

    def unchanged(self, obj: Any, state: ErrorState) -> bool:
        now = self.state(obj)
        return (
            len(now.args) == len(state.args)
            and same(now.args, state.args)
            and same_items(now.attributes, state.attributes)
            and same_items(now.native, state.native)
            and same(now[3:6], state[3:6])
        )

    def labels(self, state: ErrorState) -> Iterator[tuple[str, object]]:
        yield from ((f".args[{i}]", child) for i, child in enumerate(state.args))
        yield from ((f".{name}", child) for name, child in state.attributes.items())
        yield from ((f".{name}", child) for name, child in state.native.items())
        yield from ((f".exceptions[{i}]", child) for i, child in enumerate(state.group))
        yield from ((".__cause__", state.cause), (".__context__", state.context))

    def encode(self, state: ErrorState, child: Encode) -> Encoded:
        encoded: dict[str, Encoded] = {"$": "error", "t": self._name}
        encoded["v"] = [child(x) for x in state.args]
        for part, values in (("a", state.attributes), ("n", state.native)):
            if values:
                encoded[part] = {name: child(value) for name, value in values.items()}
        if state.group:
            encoded["group"] = [child(x) for x in state.group]
        for part, error in (("cause", state.cause), ("context", state.context)):
            if error is not None:
                encoded[part] = child(error)
        if state.quiet:
            encoded["quiet"] = True
        return encoded

    def decode(self, encoded: Any, child: Convert, key: Convert) -> ErrorState:
        found = ErrorState(
            encoded["v"],
            encoded.get("a", {}),
            encoded.get("n", {}),
            encoded.get("cause"),
            encoded.get("context"),
            encoded.get("quiet", False),
            encoded.get("group", ()),
        )
        return self.convert(found, child, key)

    def convert(self, state: ErrorState, child: Convert, key: Convert) -> ErrorState:
        group = tuple(child(x) for x in state.group)  # first: the members exist before the group
        return ErrorState(
            tuple(child(x) for x in state.args),
            {name: child(value) for name, value in state.attributes.items()},
            {name: child(value) for name, value in state.native.items()},
            child(state.cause),
            child(state.context),
            state.quiet,
            group,
        )

    def shell(self) -> Any:
        return self._base.__new__(self._cls)

    def make(self, state: ErrorState) -> Any:
        obj = self._base.__new__(self._cls, state.args[0], list(state.group))
        self.fill(obj, state)
        return obj

    def fill(self, obj: Any, state: ErrorState) -> None:
        BaseException.__setattr__(obj, "args", state.args)
        for name, value in state.native.items():
            BaseException.__setattr__(obj, name, value)
        self._attributes.write(obj, state.attributes)
        obj.__cause__ = state.cause
        obj.__context__ = state.context
        obj.__suppress_context__ = state.quiet

    def parts(self, state: ErrorState) -> Iterable[object]:
        return [child for _, child in self.labels(state)]
