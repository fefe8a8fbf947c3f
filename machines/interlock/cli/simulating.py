"""`simulate`: a machine under simulation, from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from interlock.cli.errors import BadArgument
from interlock.cli.render import Screen, Styled, print_document
from interlock.cli.target import load_target


def simulate(target: str, seeds: Sequence[int], *, own: bool, faults: bool, as_json: bool) -> bool:
    """Simulate a machine, and print what came of it. False when something did not hold.

    Args:
        own: call the steps themselves.

    Raises:
        BadArgument: Hypothesis is not installed.
    """
    machine: Any = load_target(target)
    try:
        from interlock.testing.errors import SimulationFailed
        from interlock.testing.simulation.simulate import simulate as simulated
    except ModuleNotFoundError as error:
        message = f"simulate needs {error.name}: pip install 'interlock[testing]'"
        raise BadArgument(message) from None
    try:
        done = simulated(machine, seeds=seeds, steps="own" if own else None, faults=faults)
    except SimulationFailed as failed:
        return _tell(failed, target, as_json=as_json)
    if as_json:
        print_document({
            "machine": target, "seeds": done.seeds, "runs": dict(sorted(done.runs.items())),
            "calls": done.calls, "events": done.events, "faults": dict(sorted(done.faults.items())),
            "failed": None,
        })  # fmt: skip
        return True
    screen = Screen()
    screen.line(Styled("nothing wrong:", "green"), str(done))
    return True


def _tell(failed: Any, target: str, *, as_json: bool) -> bool:
    if as_json:
        found = {"seed": failed.seed, "wrong": failed.wrong, "faults": failed.faults}
        print_document({"machine": target, "failed": found | {"trace": failed.trace}})
        return False
    screen = Screen()
    for line in str(failed).split("\n"):
        screen.line(Styled(line, "bold red" if "WRONG" in line else ""))
    screen.line(f"again: interlock simulate {target} --seed {failed.seed}")
    return False
