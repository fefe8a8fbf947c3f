"""`simulate`: a machine under simulation, from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from interlock.cli.errors import BadArgument
from interlock.cli.render import Screen, Styled, print_document
from interlock.cli.target import load_target


def simulate(target: str, seeds: Sequence[int], *, own: bool, faults: bool, as_json: bool) -> bool:
    """Simulate a machine, and print what came of it. False when something did not hold.

    Runs begin with what the machine's module calls `starts` (of a lifecycle) or `inputs`.

    Args:
        own: call the steps themselves.

    Raises:
        BadArgument: Hypothesis is not installed; `starts` or `inputs` are no list.
        HarnessError: one of them cannot start a run.
    """
    machine: Any = load_target(target)
    try:
        from interlock.testing.errors import SimulationFailed
        from interlock.testing.simulation.simulate import simulate as simulated
    except ModuleNotFoundError as error:
        message = f"simulate needs {error.name}: pip install 'interlock[testing]'"
        raise BadArgument(message) from None
    try:
        calls: Any = "own" if own else None
        given = _inputs(machine, target)
        done = simulated(machine, seeds=seeds, inputs=given, steps=calls, faults=faults)
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


def _inputs(machine: Any, target: str) -> Sequence[Any] | None:
    """What the module says that runs are started with; None where it says nothing.

    Raises:
        BadArgument: that is no list, or holds what is no data of the lifecycle.
    """
    name = "starts" if isinstance(machine, type) else "inputs"
    said: Any = getattr(import_module(target.partition(":")[0]), name, None)
    if said is None:
        return None
    if not isinstance(said, list | tuple):
        message = f"`{name}` of the module is a {type(said).__name__}; a list is wanted"
        raise BadArgument(message)
    return said  # pyright: ignore[reportUnknownVariableType]  # of anything: `simulate` looks at it


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
