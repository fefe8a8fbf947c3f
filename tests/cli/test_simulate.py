"""`interlock simulate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.kit import Invoke, document
from interlock.engine.timers import TimerService


def test_what_holds_is_told_in_a_line(il: Invoke) -> None:
    done = il("simulate", "cli.shop:checkout", "--seeds", "2")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("nothing wrong: 2 seeds, ")
    assert done.stdout.count("\n") == 1
    told = document(il("simulate", "cli.shop:checkout", "--seeds", "2", "--json"))
    assert (told["seeds"], told["failed"]) == (2, None)
    calm = document(il("simulate", "cli.shop:checkout", "--seed", "7", "--no-faults", "--json"))
    assert (calm["seeds"], calm["faults"]) == (1, {})
    assert il("simulate", "cli.shop:checkout", "--seeds", "1").stdout.startswith(
        "nothing wrong: 1 seed, "
    )


def test_a_fault_has_a_name_of_its_own(il: Invoke) -> None:
    told = document(il("simulate", "cli.shop:checkout", "--seeds", "6", "--json"))
    assert "clock jumps" in told["faults"]
    assert "the" not in told["faults"]


def test_what_does_not_hold_is_told_with_its_seed(
    il: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(_: TimerService, timers: object) -> None: ...

    monkeypatch.setattr(TimerService, "add", nothing)
    failed = il("simulate", "cli.shop:checkout", "--seeds", "30")
    assert failed.exit_code == 1
    assert failed.stdout.startswith("ILK330: simulate(checkout, seeds=[")
    assert "a timer is due and does not fire" in failed.stdout
    last = failed.stdout.splitlines()[-1]
    assert last.startswith("again: interlock simulate cli.shop:checkout --seed ")
    told = document(il("simulate", "cli.shop:checkout", "--seed", last.split()[-1], "--json"))
    assert told["failed"]["wrong"]
    assert told["failed"]["trace"]


MODULE = """
from pydantic import BaseModel
from enum import StrEnum
from interlock.machines import Command, Lifecycle, on, step, workflow
from interlock.machines.proof import invariant

class Stage(StrEnum):
    NEW, GONE = "new", "gone"

class Counted(BaseModel):
    n: int = 0

class Go(Command): ...

class Going(Lifecycle[Stage, Counted], initial=Stage.NEW, final={Stage.GONE}):
    @on(Go, source=Stage.NEW, target=Stage.GONE)
    def go(self, counted: Counted, go: Go) -> Counted:
        return counted

    @invariant
    def none(self, counted: Counted) -> bool:
        return counted.n == 0

@step
async def halve(n: int) -> int:
    return 10 // n

@workflow
async def halving(n: int) -> int:
    return n if n == 7 else await halve(1 // 0)
"""


@pytest.mark.parametrize(
    ("said", "target", "told"),
    [
        ("", "Going", "nothing wrong: 3 seeds"),  # its data as it begins, as in proofs
        ("starts = [Counted(n=1)]", "Going", "none does not hold"),
        ("starts = [1]", "Going", "a lifecycle is started with its data, a Counted"),
        ("starts = 5", "Going", "`starts` of the module is a int; a list is wanted"),
        ("inputs = [7]", "halving", "nothing wrong: 3 seeds"),
        ("inputs = [(7, 8)]", "halving", "too many positional arguments"),
    ],
)
def test_runs_begin_with_what_the_module_says(
    il: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, target: str, told: str
) -> None:
    name = f"begins_{len(said)}_{target.lower()}"
    (tmp_path / f"{name}.py").write_text(f"{MODULE}\n{said}\n")
    monkeypatch.chdir(tmp_path)
    done = il("simulate", f"{name}:{target}", "--seeds", "3")
    assert told in done.output
    assert done.exit_code == (0 if "nothing" in told else 1)


def test_what_is_no_machine_is_refused(il: Invoke) -> None:
    assert il("simulate", "cli.shop:nothing").exit_code == 1
