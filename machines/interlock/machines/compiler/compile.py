"""The steps of compiling, from the author's function to a program."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from interlock.machines.canonical import canonical_digest
from interlock.machines.compiler import refusals
from interlock.machines.compiler.binder import binder
from interlock.machines.compiler.blocks import Block, Pause, control, reachable
from interlock.machines.compiler.builder import Builder
from interlock.machines.compiler.check import Check
from interlock.machines.compiler.described import (
    Described,
    below,
    call_nodes,
    call_texts,
    described,
)
from interlock.machines.compiler.edges import Edges
from interlock.machines.compiler.embed import Part, combined, embedded
from interlock.machines.compiler.emit import Emitter
from interlock.machines.compiler.facts import Finder
from interlock.machines.compiler.failures import Failures
from interlock.machines.compiler.frames import Frames
from interlock.machines.compiler.given import with_given
from interlock.machines.compiler.helpers import Helpers
from interlock.machines.compiler.liveness import NOTHING, Names, liveness, read_deleted
from interlock.machines.compiler.naming import ENDS, UNDOING, state_names
from interlock.machines.compiler.nested import holds_function
from interlock.machines.compiler.phases import grouped
from interlock.machines.compiler.places import CallPlaces, node_of, place_of
from interlock.machines.compiler.program import Binder, CompiledProgram, Stop
from interlock.machines.compiler.raising import unassigned, unsure
from interlock.machines.compiler.rewrite import rewritten
from interlock.machines.compiler.scope import Scope
from interlock.machines.compiler.sites import Site, Sites
from interlock.machines.compiler.source import Source, read_source
from interlock.machines.compiler.statements import visit
from interlock.machines.compiler.syntax import walk_scope
from interlock.machines.compiler.touches import Touches
from interlock.machines.compiler.vocabulary import collect_types
from interlock.machines.ir import Edge, Machine, Node
from interlock.machines.program import Place
from interlock.machines.shapes import shapes


def compile_workflow(
    function: Callable[..., Any],
    name: str | None = None,
    version: str = "",
    *,
    tree: ast.AsyncFunctionDef | None = None,
) -> CompiledProgram:
    """Compile an `async def` whose awaits are steps and waits.

    Args:
        function: the author's function; its source has to be readable.
        name: what the machine is called; default is the function's name.
        version: what its author calls this definition.
        tree: what to compile in the place of its own text: a change of it.

    Raises:
        CompileError: it holds something that a workflow cannot hold.
        NotYetDefined: it awaits a name that is not defined yet.
    """
    source = read_source(function)
    if tree is not None:
        source = replace(source, tree=tree)
    try:
        made = _compile(source, name or source.code.co_name, Helpers(source, _compile_helper))
    except RecursionError:
        where = source.function.__qualname__
        raise source.refuse(refusals.TOO_DEEP, source.tree, name=where) from None
    if version:
        made.machine = msgspec.structs.replace(made.machine, version=version)
    return made


def _compile_helper(source: Source, around: Scope | None, helpers: Helpers) -> CompiledProgram:
    return _compile(source, source.tree.name, helpers, around, binder(source))


def _compile(
    source: Source,
    name: str,
    helpers: Helpers,
    around: Scope | None = None,
    bind: Binder | None = None,
) -> CompiledProgram:
    """Compile a workflow, or, where `bind` binds its arguments, a helper of one."""
    scope = Scope(source, around)
    sites = Sites(source, scope, helpers)
    Check(source, scope, sites).run()
    builder = Builder(source, scope, sites, visit)
    tree = with_given(rewritten(source.tree, scope, sites), sites)
    builder.body(tree.body)
    builder.emit(ast.Return(None), tree.body[-1])
    blocks = reachable(builder.entry)
    live = liveness(blocks)
    trusted = liveness(blocks, trusting=True)
    found = {n.site: n for block in blocks for n in control(block) if isinstance(n, Pause)}
    states = state_names(source, [site for site in builder.order if site in found], sites.phases)
    pauses = [found[site] for site in states]
    variables = _variables(scope, builder, blocks)
    calls = CallPlaces(source, sites, states, blocks)
    places = [_place(pause, states[pause.site], live, variables, calls) for pause in pauses]
    _refuse_functions(source, scope, places)
    types = collect_types(source.function, source.tree.body, scope, [*states, *calls.sites])
    touches = Touches(blocks, scope, pauses)
    raises = Failures(scope, sites).of(source.tree.body)
    compensates = any(_is_compensated(site) for site in (*states, *calls.sites))
    doubted = unsure(blocks, live, scope.parameters)
    compensates_here = compensates and bind is None
    behind = {pause.site: pause.behind for pause in pauses}
    edges = tuple(Edges(states, doubted, compensates=compensates_here).all(builder.entry, behind))
    errors = [error.__name__ for error in raises]
    told = described(source, scope, sites, builder)
    machine = _machine(
        source,
        name,
        places,
        pauses,
        edges,
        errors,
        calls,
        sites.phases,
        told,
        shapes(types, name),
    )
    stops = [_stop(place, i, p) for i, (place, p) in enumerate(zip(places, pauses, strict=True))]
    frames = Frames(scope, blocks, variables, live, pauses, touches)
    emitter = Emitter(source, scope, blocks, variables, live, pauses, calls.names, frames)
    return CompiledProgram(
        machine, types, source.function, emitter.function(), stops, touches, calls.places,
        bind=bind, failures=tuple(raises), compensates=compensates,
        unassigned=unassigned(trusted[blocks[0]], scope.variables, scope.parameters)
        | (read_deleted(blocks, trusted) & frozenset(scope.variables)),
        annotations=told.annotations, finder=Finder(builder, blocks, states, calls),
    )  # fmt: skip


def _variables(scope: Scope, builder: Builder, blocks: Sequence[Block]) -> list[str]:
    """All variables: the author's by first appearance, then the compiler's that are used."""
    stored = {
        node.id
        for block in blocks
        for node in walk_scope(*block.statements)
        if isinstance(node, ast.Name)
    }
    return [*scope.variables, *(name for name in builder.hidden if name in stored)]


def _place(
    pause: Pause, state: str, live: Mapping[Block, Names], variables: Sequence[str],
    calls: CallPlaces,
) -> Place:  # fmt: skip
    site = pause.site
    names = live[pause.behind] | (NOTHING if pause.where is None else live[pause.where])
    known = tuple(name for name in variables if name in names)
    return place_of(site, state, known, calls.of(site))


def _stop(place: Place, index: int, pause: Pause) -> Stop:
    where = -1 if pause.where is None else pause.where.number
    return Stop(place, index, pause.behind.number, where, pause.behind.active)


def _refuse_functions(source: Source, scope: Scope, places: Sequence[Place]) -> None:
    """Refuse variables that hold something which no log can hold."""
    live = {name for place in places for name in place.live}
    for given in source.functions & live:
        raise source.refuse(refusals.FUNCTION_VALUED, source.tree, name=given)
    for node in walk_scope(*source.tree.body):
        name = holds_function(node)
        if name is not None and name in live and scope.is_local(name):
            raise source.refuse(refusals.FUNCTION_VALUED, node, name=name)


def _is_compensated(site: Site) -> bool:
    """Whether something may have to be undone that is called there."""
    if site.helper is not None:
        return site.helper.program.compensates
    if site.child is not None:
        return True
    return site.step is not None and site.step.options.compensate is not None


def _machine(
    source: Source,
    name: str,
    places: Sequence[Place],
    pauses: Sequence[Pause],
    edges: tuple[Edge, ...],
    raises: list[str],
    calls: CallPlaces,
    phases: Mapping[str, int],
    told: Described,
    values: Mapping[str, str],
) -> Machine:
    targets = {edge.target for edge in edges}
    nodes = [Node(id="start", kind="initial", line=source.tree.lineno)]
    nested: list[Part] = []
    made = call_nodes(calls, source)
    for place, pause in zip(places, pauses, strict=True):
        own = told.node(node_of(place, pause.site), pause.site)
        inside = [(place, own), *calls.drawn(pause.site, place.state)]
        for part, node in inside:
            nodes.append(node)
            if part.program is not None:
                nested.append(embedded(part, source))
                nodes += nested[-1].nodes
        if place.program is not None:
            made += below(place.state, place.program.machine.calls)
    nodes += [Node(id=end, kind="atomic") for end in UNDOING[:1] if end in targets]
    nodes += [Node(id=end, kind="final") for end in ENDS]
    nodes += [Node(id=end, kind="final") for end in UNDOING[1:] if end in targets]
    every = [*places, *calls.places.values()]
    texts = (text for part in nested for text in part.texts)
    return Machine(
        name=name,
        kind="workflow",
        initial="start",
        nodes=tuple(grouped(nodes, phases)),
        edges=(*edges, *(edge for part in nested for edge in part.edges)),
        commands=_commands(every),
        raises=tuple(dict.fromkeys(raises)),
        body=combined(canonical_digest(_anonymous(source.tree)), every, values),
        module=source.function.__module__,
        qualname=source.function.__qualname__,
        file=source.file,
        line=source.tree.lineno,
        source=source.text,
        helpers=tuple(dict.fromkeys([*texts, *call_texts(calls, source)])),
        calls=tuple(made),
        values=dict(values),
    )


def _commands(places: Sequence[Place]) -> tuple[str, ...]:
    """The names of the commands that a workflow accepts, those of its helpers included."""
    found = dict.fromkeys(c.__name__ for place in places for c in place.commands)
    programs = (place.program for place in places if place.program is not None)
    return tuple(found | dict.fromkeys(c for p in programs for c in p.machine.commands))


def _anonymous(tree: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
    """The definition without its decorators and name, which decide nothing."""
    made = copy.copy(tree)
    made.name, made.decorator_list = "workflow", []
    return made
