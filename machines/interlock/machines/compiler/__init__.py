"""The compiler: from a plain `async def` to an explicit finite state machine."""

from interlock.machines.compiler.compile import compile_workflow
from interlock.machines.compiler.sites import NotYetDefined
from interlock.machines.compiler.source import read_source

__all__ = ["NotYetDefined", "compile_workflow", "read_source"]
