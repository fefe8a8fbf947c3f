"""What the tests of the command line share."""

from __future__ import annotations

import json
from typing import Any, Protocol

from typer.testing import Result


class Invoke(Protocol):
    """`il("runs", "--json")`: run a command, with what it reads from its input."""

    def __call__(self, *arguments: str, input: str | None = None) -> Result: ...  # noqa: A002  what CliRunner calls it


ORDERS = {
    "order-1": "5", "order-2": "500", "order-3": "-1", "order-7": "7", "order-9": "9",
    "order-10": "600",
}  # fmt: skip
"""Completed, waiting for an approval, failed, waiting for a command, in doubt, as the second."""


def document(result: Result) -> Any:
    """The JSON document that a command printed."""
    return json.loads(result.stdout)


def lines(result: Result) -> list[Any]:
    """The JSON lines that a command printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]
