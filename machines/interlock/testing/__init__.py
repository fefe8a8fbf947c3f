"""What tests of machines are written with. Nothing here is loaded by itself."""

from interlock.testing.scenario import Scenario

__all__ = ["Scenario"]
