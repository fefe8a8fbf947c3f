"""Workflows: an `async def` that is compiled to a machine when it is first needed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Generic, ParamSpec, TypeVar, overload

from interlock.machines import registry
from interlock.machines.ir import Machine
from interlock.machines.program import Program

P = ParamSpec("P")
R = TypeVar("R")


class Workflow(Generic[P, R]):
    """A declared workflow. Calling it runs the function natively, without a run or a log.

    Attributes:
        name: what it is called in the log: the function's name unless declared otherwise.
        function: the author's function.
    """

    is_workflow = True

    def __init__(self, function: Callable[P, Coroutine[Any, Any, R]], name: str) -> None:
        self.function = function
        self.name = name
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

            self._program = compile_workflow(self.function, self.name)
        return self._program

    @property
    def compiled(self) -> bool:
        """Whether it has been compiled."""
        return self._program is not None

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

    def __init__(self, name: str | None) -> None:
        self._name = name

    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]]) -> Workflow[P, R]:
        """Declare `function` a workflow."""
        from interlock.machines.compiler import NotYetDefined, read_source

        read_source(function)  # what is not a plain async def is refused before it gets a name
        made = Workflow(function, self._name or function.__name__)
        with contextlib.suppress(NotYetDefined):  # further down in the module: compiled later
            made.compile()
        registry.register(made)
        return made


@overload
def workflow(function: Callable[P, Coroutine[Any, Any, R]], /) -> Workflow[P, R]: ...
@overload
def workflow(*, name: str | None = None) -> WorkflowDecorator: ...
def workflow(
    function: Callable[..., Coroutine[Any, Any, Any]] | None = None, /, *, name: str | None = None
) -> Any:
    """Declare an `async def` to be a workflow.

    Args:
        name: what it is called in the log; default is the function's name.

    Raises:
        CompileError: it holds something that a workflow cannot hold. Raised here, or on first
            use when a name that it awaits is defined only later in the module.
        BadDefinition: another workflow elsewhere has this name.
    """
    decorator = WorkflowDecorator(name)
    return decorator if function is None else decorator(function)
