"""From a line of JSON to the input of a run: validated by the workflow's own annotations."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from typing import Any, TypeGuard, cast, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError

from interlock.cli.errors import BadArgument
from interlock.cli.text import near_ids
from interlock.cli.typed import adapter_of, told
from interlock.machines.workflow import Workflow

Read = tuple[str | None, tuple[Any, ...], dict[str, Any]]
"""A run's id (None to have one made) and the arguments of its start."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a workflow.

    Attributes:
        name: its name.
        adapter: validates its values; None takes them as they are.
        required: it has no default.
        closed: fields that it knows, when it takes no others.
    """

    name: str
    adapter: TypeAdapter[Any] | None
    required: bool = True
    closed: frozenset[str] | None = None


class Intake:
    """Reads lines for one machine."""

    def __init__(self, parameters: list[Parameter], id_field: str) -> None:
        self._parameters = parameters
        self._id_field = id_field
        self._names = {parameter.name for parameter in parameters}

    def read(self, line: bytes) -> Read:
        """The run that a line describes.

        Raises:
            BadArgument: it is not UTF-8, not JSON, has no id, or does not fit the parameters.
        """
        try:
            text = line.decode()
            value: Any = json.loads(text)
        except UnicodeDecodeError as error:
            message = f"not UTF-8 text: {error.reason} at byte {error.start + 1}"
            raise BadArgument(message) from None
        except json.JSONDecodeError as error:
            message = f"not JSON: {error.msg} at character {error.pos + 1}"
            raise BadArgument(message) from None
        run = self._id(value)
        if len(self._parameters) != 1:
            return run, (), self._fields(value)
        try:
            return run, (self._whole(self._parameters[0], value, text),), {}
        except BadArgument:
            if not self._names_the_parameter(value):
                raise
        return run, (), self._fields(value)

    def _names_the_parameter(self, value: Any) -> bool:
        """Whether a line says `{"amount": 3}` where the one parameter is `amount`."""
        return isinstance(value, dict) and _object(value).keys() - {self._id_field} == self._names

    def _id(self, value: Any) -> str | None:
        if not self._id_field:
            return None
        found: object = _object(value).get(self._id_field) if isinstance(value, dict) else None
        if isinstance(found, bool) or not isinstance(found, str | int):
            message = f"no field {self._id_field!r} with a text or number, for the run's id"
            near = near_ids(self._id_field, [*_object(value)] if isinstance(value, dict) else [])
            raise BadArgument(f"{message}; did you mean {near[0]!r}?" if near else message)
        return str(found)

    def _whole(self, parameter: Parameter, value: Any, text: str) -> Any:
        """The line as the one parameter."""
        if parameter.adapter is None:
            return value
        mine = self._id_field
        if (
            parameter.closed is not None
            and mine not in parameter.closed
            and isinstance(value, dict)
        ):
            text = json.dumps({name: v for name, v in _object(value).items() if name != mine})
        try:
            return parameter.adapter.validate_json(text)
        except ValidationError as error:
            raise BadArgument(told(error)) from None

    def _fields(self, value: Any) -> dict[str, Any]:
        """The line's fields as parameters."""
        if not isinstance(value, dict):
            message = f"an object with {', '.join(sorted(self._names)) or 'no fields'} is wanted"
            raise BadArgument(message)
        fields = _object(value)
        unknown = [name for name in fields if name not in self._names and name != self._id_field]
        missing = [p.name for p in self._parameters if p.required and p.name not in fields]
        if unknown or missing:
            parts = [f"no parameter {name!r}" for name in unknown]
            parts += [f"{name!r} is missing" for name in missing]
            raise BadArgument("; ".join(parts))
        found: dict[str, Any] = {}
        for parameter in self._parameters:
            if parameter.name not in fields:
                continue
            given = fields[parameter.name]
            try:
                adapter = parameter.adapter
                kept = given if adapter is None else adapter.validate_json(json.dumps(given))
                found[parameter.name] = kept
            except ValidationError as error:
                message = f"{parameter.name}: {told(error)}"
                raise BadArgument(message) from None
        return found


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value)


def intake_of(kind: object, id_field: str) -> Intake:
    """What reads lines for a workflow or a lifecycle."""
    if isinstance(kind, Workflow):
        return Intake(_parameters(cast("Any", kind.function)), id_field)
    data_type: type[BaseModel] = kind.program().data_type  # type: ignore[attr-defined]  # a lifecycle
    return Intake([_parameter("data", data_type, required=True)], id_field)


def is_model(annotation: Any) -> TypeGuard[type[BaseModel]]:
    """Whether an annotation is a pydantic model's class."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _parameters(function: Any) -> list[Parameter]:
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError):  # an annotation that only a type checker can resolve
        hints = {}
    found: list[Parameter] = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        required = parameter.default is parameter.empty
        found.append(_parameter(name, hints.get(name, Any), required=required))
    return found


def _parameter(name: str, annotation: Any, *, required: bool) -> Parameter:
    closed: frozenset[str] | None = None
    if is_model(annotation) and annotation.model_config.get("extra") == "forbid":
        fields = annotation.model_fields
        aliases = {str(field.alias) for field in fields.values() if field.alias}
        closed = frozenset(fields) | aliases
    adapter = None if annotation is Any else adapter_of(annotation)
    return Parameter(name, adapter, required, closed)
