"""Each broken machine is found with exactly its code; good ones have nothing wrong."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest

import interlock.demo
import sample_orders
import sample_subscription
from interlock.machines import Lifecycle, Workflow
from interlock.machines.check import judged
from interlock.machines.checks.properties import PROPERTIES
from interlock.machines.ir import Machine
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from machines.broken import CORPUS, Broken

MODULES = [f"interlock.demo.{m.name}" for m in pkgutil.iter_modules(interlock.demo.__path__)]


@pytest.mark.parametrize("broken", CORPUS, ids=[one.name for one in CORPUS])
def test_a_broken_machine_is_found_with_exactly_its_code(broken: Broken) -> None:
    verdicts = judged(broken.checked, strict=broken.strict)
    found = [problem for one in verdicts for problem in one.problems]
    assert {problem.code for problem in found} == ({broken.code} - {""}), found
    for one in verdicts:
        assert one.verdict == ("refuted" if one.problems else "proved"), one
    if found:
        assert len(found[0].trace) == broken.trace, found[0].trace
    if not isinstance(broken.checked, Machine):
        assert all("broken_" in p.file and p.line > 0 for p in found), found


def test_every_property_has_a_broken_machine() -> None:
    assert {one.code for one in PROPERTIES} == {one.code for one in CORPUS} - {""}


def machines_of(module: ModuleType) -> Iterator[Program | LifecycleProgram]:
    for member in list(vars(module).values()):
        if isinstance(member, Workflow):
            yield member.program
        elif isinstance(member, type) and issubclass(member, Lifecycle) and member is not Lifecycle:
            yield member.program()


def good() -> Iterator[ModuleType]:
    yield from (importlib.import_module(name) for name in MODULES)
    yield from (sample_orders, sample_subscription)


def test_good_machines_have_no_problems() -> None:
    checked = 0
    for module in good():
        for program in machines_of(module):
            checked += 1
            for one in judged(program):
                assert [p for p in one.problems if p.severity != "info"] == [], program.machine.name
                assert one.verdict != "bounded"
    assert checked >= 5
