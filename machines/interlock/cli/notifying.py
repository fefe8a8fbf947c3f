"""Who tells people of reminders and escalations: what the modules of a worker call `notify`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

from interlock.cli.target import import_module
from interlock.engine.notices import Notice, Notify


def notify_of(modules: Sequence[str]) -> Notify | None:
    """The function that the modules define as `async def notify(notice: Notice)`.

    Where several do, all of them are told. A step or another function of that name is not meant.
    """
    found: list[Notify] = []
    for name in modules:
        function = getattr(import_module(name.partition(":")[0]), "notify", None)
        if inspect.iscoroutinefunction(function) and _takes_a_notice(function):
            found.append(function)

    async def tell(notice: Notice) -> None:
        for function in found:
            await function(notice)

    return tell if found else None


def _takes_a_notice(function: Callable[..., object]) -> bool:
    annotations = inspect.get_annotations(function)
    annotations.pop("return", None)
    return [*annotations.values()] in ([Notice], ["Notice"])
