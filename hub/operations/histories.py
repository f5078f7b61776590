"""How a message gets into a task's history, and what its event tells of it."""

from pydantic import JsonValue

from hub.domain.model import new_id
from hub.domain.task_messages import Part, TaskMessage, TaskMessageRole
from hub.domain.tasks import Task
from hub.operations.base import Call

Metadata = dict[str, JsonValue]
TOLD = 16_000
"""Characters of a message that its event carries whole; of a longer one it tells the number."""


def stage_message(
    task: Task, role: TaskMessageRole, parts: tuple[Part, ...], call: Call, message_id: str | None = None,
    agent_id: str | None = None, metadata: Metadata | None = None, extensions: tuple[str, ...] = (), references: tuple[str, ...] = (),
) -> TaskMessage:  # fmt: skip
    """Stage the task's next message. The task, which counts them, is the caller's to write."""
    return call.unit.put(
        TaskMessage(
            workspace_id=task.workspace_id, task_id=task.id, number=task.message_count + 1, role=role, parts=parts,
            message_id=message_id or new_id(), agent_id=agent_id, metadata=metadata, extensions=extensions, reference_task_ids=references,
        )
    )  # fmt: skip


def told(message: TaskMessage) -> dict[str, JsonValue]:
    short: dict[str, JsonValue] = {"number": message.number, "role": message.role, "messageId": message.message_id}
    parts = [part.model_dump(by_alias=True, exclude_none=True) for part in message.parts]
    return short if sum(len(str(part)) for part in parts) > TOLD else {**short, "parts": parts}  # type: ignore[dict-item]
