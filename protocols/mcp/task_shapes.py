"""The hub's tasks in the shapes of the tasks extension (2026-07-28 §Tasks).

Every task of the hub is one, under its own id, whoever made it and through whichever door:

    hub                                              MCP              with
    COMPLETED                                        completed        result: what a tool left, else what wait_for_task tells
    NEEDS_FIX with a failure                         completed        the same, and isError: the work was tried and failed
    NEEDS_FIX with a failure that has a code         failed           error: the JSON-RPC error that ended it
    CANCELLED                                        cancelled
    an open question, in any other status            input_required   inputRequests: an elicitation for each question
    PENDING IN_PROGRESS REVIEW_REQUIRED BLOCKED
    NEEDS_FIX after a verdict                        working          statusMessage says which

An ended task stays as it is until somebody takes it up again in the hub; it is kept until it is deleted (ttlMs null).
"""

from typing import Literal

import orjson

from hub.domain.tasks import InputRequest, Task
from hub.operations.waiting import Waited
from hub.ports import Json
from protocols.mcp.results import completed

POLL_INTERVAL = 2_000
"""Milliseconds that a client had better wait before it asks again."""
LONGEST_MESSAGE = 500

Status = Literal["working", "input_required", "completed", "failed", "cancelled"]


def create_task_result(task: Task) -> Json:
    """The handle that stands for a result to come."""
    return {"resultType": "task", **_task(task, status_of(task, True))}


def task_notification(waited: Waited, elicits: bool) -> tuple[str, Json]:
    """What tasks/get would answer at this moment."""
    return "notifications/tasks", detailed(waited, elicits)


def detailed(waited: Waited, elicits: bool) -> Json:
    """A DetailedTask. Who does not elicit is told what is asked, and not asked."""
    task = waited.task
    status = status_of(task, elicits)
    shape = _task(task, status)
    if status == "input_required":
        shape["inputRequests"] = {one.id: _elicitation(one) for one in task.questions}
    elif status == "completed":
        shape["result"] = _result(waited)
    elif status == "failed" and task.failure:
        data = {} if task.failure.data is None else {"data": task.failure.data}
        shape["error"] = {"code": task.failure.code, "message": task.failure.message, **data}
    return shape


def status_of(task: Task, elicits: bool) -> Status:
    if task.status == "CANCELLED":
        return "cancelled"
    if task.ended:
        return "failed" if task.failure and task.failure.code is not None and task.status == "NEEDS_FIX" else "completed"
    return "input_required" if task.questions and elicits else "working"


def _task(task: Task, status: Status) -> Json:
    return {
        "taskId": task.id, "status": status, "statusMessage": _message(task)[:LONGEST_MESSAGE],
        "createdAt": task.created_at, "lastUpdatedAt": task.updated_at, "ttlMs": None, "pollIntervalMs": POLL_INTERVAL,
    }  # fmt: skip


def _message(task: Task) -> str:
    if task.ended:
        why = task.failure.message if task.failure and task.status == "NEEDS_FIX" else task.completion_summary
        return why or f"It is {task.status}."
    if task.questions:
        return f"It asks: {task.questions[0].message}"
    match task.status:
        case "PENDING":
            return "PENDING: nobody works on it yet."
        case "IN_PROGRESS":
            return f"IN_PROGRESS: {task.assigned_to or 'the hub'} works on it."
        case "REVIEW_REQUIRED":
            return "REVIEW_REQUIRED: it is done and waits for a verdict."
        case _:
            return f"{task.status}: {task.verification_report or 'see its comments.'}"


def _elicitation(question: InputRequest) -> Json:
    return {"method": "elicitation/create", "params": {"mode": "form", "message": question.message, "requestedSchema": question.form}}


def _result(waited: Waited) -> Json:
    """A CallToolResult: the one that a tool left, else what wait_for_task tells of the task."""
    task, left = waited.task, waited.task.result
    if left and isinstance(content := left.get("content"), list) and all(isinstance(one, dict) and "type" in one for one in content):
        return {"isError": False, **left}
    told: Json = orjson.loads(completed("wait_for_task", waited, {"taskId": task.id}, True, False, None))
    return {**told, "isError": task.status == "NEEDS_FIX"}
