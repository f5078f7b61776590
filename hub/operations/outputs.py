"""What comes out of a task, whole or chunk by chunk, and the task with all of it as it is now."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, JsonValue

from hub.domain.errors import Invalid, NotFound
from hub.domain.model import Instant, new_id
from hub.domain.task_messages import ArtifactChunk, Part, TaskMessage, joined, text_of
from hub.domain.tasks import Artifact, Task, TaskStatus
from hub.domain.tasks import TaskState as State
from hub.operations.base import Call, Id, Input, Mutation, Name, Operation, Result, Text
from hub.operations.claims import expect_running
from hub.operations.histories import Metadata
from hub.operations.task_messages import Parts, expect_parts
from hub.operations.tasks import expect_claim
from hub.ports import Find

ALL = 1_000_000


class AppendArtifact(Mutation):
    task_id: Id
    artifact_id: Id | None = None
    """Left out: a new one."""
    name: Name | None = None
    description: Text | None = None
    chunks: Annotated[tuple[Parts, ...], Field(min_length=1, max_length=1_000)]
    """Each is told to those who follow the task by itself."""
    append: bool = False
    """To what the artifact has already; false: this replaces it."""
    last: bool = True
    """Nothing more comes."""
    metadata: Metadata | None = None
    extensions: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    agent_id: Id | None = None
    claim_token: int | None = None


class GetTaskState(Input):
    task_id: Id
    history_length: Annotated[int, Field(ge=0)] | None = None
    """The last so many messages; left out: all."""


class TaskState(Result):
    task: Task
    messages: tuple[TaskMessage, ...]
    artifacts: tuple[Artifact, ...]
    """Those of the type output, also what they have so far."""
    cursor: int
    """Of the log: what happens to the task behind it is not in here."""


class ListChangedTasks(Input):
    workspace_id: Id | None = None
    """Left out: all workspaces."""
    agent_id: Id | None = None
    context_id: Id | None = None
    statuses: Annotated[tuple[TaskStatus, ...], Field(max_length=10)] = ()
    states: Annotated[tuple[State, ...], Field(max_length=10)] = ()
    """What a status does not tell: whether it failed, was rejected, or asks something."""
    changed_after: Instant | None = None
    cursor: str = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class ChangedTasks(Result):
    tasks: tuple[Task, ...]
    total: int
    next_cursor: str | None = None


async def append_artifact(given: AppendArtifact, call: Call) -> Artifact:
    """Give what comes out of a task that you work on, whole or piece by piece; who follows it sees each piece at once."""
    artifact, task, told = await put_out(given, await call.need(Task, given.task_id), call)
    call.write(task, "artifact_updated", **told)
    return artifact


async def put_out(given: AppendArtifact, task: Task, call: Call) -> tuple[Artifact, Task, dict[str, JsonValue]]:
    """Stage the artifact. The task that it came out of is the caller's to write, with the fact that it was updated and what that tells."""
    for parts in given.chunks:
        expect_parts(parts)
    expect_claim(task, given.claim_token)
    expect_running(task)
    artifact = await _artifact(given, task, call)
    more = tuple(part for parts in given.chunks for part in parts)
    if given.last:
        earlier = await _take_chunks(artifact, call) if given.append else ()
        parts = joined((*(artifact.parts if given.append else ()), *earlier, *more))
        changed = {"status": "provided", "parts": parts, "content": text_of(parts) or None, "chunk_count": 0}
    else:
        changed = {"status": "pending", "chunk_count": _stage_chunk(artifact, more, call)}
    stored = call.unit.put(artifact.model_copy(update=changed))
    if stored.version == 1 or given.last:
        call.emit(stored, "created" if stored.version == 1 else "updated", taskId=task.id)
    return stored, task.model_copy(update={"outputs": {**task.outputs, stored.id: stored.version}}), _told(given, stored)


async def get_task_state(given: GetTaskState, call: Call) -> TaskState:
    """Read a task with its messages and what came out of it so far, all of one moment."""
    of = (("task_id", given.task_id),)
    queries = [Find(Task, key=given.task_id), Find(Artifact, (*of, ("type", "output")), limit=ALL), Find(ArtifactChunk, of, limit=ALL)]
    look = await call.unit.look(*queries, *([] if given.history_length == 0 else [Find(TaskMessage, of, limit=ALL)]))
    found, outputs, grown, *said = look.found
    if not found:
        raise NotFound("task", given.task_id)
    task, pieces = Task.model_validate_json(found[0]), [ArtifactChunk.model_validate_json(body) for body in grown]
    places = {id_: place for place, id_ in enumerate(task.outputs)}
    artifacts = [_grown(Artifact.model_validate_json(body), pieces) for body in outputs]
    history = (said[0] if said else ())[-(given.history_length or 0) :]
    messages = [TaskMessage.model_validate_json(body) for body in history]
    artifacts.sort(key=lambda one: places.get(one.id, len(places)))
    return TaskState(task=task, messages=tuple(messages), artifacts=tuple(artifacts), cursor=look.cursor)


async def list_changed_tasks(given: ListChangedTasks, call: Call) -> ChangedTasks:
    """List tasks by when they changed last, the newest first."""
    where = {"workspace_id": given.workspace_id, "assigned_to": given.agent_id, "session_id": given.context_id}
    found = [
        task async for task in call.unit.every(Task, **where)
        if (not given.statuses or task.status in given.statuses) and (not given.states or task.state in given.states)
        and (given.changed_after is None or task.updated_at >= given.changed_after)
    ]  # fmt: skip
    found.sort(key=_place, reverse=True)
    rest = [task for task in found if not given.cursor or _place(task) < _read(given.cursor)]
    page = rest[: given.limit]
    more = "|".join(_place(page[-1])) if len(rest) > len(page) else None
    return ChangedTasks(tasks=tuple(page), total=len(found), next_cursor=more)


def _grown(artifact: Artifact, pieces: Sequence[ArtifactChunk]) -> Artifact:
    """With what it has so far, if it still grows."""
    if not artifact.chunk_count:
        return artifact
    parts = joined((*artifact.parts, *(part for piece in pieces if piece.artifact_id == artifact.id for part in piece.parts)))
    return artifact.model_copy(update={"parts": parts, "content": text_of(parts) or None})


async def _artifact(given: AppendArtifact, task: Task, call: Call) -> Artifact:
    """As it is before these chunks: a new one, or the task's own, emptied unless they are added to it."""
    known = await call.unit.get(Artifact, given.artifact_id) if given.artifact_id else None
    if known and (known.task_id != task.id or known.type != "output"):
        raise Invalid("artifactId: it is an artifact of something else. Leave it out for a new one.")
    said = {"name": given.name, "description": given.description, "metadata": given.metadata, "extensions": given.extensions or None}
    changed: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    if known is None:
        id_ = given.artifact_id or new_id()
        made = Artifact(id=id_, type="output", task_id=task.id, workspace_id=task.workspace_id, provided_by_agent_id=given.agent_id)
        return made.model_copy(update=changed)
    if not given.append:
        await _take_chunks(known, call)
        changed |= {"parts": (), "content": None, "chunk_count": 0}
    return known.model_copy(update=changed)


async def _take_chunks(artifact: Artifact, call: Call) -> tuple[Part, ...]:
    """Their parts; they themselves are removed."""
    chunks = (
        [chunk async for chunk in call.unit.every(ArtifactChunk, task_id=artifact.task_id, artifact_id=artifact.id)]
        if artifact.chunk_count
        else []
    )
    for chunk in chunks:
        call.unit.remove(chunk)
    return tuple(part for chunk in chunks for part in chunk.parts)


def _stage_chunk(artifact: Artifact, parts: tuple[Part, ...], call: Call) -> int:
    """What one call adds; the answer is its number."""
    of = {"workspace_id": artifact.workspace_id, "task_id": artifact.task_id, "artifact_id": artifact.id}
    call.unit.put(ArtifactChunk(**of, number=artifact.chunk_count + 1, parts=joined(parts)))
    return artifact.chunk_count + 1


def _told(given: AppendArtifact, artifact: Artifact) -> dict[str, JsonValue]:
    chunks: list[JsonValue] = [[part.model_dump(by_alias=True, exclude_none=True) for part in parts] for parts in given.chunks]
    told: dict[str, JsonValue] = {"artifactId": artifact.id, "chunks": chunks, "append": given.append, "last": given.last}
    named = {"name": artifact.name, "description": artifact.description, "metadata": artifact.metadata}
    return told | {name: value for name, value in named.items() if value is not None}


def _place(task: Task) -> tuple[str, str]:
    return task.updated_at, task.id


def _read(cursor: str) -> tuple[str, str]:
    at, _, id_ = cursor.partition("|")
    if not id_:
        raise Invalid("cursor: give the nextCursor of the page before")
    return at, id_


OPERATIONS = (
    Operation(append_artifact, "tasks.write", writes=True, profiles=frozenset({"coordination"})),
    Operation(get_task_state, "tasks.read", profiles=frozenset({"coordination"})),
    Operation(list_changed_tasks, "tasks.read"),
)
