"""Tasks: made, read, changed. Who works on them stands in `claims`, how they end in `reports`."""

from asyncio import gather
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, JsonValue

from hub.domain.agents import AgentRole
from hub.domain.errors import Invalid, Stale
from hub.domain.model import new_id
from hub.domain.tasks import (
    COLUMN_OF_STATUS,
    STATUS_OF_COLUMN,
    Comment,
    CreationSource,
    FallbackAgent,
    Task,
    TaskPriority,
    TaskStatus,
    Verdict,
    by_priority,
)  # fmt: skip
from hub.operations.base import (
    Call,
    Deleted,
    Id,
    Input,
    Limit,
    Listing,
    Mutation,
    Name,
    Operation,
    Page,
    Result,
    Text,
    changes,
    expect_version,
)
from hub.operations.dependencies import depend, remove_tasks
from hub.operations.placing import PLACES, placed

NO_ISSUES = "This hub reads GitHub's issues, and writes none: the task is here alone."
Texts = Annotated[tuple[Text, ...], Field(max_length=200)]
Ids = Annotated[tuple[Id, ...], Field(max_length=200)]
AnyCaseStatus = Annotated[TaskStatus, BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)]


class TaskFields(Mutation):
    """What may be said of a task when it is made and later; null takes an optional field away."""

    scope: Text | None = None
    acceptance_criteria: Texts | None = None
    verification_commands: Texts | None = None
    test_cases: Texts | None = None
    dependencies: Ids = ()
    """Ids of tasks to be completed first."""
    priority: TaskPriority | None = None
    parallel_group: Name | None = None
    assigned_to: Id | None = None
    status: TaskStatus = "PENDING"
    labels: Ids = ()
    session_id: Id | None = None
    comment: Text | None = None
    board_id: Id | None = None
    column_id: Id = "backlog"
    position: int = 0
    assignee: Name | None = None
    assigned_provider: Name | None = None
    assigned_role: AgentRole | None = None
    assigned_specialist_id: Id | None = None
    assigned_specialist_name: Name | None = None
    fallback_agent_chain: tuple[FallbackAgent, ...] | None = None
    enable_automatic_fallback: bool | None = None
    max_fallback_attempts: int | None = None
    trigger_session_id: Id | None = None
    session_ids: Ids = ()
    github_id: Name | None = None
    github_number: int | None = None
    github_url: Name | None = None
    github_repo: Name | None = None
    github_state: Name | None = None
    github_synced_at: Name | None = None
    last_sync_error: Text | None = None
    is_pull_request: bool | None = None
    creation_source: CreationSource | None = None
    codebase_ids: Ids = ()
    worktree_id: Id | None = None
    context_search_spec: dict[str, JsonValue] | None = None
    jit_context_snapshot: dict[str, JsonValue] | None = None


class CreateTask(TaskFields):
    brief: ClassVar[tuple[str, ...]] = (
        "title", "objective", "workspaceId", "scope", "acceptanceCriteria", "verificationCommands", "dependencies", "priority",
    )  # fmt: skip

    title: Name
    objective: Text
    workspace_id: Id = "default"
    repo_path: str | None = None
    create_git_hub_issue: bool | None = None


class UpdateTask(TaskFields):
    brief: ClassVar[tuple[str, ...]] = (
        "taskId", "title", "objective", "status", "priority", "dependencies", "expectedVersion", "claimToken",
    )  # fmt: skip

    task_id: Id
    title: Name | None = None
    objective: Text | None = None
    completion_summary: Text | None = None
    verification_verdict: Verdict | None = None
    verification_report: Text | None = None
    expected_version: int | None = None
    claim_token: int | None = None
    agent_id: Id | None = None
    repo_path: str | None = None
    sync_to_git_hub: bool | None = None


class GetTask(Input):
    task_id: Id


class ListTasks(Page):
    brief: ClassVar[tuple[str, ...]] = ("workspaceId", "status", "assignedTo", "cursor")

    workspace_id: Id = "default"
    status: AnyCaseStatus | None = None
    assigned_to: Id | None = None
    session_id: Id | None = None


class ListReadyTasks(Input):
    workspace_id: Id = "default"
    limit: Limit = 20


class SetTaskStatus(Mutation):
    task_id: Id
    status: AnyCaseStatus
    claim_token: int | None = None


class DeleteTask(Mutation):
    task_id: Id


class DeleteTasks(Mutation):
    workspace_id: Id


class AddComment(Mutation):
    task_id: Id
    body: Text
    agent_id: Id | None = None
    session_id: Id | None = None


class ReadyTasks(Result):
    tasks: tuple[Task, ...]


async def create_task(given: CreateTask, call: Call) -> Task:
    """Create a task. claim_task takes the most urgent one whose dependencies are completed."""
    workspace = await call.workspace(given.workspace_id)
    where = {"workspace_id": workspace.id, "board_id": workspace.default_board_id}
    named = changes(given, Task) | ({"last_sync_error": NO_ISSUES} if given.create_git_hub_issue else {})
    task = Task(**workflow_state(where | named))
    if named.keys() & PLACES:
        task = task.model_copy(update=await placed(task, named, call, gated=False))
    if task.dependencies:
        await depend(task, (), call)
    return call.create(task)


async def get_task(given: GetTask, call: Call) -> Task:
    """Read a task whole."""
    return await call.need(Task, given.task_id)


async def list_tasks(given: ListTasks, call: Call) -> Listing[Task]:
    """List the workspace's tasks, oldest first."""
    await call.within(given.workspace_id)
    return await call.list(
        Task, given, workspace_id=given.workspace_id, status=given.status, assigned_to=given.assigned_to, session_id=given.session_id
    )


async def list_ready_tasks(given: ListReadyTasks, call: Call) -> ReadyTasks:
    """List the tasks that can be started now, the most urgent first. Take one with claim_task."""
    await call.within(given.workspace_id)
    return ReadyTasks(tasks=tuple((await ready_tasks(given.workspace_id, call))[: given.limit]))


async def update_task(given: UpdateTask, call: Call) -> Task:
    """Change a task. With expectedVersion, or your claim's token as claimToken, it is refused if others changed it since."""
    task = await call.need(Task, given.task_id)
    expect_version(task, given.expected_version)
    expect_claim(task, given.claim_token)
    named = changes(given, Task) | ({"last_sync_error": NO_ISSUES} if given.sync_to_git_hub else {})
    changed = moved(await placed(task, named, call))
    if "dependencies" in changed:
        await depend(task.model_copy(update=changed), task.dependencies, call)
    return call.update(task, **changed)


async def set_task_status(given: SetTaskStatus, call: Call) -> Task:
    """Move a task to a status; its board column follows."""
    task = await call.need(Task, given.task_id)
    expect_claim(task, given.claim_token)
    return call.update(task, **moved({"status": given.status}))


async def delete_task(given: DeleteTask, call: Call) -> Deleted:
    """Delete a task. Tasks that depend on it must let go of it first."""
    await remove_tasks([await call.need(Task, given.task_id)], call)
    return Deleted(id=given.task_id)


async def delete_tasks(given: DeleteTasks, call: Call) -> Deleted:
    """Delete all tasks of a workspace."""
    await call.workspace(given.workspace_id)
    tasks = [task async for task in call.unit.every(Task, workspace_id=given.workspace_id)]
    await remove_tasks(tasks, call)
    return Deleted(id=given.workspace_id, deleted_count=len(tasks))


async def add_comment(given: AddComment, call: Call) -> Task:
    """Add a comment to a task."""
    task = await call.need(Task, given.task_id)
    comment = Comment(id=new_id(), body=given.body, created_at=call.now, agent_id=given.agent_id, session_id=given.session_id)
    return call.update(task, comments=(*task.comments, comment))


def workflow_state(changed: dict[str, Any]) -> dict[str, Any]:
    """Status and board column say the same thing: either follows the other, and both together must agree."""
    status, column = changed.get("status"), changed.get("column_id")
    if status and column:
        if STATUS_OF_COLUMN.get(column, status) != status and COLUMN_OF_STATUS[status] != column:
            raise Invalid("columnId and status must describe the same workflow state")
    elif status:
        return changed | {"column_id": COLUMN_OF_STATUS[status]}
    elif column and column in STATUS_OF_COLUMN:
        return changed | {"status": STATUS_OF_COLUMN[column]}
    return changed


def moved(changed: dict[str, Any]) -> dict[str, Any]:
    """A task that is no longer in work is nobody's claim."""
    changed = workflow_state(changed)
    return changed | {"claim": None} if changed.get("status", "IN_PROGRESS") != "IN_PROGRESS" else changed


def expect_claim(task: Task, token: int | None) -> None:
    """Whoever gives a token must still hold the claim that it stands for."""
    if token is not None and (task.claim is None or task.claim.token != token):
        raise Stale(
            f"The claim with token {token} on task {task.id!r} is over. Stop this work, and claim_task again to go on.",
            token=token, current=task.claim_count,
        )  # fmt: skip


async def ready_tasks(workspace_id: str, call: Call) -> list[Task]:
    """Claimable tasks whose dependencies are all completed, by priority."""
    candidates = [
        task
        for status in ("PENDING", "IN_PROGRESS")
        async for task in call.unit.every(Task, workspace_id=workspace_id, status=status)
        if task.claimable_at(call.now)
    ]
    needed = {id_ for task in candidates for id_ in task.dependencies}
    found = await gather(*(call.unit.get(Task, id_) for id_ in needed))
    completed = {task.id for task in found if task and task.status == "COMPLETED"}
    return sorted((task for task in candidates if completed.issuperset(task.dependencies)), key=by_priority)


OPERATIONS = (
    Operation(create_task, "tasks.write", writes=True, profiles=frozenset({"core", "kanban"})),
    Operation(get_task, "tasks.read", profiles=frozenset({"core", "kanban"})),
    Operation(list_tasks, "tasks.read", profiles=frozenset({"core", "kanban"})),
    Operation(list_ready_tasks, "tasks.read", profiles=frozenset({"coordination", "kanban"})),
    Operation(update_task, "tasks.write", writes=True, repeatable=True, profiles=frozenset({"core", "kanban"})),
    Operation(set_task_status, "tasks.write", writes=True, repeatable=True, profiles=frozenset({"kanban"})),
    Operation(delete_task, "tasks.write", writes=True, destructive=True, repeatable=True, profiles=frozenset({"kanban"})),
    Operation(delete_tasks, "tasks.write", writes=True, destructive=True, repeatable=True),
    Operation(add_comment, "tasks.write", writes=True, profiles=frozenset({"kanban"})),
)
