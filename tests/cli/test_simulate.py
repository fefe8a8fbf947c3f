"""`interlock simulate`."""

from __future__ import annotations

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


def test_what_is_no_machine_is_refused(il: Invoke) -> None:
    assert il("simulate", "cli.shop:nothing").exit_code == 1
