"""What a segment may have changed: nothing where it only read, everything where that is open."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import pytest
from pydantic import AfterValidator, BaseModel, field_validator

from interlock.machines.compiler import compile_workflow
from interlock.machines.compiler.plain import is_plain
from interlock.machines.program import Paused
from interlock.store.values import Memory, Touch
from machines.programs import Script, names
from machines.scripted import Restored, compiled, define, natively
from machines.vocabulary import CLASSES, Greedy, Line, Model, Odd, Pair, Size


class Made(Exception):
    def __init__(self, held: list[int]) -> None:
        held.append(1)


class Found(StrEnum):
    A = "a"

    @classmethod
    def _missing_(cls, value: object) -> Found:
        return cls.A


class Checked(BaseModel):
    held: list[int]

    @field_validator("held")
    @classmethod
    def check(cls, value: list[int]) -> list[int]:
        return value


class Annotating(BaseModel):
    held: Annotated[list[int], AfterValidator(lambda value: value)]


class Around(BaseModel):
    inner: Checked


class Posted(BaseModel):
    held: Any

    def model_post_init(self, context: Any) -> None:
        self.held.append(1)


class Private(BaseModel):
    held: list[Model]
    _hidden: int = 0


@dataclass
class Written:
    held: Any

    def __init__(self, held: Any) -> None:
        held.append(1)


@dataclass
class Setting:
    held: Any

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, [value])


@dataclass(frozen=True, slots=True)
class Frozen:
    held: Any


class Inherited(Greedy):
    pass


class Triple(NamedTuple):
    held: Any


class Own(Triple):
    def __new__(cls, held: Any) -> Own:
        held.append(1)
        return super().__new__(cls, held)


@pytest.mark.parametrize("cls", [Line, Pair, Model, Size, Private, Frozen, Odd, KeyError, Triple])
def test_plain_classes(cls: type) -> None:
    assert is_plain(cls)


@pytest.mark.parametrize(
    "cls",
    [
        Greedy, Inherited, Made, Found, Checked, Annotating, Around, Posted, Written, Setting, Own,
        object, type,
    ],
)  # fmt: skip
def test_classes_with_code_in_the_way(cls: type) -> None:
    assert not is_plain(cls)


def _loop(body: str) -> str:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    head = "    big, out, totals, groups, line = [[1]], [], {}, {}, Line([])\n"
    head += "    seen, c, n = set(), {}, 0\n"
    tail = "    return big, out, totals, groups, line, seen, c, n\n"
    return f"async def flow(items):\n{head}    for item in items:\n{lines}{tail}"


SHAPES = {
    "an object appended": "out.append(Line(await act(item), item))",
    "a model appended": "out.append(Model(held=item, copied=[await act(item)]))",
    "a count in a dict": "totals[item] = totals.get(item, 0) + await act(item)",
    "groups": "groups.setdefault(item % 3, []).append(await act(item))",
    "a list inside an object": "line.own.append(Line(item, n=await act(item)))",
    "a set": "await act(item)\nif item not in seen:\n    seen.add(item)",
    "methods of text": "out.append(str(await act(item)).strip().upper().split(',')[0])",
    "items": "out.append([k for k, v in c.items()] + list(big[0]))\nawait act(item)",
    "key functions": "out.append(max(big, key=lambda x: x[0])[0] + await act(item))",
    "a count with an await": "c['n'] = c.get('n', 0)\nc['n'] += await act(item)",
    "a list added to": "x = big[0]\nx += [await act(item)]\nn += 1",
    "an item grown": "x = big[0]\nx.append(await act(item))",
}
NEVER = ("big", "out", "totals", "groups", "line", "seen", "items", ".for item")


@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES)
def test_common_shapes_scan_nothing(body: str) -> None:
    script = Script([2])
    flow = define(_loop(body), {**names(script), **CLASSES})
    program = compile_workflow(flow)
    paused = program.start(program.bind(([1, 2, 3],), {}))
    turns = 0
    while isinstance(paused, Paused):
        deep = [name for name in NEVER if paused.touched.get(name) is Touch.DEEP]
        assert not deep
        turns += 1
        paused = program.resume(paused.place.state, paused.frame, 2)
    assert turns == 3
    expected = natively(flow, script, [[1, 2, 3, 1]])
    assert compiled(program, script, [[1, 2, 3, 1]], Restored()) == expected


OPEN = {
    "a method that looks like a dict's": "x = Odd(big[0])\nx.get(1)\nx = None\nawait act(item)",
    "a method that looks like a list's": "Odd(big).append(out)\nawait act(item)",
    "a key function that changes": "max(big, key=bump)\nawait act(item)",
    "a lambda that changes": "sorted(big, key=lambda x: len(bump(x)))\nawait act(item)",
    "a constructor that changes": "Greedy(big[0])\nawait act(item)",
    "an element taken out by a method": "c['k'] = big\nx = c.get('k')\nbump(x[0])\nawait act(item)",
    "an element changed by op=": "x = big[0]\nx[0] = [1]\nx[0] += [2]\nx = None\nawait act(item)",
    "a dict changed by an operator": "c['k'] = {}\nx = c['k']\nx |= {1: n}\nx = 0\nawait act(item)",
    "mapped": "list(map(bump, big))\nawait act(item)",
    "what an object holds": "x = Line(big)\nbump(x.held[0])\nx = None\nawait act(item)",
}


@pytest.mark.parametrize("body", OPEN.values(), ids=OPEN)
def test_what_is_open_is_recorded(body: str) -> None:
    script = Script([2])
    flow = define(_loop(body), {**names(script), **CLASSES})
    expected = natively(flow, script, [[1, 2, 3]])
    assert compiled(compile_workflow(flow), script, [[1, 2, 3]], Restored()) == expected


def test_a_long_list_inside_an_object_grows_by_patches() -> None:
    flow = define(_loop("line.own.append(await act(item))"), {**names(Script([1])), **CLASSES})
    program = compile_workflow(flow)
    memory = Memory(program.types)
    _, items = memory.adopt(list(range(50)))
    paused = program.start(program.bind((items,), {}))
    sizes: list[int] = []
    while isinstance(paused, Paused):
        place = paused.place
        delta = memory.record(paused.frame, place.live, paused.touched, paused.writes)
        sizes.append(sum(len(patch) for patch in delta.patch))
        paused = program.resume(place.state, paused.frame, 1)
    assert set(sizes[1:]) == {3}
