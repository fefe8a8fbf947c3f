"""What a step's call has to pass before it is made, and what is told about it afterwards."""

from interlock.engine.gates.gatekeeper import Gatekeeper
from interlock.engine.gates.permit import Call, Permit, through

__all__ = ["Call", "Gatekeeper", "Permit", "through"]
