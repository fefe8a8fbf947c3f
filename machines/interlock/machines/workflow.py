"""Workflows: an `async def` that is compiled to a machine when it is first needed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Generic, ParamSpec, TypeVar, overload

from interlock.machines import registry
from interlock.machines.ir import Machine
from interlock.machines.migration import Migrations
from interlock.machines.program import Program

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


class Workflow(Generic[P, R]):
    """A declared workflow. Calling it runs the function natively, without a run or a log.

    Attributes:
        name: what it is called in the log: the function's name unless declared otherwise.
        function: the author's function.
        version: what its author calls the definition, "" for nothing.
        migrations: what its author says about runs of other definitions.
    """

    is_workflow = True

    def __init__(
        self, function: Callable[P, Coroutine[Any, Any, R]], name: str, version: str = ""
    ) -> None:
        self.function = function
        self.name = name
        self.version = version
        self.migrations = Migrations()
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__
        self.__module__ = function.__module__
        self.__wrapped__ = function
        self._program: Program | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        """The coroutine of the function itself: for tests of workflows that only call steps."""
        return self.function(*args, **kwargs)

    def compile(self) -> Program:
        """Compile now, and keep the program.

        Raises:
            CompileError: the function holds something that a workflow cannot hold.
        """
        if self._program is None:
            from interlock.machines.compiler import compile_workflow  # only where it is needed

            self._program = compile_workflow(self.function, self.name, self.version)
            self._program.migrations = self.migrations
        return self._program

    @property
    def compiled(self) -> bool:
        """Whether it has been compiled."""
        return self._program is not None

    def migrate(
        self, *, from_: str, to: str = "", states: Mapping[str, str] | None = None
    ) -> Callable[[F], F]:
        """Declare what becomes of runs of another definition: `@checkout.migrate(from_="v1")`.

        The function makes the new variables of the old ones: it is given a dict by name, or the
        model or dataclass that it is annotated with, and returns the same. With a second
        parameter it is told where they are (`Where`), and asked for the branches' as well.

        Args:
            from_: version of the definition that runs come from, or its hash or the beginning of
                that, six digits or more.
            to: the same of the one that they go to, by default the present one. Migrations are
                chained: from v1 to v2, from v2 to v3.
            states: what states are called now, by their old names.

        Raises:
            BadDefinition: that cannot be meant.
        """
        return self.migrations.declare(from_, to, states or {})

    @property
    def program(self) -> Program:
        """The compiled workflow; compiled on first use."""
        return self.compile()

    @property
    def machine(self) -> Machine:
        """Its graph; compiled on first use."""
        return self.compile().machine

    def __repr__(self) -> str:
        return f"<workflow {self.name}>"


class WorkflowDecorator:
    """What `@workflow(...)` with options returns."""

    def __init__(self, name: str | None, version: str = "") -> None:
        self._name = name
        self._version = version

    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]]) -> Workflow[P, R]:
        """Declare `function` a workflow."""
        from interlock.machines.compiler import NotYetDefined, read_source

        read_source(function)  # what is not a plain async def is refused before it gets a name
        made = Workflow(function, self._name or function.__name__, self._version)
        with contextlib.suppress(NotYetDefined):  # further down in the module: compiled later
            made.compile()
        registry.register(made)
        return made


@overload
def workflow(function: Callable[P, Coroutine[Any, Any, R]], /) -> Workflow[P, R]: ...
@overload
def workflow(*, name: str | None = None, version: str = "") -> WorkflowDecorator: ...
def workflow(
    function: Callable[..., Coroutine[Any, Any, Any]] | None = None,
    /,
    *,
    name: str | None = None,
    version: str = "",
) -> Any:
    """Declare an `async def` to be a workflow.

    Args:
        name: what it is called in the log; default is the function's name.
        version: what this definition is called, for migrations: `"2"`, `"2026-11"`. Any other
            edit needs no other version: definitions are told apart by hash.

    Raises:
        CompileError: it holds something that a workflow cannot hold. Raised here, or on first
            use when a name that it awaits is defined only later in the module.
        BadDefinition: another workflow elsewhere has this name.
    """
    decorator = WorkflowDecorator(name, version)
    return decorator if function is None else decorator(function)
