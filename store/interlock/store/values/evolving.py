"""Classes that change: a recorded value of an older shape is brought to the present one when read.

Every shape of a class has a number, its schema, from 1; a class is at one more than the highest
that `upcast` was told of. The schema stands beside a recorded value from 2 on (`"s": 2`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from enum import Enum
from traceback import extract_stack
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from interlock.store.errors import BadUpcast, LateUpcast, NewerValue, OutdatedValue
from interlock.store.event import Encoded
from interlock.store.values.annotation import is_recordable
from interlock.store.values.refusal import is_model

Upcaster = TypeVar("Upcaster", bound=Callable[[Any], Any])

_upcasters: dict[type, dict[int, Callable[[Any], Any]]] = {}
_former: dict[str, list[type]] = {}
_renamed: set[type] = set()
_counted: WeakKeyDictionary[type, str] = WeakKeyDictionary()


def upcast(cls: type, *, from_: int) -> Callable[[Upcaster], Upcaster]:
    """Say how a value of an older shape becomes one of the next: `@upcast(Order, from_=1)`.

    The function is pure. For a model, a dataclass or a named tuple it is given the recorded fields
    by name, each a value of the present shape of its own class, and returns those of the next
    shape. For an enum it is given the name of a member, and returns the next name. Upcasters are
    chained; those of shapes that no log holds any more may go, but for the last one.

    Args:
        cls: the class as it is now.
        from_: the schema that the function takes, from 1.

    Raises:
        BadUpcast: there is one already, or such a class has no fields that could change.
        LateUpcast: a machine that holds such values was made before, and does not count it.
    """
    _check(cls, from_)
    if cls in _counted:
        file, line, *_ = extract_stack(limit=2)[0]
        message = (
            f"{file}:{line}: "
            f"@upcast({cls.__qualname__}, from_={from_}) stands below {_counted[cls]!r}, whose "
            f"definition counts what {cls.__qualname__} is; move it above, beside the class"
        )
        raise LateUpcast(message)

    def declare(function: Upcaster) -> Upcaster:
        known = _upcasters.setdefault(cls, {})
        if from_ in known:
            message = f"{cls.__qualname__} has two upcasters from schema {from_}; keep one of them"
            raise BadUpcast(message)
        known[from_] = function
        return function

    return declare


def count(cls: type, by: str) -> None:
    """Note that a definition counts what a class is now: its upcasters have to be there before.

    Args:
        by: name of the machine.
    """
    _counted.setdefault(cls, by)


def renamed(cls: type, *, was: str) -> None:
    """Say that a class was recorded under another name before: `renamed(Order, was="Purchase")`.

    Raises:
        BadUpcast: `was` is its present name.
    """
    if was == cls.__qualname__:
        message = f"{was} is the present name of the class; give the one that it had before"
        raise BadUpcast(message)
    known = _former.setdefault(was, [])
    if cls not in known:
        known.append(cls)
    _renamed.add(cls)


def formerly(name: str) -> Iterator[type]:
    """The classes that had a name before."""
    return iter(_former.get(name, ()))


def schema_of(cls: type) -> int:
    """The schema that a class is at."""
    known = _upcasters.get(cls)
    return max(known) + 1 if known else 1


def oldest_of(cls: type) -> int:
    """The oldest schema of which a class can still be read."""
    known, oldest = _upcasters.get(cls, {}), schema_of(cls)
    while oldest - 1 in known:
        oldest -= 1
    return oldest


def has_past(cls: type) -> bool:
    """Whether a class has been told of an older shape or name."""
    return cls in _upcasters or cls in _renamed


def fields_now(cls: type, content: Any, child: Callable[[Any], Any]) -> dict[str, Any]:
    """The fields of a recorded object of an older shape, as the class has them now.

    Args:
        cls: its class.
        content: the object as recorded.
        child: decodes what a field holds, complete.

    Raises:
        NewerValue, OutdatedValue: this program cannot read it.
    """
    fields: Any = {name: child(value) for name, value in content["v"].items()}
    return {**_brought(cls, content.get("s", 1), fields, _a_dict)}


def member_now(cls: type[Enum], content: Any) -> Any:
    """The member of an enum that was recorded by an older name; a number for a flag's.

    Raises:
        NewerValue, OutdatedValue: this program cannot read it.
    """
    named = content["v"]
    schema = content.get("s", 1)
    if schema != schema_of(cls):
        named = _brought(cls, schema, named, _a_member)
    try:
        return cls[named] if type(named) is str else cls(named)
    except (KeyError, ValueError):
        message = (
            f"{cls.__qualname__} has no member {named!r}, which is recorded; keep it, or say "
            f"what it is called now with @upcast({cls.__qualname__}, from_={schema})"
        )
        raise OutdatedValue(message) from None


def check_fields(cls: type, found: dict[str, Any], schema: int) -> None:
    """Raise `OutdatedValue` unless these are the fields of the class, as its upcasters gave them.

    Attributes that the class itself has (cached properties) and a model's extras may be there too.
    """
    declared = _fields(cls)
    config: dict[str, Any] = getattr(cls, "model_config", {})
    open_ = config.get("extra") == "allow"
    wrong = [f"no {name!r}" for name in declared if name not in found]
    wrong += [
        f"{name!r}, which is no field of it: leave it out"
        for name in found
        if not (open_ or name in declared or hasattr(cls, name))
    ]
    if wrong:
        message = f"the upcasters of {cls.__qualname__} from schema {schema} give {wrong[0]}"
        raise OutdatedValue(message)


def with_schema(encoded: dict[str, Encoded], schema: int) -> Encoded:
    """What was encoded, with its schema where that is not the first."""
    if schema > 1:
        encoded["s"] = schema
    return encoded


def _brought(cls: type, schema: int, value: Any, check: Callable[[type, Any], str]) -> Any:
    """Through the chain of upcasters."""
    now = schema_of(cls)
    if schema > now:
        message = (
            f"a value of {cls.__qualname__} was recorded with schema {schema}, and this program "
            f"knows {now}: it is older than the one that wrote it; upgrade it"
        )
        raise NewerValue(message)
    known = _upcasters.get(cls, {})
    for step in range(schema, now):
        if step not in known:
            message = (
                f"a value of {cls.__qualname__} was recorded with schema {schema}, and nothing "
                f"brings it from {step} to {step + 1}; "
                f"write @upcast({cls.__qualname__}, from_={step})"
            )
            raise OutdatedValue(message)
        try:
            value = known[step](value)
        except Exception as error:
            message = (
                f"the upcaster of {cls.__qualname__} from schema {step} raised "
                f"{type(error).__name__}: {error}"
            )
            raise OutdatedValue(message) from error
        wrong = check(cls, value)
        if wrong:
            message = f"the upcaster of {cls.__qualname__} from schema {step} returned {wrong}"
            raise OutdatedValue(message)
    return value.name if isinstance(value, Enum) else value


def _a_dict(cls: type, value: Any) -> str:
    if isinstance(value, dict):
        return ""
    return f"{type(value).__name__}; return the fields of {cls.__qualname__} as a dict"


def _a_member(cls: type, value: Any) -> str:
    if isinstance(value, str | int | cls):
        return ""
    return f"{type(value).__name__}; return the name of a member of {cls.__qualname__}"


def _check(cls: type, from_: int) -> None:
    if from_ < 1:
        message = f"from_={from_} cannot be a schema; the first is 1"
        raise BadUpcast(message)
    if BaseException in cls.__mro__ or not is_recordable(cls):
        message = (
            f"{cls.__qualname__} is no model, dataclass, named tuple or enum, "
            "and nothing else is recorded by fields"
        )
        raise BadUpcast(message)


def _fields(cls: Any) -> list[str]:
    """The names of a class's fields."""
    if is_model(cls):
        return [*cls.model_fields]
    if dataclasses.is_dataclass(cls):
        return [field.name for field in dataclasses.fields(cls)]
    return [*cls._fields]
