"""Random workflows: source text that Python and the compiler both run, with scripted steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from textwrap import indent
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from interlock.machines.phase import phase
from interlock.machines.step import step
from machines.script import CODES, Declined, Script
from machines.vocabulary import CLASSES, bump

__all__ = ["CODES", "Declined", "Program", "Script", "names", "programs"]

PARAMETERS = "a, items, d"
"""What every program takes: a number, a list of dicts, a dict."""


def names(script: Script) -> dict[str, Any]:
    """The globals of a program: the step, and what its statements mention."""
    import contextlib

    @step(raises=(Declined,))
    async def act(*args: Any, **kwargs: Any) -> Any:
        return script.play((*args, *sorted(kwargs.items())))

    @step(raises=(Declined,))
    async def many(*args: Any, **kwargs: Any) -> list[Any]:
        value = script.play((*args, *sorted(kwargs.items())))
        return [value, {"n": value}, 1]

    return {
        "act": act,
        "many": many,
        "Declined": Declined,
        "contextlib": contextlib,
        "phase": phase,
        "pair": _pair,
        "num": _num,
        "bump": bump,
        **CLASSES,
    }


def _pair(first: object, second: object) -> tuple[object, object]:
    return first, second


def _num(value: object) -> int:
    """A number in place of anything."""
    return value % 7 if isinstance(value, int) else 1


@dataclass(frozen=True)
class Program:
    """A generated workflow: its text, what its steps do, what it is called with."""

    source: str
    codes: list[int]
    args: list[Any]


class Writer:
    """Draws statements and expressions; every await gets a state name of its own."""

    def __init__(self, random: Random, size: int = 0) -> None:
        self._random = random
        self._awaits = 0
        self._loops = 0
        self._size = size

    def pick(self, *choices: str | Callable[[], str]) -> str:
        """One of the choices; functions are called only when chosen."""
        chosen = choices[self._random.randrange(len(choices))]
        return chosen if isinstance(chosen, str) else chosen()

    def chance(self, of: int) -> bool:
        return self._random.randrange(of) == of - 1

    def awaiting(self, depth: int = 1, kind: str = "act") -> str:
        self._awaits += 1
        name = f"s{self._awaits}"
        args = [self.value(depth - 1) for _ in range(self._random.randint(0, 2))]
        if depth > 0 and self.chance(6):
            args.append(f"*{self.pick('xs', '(a, b)', 'ys')}")
        if depth > 0 and self.chance(6):
            args.append(f"k={self.value(depth - 1)}")
        return f"await {kind}.named('{name}')({', '.join(args)})"

    def number(self, depth: int) -> str:
        """An expression that is a number, mostly."""
        if depth <= 0:
            return self.pick("a", "b", "c", "1", "2", "len(xs)", "num(a) + 1", "num(d.get('n'))")
        return self.pick(
            "a",
            lambda: f"({self.awaiting(depth)} or 0)",
            lambda: f"num({self.awaiting(depth)})",
            lambda: f"num({self.awaiting(depth - 1)})",
            lambda: f"(num({self.number(depth - 1)}) + num({self.number(depth - 1)}))",
            lambda: f"(b := {self.number(depth - 1)})",
            lambda: (
                f"({self.value(depth - 1)} if {self.test(depth - 1)} else {self.value(depth - 1)})"
            ),
            lambda: f"({self.test(depth - 1)} and {self.value(depth - 1)})",
            lambda: f"({self.test(depth - 1)} or {self.value(depth - 1)})",
            lambda: f"len({self.listing(depth - 1)})",
        )

    def num(self, depth: int) -> str:
        return f"num({self.number(depth)})"

    def test(self, depth: int) -> str:
        if depth <= 0:
            return self.pick(
                "num(a) > 1", "b", "num(a) < 3", "xs", "c is None", "'n' in d", "not b"
            )
        return self.pick(
            "num(a) > 1",
            lambda: f"{self.num(depth - 1)} < {self.num(depth - 1)} < {self.num(depth - 1)}",
            lambda: f"({self.awaiting(depth)}) is None",
            lambda: f"not {self.test(depth - 1)}",
            lambda: f"{self.number(depth - 1)} == {self.number(depth - 1)}",
        )

    def listing(self, depth: int) -> str:
        if depth <= 0:
            return self.pick("xs", "ys", "[a, b]", "items", "[x for x in xs]", "list(d)")
        return self.pick(
            "xs",
            lambda: f"({self.awaiting(depth, 'many')})",
            lambda: f"[{self.value(depth - 1)}, {self.value(depth - 1)}, *xs]",
            lambda: f"[{self.value(depth - 1)} for x in {self.listing(depth - 1)}]",
            lambda: f"[(x, {self.awaiting(depth)}) for x in {self.listing(depth - 1)}]",
            lambda: f"[x for x in {self.listing(0)} if {self.test(depth)}]",
            lambda: f"[(x, y) for x in xs[:2] for y in {self.listing(depth - 1)} if x != y]",
            lambda: f"list({{x for x in range(2) if {self.test(depth - 1)}}})",
            lambda: f"list({{str(x): {self.value(depth - 1)} for x in range(2)}}.items())",
        )

    def value(self, depth: int) -> str:
        if depth <= 0:
            return self.pick("a", "b", "c", "xs", "d", "e", "d.get('k')", "None", "'text'", "items")
        return self.pick(
            "a",
            lambda: self.number(depth),
            lambda: self.listing(depth),
            lambda: f"f'{{{self.pick('a', 'b', 'xs')}!r}} {{{self.number(0)}}}'",
            lambda: f"pair({self.value(depth - 1)}, {self.value(depth - 1)})",
            lambda: f"bump({self.pick('d', 'xs', 'e')})",
            lambda: f"{{'k': {self.value(depth - 1)}, {self.num(depth - 1)}: {self.value(0)}}}",
            lambda: f"({self.value(depth - 1)}, {self.value(depth - 1)})[0]",
            lambda: f"{self.pick('xs', 'ys')}[{self.num(depth - 1)}:]",
            lambda: self.made(depth - 1),
            lambda: self.read(depth - 1),
        )

    def made(self, depth: int) -> str:
        """An object of a class: most only hold what they are given, some change it."""
        held = self.value(depth) if self.chance(3) else self.pick("xs", "ys", "d", "e", "c")
        return self.pick(
            f"Line({held}, n={self.value(0)})", f"Line({held}, a, own={self.listing(0)})",
            f"Pair({held}, a)", f"Model(held={held})", f"Model(held=a, copied=list({held} or ()))",
            f"Greedy({held})", f"Odd({held})", f"Declined({held}, Size('small'))",
        )  # fmt: skip

    def read(self, depth: int) -> str:
        """Calls that only read, or look as if they did."""
        some = self.listing(0)
        return self.pick(
            f"d.get('k', {self.value(0)})",
            f"{self.pick('c', 'd', 'e')}.get('n')",
            f"next(iter({self.pick('d', 'e')}.values()), None)",
            f"list({self.pick('c', 'd')}.items())[0][1]",
            f"max({some}, key=lambda x: {self.pick('len(repr(x))', 'num(bump(x))', 'num(a)')})",
            f"min({some}, key={self.pick('repr', 'bump', 'id', 'num')}) and a",
            f"sorted({some}, key=lambda x: repr(x))[:{self.num(0)}]",
            f"list(map({self.pick('bump', 'repr', 'lambda x: [x, c]')}, {some}))",
            f"[x for x in filter(lambda x: {self.pick('x', 'bump(x)')}, {some})]",
            f"getattr(c, 'held', {self.value(0)})",
            f"(xs.copy(), d.copy(), {self.pick('xs', 'ys')}.count(a))",
            f"'-'.join(map(repr, {some})).upper().split('-')[:2]",
            f"d.setdefault({self.pick(repr('g'), 'a')}, {self.value(0)})",
            f"(ss | {{num(a)}}, ss.union({{{self.num(0)}}}), sum({some[:0]}[[a], [b]], []))",
        )

    # statements

    def guarded(self, depth: int) -> str:
        """A statement; mostly one whose errors do not end the program."""
        text = self.statement(depth, loop=False)
        if self.chance(4):
            return text
        return f"try:\n{self.indented(text)}\nexcept Exception as guard:\n    c = repr(guard)"

    def block(self, depth: int, loop: bool) -> str:
        count = self._random.randint(1, 3 if depth > 0 else 2)
        return "\n".join(self.statement(depth, loop) for _ in range(count))

    def statement(self, depth: int, loop: bool) -> str:
        self._size += 1
        if depth > 0 and self._size < 40 and self.chance(2):
            kind = self.pick("if", "for", "while", "try", "try", "finally", "match", "with", "leaf")
            made: str = getattr(self, f"_{kind}")(depth - 1, loop)
            return made
        if self.chance(20):
            jumps = ["break", "continue"] if loop else []
            return self.pick(lambda: f"return {self.value(1)}", "raise Declined(a)", *jumps)
        return self._simple()

    def _simple(self) -> str:
        return self.pick(
            "a = 1",
            lambda: f"{self.pick('a', 'b', 'c')} = {self.number(2)}",
            lambda: f"{self.pick('a', 'b')} = {self.awaiting(2)}",
            lambda: f"a = num(a); a += {self.num(1)}",
            lambda: f"c = {self.value(2)}",
            lambda: self.awaiting(1),
            lambda: self.awaiting(2),
            lambda: f"c = {self.awaiting(1, 'many')}",
            lambda: f"xs = {self.awaiting(1, 'many')}",
            lambda: f"xs = {self.listing(2)}",
            "ys = xs",
            "e = d",
            lambda: f"d['k'] = {self.value(1)}",
            lambda: f"d[{self.num(1)}] = {self.value(1)}",
            lambda: f"d['n'] = num(d.get('n')) + {self.num(1)}",
            lambda: f"d['list'] = list(d.get('list') or ()); d['list'] += [{self.value(1)}]",
            "e['m'] = d",
            lambda: f"e['v'] = [{self.number(1)}]",
            lambda: f"if len(xs) < 6: xs.append({self.value(1)})",
            lambda: f"if len(ys) < 6: ys.append({self.value(0)})",
            "bump(xs)",
            "bump(d)",
            lambda: f"a, b = {self.value(1)}, {self.value(1)}",
            lambda: f"xs[:1] = [{self.value(1)}]",
            lambda: f"if xs: xs[-1] = {self.value(0)}",
            "if xs and isinstance(xs[0], dict): xs[0]['seen'] = a",
            "if isinstance(c, dict): c['late'] = b",
            lambda: f"c = items[{self.num(0)} % len(items)]",
            lambda: f"del {self.pick('c', 'b')}\n{self.pick('c = 1', 'a = 0')}",
            lambda: f"assert {self.test(1)} or num(b) != 2, {self.value(1)}",
            "c = [f(1) for f in [lambda x: (x, a)]]",
            lambda: f"d['z'], c = {self.value(1)}, {self.value(0)}",
            lambda: f"c = {self.made(1)}",
            lambda: f"c = {self.made(0)}",
            lambda: f"c = {self.read(1)}",
            lambda: f"e = {self.pick('d', 'e')}.get('e', {{'of': {self.value(0)}}})",
            self.change,
            self.change,
        )

    def change(self) -> str:
        """A change of something that other names may lead to."""
        return self.pick(
            "if isinstance(c, (Line, Model)): c.n = c.held = [c.held][0]; bump(c)"
            if self.chance(2)
            else "if isinstance(c, Line): c.n = b",
            "bump(c)",
            "if isinstance(c, list) and c: bump(c[0])",
            lambda: (
                f"if isinstance(c, Line) and len(c.own) < 6: c.own.append({self.value(0)}); c = a"
            ),
            lambda: (
                f"if isinstance(c, Model) and len(c.copied) < 5: c.copied.extend([{self.num(0)}])"
            ),
            lambda: f"if len(repr(d)) < 2000: d.setdefault('g', []).append({self.value(0)})",
            lambda: f"if isinstance(c, (Odd, Line, Model)): c = {self.pick('c.held', 'c')}",
            lambda: f"if isinstance(c, Odd): c.append({self.pick('xs', 'd')}); c = {self.value(0)}",
            lambda: f"if isinstance(c, Odd): c = c.setdefault(1, {self.pick('ys', 'e')})",
            "for x in d.values(): bump(x)",
            "x = d.get('k'); bump(x); x = None",
            "x = d.get('list') or [[]]; x[0] = x[0:0] if isinstance(x, list) else 0; x = None",
            lambda: f"ss.add({self.num(1)})",
            lambda: f"if ss: ss.discard({self.num(0)}); ss.add({self.num(0)})",
            "x = items[0]; x['in'] = x.get('in', []); x['in'] += [a]; x = None",
        )

    def _if(self, depth: int, loop: bool) -> str:
        text = f"if {self.test(2)}:\n{self.indented(self.block(depth, loop))}"
        if self.chance(3):
            text += f"\nelif {self.test(1)}:\n{self.indented(self.block(depth, loop))}"
        if self.chance(2):
            text += f"\nelse:\n{self.indented(self.block(depth, loop))}"
        return text

    def _for(self, depth: int, loop: bool) -> str:
        listing = lambda: self.listing(1)  # noqa: E731  one of the choices
        iterable = self.pick("items", "range(3)", listing, "list(d)", "enumerate(items)")
        iterable = f"{iterable}" if self.chance(2) else f"({iterable})"
        change = self.pick("", "if isinstance(x, dict): x['t'] = a", "bump(items)", "bump(x)")
        body = f"{change}\n{self.block(depth, True)}" if change else self.block(depth, True)
        text = f"for x in {iterable}:\n{self.indented(body)}"
        return text + (
            f"\nelse:\n{self.indented(self.block(depth, loop))}" if self.chance(3) else ""
        )

    def _while(self, depth: int, loop: bool) -> str:
        self._loops += 1
        name = f"k{self._loops}"
        body = f"{name} += 1\n{self.block(depth, True)}"
        text = f"{name} = 0\nwhile {name} < 3 and {self.test(1)}:\n{self.indented(body)}"
        return text + (
            f"\nelse:\n{self.indented(self.block(depth, loop))}" if self.chance(3) else ""
        )

    def _try(self, depth: int, loop: bool) -> str:
        text = f"try:\n{self.indented(self.block(depth, loop))}"
        caught = self.pick("Declined", "(ValueError, KeyError)", "Exception", "LookupError")
        after = self.pick(
            "c = repr(err)", "raise", lambda: f"{self.awaiting(1)}\nraise", "raise KeyError(a)",
            "raise ValueError(a) from err", lambda: f"c = {self.awaiting(1)}", "raise err",
            lambda: self.block(depth, loop), lambda: f"if {self.test(0)}:\n    raise",
        )  # fmt: skip
        text += (
            f"\nexcept {caught} as err:\n{self.indented(self.block(depth, loop) + chr(10) + after)}"
        )
        if self.chance(3):
            text += f"\nexcept Exception:\n{self.indented(self.block(depth, loop))}"
        if self.chance(4):
            text += f"\nelse:\n{self.indented(self.block(depth, loop))}"
        if self.chance(4):
            text += f"\nfinally:\n{self.indented(self.block(depth, loop))}"
        return text

    def _finally(self, depth: int, loop: bool) -> str:
        body = self.block(depth, loop) + "\n" + self.statement(0, loop)
        last = self.pick("a += 1", lambda: self.awaiting(1), lambda: self.block(depth, False))
        return f"try:\n{self.indented(body)}\nfinally:\n{self.indented(last)}"

    def _match(self, depth: int, loop: bool) -> str:
        text = f"match {self.value(1)}:"
        for pattern in ("None", "{'n': b}", "[x, *ys]", "int() as c", "(a, c)", "str()"):
            if self.chance(2):
                guard = f" if {self.test(1)}" if self.chance(3) else ""
                text += f"\n    case {pattern}{guard}:\n"
                text += self.indented(self.indented(self.block(depth, loop)))
        return text + f"\n    case _:\n{self.indented(self.indented(self.block(depth, loop)))}"

    def _with(self, depth: int, loop: bool) -> str:
        if self.chance(3):
            body = self.pick("a = 1 // len(xs)", "raise KeyError(b)", "return a", "c = d['none']")
            return f"with contextlib.suppress(LookupError):\n{self.indented(body)}"
        body = self.indented(self.block(depth, loop))
        return f"with contextlib.suppress(KeyError, Declined):\n{body}"

    def _leaf(self, depth: int, loop: bool) -> str:
        """Compound statements without an await, with jumps out of them."""
        jump = self.pick("break", "continue") if loop else "return (a, 'leaf')"
        jump = f"if num(b) == {self._random.randint(0, 3)}: {jump}"
        return self.pick(
            lambda: f"if {self.test(0)}:\n    {jump}",
            lambda: (
                f"for y in xs:\n    if y == {self.number(0)}:\n        return y\nelse:\n    {jump}"
            ),
            lambda: f"try:\n    a = d['n']\n    {jump}\nfinally:\n    b = 5",
            lambda: (
                f"with contextlib.suppress(KeyError):\n    for y in range(2):\n"
                f"        if y == a:\n            return d['none']\n    {jump}"
            ),
            "def inner(z):\n    return [z, a]\nc = inner(b)",
            lambda: f"while True:\n    if {self.test(0)}:\n        return a\n    break",
        )

    def indented(self, text: str) -> str:
        return indent(text, "    ")


@st.composite
def programs(draw: Any) -> Program:
    """Workflows that end, whatever their steps do."""
    writer = Writer(draw(st.randoms(use_true_random=False)))
    body = "\n".join(
        ["b, c, xs, ys, e, ss = 0, None, [1, d], [], d, set()"]
        + [writer.guarded(depth) for depth in (2, 3, 2, 1)]
        + [f"c = ({writer.awaiting(1)}, c)"]
        + ["return a, b, c, xs, ys, d, e, xs is ys, d is e, [i is d for i in xs], items, ss"]
    )
    source = f"async def flow({PARAMETERS}):\n{indent(body, '    ')}\n"
    assume(is_python(source))
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=12))
    items: list[Any] = [{"n": 1}, {"n": 2, "k": [1]}, 3]
    return Program(source, codes, [draw(st.integers(0, 4)), items, {"n": 1}])


def is_python(source: str) -> bool:
    """Whether Python takes it (a walrus in the iterable of a comprehension, say, it does not)."""
    try:
        compile(source, "<program>", "exec")
    except SyntaxError:
        return False
    return True
