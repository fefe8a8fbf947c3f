"""Steps: functions with side effects that a workflow calls and the log records."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Literal, ParamSpec, TypeVar, cast, get_args, overload

from interlock.machines.duration import Duration
from interlock.machines.kinds import check_errors, check_function, check_kind
from interlock.machines.place import bad_definition, declared_duration
from interlock.machines.resilience.breaker import Breaker
from interlock.machines.resilience.cache import Cache
from interlock.machines.resilience.gates import Gates, gated
from interlock.machines.resilience.limits import Bulkhead, RateLimit
from interlock.machines.resilience.policies import chosen
from interlock.machines.resilience.policy import Policy
from interlock.machines.resource import check_resources
from interlock.machines.retry import Retry
from interlock.machines.signatures import check_undo, check_verify

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Happened(Generic[R]):
    """Answer of a `verify` function: the call did happen, and this was its result."""

    result: R


@dataclass(frozen=True, slots=True)
class DidNotHappen:
    """Answer of a `verify` function: the call did not happen, so it may be made."""


OnCrash = Literal["retry", "verify", "hold"]


@dataclass(frozen=True, slots=True)
class StepOptions:
    """What a step declares about its failures.

    Attributes:
        retry: schedule for errors that are not in `raises`.
        timeout: longest time for one attempt, None for no limit.
        raises: domain errors: recorded, raised in the workflow, never retried.
        compensate: undoes a completed call when the run fails; it gets the step's result, and
            the step's arguments after it when it takes more than one.
        compensate_retry: schedule of the undo; one that is a step with retries has its own.
        compensate_timeout: longest time for one attempt at the undo, None for no limit; one that
            is a step with a timeout has its own.
        irreversible: why a completed call cannot be undone, "" where that is not said.
        on_crash: what follows when the process died during a call: `retry` with the same key,
            `verify` (ask the function given as `verify=`), or `hold` (never call twice: a person
            decides).
        verify: gets the step's arguments; answers `Happened(result)` or `DidNotHappen()`.
        interruptions: how many calls of one attempt may end with their process (a crash, a
            restart) before the step is in doubt and a person has to look; at least 1.
        map_error: gets what the step raised; what it returns is the step's error instead.
        gates: what each call has to pass first, None for nothing.
    """

    retry: Retry = Retry.none
    timeout: timedelta | None = None
    raises: tuple[type[BaseException], ...] = ()
    compensate: Callable[..., Any] | None = None
    compensate_retry: Retry = Retry.standard
    compensate_timeout: timedelta | None = None
    irreversible: str = ""
    on_crash: OnCrash = "retry"
    verify: Callable[..., Any] | None = None
    interruptions: int = 5
    map_error: Callable[[Exception], BaseException] | None = None
    gates: Gates | None = None

    @property
    def plain(self) -> bool:
        """Whether the function is just called."""
        return self.gates is None and self.map_error is None


class Step(Generic[P, R]):
    """A declared step. Outside a run, calling it just calls the function.

    Attributes:
        name: the function's name unless declared otherwise.
        function: the author's function, async or not.
        options: its policies.
        label: name of the place where it is called, set by `named`.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        options: StepOptions,
        label: str | None = None,
    ) -> None:
        self.function = function
        self.name = name
        self.options = options
        self.label = label
        self.is_async = inspect.iscoroutinefunction(function)
        self.__doc__ = function.__doc__
        self.__name__ = name
        self.__module__ = function.__module__
        self.__wrapped__ = function

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        """The coroutine of the function itself: steps are tested as functions."""
        if self.is_async:
            return cast("Coroutine[Any, Any, R]", self.function(*args, **kwargs))
        return self._call_sync(args, kwargs)

    async def _call_sync(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        return cast("R", self.function(*args, **kwargs))

    def named(self, label: str) -> Step[P, R]:
        """The same step under its own state name, where one step is awaited at several places."""
        return Step(self.function, self.name, self.options, label)

    def with_(
        self,
        *,
        policy: Policy | str | None = None,
        retry: Retry | None = None,
        timeout: Duration | None = None,
    ) -> Step[P, R]:
        """The same step with another policy, retry schedule or timeout for this call.

        What is given by itself wins over the policy, and the policy over the step.
        """
        own = Policy(retry, timeout)
        changed = (own if policy is None else chosen(policy) | own).values()
        gates = {k: changed.pop(k) for k in ("breaker", "rate", "bulkhead") if k in changed}
        if "timeout" in changed:
            changed["timeout"] = declared_duration(changed["timeout"])
        if gates:
            changed["gates"] = dataclasses.replace(self.options.gates or Gates(), **gates)
        options = dataclasses.replace(self.options, **changed)
        return Step(self.function, self.name, options, self.label)

    def effect(self, *args: P.args, **kwargs: P.kwargs) -> Effect:
        """The call as a value, for a lifecycle to return from an `entering` method."""
        return Effect(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<step {self.name}>"


@dataclass(frozen=True, slots=True)
class Effect:
    """A call of a step that should now be made.

    Attributes:
        step: what to call.
        args, kwargs: its input.
    """

    step: Step[..., Any]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict[str, Any])


class StepDecorator:
    """What `@step(...)` with options returns; it fits async and plain functions."""

    def __init__(self, name: str | None, options: StepOptions) -> None:
        self._name = name
        self._options = options

    @overload
    def __call__(self, function: Callable[P, Awaitable[R]]) -> Step[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R]) -> Step[P, R]: ...
    def __call__(self, function: Callable[..., Any]) -> Step[..., Any]:
        """Declare `function` a step."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            text = f"step {function.__name__!r} is a generator; return a list instead"
            raise bad_definition(text)
        _check_functions(function, self._options)
        return Step(function, self._name or function.__name__, self._options)


def _check_functions(function: Callable[..., Any], options: StepOptions) -> None:
    """Check the parameters of a step, its undo and its `verify=`."""
    check_resources(function)
    for beside, check in ((options.compensate, check_undo), (options.verify, check_verify)):
        if beside is not None:
            plain: Callable[..., Any] = beside.function if isinstance(beside, Step) else beside
            check_resources(plain)
            check(function, plain)


@overload
def step(function: Callable[P, Awaitable[R]], /) -> Step[P, R]: ...
@overload
def step(function: Callable[P, R], /) -> Step[P, R]: ...
@overload
def step(
    *,
    name: str | None = None,
    retry: Retry | None = None,
    timeout: Duration | None = None,
    raises: tuple[type[BaseException], ...] | type[BaseException] = (),
    compensate: Callable[..., Any] | None = None,
    compensate_retry: Retry | None = None,
    compensate_timeout: Duration | None = None,
    irreversible: str = "",
    on_crash: OnCrash = "retry",
    verify: Callable[..., Any] | None = None,
    interruptions: int = 5,
    map_error: Callable[[Exception], BaseException] | None = None,
    policy: Policy | str | None = None,
    breaker: Breaker | str | None = None,
    rate: RateLimit | str | None = None,
    bulkhead: Bulkhead | str | None = None,
    cache: Cache | None = None,
    singleflight: Callable[..., object] | bool = False,
) -> StepDecorator: ...
def step(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    retry: Retry | None = None,
    timeout: Duration | None = None,
    raises: tuple[type[BaseException], ...] | type[BaseException] = (),
    compensate: Callable[..., Any] | None = None,
    compensate_retry: Retry | None = None,
    compensate_timeout: Duration | None = None,
    irreversible: str = "",
    on_crash: OnCrash = "retry",
    verify: Callable[..., Any] | None = None,
    interruptions: int = 5,
    map_error: Callable[[Exception], BaseException] | None = None,
    policy: Policy | str | None = None,
    breaker: Breaker | str | None = None,
    rate: RateLimit | str | None = None,
    bulkhead: Bulkhead | str | None = None,
    cache: Cache | None = None,
    singleflight: Callable[..., object] | bool = False,
) -> Any:
    """Declare a function (async, or plain: then it runs in a thread) to be a step.

    See `StepOptions` for the options; further ones:

    Args:
        policy: options for retries, timeout and gates; what is declared here wins over it.
        breaker, rate, bulkhead: gates that each call has to pass, or their names.
        cache: use the results of earlier calls, of all runs.
        singleflight: calls at the same time in one process are one call: True for those of equal
            arguments, or a function of the arguments.

    Defaults: no retry, no timeout, no gates, called again with the same idempotency key after a
    crash.

    Raises:
        BadDefinition: an option that is no such thing, a generator, an unknown `on_crash`,
            `"verify"` without `verify=`, a shared result of a step that can be undone, or both
            `compensate=` and `irreversible=`.
    """
    if verify is not None and on_crash == "retry":
        on_crash = "verify"
    if on_crash not in get_args(OnCrash):
        message = f"on_crash={on_crash!r} is unknown; write one of {', '.join(get_args(OnCrash))}"
        raise bad_definition(message)
    if on_crash == "verify" and verify is None:
        raise bad_definition("on_crash='verify' needs verify=: a function that finds out")
    if interruptions < 1:
        raise bad_definition("interruptions= is a number of calls: 1 or more")
    if compensate is not None and (cache is not None or singleflight):
        raise bad_definition(
            "a step with compensate= cannot share results (cache=, singleflight=): undoing them "
            "would undo another run's call; split it into two steps"
        )
    own = Policy(retry, timeout, breaker, rate, bulkhead)
    given = own if policy is None else chosen(policy) | own
    if irreversible and compensate is not None:
        raise bad_definition("a step is irreversible= or has a compensate=, not both")
    undo_limit = None if compensate_timeout is None else declared_duration(compensate_timeout)
    options = StepOptions(
        retry=given.retry or Retry.none,
        timeout=None if given.timeout is None else declared_duration(given.timeout),
        raises=raises if isinstance(raises, tuple) else (raises,),
        compensate=compensate,
        compensate_retry=compensate_retry or Retry.standard,
        compensate_timeout=undo_limit,
        irreversible=irreversible,
        on_crash=on_crash,
        verify=verify,
        interruptions=interruptions,
        map_error=map_error,
        gates=gated(given, cache, singleflight),
    )
    check_kind("cache", cache, Cache, 'Cache(ttl="1 hour")')
    check_kind("compensate_retry", compensate_retry, Retry, "Retry.standard")
    for option, value in (("compensate", compensate), ("verify", verify), ("map_error", map_error)):
        check_function(option, value)
    check_errors("raises", options.raises)
    decorator = StepDecorator(name, options)
    return decorator if function is None else decorator(function)
