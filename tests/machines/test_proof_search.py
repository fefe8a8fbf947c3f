"""Laws of quick exploring: what is remembered, let go or copied a shorter way changes nothing."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, PrivateAttr

from interlock.machines import Lifecycle, Refuse, on
from interlock.machines.proof import explore, moving, search
from interlock.machines.proof.copying import quick_copies
from interlock.machines.proof.found import Found, Place
from interlock.machines.proof.moving import Moving
from interlock.machines.proof.search import Search
from machines.small_lifecycles import COMMANDS, EVERY, Count, Spot


@dataclass(frozen=True)
class Shared:
    """One method for several states."""

    sources: frozenset[Spot]
    target: Spot | None
    command: int
    least: int
    adds: int
    fails_at: int


shared = st.builds(
    Shared,
    st.frozensets(st.sampled_from([Spot.A, Spot.B, Spot.C]), min_size=1),
    st.sampled_from([None, *Spot]),
    st.integers(0, len(COMMANDS) - 1),
    st.integers(0, 3),
    st.integers(0, 2),
    st.sampled_from([-1, -1, -1, 3]),
)


def lifecycle_of(drawn: list[Shared]) -> type[Lifecycle[Any, Any]]:
    def body(namespace: dict[str, Any]) -> None:
        for number, rule in enumerate(drawn):
            command = COMMANDS[rule.command]
            target: Any = {} if rule.target is None else {"target": rule.target}
            decorated: Any = on(command, source=rule.sources, guard=_guard(rule), **target)
            namespace[f"move_{number}"] = decorated(_method(rule, command, number))
        namespace.update(__module__=__name__, __qualname__="lifecycle_of.<locals>.Small")

    head = {"initial": Spot.A, "final": {Spot.D}}
    made: type[Lifecycle[Any, Any]] = types.new_class(
        "Small", (Lifecycle[Spot, Count],), head, body
    )
    return made


def _guard(rule: Shared) -> Callable[[Count, Any], bool | Refuse]:
    def enough(count: Count, command: Any) -> bool | Refuse:
        return count.n >= rule.least or Refuse("too few")

    return enough


def _method(rule: Shared, command: type[Any], number: int) -> Any:
    def move(self: Any, count: Count, command: Any) -> Count:
        if count.n == rule.fails_at:
            raise ValueError
        if not rule.adds:
            return count
        flag = getattr(command, "on", count.flag)
        return count.model_copy(update={"n": (count.n + rule.adds) % 5, "flag": flag})

    move.__name__, move.__qualname__ = f"move_{number}", f"Small.move_{number}"
    move.__annotations__["command"] = command
    return move


def looked(kind: type[Lifecycle[Any, Any]], *, exactly: bool) -> Found:
    program = kind.program()
    found = Found(program, ())
    assert Search(found, Moving(program, EVERY, exactly=exactly), 10_000).run([Count()])
    return found


def told(found: Found) -> tuple[list[Place], Any, set[str]]:
    failed = None if found.failed is None else (found.failed[0], found.failed[1])
    return [*found.places], failed, found.taken


LIMITS: list[dict[str, int]] = [
    {},
    {"search._REMEMBERED": 0},
    {"search._REMEMBERED": 2, "moving.ROOM": 1},
    {"moving.ROOM": 1, "moving._MOST": 3},
]


@given(st.sampled_from(LIMITS), st.lists(shared, min_size=1, max_size=5))
def test_what_is_remembered_is_what_a_run_would_do(
    limits: dict[str, int], drawn: list[Shared]
) -> None:
    kind = lifecycle_of(drawn)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in limits.items():
            module, _, attribute = name.partition(".")
            patch.setattr({"search": search, "moving": moving}[module], attribute, value)
        quick = told(looked(kind, exactly=False))
    assert quick == told(looked(kind, exactly=True))


def test_methods_are_asked_once_for_all_states_that_share_them() -> None:
    asked: list[int] = []

    def move(self: Any, count: Count, command: Any) -> Count:
        asked.append(count.n)
        return count.model_copy(update={"n": (count.n + 1) % 4})

    def further(self: Any, count: Count, command: Any) -> Count:
        return count

    def body(namespace: dict[str, Any]) -> None:
        move.__annotations__["command"], further.__annotations__["command"] = COMMANDS[2], Turned
        every: Any = on(COMMANDS[2], source={Spot.A, Spot.B, Spot.C})
        namespace["move"] = every(move)
        for source, target in ((Spot.A, Spot.B), (Spot.B, Spot.C), (Spot.C, Spot.D)):
            one: Any = on(Turned, source=source, target=target)
            namespace[f"from_{source}"] = one(types.FunctionType(further.__code__, globals()))
            namespace[f"from_{source}"].__annotations__.update(further.__annotations__)
        namespace.update(__module__=__name__, __qualname__="asked.<locals>.Small")

    head = {"initial": Spot.A, "final": {Spot.D}}
    kind: Any = types.new_class("Small", (Lifecycle[Spot, Count],), head, body)
    assert len(explore(kind).places) == 16
    assert sorted(asked) == [0, 1, 2, 3]


Turned = COMMANDS[1]


# Copies


class Plain(BaseModel):
    n: int = 0
    names: list[str] = []
    inner: Count = Count()


class Frozen(Plain):
    model_config = ConfigDict(frozen=True)


class Open(Plain):
    model_config = ConfigDict(extra="allow")


class Hidden(Plain):
    _note: str = PrivateAttr(default="")


class Own(Plain):
    def model_copy(self, **options: Any) -> Any:
        return KEPT


KEPT = Own(n=-1)


class Below(Plain):
    more: int = 1


def parts(model: BaseModel) -> tuple[Any, ...]:
    held: dict[str, Any] = vars(model)
    same = {name: id(value) for name, value in held.items()}
    return (
        type(model), {**held}, same, model.model_fields_set, model.__pydantic_extra__,
        model.__pydantic_private__,
    )  # fmt: skip


@given(
    st.sampled_from([Plain, Frozen, Open, Hidden, Own, Below]),
    st.dictionaries(st.sampled_from(["n", "names"]), st.just(7)),
    st.dictionaries(st.sampled_from(["n", "names", "unknown"]), st.just("given")),
    st.booleans(),
)
def test_a_short_copy_is_a_copy(
    kind: Any, given_fields: dict[str, Any], update: dict[str, Any], nothing: bool
) -> None:
    model = kind.model_construct(**given_fields)
    options: dict[str, Any] = {} if nothing else {"update": update}
    before, expected = parts(model), parts(model.model_copy(**options))
    with quick_copies([Plain, Frozen, Open, Hidden, Own]):
        came = parts(model.model_copy(**options))
        deep = parts(model.model_copy(deep=True))
    assert came == expected
    assert deep[:2] == (parts(model.model_copy(deep=True)))[:2]
    assert parts(model) == before
    assert not {"model_copy"} & {*vars(Plain), *vars(Frozen), *vars(Hidden)}
    assert "model_copy" in vars(Own)
