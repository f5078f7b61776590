"""From a task that is to be done to the report of how its turn ended."""

import asyncio
import logging
from asyncio import CancelledError, current_task, get_running_loop
from collections.abc import Sequence
from typing import Any

from hub.domain.errors import Busy, Conflict, HubError, NotFound, Unavailable
from hub.domain.model import instant
from hub.domain.tasks import Task
from hub.ports import Clock
from hub.turns import Failed, Rejected, Result, Turn, wire
from hub.work.runs import Run

log = logging.getLogger("work")

STOPPED = "The hub was restarted while the agent worked on it. Give it again to have it done."
DEFECT = "The agent failed. The reason is in the hub's log."
LONGEST_SUMMARY = 400
TRIES = 5


class Turning:
    def __init__(self, worker: str, lease_seconds: int, clock: Clock) -> None:
        self._worker, self._lease, self._clock = worker, lease_seconds, clock

    async def turn(self, run: Run, new: bool) -> Sequence[str] | None:
        """Claim it, run it, report. Answers None, or what has to come first: ids of tasks, or nothing where only time helps.

        `new`: it was just made, so that nothing has to be known of it before it is claimed; or it was claimed as it was made.
        """
        if run.token:
            await self._given(run)
            return None
        begun = False
        if not new:
            task = await run.read()
            if task is None or task.assigned_to != run.agent_id or task.status not in ("PENDING", "IN_PROGRESS"):
                return None
            if task.claim and task.claim.worker != self._worker:
                if task.claimed_at(instant(self._clock())):
                    return ()
                begun = task.status == "IN_PROGRESS" and task.claim.worker is not None
        run.busy, run.renewed = True, get_running_loop().time()
        claimed = await self._claimed(run)
        run.busy = False
        if not isinstance(claimed, Task):
            return claimed
        assert claimed.claim
        run.token = claimed.claim.token
        begun = begun or (new and run.token > 1)
        if begun and not run.place.terms.resumable:
            await self._end(run, _failure(STOPPED))
        elif run.over:
            await self.stopped(run)
        else:
            await self._taken(run, claimed)
        return None

    async def _given(self, run: Run) -> None:
        """It came with its claim, unless that is over already."""
        task = run.hub.remembered(run.caller.tenant, Task, run.task_id) or await run.read()
        if task is None or not run.holds(task):
            return
        if run.over:
            await self.stopped(run)
        else:
            await self._taken(run, task)

    async def renewed(self, run: Run) -> bool:
        """False: it is somebody else's now, or nobody's. Raises HubError when that is not known."""
        try:
            await run.call("renew_claim", taskId=run.task_id, claimToken=run.token, leaseSeconds=self._lease)
        except (Conflict, NotFound):
            return False
        return True

    async def _claimed(self, run: Run) -> Task | Sequence[str] | None:
        given = {"agentId": run.agent_id, "taskId": run.task_id, "worker": self._worker, "leaseSeconds": self._lease}
        try:
            task = await run.call("claim_task", **given)
        except Conflict as refusal:
            waiting = refusal.details.get("waitingFor")
            if isinstance(waiting, list):
                return [str(id_) for id_ in waiting]
            return () if "holder" in refusal.details else None
        except NotFound:
            return None
        except HubError as error:
            log.warning("task %s cannot be claimed just now: %s", run.task_id, error.message)
            return ()
        assert isinstance(task, Task)
        return task

    async def _taken(self, run: Run, task: Task) -> None:
        try:
            turn = await run.begin(task)
            if run.doubted and not run.holds(await run.read()):
                return
            try:
                ended = await self._ended(run, turn)
            finally:
                turn.drop()
            await self._end(run, ended)
        except CancelledError:
            if run.over != "stopping":
                raise
            await self.stopped(run)

    async def _ended(self, run: Run, turn: Turn) -> dict[str, Any]:
        """What the function came to, as finish_task is told it."""
        try:
            async with run.limited() as limit:
                result = await run.place.runner.run(turn)
                await turn.close()
            return _result(result, run.agent_id)
        except Rejected as rejection:
            return _failure(str(rejection) or "The agent does not take it on.", rejected=True)
        except Failed as failure:
            return _failure(str(failure) or "The agent failed.")
        except CancelledError:
            if run.over:
                raise
            log.exception("agent %s cancelled itself at task %s", run.agent_id, run.task_id)
            return _failure(DEFECT)
        except (Exception, SystemExit) as error:
            if isinstance(error, TimeoutError) and limit.expired():
                return _failure(f"The agent did not finish within {run.place.terms.timeout_seconds:g} seconds.")
            if isinstance(error, HubError) and not run.holds(await run.read()):
                run.over = "lost"
                raise CancelledError from None
            log.exception("agent %s failed at task %s", run.agent_id, run.task_id)
            return _failure(DEFECT)

    async def stopped(self, run: Run) -> None:
        """The worker stops: give the task back, or say what became of it."""
        run.busy = True
        if this := current_task():
            this.uncancel()
        if run.turn is None or run.place.terms.resumable:
            await self._report(run, "update_task", status="PENDING")
        else:
            await self._end(run, _failure(STOPPED))

    async def _end(self, run: Run, ended: dict[str, Any]) -> None:
        run.busy = True
        try:
            await self._report(run, "finish_task", **ended)
        except HubError as error:
            log.warning("what agent %s answered to task %s was refused: %s", run.agent_id, run.task_id, error.message)
            await self._report(run, "finish_task", **_failure(f"What the agent answered was refused: {error.message[:1_000]}"))

    async def _report(self, run: Run, operation: str, **given: Any) -> None:
        """Once the claim is over, there is nothing to report. What was not done, or may not have been, is tried again."""
        for attempt in range(TRIES):
            try:
                await run.report(operation, **given)
            except (Conflict, NotFound):
                pass
            except (Busy, Unavailable):
                if attempt == TRIES - 1:
                    raise
                await asyncio.sleep(0.1 * 4**attempt)
                continue
            return


def _result(result: Result, agent_id: str) -> dict[str, Any]:
    if result is None or result == "":
        return {}
    if isinstance(result, dict):
        return {"result": result}
    summary = result if isinstance(result, str) else "\n".join(part.get("text", "") for part in wire(result))
    short = summary if len(summary) <= LONGEST_SUMMARY else f"{summary[: LONGEST_SUMMARY - 1]}…"
    return {"output": wire(result), "agentId": agent_id, **({"summary": short} if short else {})}


def _failure(message: str, rejected: bool = False) -> dict[str, Any]:
    return {"failure": {"message": message, **({"rejected": True} if rejected else {})}}
