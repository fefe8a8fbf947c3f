"""JSON from people, validated against the classes of a machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from interlock.cli.errors import BadArgument
from interlock.cli.wording import name_of
from interlock.engine import Engine, UnknownMachine
from interlock.machines.command import Command
from interlock.machines.duration import duration
from interlock.machines.errors import BadDefinition, Refused
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Place, Program
from interlock.store.contract import Entry


def parse_json(text: str, what: str) -> Any:
    """A value of JSON text.

    Raises:
        BadArgument: it is not JSON; says where it goes wrong.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        message = f"{what} is not JSON: {error.msg} at character {error.pos + 1} of {text!r}"
        raise BadArgument(message) from None


def validated(adapter: TypeAdapter[Any], value: object, what: str) -> Any:
    """A plain value as the adapter's type, as JSON is read: text may be a Decimal or a date.

    Raises:
        BadArgument: it does not fit; names every field that does not.
    """
    try:
        return adapter.validate_json(json.dumps(value))
    except ValidationError as error:
        message = f"{what}: {told(error)}"
        raise BadArgument(message) from None


def told(error: ValidationError) -> str:
    """What pydantic found wrong, in one line."""
    found: list[str] = []
    for detail in error.errors(include_url=False, include_context=False):
        place = ".".join(str(part) for part in detail["loc"])
        found.append(f"{place}: {detail['msg']}" if place else detail["msg"])
    return "; ".join(found)


def adapter_of(annotation: Any) -> TypeAdapter[Any] | None:
    """What validates an annotation; None when pydantic knows nothing of it."""
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        return adapter
    except (PydanticSchemaGenerationError, PydanticUserError, NameError):
        return None


def command_of(engine: Engine, entry: Entry, name: str, text: str) -> Command:
    """The command that a person names, with its fields from JSON.

    Raises:
        UnknownMachine: the machine's module is not imported.
        Refused: the machine has no such command; says which it has.
        BadArgument: the JSON does not fit the command.
    """
    known = commands_of(engine, entry)
    found = known.get(name)
    if found is None:
        listed = ", ".join(known) or "no commands"
        message = f"{entry.machine} knows no command {name!r}; it knows {listed}"
        raise Refused(message, run=entry.run, state=entry.state, accepts=tuple(known))
    value = parse_json(text, name)
    command: Command = validated(TypeAdapter(found), value, name)
    return command


def commands_of(engine: Engine, entry: Entry) -> dict[str, type[Command]]:
    """The command classes of a run's machine, by name; raises as `command_of`."""
    program = engine.programs.find(entry.machine, entry.hash)
    if program is None:
        message = (
            f"machine {entry.machine!r} is not imported here, so its commands are not known; "
            "name its module with --app MODULE or INTERLOCK_APP"
        )
        raise UnknownMachine(message)
    if isinstance(program, LifecycleProgram):
        return dict(program.commands)
    return {command.__name__: command for place in places(program) for command in place.commands}


def places(program: Program) -> Iterator[Place]:
    """All places of a workflow: its own, those of its calls, and those of its helpers."""
    left = [*program.places.values(), *program.calls.values()]
    while left:
        place = left.pop(0)
        yield place
        left += place.calls
        if place.program is not None:
            left += [*place.program.places.values(), *place.program.calls.values()]


def result_of(engine: Engine, entry: Entry, step: str, text: str) -> object:
    """The result of a step in doubt, as the step's own return type where that is known.

    Raises:
        BadArgument: it is not JSON, or does not fit.
    """
    value = parse_json(text, "--result")
    program = engine.programs.find(entry.machine, entry.hash)
    if program is None:
        return value
    if isinstance(program, LifecycleProgram):
        steps = list(program.steps.values())
    else:
        steps = [place.step for place in places(program) if place.step is not None]
    called = name_of(step).rpartition("/")[2]
    named = [s for s in steps if called in (s.name, s.label)]
    if not named:
        return value
    annotation = return_annotation(named[0].function)
    adapter = None if annotation is None else adapter_of(annotation)
    return value if adapter is None else validated(adapter, value, f"--result of {step}")


def return_annotation(function: object) -> object | None:
    """What a function says that it returns; None when it says nothing that can be resolved."""
    from typing import get_type_hints

    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError):
        return None
    return hints.get("return")


def parse_wait(text: str, option: str = "--wait") -> timedelta:
    """A duration as people type it: `10s`, `2 minutes`, `0`.

    Raises:
        BadArgument: it is none.
    """
    try:
        return timedelta() if text.strip() == "0" else duration(text)
    except BadDefinition as error:
        message = f"{option}: {error.message}"
        raise BadArgument(message) from None
