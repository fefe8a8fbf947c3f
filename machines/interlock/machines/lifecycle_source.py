"""The text of a lifecycle's class: its lines, and the digest of the author's functions."""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from interlock.machines.canonical import canonical_digest
from interlock.machines.guard import guard_name
from interlock.machines.lifecycle_declared import Declared
from interlock.machines.place import place_of
from interlock.machines.rule import Acting, Move, rules_of
from interlock.projections.parsing import parse


def source_of(owner: type) -> tuple[str, int]:
    """The text of a class and its first line; ("", 0) where Python does not know."""
    try:
        lines, first = inspect.getsourcelines(owner)
    except (OSError, TypeError):
        return "", 0
    return textwrap.dedent("".join(lines)), max(first, 1)


def file_of(declared: Declared) -> str:
    """The file of a level."""
    for method in declared.methods.values():
        return place_of(method)[0]
    try:
        return inspect.getsourcefile(declared.owner) or ""
    except TypeError:
        return ""


def state_lines(declared: Declared) -> dict[str, int]:
    """Where each state stands: in the enumeration when it is in the same file, else its rules."""
    found: dict[str, int] = {}
    for _, rule in declared.rules():
        if isinstance(rule, Move):
            for state in rule.sources:
                found.setdefault(state.value, rule.line)
    try:
        if inspect.getsourcefile(declared.states) == file_of(declared):
            text, first = inspect.getsourcelines(declared.states)
            tree = parse(textwrap.dedent("".join(text)))
            for node in ast.walk(tree):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    member = declared.states.__members__.get(node.targets[0].id)
                    if member is not None:
                        found[member.value] = max(first, 1) + node.lineno - 1
    except (OSError, TypeError, SyntaxError):
        pass  # typed at a prompt: the rules' lines must do
    return found


def body_of(top: Declared, values: Mapping[str, str]) -> str:
    """The digest of the author's functions and of the classes of values (what they look like).

    Functions without a source count by name alone.
    """
    functions: dict[str, Callable[..., Any]] = {}
    acting: list[str] = []
    for level in top.levels():
        place = "" if level.parent is None else f"{level.parent}:"
        functions |= {f"{place}{name}": method for name, method in level.methods.items()}
        acting += [
            f"{place}{name}@{_acting(rule)}"
            for name, method in level.methods.items()
            for rule in rules_of(method)
            if isinstance(rule, Acting)
        ]
    for level in top.levels():
        for _, rule in level.rules():
            if isinstance(rule, Move):
                functions |= {f"guard {guard_name(guard)}": guard for guard in rule.guards}
    parts = [f"{name}={digest_of(function)}" for name, function in functions.items()]
    looks = [f"{name}: {shape}" for name, shape in values.items()]
    return hashlib.sha256(";".join([*parts, *acting, *looks]).encode()).hexdigest()[:16]


def _acting(rule: Acting) -> str:
    what = ",".join(rule.states or rule.moves)
    return what if rule.when == "entering" else f"{rule.when} {what}"


def digest_of(function: Callable[..., Any]) -> str:
    """The digest of one function, "" where its source cannot be found."""
    try:
        tree = parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return ""
    definition = tree.body[0]
    if isinstance(definition, ast.FunctionDef):
        definition.decorator_list.clear()  # what they say is in the edges
    return canonical_digest(definition)
