"""The command line: `interlock --help`."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line over `sys.argv`. The entry point of the `interlock` script."""
    from interlock.cli.app import app
    from interlock.cli.pipes import forgive_pipes

    forgive_pipes()
    app(prog_name="interlock")
