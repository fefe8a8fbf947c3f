"""The handle of a run under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from interlock.engine.core import Core
from interlock.engine.handle import Run
from interlock.machines.duration import Duration
from interlock.projections import RunState
from interlock.store.contract import FINISHED, Entry
from interlock.testing.story import story_of
from interlock.testing.traces import brief, shortened

if TYPE_CHECKING:
    from interlock.testing.environment import Environment

R = TypeVar("R")


class TestedRun(Run[R]):
    """As `Run`; waiting for its end lets time pass, and it holds when the process crashes."""

    __test__ = False  # pytest looks at names only

    def __init__(self, environment: Environment, id: str) -> None:  # noqa: A002  public name
        super().__init__(environment.engine, id)
        self._environment = environment

    def moved(self, engine: Core) -> None:
        """The store was opened anew, by this engine."""
        self._engine = engine

    @brief
    async def result(self, *, limit: Duration = "10 years") -> R:
        """Let time pass until it has ended; what the workflow returned.

        Args:
            limit: of virtual time.

        Raises:
            NothingMore: it waits for a person or a command, or is not over by then.
            Exception: as `Run.result`.
        """
        __tracebackhide__ = True
        await self._over(limit)
        try:
            return await super().result()
        except Exception as error:
            raise shortened(error) from error.__cause__

    @brief
    async def wait(self, *, limit: Duration = "10 years") -> RunState:
        """Let time pass until it has ended; its last state. Raises as `result`."""
        __tracebackhide__ = True
        await self._over(limit)
        return await super().wait()

    @brief
    async def story(self) -> str:
        """What happened, as text that is the same whenever the same happens; see `story_of`."""
        return story_of(await self.history())

    @brief
    async def events(self) -> list[str]:
        """Types of its events, in order."""
        return [event.type for event in (await self.history()).events]

    async def _over(self, limit: Duration) -> None:
        __tracebackhide__ = True

        async def over(entry: Entry) -> bool:
            return entry.status in FINISHED

        await self._environment.until(self, over, "end", limit)
