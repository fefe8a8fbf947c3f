"""Random workflows that are made of several coroutines: helpers, some of which await others."""

from __future__ import annotations

from random import Random
from textwrap import indent
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from machines.programs import CODES, PARAMETERS, Program, Writer, is_python

_TAKES = "a, d, xs=(1,), *ys, items=(2, 3)"
_LOCALS = """b, c, e, ss, ys = 0, None, {'d': d}, set(), list(ys)
xs = xs if isinstance(xs, list) else [xs]
d = d if isinstance(d, dict) else {'n': d}"""


_AROUND = "o1, o2, o3 = [a], d, [items, d]"


class Composer(Writer):
    """Draws a function that may await each of the helpers it knows once.

    Inside of another function it also reads, and changes, the variables of that one.
    """

    def __init__(self, random: Random, helpers: list[str], *, nested: bool = False) -> None:
        super().__init__(random, size=20)
        self.nested = nested
        self._phases = 0
        self.helpers = list(helpers)

    def awaiting(self, depth: int = 1, kind: str = "act") -> str:
        if not self.helpers or not self.chance(3):
            return super().awaiting(depth, kind)
        name = self.helpers.pop(self._random.randrange(len(self.helpers)))
        return f"await {name}({self.arguments(depth - 1)})"

    def arguments(self, depth: int) -> str:
        """What a helper is given: mostly what it expects, sometimes too little or too much."""
        given = [self.value(depth), self.pick("d", "d", "e", lambda: self.value(depth))]
        if self.chance(2):
            given.append(self.pick("xs", "ys", lambda: self.listing(depth)))
        if self.chance(4):
            given.append(self.value(depth))
        if self.chance(3):
            given.append(f"items={self.pick('items', 'xs', lambda: self.listing(0))}")
        if self.chance(8):
            given.append("*xs" if self.chance(2) else "**d")
        return ", ".join(given)

    def statement(self, depth: int, loop: bool) -> str:
        if self.nested and self.chance(3):
            return self.pick(
                "if len(o1) < 6: o1.append(a)", "bump(o1)", "bump(o2)", "c = o2", "c = o1",
                lambda: f"o2['n'] = num(o2.get('n')) + {self.num(0)}",
                lambda: f"o2['o'] = {self.awaiting(1)}",
                lambda: f"c = ({self.awaiting(1)}, o1, len(o3))", "bump(o3[0])", "xs = o3[0]",
            )  # fmt: skip
        if depth > 0 and self.chance(6):
            self._phases += 1
            return f"with phase('p{self._phases}'):\n{self.indented(self.block(depth, loop))}"
        return super().statement(depth, loop)

    def inner(self) -> str:
        """Definitions of nested functions, to stand at the beginning of a body."""
        if not self.chance(2):
            return _AROUND
        inner, parts = list[str](), [_AROUND]
        for name in ("n1", "n2")[: self._random.randint(1, 2)]:
            known = [*self.helpers, *inner] if self.chance(2) else inner
            parts.append(Composer(self._random, known, nested=True).helper(name))
            inner.append(name)
        self.helpers += inner
        if self.chance(5):
            parts.append(self.pick("del o1", "o1 = o2", "o2 = {'n': o2}", "del o3"))
        return "\n".join(parts)

    def helper(self, name: str) -> str:
        """A coroutine function; what it is given it may change, keep, and give back."""
        first = "" if self.nested else self.inner()
        parts = [first, *(self.block(depth, loop=False) for depth in (1, 2))]
        kept = self.pick("c", "xs", "d", "(a, d, c)", "[xs, ys]", "items", "e", "None")
        body = "\n".join([_LOCALS, *parts, f"return {kept}"])
        return f"async def {name}({_TAKES}):\n{indent(body, '    ')}\n"

    def flow(self) -> str:
        """The workflow."""
        body = "\n".join(
            ["b, c, xs, ys, e, ss = 0, None, [1, d], [], d, set()", self.inner()]
            + [self.guarded(depth) for depth in (2, 2)]
            + self._calls()
            + ["return a, b, c, xs, ys, d, e, xs is ys, d is e, c is d, items, ss"]
        )
        return f"async def flow({PARAMETERS}):\n{indent(body, '    ')}\n"

    def _calls(self) -> list[str]:
        """Await the helpers that are not awaited yet, and use what they give."""
        found: list[str] = []
        while self.helpers:
            name, target = self.helpers.pop(), self.pick("c", "c", "xs", "b", "d['r']")
            text = f"{target} = await {name}({self.arguments(1)})\n{self.change()}"
            found.append(text if self.chance(4) else f"try:\n{indent(text, '    ')}\n{_GUARD}")
        return found


_GUARD = "except Exception as guard:\n    c = repr(guard)"


def compose(random: Random) -> str:
    """The text of a module with helpers and a workflow."""
    names: list[str] = []
    parts: list[str] = []
    for name in ("h1", "h2", "h3")[: random.randint(1, 3)]:
        parts.append(Composer(random, names).helper(name))
        names.append(name)
    parts.append(Composer(random, names).flow())
    return "\n".join(parts)


@st.composite
def compositions(draw: Any) -> Program:
    """Workflows with helpers that end, whatever their steps do."""
    source = compose(draw(st.randoms(use_true_random=False)))
    assume(is_python(source))
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=12))
    items: list[Any] = [{"n": 1}, {"n": 2, "k": [1]}, 3]
    return Program(source, codes, [draw(st.integers(0, 4)), items, {"n": 1}])
