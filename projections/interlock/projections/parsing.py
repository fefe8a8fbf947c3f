"""Python's parser, safe from a fault of some CPythons."""

from __future__ import annotations

import ast
import gc


def parse(text: str) -> ast.Module:
    """The tree of a text, as `ast.parse` gives it, whatever waits to be collected as garbage.

    A finaliser that runs while CPython makes a tree, and parses something itself (a traceback
    that is formatted does), makes it raise SystemError: "AST constructor recursion depth
    mismatch". Seen with 3.11.7; https://github.com/python/cpython/issues/106905.

    Args:
        text: Python source.

    Raises:
        SyntaxError: as from `ast.parse`.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        if collects:
            gc.enable()
