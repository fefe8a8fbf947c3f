"""The command line: `interlock --help`."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line over `sys.argv`. The entry point of the `interlock` script."""
    from interlock.cli.app import app

    app(prog_name="interlock")
