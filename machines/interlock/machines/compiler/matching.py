"""`match` around awaits: Python's own patterns select the block to go on in."""

from __future__ import annotations

import ast

from interlock.machines.compiler.blocks import Block, Jump, Label
from interlock.machines.compiler.builder import Builder
from interlock.machines.compiler.expressions import has_await, lower
from interlock.machines.compiler.syntax import short


def lower_match(b: Builder, node: ast.Match) -> None:
    """A `match` statement with awaits in its subject, guards or bodies."""
    subject = lower(b, node.subject)
    if not isinstance(subject, ast.Name):
        subject = b.temporary(subject, "subject")
    after = b.block()
    chunk: list[ast.match_case] = []
    for case in node.cases:
        body = b.block()
        text = short(case.pattern, 50)
        if case.guard is None or not has_await(case.guard):
            if case.guard is not None:
                text = f"{text} if {short(case.guard, 50)}"
            jump = Jump(body, Label(f"case {text}"))
            chunk.append(ast.match_case(case.pattern, case.guard, [jump]))
        else:
            tried = b.block()
            chunk.append(ast.match_case(case.pattern, None, [Jump(tried, Label(f"case {text}"))]))
            chunk = _select(b, subject, chunk, node)
            rest = b.current
            b.begin(tried)
            b.branch(lower(b, case.guard), body, rest, case.guard, short(case.guard))
            b.begin(rest)
        behind = b.current
        _body(b, case, body, after)
        b.begin(behind)
    _select(b, subject, chunk, node)
    b.jump(after, node)
    b.begin(after)


def _body(b: Builder, case: ast.match_case, body: Block, after: Block) -> None:
    b.begin(body)
    b.body(case.body)
    b.jump(after, case.pattern)


def _select(
    b: Builder, subject: ast.Name, cases: list[ast.match_case], at: ast.AST
) -> list[ast.match_case]:
    """Try some cases; go on in a new block when none of them matches."""
    rest = b.block()
    if cases:
        b.emit(ast.Match(subject, cases), at)
    b.jump(rest, at, Label("case", holds=False) if cases else None)
    b.begin(rest)
    return []
