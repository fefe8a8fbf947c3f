"""Each broken machine is found with exactly its code; good ones have nothing wrong."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

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
from machines.advised import ADVICE
from machines.broken import CORPUS, DOUBTFUL, Broken

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
    """Nothing but the advice that is expected, and nothing is left open but what is expected."""
    monkeypatch.setattr(registry, "_known", {})  # the examples call their machines as they like
    monkeypatch.setattr(approvers, "_declared", [])
    found: dict[str, str] = {}
    checked = 0
    for module in (*GOOD, *examples(monkeypatch)):
        for program in machines_of(module):
            checked += 1
            verdicts = judged(program)
            wrong = [p for one in verdicts for p in one.problems if p.severity != "info"]
            assert wrong == [], program.machine.name
            codes = {one.code for one in verdicts if one.problems}
            codes |= {f"{one.code}?" for one in verdicts if one.verdict == "bounded"}
            if codes:
                name = module.__name__.removeprefix("checked_").rpartition(".")[2]
                found[f"{name}.{program.machine.name}"] = " ".join(sorted(codes))
    assert found == ADVICE
    assert checked >= len(found) + 10


@pytest.mark.parametrize(("flow", "code"), DOUBTFUL, ids=[flow.name for flow, _ in DOUBTFUL])
def test_what_is_not_found_out_is_not_proved(flow: Workflow[..., Any], code: str) -> None:
    for one in judged(flow.program):
        assert one.verdict == ("bounded" if one.code == code else "proved"), one
        assert bool(one.bound) == (one.code == code)
