"""Workflows before and after random edits, as their authors would have them in a file."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from interlock.machines import Workflow

_files = itertools.count()

STATEMENTS = {
    "step": "{out} = await work{n}(order.id)\nseen.append({out})",
    "typed": "{out} = await count{n}(order)\nseen.append({out})",
    "ping": "{out} = await wait_for(Ping)\nseen.append({out}.number)",
    "pong": "await wait_for(Pong, timeout='9 days')\nseen.append('pong')",
    "approval": "{out} = await approval('a{n}', about=order)\nseen.append({out}.granted)",
    "sleep": "await sleep('{m} days')",
    "loop": "for x in range({m}):\n    await work{n}(str(x))\n    await wait_for(Ping)",
    "branch": "if order.total > {n}:\n    await wait_for(Ping)\n    seen.append(order.total)",
    "both": "{out} = await parallel(work{n}('b'), wait_for(Ping))\nseen.append({out}[0])",
    "helper": "{out} = await help{n}(order.id)\nseen.append({out})",
    "gather": "{out} = await parallel(help{n}(order.id), work{n}('c'))\nseen.append({out}[0])",
    "later": "{out} = start(help{n}(order.id))\nawait wait_for(Ping)\nseen.append(await {out})",
    "book": "{out} = await book{n}(order.id)\nseen.append({out}.id)",
    "undo": "await book{n}(order.id)",
    "child": "{out} = await kid(order.id)\nseen.append({out})",
    "own": "start_child(long, order.id, id='long{n}')",
    "read": "seen.append(order.total)",
    "keep": "{out} = order.id * {m}",
    "use": "seen.append({known})",
}
"""What a workflow is made of; `{known}` is a variable that is bound by then."""

_BINDING = (
    "step",
    "typed",
    "ping",
    "approval",
    "both",
    "helper",
    "gather",
    "book",
    "child",
    "keep",
)

HELPERS = (
    "    got = await work{n}(what)\n    await wait_for(Ping)\n    return got\n",
    "    got = await work{n}(what)\n    await wait_for(Pong)\n    return got\n",
    "    got = await work{n}(what)\n    await wait_for(Ping)\n    return got + what\n",
    "    had = await work{n}(what)\n    await wait_for(Ping)\n    return had\n",
    "    await work{n}('')\n    got = await work{n}(what)\n    await wait_for(Ping)\n    return ''",
    "    return await work{n}(what)\n",
    "    got = await work{n}(what)\n    await sleep('2 days')\n    return got\n",
)
"""What the helpers do."""


SLIPS = ("Slip: id: str", "Slip: id: str; more: str = ''", "Slip: id: str; more: str",
         "Slip: id: int", "Chit: id: str")  # fmt: skip
"""The class of what calls give that can be undone: its name and its fields."""

CHILDREN = (
    "@step(compensate=undo)\nasync def pack(what: str) -> {slip}:\n    return made({slip}, what)",
    "@step\nasync def pack(what: str) -> {slip}:\n    return made({slip}, what)",
    (
        "@step(name='wrap', compensate=undo)\nasync def pack(what: str) -> {slip}:"
        "\n    return made({slip}, what)"
    ),
)
"""The step of the child."""

_CHILD = """
async def _kid(what: str) -> str:
    return str((await pack(what)).id)
kid = Workflow(_kid, "edited-kid")
async def _long(what: str) -> str:
    await sleep("1000 days")
    return what
long = Workflow(_long, "edited-long")
"""


@dataclass(frozen=True)
class Statement:
    """One of `STATEMENTS`: `n` tells it apart from others of its kind, `m` is a number in it."""

    kind: str
    n: int
    m: int = 1

    @property
    def out(self) -> str:
        return f"v{self.n}{self.kind[0]}"


@dataclass(frozen=True)
class Text:
    """What an author's file says."""

    body: tuple[Statement, ...]
    fields: tuple[str, ...] = ("id: str", "total: int")
    takes: str = "order: Order"
    helper: int = 0
    slip: int = 0
    child: int = 0
    fails: bool = False
    version: str = ""
    migrations: tuple[str, ...] = field(default=())

    def source(self) -> str:
        numbers = sorted({one.n for one in self.body})
        lines = ["class Order(BaseModel):", *(f"    {one}" for one in self.fields), ""]
        slip, _, fields = SLIPS[self.slip].partition(": ")
        lines += [f"class {slip}(BaseModel):", *(f"    {one}" for one in fields.split("; "))]
        lines += [f"async def undo(slip: {slip}) -> None:", "    undone(slip)"]
        lines += [CHILDREN[self.child].format(slip=slip), _CHILD]
        for n in numbers:
            lines += [f"@step\nasync def work{n}(what: str) -> str:\n    return await done(what)\n"]
            lines += [f"@step\nasync def count{n}({self.takes}) -> int:\n    return {n}\n"]
            lines += [f"@step(compensate=undo)\nasync def book{n}(what: str) -> {slip}:"]
            lines += [f"    return made({slip}, await done(what))"]
            lines += [f"async def help{n}(what: str) -> str:"]
            lines += [HELPERS[self.helper].format(n=n)]
        lines += ["async def flow(order: Order) -> list:", "    seen = []"]
        bound: list[str] = ["seen"]
        for one in self.body:
            known = bound[one.m % len(bound)]
            text = STATEMENTS[one.kind].format(n=one.n, m=one.m, out=one.out, known=known)
            lines += [f"    {line}" for line in text.split("\n")]
            bound += [one.out] if one.kind in _BINDING else []
        fails = ["    if order.id:", "        raise ValueError('no')"] if self.fails else []
        return "\n".join([*lines, *fails, "    return [order.id, *map(str, seen)]", ""])

    def workflows(self, names: dict[str, Any]) -> tuple[list[Workflow[..., Any]], Any]:
        """The workflow and its children, and the class of its input.

        Raises:
            CompileError: two of its states would have the same name.
        """
        source = self.source()
        file = f"<edited {next(_files)}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        space: dict[str, Any] = {"__name__": __name__, **names}
        exec(compile(source, file, "exec"), space)
        made: Workflow[..., Any] = Workflow(space["flow"], "edited")
        made.compile()
        return [made, space["kid"], space["long"]], space["Order"]


def statements() -> st.SearchStrategy[Statement]:
    return st.builds(
        Statement, st.sampled_from(sorted(STATEMENTS)), st.integers(0, 3), st.integers(1, 3)
    )


def texts() -> st.SearchStrategy[Text]:
    bodies = st.lists(statements(), min_size=1, max_size=5, unique_by=lambda s: (s.kind, s.n))
    return st.builds(Text, bodies.map(tuple), fails=st.booleans())


FIELDS = (
    ("id: str", "total: int", "note: str = ''"),
    ("id: str", "total: int", "note: str"),
    ("id: str", "total: str"),
    ("id: str", "total: int | str"),
    ("id: str",),
    ("total: int", "id: str"),
)
TAKES = ("order: Order, times: int = 1", "order: Order, times: int", "order: str", "one: Order")


@st.composite
def edits(draw: st.DrawFn, text: Text) -> Text:
    """The text after one to three edits."""
    for _ in range(draw(st.integers(1, 3))):
        text = draw(st.sampled_from(_EDITS))(draw, text)
    return text


Draw = Callable[[st.SearchStrategy[Any]], Any]


def _inserted(draw: Draw, text: Text) -> Text:
    place, one = draw(st.integers(0, len(text.body))), draw(statements())
    return replace(text, body=(*text.body[:place], one, *text.body[place:]))


def _removed(draw: Draw, text: Text) -> Text:
    place = draw(st.integers(0, len(text.body)))
    return replace(text, body=text.body[:place] + text.body[place + 1 :])


def _swapped(draw: Draw, text: Text) -> Text:
    body = list(text.body)
    place = draw(st.integers(0, len(body)))
    body[place : place + 2] = reversed(body[place : place + 2])
    return replace(text, body=tuple(body))


def _changed(draw: Draw, text: Text) -> Text:
    if not text.body:
        return text
    place: int = draw(st.integers(0, len(text.body) - 1))
    known = text.body[place]
    one = Statement(known.kind, draw(st.integers(0, 3)), draw(st.integers(1, 3)))
    return replace(text, body=(*text.body[:place], one, *text.body[place + 1 :]))


def _with_fields(draw: Draw, text: Text) -> Text:
    return replace(text, fields=draw(st.sampled_from(FIELDS)))


def _with_parameters(draw: Draw, text: Text) -> Text:
    return replace(text, takes=draw(st.sampled_from(TAKES)))


def _with_helpers(draw: Draw, text: Text) -> Text:
    return replace(text, helper=draw(st.integers(0, len(HELPERS) - 1)))


def _with_slip(draw: Draw, text: Text) -> Text:
    return replace(text, slip=draw(st.integers(0, len(SLIPS) - 1)))


def _with_child(draw: Draw, text: Text) -> Text:
    return replace(text, child=draw(st.integers(0, len(CHILDREN) - 1)))


_EDITS = (
    _inserted, _removed, _swapped, _changed, _with_fields, _with_fields, _with_parameters,
    _with_helpers, _with_slip, _with_child,
)  # fmt: skip
