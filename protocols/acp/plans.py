"""A session's tasks as its plan."""

from collections.abc import Iterable, Mapping

import orjson

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, NotFound
from hub.domain.sessions import Session
from hub.domain.tasks import Task, TaskPriority, TaskStatus
from hub.ports import Json, Logged

PRIORITY: dict[TaskPriority | None, str] = {"urgent": "high", "high": "high", "medium": "medium", "low": "low", None: "medium"}
WAITING: frozenset[TaskStatus] = frozenset({"PENDING", "BLOCKED"})
MOST_ENTRIES = 50
LOOKED = 500
"""Tasks that are looked through."""


def concerned(event: Logged, sessions: Mapping[str, Session]) -> set[str]:
    """Those of the sessions that the task of this event belongs to, or whose agent it is given to."""
    if not any(id_ in event.body or session.agent_id in event.body for id_, session in sessions.items()):
        return set()
    said = orjson.loads(event.body)
    session_id, agent_id = said.get("sessionId"), said.get("agentId")
    return {id_ for id_, session in sessions.items() if id_ == session_id or session.agent_id == agent_id}


async def plan_of(session: Session, hub: Hub, caller: Caller) -> Json | None:
    """The update that tells it; None: the caller may not see the tasks."""
    tasks: dict[str, Task] = {}
    for of in ({"sessionId": session.id}, {"assignedTo": session.agent_id}):
        given = {"workspaceId": session.workspace_id, "limit": LOOKED, **of}
        try:
            listed = orjson.loads((await hub.call("list_tasks", given, caller)).to_json())
        except (Forbidden, NotFound):
            return None
        tasks |= {one["id"]: Task.model_validate(one) for one in listed["tasks"]}
    return {"sessionUpdate": "plan", "entries": _entries(tasks.values())}


def _entries(tasks: Iterable[Task]) -> list[Json]:
    """What is not done yet comes first where there are too many to be shown; the order is that in which they were made."""
    shown = sorted(tasks, key=lambda task: (task.ended, task.id))[:MOST_ENTRIES]
    return [
        {"content": task.title, "priority": PRIORITY[task.priority], "status": _status(task)}
        for task in sorted(shown, key=lambda task: task.id)
    ]


def _status(task: Task) -> str:
    if task.ended:
        return "completed"
    return "pending" if task.status in WAITING else "in_progress"
