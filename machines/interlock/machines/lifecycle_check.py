"""What a lifecycle's class must be: each mistake is named when the class is made."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, get_type_hints

from interlock.machines.command import Command
from interlock.machines.errors import BadDefinition
from interlock.machines.guard import Guard, guard_name
from interlock.machines.ir import DONE
from interlock.machines.lifecycle_declared import Declared, Method
from interlock.machines.place import place_of
from interlock.machines.rule import Move, Rule, rules_of


def refuse(where: Method | type, what: str, line: int = 0) -> BadDefinition:
    """The error for `what`, with its place."""
    if isinstance(where, type):
        return BadDefinition(f"{_place_of_class(where)}: {where.__qualname__}: {what}")
    file, first = place_of(where)
    return BadDefinition(f"{file}:{line or first}: {where.__qualname__}: {what}")


def check(declared: Declared, base: type) -> None:
    """Raise for the first mistake of one level.

    Args:
        declared: what to check.
        base: the class that authors subclass, whose names methods may not take.

    Raises:
        BadDefinition: with the file and line.
    """
    for name in declared.methods.keys() & vars(base).keys():
        what = f"{name!r} is a name of {base.__name__}; choose another"
        raise refuse(declared.methods[name], what)
    heads = [("initial", declared.initial), *(("final", state) for state in declared.final)]
    heads += [("unhandled", state) for state in declared.unhandled]
    for place, state in heads:
        if state not in list(declared.states) or type(state) is not declared.states:
            raise refuse(declared.owner, _foreign(declared, state, place))
    for method, rule in declared.rules():
        _check_states(declared, method, rule)
        _check_method(declared, method, rule)
        if isinstance(rule, Move):
            for guard in rule.guards:
                _check_guard(declared, method, guard, rule)
    _check_candidates(declared)


def _foreign(declared: Declared, state: object, place: str) -> str:
    return f"{place} {state!r} is not one of the states, {declared.states.__qualname__}"


def _check_states(declared: Declared, method: Method, rule: Rule) -> None:
    if isinstance(rule, Move):
        named = [("source", state) for state in rule.sources]
        named += [("target", rule.target)] if isinstance(rule.target, StrEnum) else []
    else:
        named = [(rule.when, state) for state in rule.states]
    for place, state in named:
        if type(state) is not declared.states:
            raise refuse(method, _foreign(declared, state, place), rule.line)
        if place == "source" and state in declared.final:
            what = f"{state!r} is final and accepts nothing; take it out of final= or of source="
            raise refuse(method, what, rule.line)
    if isinstance(rule, Move) and rule.event == DONE:
        for state in rule.sources:
            if not declared.inside(state):
                what = (
                    f"{state!r} is never done: it has no states inside; nest a Region of={state!r}"
                )
                raise refuse(method, what, rule.line)


def _check_method(declared: Declared, method: Method, rule: Rule) -> None:
    if inspect.iscoroutinefunction(method) or inspect.isgeneratorfunction(method):
        what = "is async or a generator; it only computes. Put work into a step, and return"
        raise refuse(method, f"{what} its effect from an `entering` method", rule.line)
    types: list[tuple[str, type]] = [("data", declared.data)]
    command = _command_of(declared, method, rule)
    if command is not None:
        types.append(("command", command))
    shape = ", ".join(["self", *(name for name, _ in types)])
    _check_signature(method, 1, types, f"write def {method.__name__}({shape})", method, rule)
    answer = hints_of(method).get("return")
    if isinstance(rule, Move) and isinstance(answer, type) and not _fits(answer, declared.data):
        what = f"returns {answer.__name__}; it must return the new {declared.data.__name__}"
        raise refuse(method, what, rule.line)


def _command_of(declared: Declared, method: Method, rule: Rule) -> type[Command] | None:
    """The command that a method is given besides the data, if it is given one."""
    if isinstance(rule, Move):
        return rule.command
    found: list[type[Command] | None] = []
    for name in rule.moves:
        known = declared.methods.get(name)
        if known is None:
            raise refuse(method, f"taking names {name!r}, which is no transition here", rule.line)
        found += [move.command for move in rules_of(known) if isinstance(move, Move)]
    if len({command is None for command in found}) > 1:
        what = "takes transitions with and without a command; write two methods"
        raise refuse(method, what, rule.line)
    return found[0] if found else None


def _check_guard(declared: Declared, method: Method, guard: Guard, move: Move) -> None:
    if not callable(guard):
        what = f"guard={guard!r} is not a function (data, command) -> bool | Refuse"
        raise refuse(method, what, move.line)
    try:
        name = guard_name(guard)
    except BadDefinition as error:
        raise refuse(method, error.message, move.line) from None
    types: list[tuple[str, type]] = [("data", declared.data)]
    if move.command is not None:
        types.append(("command", move.command))
    shape = ", ".join(place for place, _ in types)
    what = f"the guard {name} must be a function ({shape}) -> bool | Refuse"
    if inspect.iscoroutinefunction(guard):
        raise refuse(method, f"{what}, not async", move.line)
    _check_signature(guard, 0, types, what, method, move)


def _check_signature(
    function: Callable[..., Any],
    skip: int,
    types: list[tuple[str, type]],
    instead: str,
    method: Method,
    rule: Rule,
) -> None:
    """`function` takes arguments of `types` after the first `skip`, and says nothing else."""
    try:
        signature = inspect.signature(function)
        signature.bind(*range(skip + len(types)))
    except ValueError:
        return  # a function of C that does not tell
    except TypeError:
        raise refuse(method, instead, rule.line) from None
    hints = hints_of(function)
    names = list(signature.parameters)[skip:]
    for name, (role, wanted) in zip(names, types, strict=False):
        hint = hints.get(name)
        if not _fits(wanted, hint):
            has = getattr(hint, "__name__", hint)
            what = f"{name}: {has} does not fit the {role}, which is {wanted.__name__}"
            raise refuse(method, f"{what}; {instead}", rule.line)


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Annotations as types; empty when they name what only a type checker can see."""
    try:
        return get_type_hints(function)
    except Exception:
        return {}  # whatever an annotation may raise: type checkers see it better


def _fits(given: object, wanted: object) -> bool:
    """Whether one class can stand for the other, as far as can be told at run time."""
    if not isinstance(given, type) or not isinstance(wanted, type):
        return True
    open_one = Any in (given, wanted) or getattr(wanted, "_is_protocol", False)
    return open_one or issubclass(given, wanted)


def check_commands(declared: Declared) -> None:
    """Raise for two commands of one name, at whatever levels."""
    known: dict[str, type[Command]] = {}
    rules = [pair for level in declared.levels() for pair in level.rules()]
    for method, rule in rules:
        if not isinstance(rule, Move) or rule.command is None:
            continue
        if known.setdefault(rule.event, rule.command) is not rule.command:
            what = f"a second command called {rule.event!r}; the log could not tell them apart"
            raise refuse(method, what, rule.line)


def _check_candidates(declared: Declared) -> None:
    """No two transitions of a state and event may both be open without a guard."""
    open_ones: dict[tuple[StrEnum, object], str] = {}
    seen: set[tuple[StrEnum, str, int]] = set()
    for method, rule in declared.rules():
        if not isinstance(rule, Move):
            continue
        for state in rule.sources:
            key = (state, rule.delay or rule.event)
            place = f"{rule.event!r} from {state.value!r}"
            before = open_ones.get(key)
            if before is not None:
                what = (
                    f"{place} can never be taken: {before} is taken first, without a guard; "
                    "put the one without a guard last, or remove one"
                )
                raise refuse(method, what, rule.line)
            if (state, rule.event, id(method)) in seen:
                what = f"{place} stands twice on one method; write two methods"
                raise refuse(method, what, rule.line)
            seen.add((state, rule.event, id(method)))
            if not rule.guards:
                open_ones[key] = method.__name__


def _place_of_class(owner: type) -> str:
    methods: Iterable[object] = vars(owner).values()
    lines = [place_of(member) for member in methods if inspect.isfunction(member)]
    try:
        file, line = inspect.getsourcefile(owner) or "?", inspect.getsourcelines(owner)[1]
    except (OSError, TypeError):
        file, line = lines[0] if lines else ("?", 0)
    return f"{file}:{line}"
