"""How annotations and classes are written down, to see later whether they have changed."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, ForwardRef, Literal, TypeVar, get_args, get_origin

from interlock.machines.resource import wanted_by
from interlock.store.values import Types
from interlock.store.values.evolving import count, oldest_of, schema_of

_STARS: dict[Any, str] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}
_UNIONS = (typing.Union, types.UnionType)
_OWN = "interlock."
"""Classes of Interlock itself: they change with its releases, which know their old forms."""


def text_of(annotation: Any) -> str:
    """An annotation as text: the same in every process and Python version.

    What a `type` statement names is told by what it stands for; inside of itself by its name.
    """
    return _text(annotation, ())


def _text(annotation: Any, within: tuple[Any, ...]) -> str:
    while is_alias(alias := get_origin(annotation) or annotation) and alias not in within:
        annotation, within = meant(annotation), (*within, alias)
    origin = get_origin(annotation)
    if annotation is None or annotation is type(None):
        return "None"
    if annotation is Any:
        return "Any"
    if origin is Annotated:
        return _text(get_args(annotation)[0], within)
    if origin in _UNIONS:
        return " | ".join(_text(one, within) for one in get_args(annotation))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, get_args(annotation)))}]"
    if origin is not None:
        inside = ", ".join(_text(one, within) for one in get_args(annotation))
        return f"{_name(origin)}[{inside}]" if inside else _name(origin)
    if isinstance(annotation, list):  # the parameters of a Callable
        several: list[Any] = annotation  # pyright: ignore[reportUnknownVariableType]  # of anything
        return f"[{', '.join(_text(one, within) for one in several)}]"
    return _plain(annotation)


def _plain(annotation: Any) -> str:
    if annotation is Ellipsis:
        return "..."
    if isinstance(annotation, str):
        return annotation
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    if isinstance(annotation, TypeVar):
        return annotation.__name__
    return _name(annotation)


def is_alias(annotation: Any) -> bool:
    """Whether a `type` statement made it, which Python has from 3.12 on."""
    return type(annotation).__name__ == "TypeAliasType"


def meant(alias: Any) -> Any:
    """What an alias of a `type` statement stands for, its parameters being filled in.

    Its own name where that cannot be said: it names what only type checkers know.
    """
    head = get_origin(alias) or alias
    try:
        value = head.__value__
    except NameError:
        return head.__name__
    given = dict(zip(head.__type_params__, get_args(alias), strict=False))
    if not given or not getattr(value, "__parameters__", ()):
        return value
    return value[tuple(given.get(one, one) for one in value.__parameters__)]


def _name(thing: Any) -> str:
    return str(getattr(thing, "__qualname__", None) or getattr(thing, "__name__", repr(thing)))


def shape_of(cls: type) -> str:
    """The fields of a model, dataclass or named tuple, or the members of an enum, as one line.

    A field that may be left out ends in " = ". "" for exceptions, whose arguments nothing declares.
    With upcasters the schema and the oldest one that can be read stand before it.
    """
    schema = schema_of(cls)
    head = f"schema {schema} from {oldest_of(cls)}: " if schema > 1 else ""
    if issubclass(cls, Enum):
        return head + " | ".join(cls.__members__)
    fields = fields_of(cls).items()
    return head + ", ".join(
        f"{name}: {text_of(field.annotation)}{'' if field.required else ' = '}".rstrip(" ")
        for name, field in fields
    )


def is_brought_up(before: str, now: str) -> bool:
    """Whether the upcasters of a class bring values of one of its shapes to another one."""
    old, new = _SCHEMA.match(before), _SCHEMA.match(now)
    schema = 1 if old is None else int(old[1])
    return new is not None and int(new[2]) <= schema < int(new[1])


def only_grew(before: str, now: str) -> bool:
    """Whether a class lacks nothing that it had; what it has got is given by a default."""
    old, new = _parts(before), _parts(now)
    kept = all(
        name in new and text.removesuffix("=").strip() == new[name].removesuffix("=").strip()
        for name, text in old.items()
    )
    members = not any(new.values())
    return kept and all(members or new[name].endswith("=") for name in new.keys() - old.keys())


def _parts(shape: str) -> dict[str, str]:
    """The fields of a shape with their types, or the members of an enum with nothing."""
    text, depth, fields = _SCHEMA.sub("", shape), 0, [""]
    for letter in text:
        depth += (letter in "[(") - (letter in "])")
        if letter == "," and not depth:
            fields.append("")
        else:
            fields[-1] += letter
    if len(fields) == 1 and ": " not in text:
        return dict.fromkeys(text.split(" | "), "")
    return {name.strip(): kind.strip() for name, _, kind in (f.partition(": ") for f in fields)}


_SCHEMA = re.compile(r"schema (\d+) from (\d+): ")


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A field of a class.

    Attributes:
        annotation: its type, a text where that cannot be resolved.
        required: it cannot be left out.
        default: makes what stands for one that was left out.
    """

    annotation: Any
    required: bool
    default: Callable[[], Any] | None = None


def fields_of(cls: Any) -> dict[str, Field]:
    """The fields that objects of a class are sure to have, or may have; {} for exceptions."""
    if "__pydantic_fields__" in vars(cls) or hasattr(cls, "model_fields"):
        return dict(_of_model(cls))
    if dataclasses.is_dataclass(cls):
        return dict(_of_dataclass(cls))
    if hasattr(cls, "_fields"):
        return dict(_of_named_tuple(cls))
    return {}


def _of_model(cls: Any) -> Iterator[tuple[str, Field]]:
    if not cls.__pydantic_complete__:  # or what it looks like would depend on who used it before
        cls.model_rebuild(raise_errors=False)
    for name, info in cls.model_fields.items():
        default = None if info.is_required() else _given(info)
        yield name, Field(info.annotation, info.is_required(), default)


def _given(info: Any) -> Callable[[], Any]:
    return lambda: info.get_default(call_default_factory=True, validated_data={})


def _of_dataclass(cls: Any) -> Iterator[tuple[str, Field]]:
    hints = hints_of(cls)
    for field in dataclasses.fields(cls):
        default: Callable[[], Any] | None = None
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory
        elif field.default is not dataclasses.MISSING:
            default = _constant(field.default)
        yield field.name, Field(hints.get(field.name, field.type), default is None, default)


def _of_named_tuple(cls: Any) -> Iterator[tuple[str, Field]]:
    hints, defaults = hints_of(cls), cls._field_defaults
    for name in cls._fields:
        default = _constant(defaults[name]) if name in defaults else None
        yield name, Field(hints.get(name, Any), default is None, default)


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def hints_of(thing: Any) -> dict[str, Any]:
    """The annotations of a class or a function, resolved as far as their names are known."""
    try:
        return typing.get_type_hints(thing, include_extras=True)
    except Exception:  # names that only type checkers know
        return dict(getattr(thing, "__annotations__", {}))


def signature_of(function: Callable[..., Any]) -> tuple[dict[str, str], str]:
    """The parameters of a step, resources aside, and what it gives, as text.

    What is not annotated is "", and " =" ends what may be left out.
    """
    function = inspect.unwrap(function)
    wanted, hints = wanted_by(function), hints_of(function)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # it does not tell
        return {}, ""
    takes: dict[str, str] = {}
    for parameter in parameters:
        if parameter.name not in wanted:
            text = text_of(hints[parameter.name]) if parameter.name in hints else ""
            given = "" if parameter.default is parameter.empty else " ="
            takes[_STARS.get(parameter.kind, "") + parameter.name] = text + given
    return takes, text_of(hints["return"]) if "return" in hints else ""


def shapes(types: Types, machine: str) -> Mapping[str, str]:
    """What the authors' classes among those registered look like, by name.

    From here on they count for the definition of `machine`, see `LateUpcast`.
    """
    found: dict[str, str] = {}
    for name, cls in types:
        if _is_authors(cls):
            found[name] = shape_of(cls)
            count(cls, machine)
    return {name: found[name] for name in sorted(found) if found[name]}


def _is_authors(cls: type) -> bool:
    return not cls.__module__.startswith(_OWN) and not issubclass(cls, BaseException)
