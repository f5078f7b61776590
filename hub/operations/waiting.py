"""Waiting for a task, as long as one call may take."""

from asyncio import get_running_loop
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hub.domain.model import Value
from hub.domain.tasks import Artifact, ArtifactType, Task
from hub.operations.base import Call, Id, Input, Operation, Result
from hub.ports import Filter

LONGEST = 300
PATIENCE = 15.0
"""Seconds after which the log is read in any case, should another node's change have gone unheard."""

Until = Literal["settled", "answered", "ended"]
Reason = Literal["ended", "input_required", "answered", "timeout"]

NEXT: dict[Reason, str] = {
    "ended": "completionSummary, result, failure and the artifacts say what came of it; get_artifact reads one.",
    "input_required": "Answer the open questions in inputRequests with provide_input, then call wait_for_task again.",
    "answered": "The answers stand in inputRequests.",
    "timeout": "It goes on. Call wait_for_task again, or cancel_task.",
}
"""What to do then."""


class WaitForTask(Input):
    brief: ClassVar[tuple[str, ...]] = ("taskId", "timeoutSeconds")

    task_id: Id
    timeout_seconds: Annotated[float, Field(ge=0, le=LONGEST)] = 60
    """At most 300; 0: only look."""
    until: Until = "settled"
    """settled: it has ended or asks something; ended; answered: what it asked is answered."""


class Attached(Value):
    """An artifact without its content."""

    id: str
    type: ArtifactType
    agent_id: str | None = None
    context: str | None = None


class Waited(Result):
    done: bool
    """What was waited for has happened."""
    reason: Reason
    next: str
    task: Task
    artifacts: tuple[Attached, ...] = ()
    """Of a task that has ended."""


async def wait_for_task(given: WaitForTask, call: Call) -> Waited:
    """Wait until a task has ended or asks a question; next says what to call then."""
    loop = get_running_loop()
    deadline = loop.time() + given.timeout_seconds
    cursor = await call.unit.latest()
    while True:
        task = await call.need(Task, given.task_id)
        reason = reason_to_stop(task, given.until)
        if reason or loop.time() >= deadline:
            return await _waited(task, reason, call)
        cursor = await changed(Filter(kinds=(Task.kind,), record_id=given.task_id), cursor, deadline, call)


def reason_to_stop(task: Task, until: Until) -> Reason | None:
    if task.ended:
        return "ended"
    if task.questions:
        return "input_required" if until == "settled" else None
    return "answered" if until == "answered" else None


async def changed(wanted: Filter, cursor: int, deadline: float, call: Call) -> int:
    """Wait for such an event beyond the cursor, or for the deadline, in the loop's time. Answers up to where the log was read."""
    loop = get_running_loop()
    while True:
        page = await call.unit.events_after(cursor, wanted, 1)
        left = deadline - loop.time()
        if page.events or left <= 0:
            return page.cursor
        cursor = page.cursor
        await call.unit.beyond(cursor, min(left, PATIENCE))


async def _waited(task: Task, reason: Reason | None, call: Call) -> Waited:
    artifacts = [one async for one in call.unit.every(Artifact, task_id=task.id)] if task.ended else []
    attached = tuple(Attached(id=one.id, type=one.type, agent_id=one.provided_by_agent_id, context=one.context) for one in artifacts)
    why: Reason = reason or "timeout"
    return Waited(done=reason is not None, reason=why, next=NEXT[why], task=task, artifacts=attached)


OPERATIONS = (Operation(wait_for_task, "tasks.read", profiles=frozenset({"core"}), waits=True),)
