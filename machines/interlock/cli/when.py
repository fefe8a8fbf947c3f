"""Instants as people say them: `2 min ago`, `in 3 days`."""

from interlock.projections.instants import ago

__all__ = ["ago"]
