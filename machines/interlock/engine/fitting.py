"""Whether what a run recorded is what another definition expects: the values decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

from interlock.engine.exactness import was_converted
from interlock.engine.threads import can_stand, place_at
from interlock.machines.advice import GONE, NO_DEFAULT, UNKNOWN, a
from interlock.machines.classes import changed_classes, mentioned
from interlock.machines.held import levels
from interlock.machines.ir import Machine
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from interlock.machines.shapes import Field, fields_of, hints_of, text_of
from interlock.machines.signatures import misfit
from interlock.machines.step import Step
from interlock.projections import Activity, RunState
from interlock.projections.moving import image_of
from interlock.store.errors import UnknownType
from interlock.store.event import Encoded
from interlock.store.values import Image
from interlock.store.values.atom import class_of
from interlock.store.values.evolving import schema_of

_NOTHING = Image()
"""The memory of what is recorded in one piece."""


class Fitting:
    """Looks at the values of one run, for `judge`.

    What the two definitions say alike is passed over: a value that never was what its annotation
    says may be that again.

    Args:
        old: the definition that it follows; None when nobody knows it.
        program: of the other definition.
        state: the run, under the names that the other definition has for its states.
        past: what does not fit of what its past holds, and it is yet to be given.
    """

    def __init__(
        self,
        old: Machine | None,
        program: Program | LifecycleProgram,
        state: RunState,
        past: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._old = old
        self._program = program
        self._types = program.types
        self._state = state
        self._past = past
        self._changed = _changed(old, program)

    # Variables

    def variable(self, thread: str, name: str) -> str:
        """Whether a thread's variable is what the program declares; "" when it is."""
        image = self._image(thread)
        encoded = image.variables[name]
        why = self.objects(encoded, image)
        if why:
            return f"holds {why}"
        wanted = self._annotation(thread, name)
        if wanted is None or not self._is_new(wanted, self._text_before(thread, name)):
            return ""
        return self.is_a(wanted, image.decode(self._types, encoded))

    def data(self) -> str:
        """Whether a lifecycle's data are what its program declares; "" when they are."""
        assert isinstance(self._program, LifecycleProgram)  # asked of lifecycles
        image = self._state.image
        encoded = image.variables.get("data")
        why = self.objects(encoded, image)
        if why:
            return f"holds {why}"
        return self.is_a(self._program.data_type, image.decode(self._types, encoded))

    def _image(self, thread: str) -> Image:
        return self._state.threads[thread].image if thread else self._state.image

    def _annotation(self, thread: str, name: str) -> Any:
        """The type that the program declares for a variable, None for none."""
        program = self._program
        assert not isinstance(program, LifecycleProgram)  # its data have a type of their own
        root = self._state.pending[thread].state if thread else ""
        own = name
        helpers = [root] if root else []
        above, slash, last = name.rpartition("/")
        if slash:
            own = last
            helpers.append(above)
        for state in helpers:
            inner = place_at(program, state).program
            if inner is None:
                return None
            program = inner
        return program.annotations.get(own)

    def _text_before(self, thread: str, name: str) -> str | None:
        """How the old definition declared a variable; None when it is not known."""
        if self._old is None:
            return None
        at = self._state.threads[thread].state if thread else self._state.state
        root = f"{self._state.pending[thread].state}/" if thread else ""
        for prefix, node in levels(self._old, root, at):
            if name.startswith(prefix) and name[len(prefix) :] in node.typed:
                return node.typed[name[len(prefix) :]]
        return None

    def _is_new(self, wanted: Any, before: str | None) -> bool:
        return before != text_of(wanted) or self.names_changed(wanted)

    def names_changed(self, wanted: Any) -> bool:
        """Whether an annotation names a class that is not what it was."""
        return bool(mentioned(text_of(wanted), self._program.machine, self._changed))

    def stands(self, state: str) -> bool:
        """Whether the program's code can stand still at a state."""
        return isinstance(self._program, LifecycleProgram) or can_stand(self._program, state)

    # Calls and what they gave

    def doing(self, activity: str) -> str:
        """Whether the program's step takes the input of a call under way; "" when it does."""
        found = self._state.pending[activity]
        if found.kind == "undo" or found.status == "done":
            return self._outcome(found)
        for given in (*found.args, *found.kwargs.values()):
            why = self.objects(given, image_of(self._state, found.within))
            if why:
                return f"the input of {found.name} holds {why}"
        step = self._step(found)
        return "" if step is None else self._taken(found, step)

    def _step(self, activity: Activity) -> Step[..., Any] | None:
        if activity.kind != "step":
            return None
        if isinstance(self._program, LifecycleProgram):
            return self._program.steps.get(activity.name)
        return place_at(self._program, activity.state).step

    def _taken(self, activity: Activity, step: Step[..., Any]) -> str:
        """Whether the step's parameters take the recorded input."""
        image = image_of(self._state, activity.within)
        args = [image.decode(self._types, given) for given in activity.args]
        kwargs = {n: image.decode(self._types, given) for n, given in activity.kwargs.items()}
        bound, why = misfit(step.function, args, kwargs)
        if why:
            return f"{step.name} does not take its recorded input: {why}"
        before = self._takes_before(activity)
        hints = hints_of(step.function)
        for name, value in bound.items():
            if name in hints and self._is_new(hints[name], before.get(name)):
                wrong = self.is_a(hints[name], value)
                if wrong:
                    return f"the input {name!r} of {step.name} {wrong}"
        return ""

    def _takes_before(self, activity: Activity) -> Mapping[str, str]:
        node = None if self._old is None else self._old.places.get(activity.state)
        node = node or (None if self._old is None else self._old.places.get(activity.name))
        known = {} if node is None else node.takes
        return {name: text.removesuffix("=").strip() for name, text in known.items()}

    def _outcome(self, activity: Activity) -> str:
        outcome = activity.outcome
        value = None if outcome is None else outcome.value
        why = self.objects(value, image_of(self._state, activity.within))
        return f"the outcome of {activity.name} holds {why}" if why else ""

    def others(self) -> Iterator[tuple[str, str]]:
        """What else is recorded and does not fit: its name, and what is wrong with it."""
        if isinstance(self._program, LifecycleProgram):
            wrong = self.data()
            if wrong:
                yield "data", f"the data {wrong}"
        yield from self._past
        for name, encoded in self._loose():
            why = self.objects(encoded, _NOTHING)
            if why:
                yield name, f"the {name} holds {why}"

    def _loose(self) -> Iterator[tuple[str, Encoded]]:
        """What is recorded in one piece, and yet to be used."""
        state, commands = self._state, self._program.machine.commands
        for kept in state.inbox:
            if kept.command in commands:
                yield f"command {kept.command}", kept.value
        for handle, outcome in state.handles.items():
            yield f"outcome of {handle}", outcome.value
        for activity in state.pending.values():
            if activity.join is not None:
                for outcome in activity.join.outcomes.values():
                    yield f"outcome of a call of {activity.state}", outcome.value
                for call in activity.join.calls[activity.join.begun :]:
                    for given in (*call.args, *call.kwargs.values()):
                        yield f"input of {call.place}", given

    def strange(self, images: Iterable[Image]) -> set[str]:
        """Classes of recorded objects that are gone, or not what they were, or hold such."""
        found: set[str] = set()
        for image in images:
            for node in image.nodes.values():
                held: Any = node
                if class_of(held) is dict and self._object(held.get("$"), held, image):
                    found.add(held["t"])
        machines = [self._program.machine, *([] if self._old is None else [self._old])]
        while True:
            more = {
                name
                for machine in machines
                for name, shape in machine.values.items()
                if mentioned(shape, machine, found)
            }
            if more <= found:
                return found
            found |= more

    # Values

    def objects(self, encoded: Encoded, image: Image) -> str:
        """What is wrong with the objects in a value; "" when every one of them can come back."""
        waiting, seen = [encoded], set[int]()
        while waiting:
            found: Any = waiting.pop()
            if class_of(found) is list:
                waiting.extend(found)
            if class_of(found) is not dict:
                continue
            tag = found.get("$")
            if type(tag) is int:
                if tag not in seen and tag in image.nodes:
                    seen.add(tag)
                    waiting.append(image.nodes[tag])
                continue
            why = self._object(tag, found, image)
            if why:
                return why
            waiting.extend(_inside(found))
        return ""

    def _object(self, tag: Any, found: Mapping[str, Any], image: Image) -> str:
        if tag not in ("object", "enum", "error"):
            return ""
        name: str = found["t"]
        try:
            cls: Any = self._types.find(name)
        except UnknownType:
            return f"{a(name)}, {UNKNOWN}"
        if found.get("s", 1) != schema_of(cls):
            return self._brought_up(name, found, image)
        if tag == "enum":
            members = getattr(cls, "__members__", {})
            gone = type(found["v"]) is str and found["v"] not in members
            return f"{name}.{found['v']}, {GONE}" if gone else ""
        if tag == "error" or not self._may_differ(name):
            return ""
        return self._fields(cls, name, found["v"], image)

    def _brought_up(self, name: str, found: Mapping[str, Any], image: Image) -> str:
        """What an upcaster has to do; what it makes is what the class declares, or it says so."""
        try:
            image.decode(self._types, {**found})
        except Exception as error:  # an author's, among others
            return f"{a(name)} that cannot be read: {error}"
        return ""

    def _may_differ(self, name: str) -> bool:
        own = self._program.machine.values
        return self._old is None or name not in self._old.values or name not in own or (
            self._old.values[name] != own[name]
        )  # fmt: skip

    def _fields(self, cls: type, name: str, recorded: Mapping[str, Encoded], image: Image) -> str:
        """Whether an object has what its class now declares.

        A field that is gone beside one that is new and has a default may have got another name:
        the default would stand for what was recorded, and nobody would see it.
        """
        fields = fields_of(cls)
        gone = [field for field in recorded if field not in fields]
        more = [field for field in fields if field not in recorded]
        if fields and gone and more:
            return f"{a(name)} with {gone[0]!r}, {GONE}, and without {more[0]!r}, which is new"
        for field, declared in fields.items():
            if field not in recorded:
                if declared.required:
                    return f"{a(name)} without {field!r}, {NO_DEFAULT}"
                continue
            why = self._field(declared, recorded[field], image)
            if why:
                return f"{a(name)} whose {field!r} {why}"
        return ""

    def _field(self, declared: Field, encoded: Encoded, image: Image) -> str:
        """Whether a field is of its type; what it refers to is looked at by itself."""
        if isinstance(encoded, dict) and encoded.get("$") in ("object", "error"):
            return ""
        try:
            value = image.decode(self._types, encoded)
        except Exception:  # something inside of it, which is looked at by itself
            return ""
        return self.is_a(declared.annotation, value)

    def is_a(self, wanted: Any, value: object) -> str:
        """Whether a value is of a type, without being converted; "" when it is."""
        try:
            adapter = TypeAdapter[Any](wanted, config=_config(wanted))
            made = adapter.validate_python(value, strict=True)
        except ValidationError as error:
            return f"is no {text_of(wanted)}: {_first(error)}"
        except (PydanticUserError, NameError, TypeError) as error:
            return f"cannot be compared with {text_of(wanted)}: {type(error).__name__}"
        return f"is no {text_of(wanted)}: a Decimal" if was_converted(value, made) else ""


def _config(wanted: Any) -> ConfigDict | None:
    own = hasattr(wanted, "model_fields") or hasattr(wanted, "__dataclass_fields__")
    typed = getattr(wanted, "__total__", None) is not None
    return None if own or typed else ConfigDict(arbitrary_types_allowed=True)


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]


def _changed(old: Machine | None, program: Program | LifecycleProgram) -> set[str]:
    new = program.machine
    return {*new.values} if old is None else changed_classes(old, new)


def _inside(found: Mapping[str, Any]) -> Iterator[Any]:
    """The parts of an encoded object, pairs of keys and values as lists."""
    if "$" not in found:
        yield from found.values()
        return
    for part in ("v", "extra", "private", "a"):
        held: Any = found.get(part)
        if isinstance(held, list):
            yield from held
        elif isinstance(held, dict):
            yield from held.values()
    yield from (found[part] for part in ("cause", "context") if part in found)
