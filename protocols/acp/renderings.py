"""From the hub's words to those of ACP 1: what happened in a session, what its agent asks, what is to be done."""

from collections.abc import Iterable, Iterator
from typing import Any

from hub.domain.permissions import Permission
from hub.domain.sessions import Session
from hub.domain.tasks import Task, TaskPriority, TaskStatus
from hub.domain.transcripts import MESSAGES
from hub.ports import Json

CHUNKS = {whole: chunk for chunk, whole in MESSAGES.items()}
"""By the kind of a message: ACP 1 has no other way to say one."""
OPTION_KINDS = frozenset({"allow_once", "allow_always", "reject_once", "reject_always"})
PRIORITY: dict[TaskPriority | None, str] = {"urgent": "high", "high": "high", "medium": "medium", "low": "low", None: "medium"}
WAITING: frozenset[TaskStatus] = frozenset({"PENDING", "BLOCKED"})
MOST_ENTRIES = 50


def updates(update: Json) -> Iterator[Json]:
    """An update of the log, or an entry of the history, as ACP 1 tells it."""
    kind = str(update.get("sessionUpdate"))
    if kind in CHUNKS:
        content = update.get("content")
        for block in content if isinstance(content, list) else ():
            yield {"sessionUpdate": CHUNKS[kind], "messageId": update.get("messageId"), "content": block}
    elif kind != "state_update":
        yield update


def permission_request(permission: Permission) -> Json:
    """The params of session/request_permission."""
    called = {"title": permission.title, "toolCallId": permission.tool_call_id or permission.id, **permission.tool_call}
    options = [
        {"optionId": one.option_id, "name": one.name or one.option_id, "kind": one.kind if one.kind in OPTION_KINDS else "reject_once"}
        for one in permission.options
    ]
    return {"sessionId": permission.session_id, "toolCall": called, "options": options}


def plan(tasks: Iterable[Task]) -> Json:
    """What is not done yet comes first when there are too many to be shown; the order is that in which they were made."""
    shown = sorted(tasks, key=lambda task: (task.ended, task.id))[:MOST_ENTRIES]
    entries = [
        {"content": task.title, "priority": PRIORITY[task.priority], "status": _status(task)}
        for task in sorted(shown, key=lambda task: task.id)
    ]
    return {"sessionUpdate": "plan", "entries": entries}


def session_info(session: Session) -> Json:
    """As session/list has it."""
    info: Json = {"sessionId": session.id, "cwd": session.cwd or "", "updatedAt": session.active_at or session.updated_at}
    return info | ({"title": session.name} if session.name else {})


def modes_of(session: Session) -> Json | None:
    """As session/new answers them, if its agent has said so far which there are."""
    modes: dict[str, Any] | None = session.modes
    if not modes or not modes.get("availableModes"):
        return None
    current = modes.get("currentModeId") or session.mode_id
    return {**modes, "currentModeId": current}


def _status(task: Task) -> str:
    if task.ended:
        return "completed"
    return "pending" if task.status in WAITING else "in_progress"
