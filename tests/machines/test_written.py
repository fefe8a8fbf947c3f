"""Expressions as text: as `ast.unparse` of Python 3.11 has them, in every Python."""

from __future__ import annotations

import ast

import pytest

from interlock.machines.compiler.written import written

CASES = {
    "a + b[1:2, ...]": "a + b[1:2, ...]",
    "f\"{a['b']}\" == c": "f\"{a['b']}\" == c",
    "f'it{{s}} {a!r:>{b}} {c:%H:%M}'": "f'it{{s}} {a!r:>{b}} {c:%H:%M}'",
    "f'''it's \"{a}\"'''": "f'''it's \"{a}\"'''",
    "f'{a = }' f\"it's\" 'b'": 'f"a = {a!r}it\'sb"',
    "f'{1 if a else 2}{(lambda: a)}{ {1: 2}[1] }'": "f'{(1 if a else 2)}{(lambda: a)}{ {1: 2}[1]}'",
    "f'{a, b}{(yield)}{(a := 1)}'": "f'{(a, b)}{(yield)}{(a := 1)}'",
    "f\"{f'{a}'}\" + g(f'{b}', c=f'{d}')": "f\"{f'{a}'}\" + g(f'{b}', c=f'{d}')",
    r"f'\n{a}\\ \t\x00'": r"f'\n{a}\\ \t\x00'",
    "f'' 'a'": "f'a'",
    "f''": "f''",
    "'\\U0001fae8' + f'\\U0001fae8{a}' 'é'": "'\U0001fae8' + f'\U0001fae8{a}é'",
}


@pytest.mark.parametrize("text", CASES)
def test_it_is_the_same_in_every_python(text: str) -> None:
    assert written(ast.parse(text, mode="eval").body) == CASES[text]


@pytest.mark.parametrize("text", CASES)
def test_it_says_the_same(text: str) -> None:
    node = ast.parse(text, mode="eval").body
    assert ast.dump(ast.parse(written(node), mode="eval").body) == ast.dump(node)
