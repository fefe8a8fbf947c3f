"""Laws of the canonical digest: layout never counts, meaning always does."""

from __future__ import annotations

import ast

import pytest

from interlock.machines.canonical import canonical_digest

BASE = "def f(a, b=None):\n    if a:\n        return g(a, *b, key='v')\n    return {1: None, **b}\n"


def digest(text: str) -> str:
    return canonical_digest(ast.parse(text))


REFORMATTED = """

# a comment
def f(a, b=None):  # more
  if (a):
    return g(a,
 *b, key="v")
  return {1:None,**b}
"""
DOCUMENTED = BASE.replace("\n", "\n    'Says what it does.'\n", 1).replace("key='v'", "key=u'v'")


@pytest.mark.parametrize("same", [REFORMATTED, DOCUMENTED])
def test_layout_comments_and_docstrings_do_not_count(same: str) -> None:
    assert digest(same) == digest(BASE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(1)", "f(2)"),
        ("f(1)", "f(True)"),
        ("f(1)", "f(1.0)"),
        ("f(None)", "f()"),
        ("f('1')", "f(1)"),
        ("f(a, b)", "f(b, a)"),
        ("x = {1: 2, **a}", "x = {**a, 1: 2}"),
        ("def f(*, a, b=1): pass", "def f(*, a=1, b): pass"),
        ("'text'; f()", "b'text'; f()"),
        ("if a: f()\nelse: g()", "if a: f()\ng()"),
    ],
)
def test_meaning_counts(before: str, after: str) -> None:
    assert digest(before) != digest(after)


def test_the_digest_is_fixed() -> None:
    """A change of this value changes the hash of every machine that was ever recorded."""
    assert digest(BASE) == "f0a03a3c1972589c"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f'{a:>{b}}'", "1d2818f91989fc99"),  # Python 3.12 reads an empty text behind the field
        ("f'{a:{b}}{c:}' f''", "86b2077b63421453"),
        ("'\U0001fae8 \u00e9'", "ad2e13b69c4fc1fd"),  # a letter of Unicode 15, in 3.12
        ("f'{a!r} \U0001fae8'", "606c7c8edcf0da32"),
    ],
)
def test_the_digest_is_the_same_in_every_python(text: str, expected: str) -> None:
    assert digest(text) == expected
