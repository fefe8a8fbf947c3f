"""The options that every command which decides on a run has, said once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, get_type_hints

from interlock.cli.errors import reporting
from interlock.cli.options import (
    DEFAULT_STORE,
    Apps,
    AsJson,
    By,
    Correlation,
    Debug,
    Reason,
    StoreUrl,
    speaking,
    who,
)

if TYPE_CHECKING:  # the engine is imported when a command runs
    from interlock.cli.deciding import Act


@dataclass(frozen=True, slots=True)
class Common:
    """Who decides and why, and where: what `deciding` adds to a command.

    Attributes:
        by, reason, correlation: who, why, and the request that it serves.
        app: modules that define the machines.
        store: the database.
        as_json, debug: how it is told.
    """

    by: By = ""
    reason: Reason = ""
    correlation: Correlation = ""
    app: Apps = field(default_factory=list[str])
    store: StoreUrl = DEFAULT_STORE
    as_json: AsJson = False
    debug: Debug = False

    @property
    def who(self) -> str:
        """Who decides; the name of the login by default."""
        return who(self.by)

    @contextmanager
    def telling(self) -> Generator[None]:
        """Show errors of the block as this command does, and record its reason."""
        with (
            reporting(as_json=self.as_json, debug=self.debug),
            speaking(self.reason, self.correlation),
        ):
            yield

    def decide(self, run: str, act: Act) -> None:
        """Record a decision on a run, and print where it is then."""
        from interlock.cli.deciding import decide

        decide(self.store, self.app, run, act, as_json=self.as_json)


def deciding(function: Callable[..., None]) -> Callable[..., None]:
    """A command with the options of `Common`; the function gets them as `common`."""
    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=hints[name])
        for name, parameter in signature(function).parameters.items() if name != "common"
    ]  # fmt: skip
    every = [*own, *_parameters()]

    def command(**given: Any) -> None:
        common = {one.name: given.pop(one.name) for one in fields(Common)}
        function(common=Common(**common), **given)

    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__module__ = function.__module__
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in every}
    setattr(command, "__signature__", Signature(every))  # noqa: B010  no checker knows of it
    return command


def _parameters() -> Sequence[Parameter]:
    hints = get_type_hints(Common, include_extras=True)
    return [
        Parameter(
            one.name, Parameter.POSITIONAL_OR_KEYWORD, annotation=hints[one.name],
            default=[] if one.name == "app" else one.default,
        )
        for one in fields(Common)
    ]  # fmt: skip
