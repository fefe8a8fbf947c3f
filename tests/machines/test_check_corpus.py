"""Each broken machine is found with exactly its code; good ones have nothing wrong."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import interlock.demo
import sample_orders
import sample_subscription
from interlock.machines import Lifecycle, Workflow, approvers, registry
from interlock.machines.check import judged
from interlock.machines.checks.properties import PROPERTIES
from interlock.machines.ir import Machine
from interlock.machines.lifecycle_program import LifecycleProgram
from interlock.machines.program import Program
from machines.broken import CORPUS, Broken

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SHARED = ("engine.office", "engine.messages", "engine.rich", "engine.reviews", "engine.shop")
DEMO = [f"interlock.demo.{m.name}" for m in pkgutil.iter_modules(interlock.demo.__path__)]
GOOD = [sample_orders, sample_subscription, *map(importlib.import_module, (*DEMO, *SHARED))]


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


def examples(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The pages of docs/examples, as modules of their own."""
    for file in sorted(EXAMPLES.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"checked_{file.stem}", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        yield module


def test_good_machines_have_no_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_known", {})  # the examples call their machines as they like
    monkeypatch.setattr(approvers, "_declared", [])
    checked = 0
    for module in (*GOOD, *examples(monkeypatch)):
        for program in machines_of(module):
            checked += 1
            for one in judged(program):
                assert [p for p in one.problems if p.severity != "info"] == [], program.machine.name
                assert one.verdict != "bounded"
    assert checked >= 15
