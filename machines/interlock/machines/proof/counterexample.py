"""A refuted property as a test, ready to be kept."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, cast

from pydantic import BaseModel

from interlock.machines.lifecycle import Lifecycle
from interlock.machines.proof.result import Event, Result, Trace
from interlock.machines.proof.together import Together


def as_pytest(kind: type[Lifecycle[Any, Any] | Together], *results: Result) -> str:
    """A module with a test for each result, that fails as long as the property does not hold.

    Raises:
        ValueError: a result has no trace: nothing leads to what is missing.
    """
    written = _Written()
    name = written.name(kind)
    joint = issubclass(kind, Together)
    tests = [_test(written, name, result, joint=joint) for result in results]
    scenario = "TogetherScenario" if joint else "Scenario"
    imports = _imports({("interlock.testing", scenario), *written.imports})
    head = [f'"""Counter-examples of {name}."""', "", *imports]
    return "\n".join(head) + "".join(f"\n\n\n{test}" for test in tests) + "\n"


def _test(written: _Written, name: str, result: Result, *, joint: bool) -> str:
    trace = result.trace
    if result.verdict != "refuted" or trace is None:
        message = f"there is no trace of: {result}"
        raise ValueError(message)
    made, said = ("TogetherScenario", _said_of) if joint else ("Scenario", _said)
    lines = [f"scenario = {made}({name}, {written.value(trace.start)})"]
    lines += [f"scenario.{said(written, event)}" for event in _events(trace)]
    lines.append(_claim(result))
    head = f"def test_{_slug(name)}_{_slug(_title(result))}() -> None:"
    return "\n    ".join([head, *lines])


def _events(trace: Trace) -> Iterator[Event]:
    yield from trace.events
    if trace.last is not None:
        yield trace.last


def _said(written: _Written, event: Event) -> str:
    if event.command is not None:
        return f"when({written.value(event.command)})"
    return f'fires("{event.edge}")'


def _said_of(written: _Written, event: Event) -> str:
    """The same in a system, where it happens to somebody."""
    if event.command is None:
        return f'fires("{event.who}", "{event.edge}")'
    if not event.who:
        return f"shared({written.value(event.command)})"
    how = "arrives" if event.sent else "when"
    return f'{how}("{event.who}", {written.value(event.command)})'


def _title(result: Result) -> str:
    if result.code == "ILK170":
        return result.about
    return f"{result.property} {result.about}"


def _claim(result: Result) -> str:
    if result.code == "ILK170":
        return f'scenario.holds("{result.about}")'
    if result.code in ("ILK171", "ILK302"):
        return "assert not scenario.refusal"
    return f"assert scenario.over, {result.reason!r}"


class _Written:
    """Writes values as Python, and notes what has to be imported for that."""

    def __init__(self) -> None:
        self.imports: set[tuple[str, str]] = set()

    def name(self, cls: type) -> str:
        """A class, as it is called where it is imported."""
        outer = cls.__qualname__.partition(".")[0]
        self.imports.add((cls.__module__, outer))
        return cls.__qualname__

    def value(self, value: Any) -> str:
        """An expression that makes an equal value."""
        whole: Any = value
        kind = whole.__class__
        if isinstance(value, Enum):
            return f"{self.name(kind)}.{value.name}"
        if isinstance(value, BaseModel):
            given = [(n, getattr(value, n)) for n in type(value).model_fields if n in _set(value)]
            return f"{self.name(kind)}({self._fields(given)})"
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [(f.name, getattr(value, f.name)) for f in dataclasses.fields(value)]
            return f"{self.name(kind)}({self._fields(fields)})"
        if kind is dict:
            return f"{{{', '.join(f'{self.value(k)}: {self.value(v)}' for k, v in whole.items())}}}"
        if kind in (list, tuple):
            inner = ", ".join(self.value(one) for one in cast("list[Any]", value))
            end = "," if kind is tuple and len(cast("tuple[Any, ...]", value)) == 1 else ""
            return f"[{inner}]" if kind is list else f"({inner}{end})"
        if kind.__module__ != "builtins":
            self.name(kind)
        return repr(value).removeprefix(f"{kind.__module__}.")

    def _fields(self, fields: list[tuple[str, Any]]) -> str:
        return ", ".join(f"{name}={self.value(value)}" for name, value in fields)


def _set(model: BaseModel) -> set[str]:
    """The fields that differ from their defaults, or have none."""
    found: set[str] = set()
    for name, field in type(model).model_fields.items():
        default = field.get_default(call_default_factory=True)
        if field.is_required() or getattr(model, name) != default:
            found.add(name)
    return found


def _imports(wanted: set[tuple[str, str]]) -> list[str]:
    modules: dict[str, list[str]] = {}
    for module, name in sorted(wanted):
        modules.setdefault(module, []).append(name)
    return [f"from {module} import {', '.join(names)}" for module, names in modules.items()]


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_").lower()
