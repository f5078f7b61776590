"""Background tasks: prompts that wait for an agent, and what became of them."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from hub.domain.background_tasks import BackgroundPriority, BackgroundStatus, BackgroundTask, TriggerSource, title_of
from hub.domain.errors import Invalid, NotFound, Refused
from hub.operations.base import Call, Id, Input, Limit, Listing, Mutation, Name, Operation, Result, Text, changes, expect_version
from hub.operations.workflow_runs import follow_step

LONGEST_PROMPT = 200_000
Prompt = Annotated[str, Field(min_length=1, max_length=LONGEST_PROMPT)]
NOT_YET = "This hub does not run background tasks by itself yet. start_background_task takes one that is ready."


class CreateBackgroundTask(Mutation):
    prompt: Prompt
    agent_id: Id
    """Of the provider or the specialist that is to do it."""
    workspace_id: Id = "default"
    title: Name | None = None
    """Left out: how the prompt begins."""
    triggered_by: Name = "user"
    trigger_source: TriggerSource = "manual"
    priority: BackgroundPriority = "NORMAL"
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    depends_on_task_ids: Annotated[tuple[Id, ...], Field(max_length=100)] = ()
    """It waits until these background tasks are completed."""


class ListBackgroundTasks(Input):
    workspace_id: Id | None = None
    """Left out: all workspaces."""
    status: BackgroundStatus | None = None
    workflow_run_id: Id | None = None
    limit: Limit = 100


class GetBackgroundTask(Input):
    background_task_id: Id


class UpdateBackgroundTask(Mutation):
    background_task_id: Id
    title: Name | None = None
    prompt: Prompt | None = None
    agent_id: Id | None = None
    priority: BackgroundPriority | None = None
    expected_version: int | None = None


class RetryBackgroundTask(Mutation):
    background_task_id: Id


class StartBackgroundTask(Mutation):
    background_task_id: Id
    session_id: Id | None = None
    """The session in which it is done."""


class FinishBackgroundTask(Mutation):
    background_task_id: Id
    status: Literal["COMPLETED", "FAILED"] = "COMPLETED"
    output: Text | None = None
    error_message: Text | None = None
    """Why it failed."""


class DeleteBackgroundTask(Mutation):
    background_task_id: Id
    force: bool = False
    """Delete it also while it runs. It is marked as failed first, so that whoever follows it sees that it has ended."""


class DeleteBackgroundTasks(Mutation):
    workspace_id: Id
    status: Literal["PENDING", "COMPLETED", "FAILED", "CANCELLED"]
    """One that runs is cancelled by itself."""
    trigger_source: TriggerSource | None = None
    """Only those that came of this."""


class ProcessBackgroundTasks(Mutation):
    workspace_id: Id | None = None


class BackgroundTaskRemoval(Result):
    success: bool = True
    deleted: bool
    """False: it ran, and is cancelled."""
    task: BackgroundTask | None = None


class BackgroundTaskRemovals(Result):
    success: bool = True
    deleted: int
    message: str


class Dispatched(Result):
    ok: bool = True
    dispatched: int
    ready: int
    """Those that could be begun."""
    message: str


async def create_background_task(given: CreateBackgroundTask, call: Call) -> BackgroundTask:
    """Put a prompt into the queue of background tasks. list_background_tasks shows what becomes of it."""
    await call.workspace(given.workspace_id)
    for id_ in given.depends_on_task_ids:
        needed = await _need(id_, call)
        if needed.workspace_id != given.workspace_id:
            raise Invalid(f"dependsOnTaskIds: {id_!r} is in another workspace.")
        call.unit.guard(needed)
    fields = {name: getattr(given, name) for name in BackgroundTask.model_fields if name in type(given).model_fields}
    return call.create(BackgroundTask(**fields | {"title": given.title or title_of(given.prompt)}))


async def list_background_tasks(given: ListBackgroundTasks, call: Call) -> Listing[BackgroundTask]:
    """List the background tasks, the newest first."""
    if given.workspace_id:
        await call.within(given.workspace_id)
    where = {"workspace_id": given.workspace_id, "status": given.status, "workflow_run_id": given.workflow_run_id}
    return await call.newest(BackgroundTask, given.limit, **where)


async def get_background_task(given: GetBackgroundTask, call: Call) -> BackgroundTask:
    """Read a background task: how far it is, and what came out of it."""
    return await _need(given.background_task_id, call)


async def update_background_task(given: UpdateBackgroundTask, call: Call) -> BackgroundTask:
    """Change a background task that still waits."""
    task = await _need(given.background_task_id, call)
    expect_version(task, given.expected_version)
    if task.status != "PENDING":
        raise Invalid(f"It is {task.status}. Only a background task that is PENDING can be changed.")
    return call.update(task, **changes(given, BackgroundTask))


async def retry_background_task(given: RetryBackgroundTask, call: Call) -> BackgroundTask:
    """Put a background task that failed back into the queue."""
    task = await _need(given.background_task_id, call)
    if task.status != "FAILED":
        raise Invalid(f"It is {task.status}. Only a background task that is FAILED can be tried again.")
    if not task.retries:
        raise Invalid(f"It was tried {task.attempts} times, as often as it may be. Create another one.")
    return await _put(task, call, status="PENDING", error_message=None, started_at=None, completed_at=None, result_session_id=None)


async def start_background_task(given: StartBackgroundTask, call: Call) -> BackgroundTask:
    """Take a background task that waits for nothing any more, to do it now. finish_background_task says how it ended."""
    task = await _need(given.background_task_id, call)
    if task.status != "PENDING":
        raise Refused(f"It is {task.status}. Only a background task that is PENDING can be begun.")
    needed = [await call.unit.get(BackgroundTask, id_) for id_ in task.depends_on_task_ids]
    if None in needed:
        raise Refused("A background task that it waits for was deleted. Delete this one, too, or create it anew.")
    if task.waits({one.id for one in needed if one and one.status == "COMPLETED"}):
        raise Refused("It waits for other background tasks. Its dependsOnTaskIds names them.")
    started = {"started_at": call.now, "attempts": task.attempts + 1, "result_session_id": given.session_id}
    return await _put(task, call, status="RUNNING", **started)


async def finish_background_task(given: FinishBackgroundTask, call: Call) -> BackgroundTask:
    """Say how a background task that runs has ended. One that failed may be tried again with retry_background_task."""
    task = await _need(given.background_task_id, call)
    if task.status != "RUNNING":
        raise Refused(f"It is {task.status}. Only a background task that is RUNNING can end.")
    failed = given.status == "FAILED"
    error = (given.error_message or "It failed, and nobody said why.") if failed else None
    return await _put(task, call, status=given.status, completed_at=call.now, task_output=given.output, error_message=error)


async def delete_background_task(given: DeleteBackgroundTask, call: Call) -> BackgroundTaskRemoval:
    """Delete a background task. One that runs is cancelled instead, and deleted only with force."""
    task = await _need(given.background_task_id, call)
    if task.status == "RUNNING" and not given.force:
        return BackgroundTaskRemoval(deleted=False, task=await _put(task, call, status="CANCELLED", completed_at=call.now))
    if task.status == "RUNNING":
        task = await _put(task, call, status="FAILED", completed_at=call.now, error_message="It was deleted while it ran.")
    await _remove([task], call)
    return BackgroundTaskRemoval(deleted=True)


async def delete_background_tasks(given: DeleteBackgroundTasks, call: Call) -> BackgroundTaskRemovals:
    """Delete all background tasks of a workspace that are in a status, beyond recall."""
    await call.within(given.workspace_id)
    found = [
        task async for task in call.unit.every(BackgroundTask, workspace_id=given.workspace_id, status=given.status)
        if given.trigger_source in (None, task.trigger_source)
    ]  # fmt: skip
    await _remove(found, call)
    return BackgroundTaskRemovals(deleted=len(found), message=f"{len(found)} background tasks that were {given.status} are deleted.")


async def process_background_tasks(given: ProcessBackgroundTasks, call: Call) -> Dispatched:
    """Have the background tasks begun that are ready. This hub only tells how many there are: start_background_task begins one."""
    waiting = [task async for task in call.unit.every(BackgroundTask, workspace_id=given.workspace_id, status="PENDING")]
    needed = {id_ for task in waiting for id_ in task.depends_on_task_ids}
    completed = {id_ for id_ in needed if (one := await call.unit.get(BackgroundTask, id_)) and one.status == "COMPLETED"}
    return Dispatched(dispatched=0, ready=sum(not task.waits(completed) for task in waiting), message=NOT_YET)


async def _need(id_: str, call: Call) -> BackgroundTask:
    task = await call.unit.get(BackgroundTask, id_)
    if task is None:
        raise NotFound("background task", id_)
    return task


async def _put(task: BackgroundTask, call: Call, **changed: object) -> BackgroundTask:
    """What it changes is told to the run of a workflow that it is a step of."""
    stored = call.update(task, **changed)
    await follow_step(stored, call)
    return stored


async def _remove(tasks: Sequence[BackgroundTask], call: Call) -> None:
    for task in tasks:
        call.delete(task)
        if task.status != "COMPLETED":  # so its run cannot be completed any more
            await follow_step(task.model_copy(update={"status": "CANCELLED"}), call)


_MINE = frozenset({"coordination"})
OPERATIONS = (
    Operation(create_background_task, "background_tasks.write", writes=True, profiles=_MINE),
    Operation(list_background_tasks, "background_tasks.read", profiles=_MINE),
    Operation(get_background_task, "background_tasks.read", profiles=_MINE),
    Operation(update_background_task, "background_tasks.write", writes=True, repeatable=True),
    Operation(retry_background_task, "background_tasks.write", writes=True),
    Operation(start_background_task, "background_tasks.write", writes=True),
    Operation(finish_background_task, "background_tasks.write", writes=True),
    Operation(delete_background_task, "background_tasks.write", writes=True, destructive=True, repeatable=True),
    Operation(delete_background_tasks, "background_tasks.write", writes=True, destructive=True, repeatable=True),
    Operation(process_background_tasks, "background_tasks.write", writes=True, repeatable=True),
)
