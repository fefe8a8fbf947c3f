"""The compiler's law: a compiled workflow is its function, also when restored at every await."""

from __future__ import annotations

from hypothesis import given, note, settings

from machines.compositions import compositions
from machines.programs import Program, Script, names, programs
from machines.scripted import Restored, compile_source, compiled, natively


@given(programs())
def test_compiled_is_python(case: Program) -> None:
    note(case.source)
    script = Script(case.codes)
    flow, program = compile_source(case.source, names(script))
    expected = natively(flow, script, case.args)
    found = compiled(program, script, case.args)
    assert found == expected


@given(programs())
def test_restored_from_json_at_every_await_is_python(case: Program) -> None:
    note(case.source)
    script = Script(case.codes)
    flow, program = compile_source(case.source, names(script))
    expected = natively(flow, script, case.args)
    found = compiled(program, script, case.args, Restored())
    assert found == expected


@settings(max_examples=settings().max_examples // 3)
@given(compositions())
def test_helpers_are_what_python_runs(case: Program) -> None:
    note(case.source)
    script = Script(case.codes)
    flow, program = compile_source(case.source, names(script))
    expected = natively(flow, script, case.args)
    assert compiled(program, script, case.args) == expected
    assert compiled(program, script, case.args, Restored()) == expected
