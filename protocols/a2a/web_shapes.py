"""A2A as the web frontend knows it: the flat parts of 1.0 with the roles and states of 0.3, and errors as problem documents (RFC 9457)."""

from typing import Any

from hub.domain.model import new_id
from hub.domain.tasks import Task
from hub.operations.outputs import TaskState
from hub.ports import Json
from protocols.a2a.errors import A2AError, ContentTypeNotSupported, TaskNotCancelable
from protocols.a2a.shapes import task_of
from protocols.a2a.states import OF_STATE
from protocols.a2a.v03 import ROLES, ROLES_OF_1, STATES, STATES_OF_1, expect_object, part_from_v03

ERRORS = "https://a2a-protocol.org/errors/"
STATUSES: dict[type[A2AError], int] = {TaskNotCancelable: 409, ContentTypeNotSupported: 415}
"""Where the web API has another HTTP status than A2A."""


def sending(given: Any) -> Json:
    """SendMessageRequest of 1.0. The frontend does not wait for the end: the task is answered as it is. Raises Invalid."""
    params = expect_object(given, "params")
    message = {"messageId": new_id(), **expect_object(params.get("message"), "message")}
    message["role"] = ROLES.get(str(message.get("role", "user")), message.get("role"))
    if isinstance(parts := message.get("parts"), list):
        message["parts"] = [part_from_v03(one) if isinstance(one, dict) and "kind" in one else one for one in parts]
    configuration = {"returnImmediately": True, **expect_object(params.get("configuration") or {}, "configuration")}
    return {**params, "message": message, "configuration": configuration}


def listing(given: Json) -> Json:
    """Arguments of list_changed_tasks; the names are the web API's."""
    made: Json = {name: given[name] for name in ("workspaceId", "contextId") if given.get(name)}
    if size := given.get("pageSize"):
        made["limit"] = min(int(size), 100) if str(size).isascii() and str(size).isdecimal() else size
    if token := given.get("pageToken"):
        made["cursor"] = token
    if status := given.get("status"):
        made["states"] = [OF_STATE.get(STATES.get(str(status), str(status)), status)]
    return made


def whole(state: TaskState) -> Json:
    return described(task_of(state.task, state.messages, state.artifacts), state.task)


def described(given: Json, task: Task) -> Json:
    """With what the frontend shows beside it."""
    about = {"workspaceId": task.workspace_id, "userPrompt": task.objective}
    if task.assigned_to:
        about["agentId"] = task.assigned_to
    return {**web_task(given), "metadata": {**about, **given.get("metadata", {})}}


def web_task(task: Json) -> Json:
    made = {**task, "status": _status(task["status"]), "artifacts": task.get("artifacts", [])}
    if "history" in task:
        made["history"] = [_message(one) for one in task["history"]]
    return made


def web_event(event: Json) -> Json:
    [(name, given)] = event.items()
    if name == "task":
        return {name: web_task(given)}
    return {name: {**given, "status": _status(given["status"])}} if name == "statusUpdate" else {name: given}


def status_of(error: A2AError) -> int:
    return STATUSES.get(type(error), error.http)


def problem(error: A2AError) -> Json:
    words = error.reason.lower().split("_")
    return {
        "type": ERRORS + "-".join(words), "title": " ".join(words).title(), "status": status_of(error), "detail": error.message,
    }  # fmt: skip


def _status(status: Json) -> Json:
    said = {"message": _message(status["message"])} if "message" in status else {}
    return {**status, "state": STATES_OF_1[status["state"]], **said}


def _message(message: Json) -> Json:
    return {**message, "role": ROLES_OF_1[message["role"]]}
