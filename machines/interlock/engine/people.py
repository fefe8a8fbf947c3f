"""What people ask of an engine: decide, delegate, find out, see what waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.engine import approvals
from interlock.engine.approvals import Said
from interlock.engine.caller import Request
from interlock.engine.core import Core
from interlock.engine.doubts import resolve
from interlock.engine.forks.answering import answer
from interlock.engine.forks.discarding import discard
from interlock.engine.inbox import Pending, Wanted, pending_approvals
from interlock.engine.rights import Directory
from interlock.engine.undo_answers import UndoAnswer, answer_undo
from interlock.store.forking import Answer

if TYPE_CHECKING:
    from interlock.engine.handle import Run


class People(Core):
    """The part of an engine that people talk to."""

    async def approvals(
        self,
        *,
        run: str | Run[Any] | None = None,
        name: str | None = None,
        approver: str | None = None,
        group: str | None = None,
    ) -> list[Pending]:
        """The approvals that wait for a decision, in natural order of their runs' ids.

        Args:
            run, name: of this run, of this name.
            approver: those that this person may decide on now and has not voted on. Where a
                function says who may, it is not asked, and the approval is listed.
            group: those that this group may decide on.
        """
        wanted = Wanted(None if run is None else run_id(run), name, approver, group)
        return await pending_approvals(self.store, wanted, Directory.of(self.groups), self.now())

    async def approve(
        self,
        run: str | Run[Any],
        name: str,
        *,
        by: str = "",
        reason: str = "",
        facts: str = "",
        command_id: str = "",
    ) -> None:
        """Say yes to an approval that is pending.

        Args:
            name: of the approval, below its branches where it has some: `compliance/officer`. Where
                several are meant it is the one that is for `by` to decide; else give its
                address or activity (`Pending.address`).
            by: who decides; see `acting`.
            facts: digest of the facts that they saw (or its first 8 digits or more).
            command_id: the same id again is the same decision.

        Raises:
            Refused: nobody waits for it, it is about other facts, or it is not for them to
                decide; the message says which.
            UnknownMachine: the function that says who may decide is not known here.
            HandlerFailed: that function raised.
        """
        request = Request(kind="approve", run=run_id(run), name=name, by=by, reason=reason)
        await self._vote(request, facts, command_id)

    async def reject(
        self,
        run: str | Run[Any],
        name: str,
        *,
        by: str = "",
        reason: str = "",
        facts: str = "",
        command_id: str = "",
    ) -> None:
        """Say no to an approval that is pending; as `approve`."""
        request = Request(kind="reject", run=run_id(run), name=name, by=by, reason=reason)
        await self._vote(request, facts, command_id)

    async def _vote(self, request: Request, facts: str, command_id: str) -> None:
        caller = await self.asked(request)
        said = Said(request.kind == "approve", caller.reason, facts)
        await approvals.decide(self, request.run, request.name, said, caller, command_id)

    async def delegate(
        self,
        run: str | Run[Any],
        name: str,
        *,
        to: str,
        by: str = "",
        reason: str = "",
        command_id: str = "",
    ) -> None:
        """Hand one's right to decide on a pending approval over to somebody; raises as `approve`.

        Rights that were handed to `by` before go along. An escalation ends all delegations.
        """
        request = Request(
            kind="delegate", run=run_id(run), name=name, value=to, by=by, reason=reason
        )
        caller = await self.asked(request)
        await approvals.delegate(self, request.run, name, to, caller.reason, caller, command_id)

    async def undo(
        self, run: str | Run[Any], step: str, answer: UndoAnswer, *, by: str = "", reason: str = ""
    ) -> None:
        """Say what becomes of a step whose undo failed, so that the run can end.

        Args:
            step: the step, its activity, or the undo's name.
            answer: `retry` calls the undo again, `resolve` says that it was undone by other
                means, `skip` that it stays as it is.

        Raises:
            Refused: no such undo waits for a person, or it is not said who decides and why.
            UnknownRun: there is no such run.
        """
        request = Request(
            kind="undo", run=run_id(run), name=step, value=answer, by=by, reason=reason
        )
        caller = await self.asked(request)
        await answer_undo(self, request.run, step, answer, caller, caller.reason)

    async def answer(
        self,
        run: str | Run[Any],
        step: str,
        how: Answer,
        value: object = None,
        *,
        by: str = "",
        reason: str = "",
    ) -> None:
        """Say what becomes of a call that a fork asks about, so that the fork can go on.

        Args:
            step: the step (or child), its state or activity; of an undo, `undo charge`.
            how: `recorded` gives it what the parent recorded for it, or for the call most like
                it; `value` the `value`; `error` raises `value`, an exception or a text; `live`
                makes the call.

        Raises:
            Refused: it asks about no such call, or about several, or nothing is recorded.
            UnknownRun: there is no such run.
            UnknownMachine: whether the step can be undone is not known to this program.
        """
        request = Request(
            kind="answer", run=run_id(run), name=step, value=how, by=by, reason=reason
        )
        caller = await self.asked(request)
        await answer(self, request.run, step, how, value, caller, caller.reason)

    async def discard(self, run: str | Run[Any], *, by: str = "", reason: str = "") -> None:
        """Give up a fork: it ends as cancelled, and nothing is undone.

        Works whatever it waits for, also where its code is not imported.

        Raises:
            Refused: it is no fork, has ended, or has made calls of its own that `cancel` undoes.
            UnknownRun: there is no such run.
        """
        request = Request(kind="discard", run=run_id(run), name="", by=by, reason=reason)
        caller = await self.asked(request)
        await discard(self, request.run, caller, caller.reason)

    async def resolve(
        self,
        run: str | Run[Any],
        step: str,
        *,
        happened: bool | None,
        result: object = None,
        by: str = "",
        reason: str = "",
    ) -> None:
        """Say whether a step that is in doubt happened; `result` is what it returned.

        When it did not, it is called now; so it is, under the same key, with None: try again.

        Args:
            step: the step, its state or activity; below its branch where several are in doubt:
                `north/charge`.

        Raises:
            NotInDoubt: no such step of this run is in doubt.
            Refused: several are; it says which.
            UnknownMachine: whether it can be undone is not known to this program.
        """
        request = Request(
            kind="resolve", run=run_id(run), name=step, value=happened, by=by, reason=reason
        )
        caller = await self.asked(request)
        await resolve(self, request.run, step, happened, result, caller, caller.reason)


def run_id(run: str | Run[Any]) -> str:
    """The id of a run, however it is given."""
    return run if isinstance(run, str) else run.id
