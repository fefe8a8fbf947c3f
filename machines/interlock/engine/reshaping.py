"""Giving a run's variables to an author's migration, and taking the new ones from it."""

from __future__ import annotations

import dataclasses
import inspect
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from traceback import walk_tb
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter

from interlock.machines.migration import Migration, Where
from interlock.machines.shapes import fields_of, hints_of
from interlock.store.errors import UnknownType
from interlock.store.event import Delta, Encoded
from interlock.store.values import Image, Memory, Types
from interlock.store.values.atom import Encoder, class_of
from interlock.store.values.build import Decoder
from interlock.store.values.codec import Codec, Convert
from interlock.store.vocabulary import RunStarted


class Was(dict[str, Any]):
    """An object whose class is gone or has other fields: its fields by name.

    It cannot be recorded as it is, so that nobody forgets to make something of it.

    Attributes:
        of: name of the class.
    """

    def __init__(self, of: str) -> None:
        super().__init__()
        self.of = of


class WasMember(str):
    """A member of an enum that has no such member any more; as little to be recorded."""

    __slots__ = ()


class MigrationFailed(Exception):
    """A migration raised, or did not give what it has to: the run is held as it was.

    Nobody is raised this: it is why the run is held.

    Attributes:
        cause: what all runs share that it fails for, whatever their values.
    """

    def __init__(self, text: str, cause: str) -> None:
        super().__init__(text)
        self.cause = cause


class _Fields(Codec):
    """Objects of a class that is not known any more."""

    def __init__(self, name: str) -> None:
        self._name = name

    def decode(self, encoded: Any, child: Convert, key: Convert) -> dict[str, Any]:
        if encoded["$"] == "error":
            return {"error": encoded["t"], "args": [child(x) for x in encoded["v"]]}
        found: dict[str, Any] = {}
        for part in ("v", "extra"):
            own: dict[str, Any] = encoded.get(part) or {}
            found |= {name: child(value) for name, value in own.items()}
        return found

    def shell(self) -> Was:
        return Was(self._name)

    def fill(self, obj: Was, state: Mapping[str, Any]) -> None:
        obj.update(state)


class _Members:
    """The members of an enum, the name of one in place of one that is gone."""

    def __init__(self, cls: Any) -> None:
        self._cls = cls

    def __getitem__(self, name: str) -> Any:
        found: Any = getattr(self._cls, "__members__", {}).get(name)
        return WasMember(name) if found is None else found

    def __call__(self, value: Any) -> Any:
        try:
            return self._cls(value)
        except (TypeError, ValueError):
            return value


class _Loose:
    """The classes of a program, without those that are not what they were."""

    def __init__(self, types: Types, strange: set[str]) -> None:
        self._types = types
        self._strange = strange
        self.atoms: dict[type, Encoder] = types.atoms
        self.vault = types.vault

    def codec(self, cls: type, value: object = None) -> Codec | None:
        return self._types.codec(cls, value)

    def find(self, name: str) -> Any:
        try:
            return _Members(self._types.find(name))
        except UnknownType:
            return _Members(None)

    def named(self, name: str) -> Codec:
        return _Fields(name) if name in self._strange else self._types.named(name)


def variables_of(image: Image, types: Types, strange: set[str]) -> dict[str, Any]:
    """A thread's variables; objects of `strange` classes are dicts of their fields.

    Raises:
        UnknownType: a class is not registered, and not strange.
    """
    decoder = Decoder(_Loose(types, strange), image.nodes)
    found = {name: decoder.child(encoded) for name, encoded in image.variables.items()}
    decoder.finish()
    return found


def input_of(
    begun: RunStarted | None, types: Types, strange: set[str]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a run was started with, decoded as its variables are."""
    if begun is None:
        return (), {}
    image = Image()
    image.apply(begun.memory)
    decoder = Decoder(_Loose(types, strange), image.nodes)
    args = tuple(decoder.child(encoded) for encoded in begun.args)
    kwargs = {name: decoder.child(encoded) for name, encoded in begun.kwargs.items()}
    decoder.finish()
    return args, kwargs


def reshaped(
    image: Image,
    types: Types,
    strange: set[str],
    path: list[Migration],
    where: Where,
    names: Mapping[str, str],
) -> Delta | None:
    """What migrations make of a thread's variables; None when they leave them all as they are.

    Args:
        names: what variables of helpers are called now, since a helper is called so.

    Raises:
        MigrationFailed: one raised, or gave something that cannot be recorded.
    """
    changes = [m for m in path if m.change is not None and (not where.branch or m.everywhere)]
    if not changes:
        moved = {now: image.variables[name] for name, now in names.items()}
        return Delta(set=moved, unset=[*names]) if names else None
    frame = variables_of(image, types, strange)
    hidden = {name for name in frame if _is_hidden(name) and not _strange_in(frame[name])}
    kept = {name: frame.pop(name) for name in hidden}
    for migration in changes:
        frame = _called(migration, frame, where)
    frame = {names.get(name, name): value for name, value in {**frame, **kept}.items()}
    return _recorded(image, types, frame, changes)


def reshaped_data(
    image: Image, types: Types, strange: set[str], path: list[Migration], wanted: type[BaseModel]
) -> Delta | None:
    """What migrations make of a lifecycle's data; None when they do not look at them.

    Raises:
        MigrationFailed: as for `reshaped`; or what they give is not what the lifecycle holds.
    """
    changes = [migration for migration in path if migration.change is not None]
    if not changes:
        return None
    data = _fields(variables_of(image, types, strange).get("data"))
    for migration in changes:
        data = _called(migration, data, Where("data"))
    try:
        made = wanted.model_validate(data, from_attributes=True)
    except ValueError as error:
        name = ", ".join(migration.name for migration in changes)
        text = f"migration {name} gives what is no {wanted.__name__}: {error}"
        raise MigrationFailed(text, f"{name} gives no {wanted.__name__}") from None
    return _recorded(image, types, {"data": made}, changes)


def _is_hidden(name: str) -> bool:
    return name.rpartition("/")[2].startswith(".")


def _strange_in(value: Any) -> str:
    """What of a class that is gone can be reached in it, in words; "" for nothing."""
    waiting: list[Any] = [value]
    seen: set[int] = set()
    while waiting:
        found: Any = waiting.pop()
        if isinstance(found, Was):
            return f"the fields of a {found.of}"
        if isinstance(found, WasMember):
            return f"the name of a member that is gone, {str(found)!r}"
        if id(found) not in seen:
            seen.add(id(found))
            waiting.extend(_parts(found))
    return ""


def _parts(value: Any) -> list[Any]:
    cls = class_of(value)
    if cls is dict:
        return [*value.keys(), *value.values()]
    if cls in (list, tuple, set, frozenset, deque):
        return [*value]
    own: dict[str, Any] = getattr(value, "__dict__", {})
    return [*own.values()]


def _called(migration: Migration, frame: dict[str, Any], where: Where) -> dict[str, Any]:
    """The variables after one migration."""
    change = migration.change
    assert change is not None  # only those that have one are called
    first = next(iter(inspect.signature(change).parameters))
    wanted: Any = hints_of(change).get(first)
    model = _is_model(wanted)
    try:
        given = TypeAdapter[Any](wanted).validate_python(dict(frame)) if model else dict(frame)
        gave: Any = change(given, where) if migration.everywhere else change(given)
    except Exception as error:  # the author's: the run is held, and says so
        at = _raised_at(error)
        text = f"migration {migration.name} raised {type(error).__name__}: {error}{at}"
        cause = f"{migration.name} raised {type(error).__name__}{at}"
        raise MigrationFailed(text, cause) from error
    if not isinstance(gave, Mapping) and not _is_model(type(gave)):
        text = f"migration {migration.name} gave {gave!r}; return the variables, all of them"
        raise MigrationFailed(text, f"{migration.name} gave {type(gave).__name__}")
    if not model:
        return _fields(gave)
    own = _fields(given)
    return {name: value for name, value in frame.items() if name not in own} | _fields(gave)


def _raised_at(error: Exception) -> str:
    """Where in the author's file a migration raised; "" where it called nothing of one."""
    places = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)
              if not str(frame.f_globals.get("__name__")).startswith("interlock.")]  # fmt: skip
    lines = [line for file, line in places if file == places[0][0] and "pydantic" not in file]
    return f" ({Path(places[0][0]).name}:{lines[-1]})" if lines else ""


def _is_model(cls: Any) -> bool:
    return hasattr(cls, "model_fields") or hasattr(cls, "__dataclass_fields__")


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a model or dataclass by name; a mapping as it is."""
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _recorded(image: Image, types: Types, frame: dict[str, Any], changes: list[Migration]) -> Delta:
    """The variables as a change of what is recorded: all of them anew."""
    memory = Memory.anew(types, image)
    name = ", ".join(migration.name for migration in changes)
    for variable, value in frame.items():
        strange = _strange_in(value)
        if strange:
            text = f"migration {name} leaves {strange} in {variable!r}: make what is wanted now"
            raise MigrationFailed(text, text)
    try:
        delta = memory.record(frame, tuple(frame), {}, [])
    except Exception as error:  # what it gave is nothing that a run can hold
        text = f"migration {name} gives what cannot be recorded: {error}"
        raise MigrationFailed(text, f"{name} gives {type(error).__name__}") from error
    gone = [name for name in image.variables if name not in frame]
    return Delta(new=delta.new, patch=delta.patch, set=delta.set, unset=gone)


def completed(image: Image, types: Types) -> Delta | None:
    """Record what classes have got since, and give by default, in each object that lacks it.

    Made once: a default that is another one each time stays what it is then. None for nothing.
    """
    memory = Memory.anew(types, image)
    patches: list[list[Encoded]] = []
    for number, node in image.nodes.items():
        found: Any = node
        if class_of(found) is not dict or found.get("$") != "object":
            continue
        own: dict[str, Any] = found["v"]
        if not types.is_present({"$": "object", "t": found["t"], "s": found.get("s", 1)}):
            continue  # an upcaster says what it lacks
        more = {n: memory.encode(make()) for n, make in _lacking(types, found["t"], own)}
        if more:
            given: Encoded = [*sorted(own)]
            patches.append([number, "is", {"set": given, **found, "v": {**own, **more}}])
    if not patches:
        return None
    delta = memory.take()
    return Delta(new={} if delta is None else delta.new, patch=patches)


def _lacking(
    types: Types, name: str, own: Mapping[str, Any]
) -> Iterator[tuple[str, Callable[[], Any]]]:
    try:
        cls = types.find(name)
    except UnknownType:
        return
    fields = fields_of(cls)
    if not _is_model(cls) or any(field not in fields for field in own):
        return  # what is gone may be what is new, under another name: `Fitting` says so
    for field, declared in fields.items():
        if field not in own and declared.default is not None:
            yield field, declared.default
