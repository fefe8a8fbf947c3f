"""What tests were asked for is looked at when they are declared: a slip would leave them green."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, get_args

from hypothesis import strategies as st
from pydantic import BaseModel

from interlock.machines.lifecycle import Lifecycle
from interlock.testing.errors import NoPayload, NotTestable
from interlock.testing.payloads import Payloads, bare, hint_of, refusals
from interlock.testing.subject import Starts, Subject, Weights


def subject_of(
    machine: type[Lifecycle[Any, Any]],
    payloads: Payloads | None = None,
    weights: Weights | None = None,
    starts: Starts = None,
) -> Subject:
    """A lifecycle under test, with what its tests are told about values.

    Raises:
        NotTestable: it is no lifecycle, or something that was said does not fit it.
    """
    subject = Subject(machine, payloads or {}, weights or {}, starts)
    program = subject.program
    kinds = [*program.commands.values()]
    check_weights(subject.weights, [*kinds, "time"])
    hints: list[Any] = [*kinds, program.data_type]
    hints += [hints_of(each.function).get("return") for each in program.steps.values()]
    check_payloads(subject.payloads, hints, [], [])
    _check_starts(starts, program.data_type)
    return subject


def check_names(what: str, given: Iterable[Any], known: Collection[str]) -> None:
    """Refuse what has none of the known names.

    Raises:
        NotTestable: one of them is unknown; says which there are, and the nearest.
    """
    for one in given:
        if one not in known:
            message = f"{what} {_shown(one)}: {_instead(_shown(one), known)}"
            raise NotTestable(message)


def wanted(laws: Collection[str], without: Sequence[str]) -> list[str]:
    """The names of the laws that are looked at.

    Raises:
        NotTestable: one that is left out is no law.
    """
    check_names("without", without, laws)
    return [name for name in laws if name not in without]


def check_weights(weights: Weights, known: Sequence[type | str]) -> None:
    """Refuse weights of what is never drawn, and those that are no count.

    Raises:
        NotTestable: there is such a weight.
    """
    names = [_name(one) for one in known]
    for key, weight in weights.items():
        if key not in known:
            check_names("weights of", [key], names)
        if not isinstance(_any(weight), int) or weight < 0:
            message = f"weights of {_shown(key)}: {weight!r} is no whole number from 0 on"
            raise NotTestable(message)


def check_payloads(
    payloads: Payloads,
    hints: Iterable[Any],
    places: Iterable[str],
    errors: Iterable[type[BaseException]],
) -> None:
    """Refuse payloads of what is never drawn, and those of which nothing valid can be made.

    Args:
        payloads: as they were given.
        hints: the annotations that are drawn from.
        places: parameters and steps.
        errors: the classes of errors that are raised.

    Raises:
        NotTestable: there is such a payload.
    """
    if not payloads:
        return
    reached = [*reach(hints)]
    known = [
        *places,
        *(f"{cls.__name__}.{name}" for cls in _classes(reached) for name in _parts(cls)),
    ]
    types = [*reached, *errors]
    for key, strategy in payloads.items():
        if key not in (known if isinstance(key, str) else types):
            check_names("payloads of", [key], dict.fromkeys([*known, *map(_name, types)]))
            message = f"payloads of {_shown(key)}: a class is given itself, not by its name"
            raise NotTestable(message)
        if not isinstance(_any(strategy), st.SearchStrategy):
            message = f"payloads of {_shown(key)}: {strategy!r} is no strategy, such as st.just(…)"
            raise NotTestable(message)
    for cls in _classes(reached):
        if cls not in payloads and _touched(cls, payloads):
            _check_valid(cls, payloads)


def reach(hints: Iterable[Any]) -> Iterator[Any]:
    """Annotations, and all those inside of them, each once."""
    seen: list[Any] = []
    todo = [*hints]
    while todo:
        hint = todo.pop(0)
        if hint in seen:
            continue
        seen.append(hint)
        yield hint
        base, _ = bare(hint)
        if base is not hint:
            todo.append(base)
        elif isinstance(base, typing.TypeVar):
            todo.append(base.__bound__ or int)
        elif type(base).__name__ == "TypeAliasType":
            todo.append(base.__value__)
        else:
            todo += [*get_args(base), *_parts(base).values()]


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function, as far as they can be told."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):
        return dict(getattr(function, "__annotations__", {}))


def _classes(reached: Iterable[Any]) -> list[type]:
    return [one for one in reached if isinstance(one, type) and _parts(one)]


def _parts(cls: Any) -> Mapping[str, Any]:
    """The annotations of the fields of a model or a dataclass; none of anything else."""
    if not isinstance(cls, type):
        return {}
    if issubclass(cls, BaseModel):
        return {name: hint_of(field) for name, field in cls.model_fields.items()}
    made = _any(cls)
    if not dataclasses.is_dataclass(made):
        return {}
    hints = hints_of(_any(made))
    return {n.name: hints.get(n.name, Any) for n in dataclasses.fields(_any(made)) if n.init}


def _touched(cls: type, payloads: Payloads) -> bool:
    """Whether a field of it, or the type of one, is drawn otherwise."""
    places = {f"{cls.__name__}.{name}" for name in _parts(cls)}
    inside = [*reach(_parts(cls).values())]
    return any(key in places or key in inside for key in payloads)


def _check_valid(cls: type, payloads: Payloads) -> None:
    from interlock.testing.tour import sampled  # it draws values, too

    strategy, said = refusals(cls, payloads)
    with suppress(NoPayload):  # told where it is drawn from
        if not sampled(strategy, _TRIED):
            why = "; ".join(said.values()) or "its strategies give nothing"
            message = f"no valid {cls.__name__} can be made of payloads: {why}"
            raise NotTestable(message)


def _check_starts(starts: Any, model: type[BaseModel]) -> None:
    if starts is None or isinstance(starts, st.SearchStrategy):
        return
    if not isinstance(starts, Sequence) or not starts:
        message = f"starts={starts!r} is neither a strategy nor a list of {model.__name__} data"
        raise NotTestable(message)
    for one in _any(starts):
        if not isinstance(one, model):
            message = f"starts: {one!r} is no data of the lifecycle, a {model.__name__}"
            raise NotTestable(message)


def _instead(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, 1)
    meant = f"; the nearest is {near[0]}" if near else ""
    return f"there is no such name, only {', '.join(known) or 'none'}{meant}"


def _name(one: Any) -> str:
    return one.__name__ if isinstance(one, type) else str(one)


def _shown(one: Any) -> str:
    return one if isinstance(one, str) else _name(one)


def _any(value: Any) -> Any:
    return value


_TRIED = 5
"""Values of a class that are drawn to see whether there are any."""
