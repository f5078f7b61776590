"""0.3 over REST as a client talks it: the other way round of `v03_proto`."""

from typing import Any

from hub.domain.errors import Invalid
from hub.ports import Json
from protocols.a2a.v03 import ARTIFACT, TASK, each, expect_object, part_from_v03, picked, renamed
from protocols.a2a.v03_proto import MESSAGE, UPDATE, message_to_proto

STATES = {"TASK_STATE_CANCELLED": "TASK_STATE_CANCELED"}
FILE = {"fileWithUri": "uri", "fileWithBytes": "bytes", "mimeType": "mimeType", "name": "name"}


def send_to_proto(request: Json) -> Json:
    made = {"message": message_to_proto(request["message"]), **picked(request, "metadata")}
    if configuration := request.get("configuration"):
        old = picked(configuration, "acceptedOutputModes", "historyLength")
        made["configuration"] = {**old, "blocking": not configuration.get("returnImmediately", False)}
    return made


def event_from_proto(given: Json) -> Json:
    """A StreamResponse or a SendMessageResponse. Raises Invalid."""
    if isinstance(task := given.get("task"), dict):
        return {"task": task_from_proto(task)}
    if (message := given.get("message", given.get("msg"))) is not None:
        return {"message": _message(message, "message")}
    if isinstance(update := given.get("statusUpdate"), dict):
        return {"statusUpdate": {**picked(update, *UPDATE), "status": _status(update.get("status"), "statusUpdate.status")}}
    if isinstance(update := given.get("artifactUpdate"), dict):
        artifact = _artifact(update.get("artifact"), "artifactUpdate.artifact")
        return {"artifactUpdate": {**picked(update, *UPDATE, "append", "lastChunk"), "artifact": artifact}}
    raise Invalid("The answer has none of task, message, statusUpdate and artifactUpdate")


def task_from_proto(task: Json) -> Json:
    if not isinstance(task.get("id"), str) or not task["id"]:
        raise Invalid("task.id: it must be a text")
    made = {**picked(task, *TASK), "status": _status(task.get("status"), "task.status")}
    for name, read in (("history", _message), ("artifacts", _artifact)):
        if task.get(name) is not None:
            made[name] = each(task[name], read, f"task.{name}")
    return made


def _status(given: Any, at: str) -> Json:
    status = expect_object(given, at)
    said = status.get("message", status.get("update"))
    state = str(status.get("state"))
    return {
        "state": STATES.get(state, state), **({} if said is None else {"message": _message(said, f"{at}.message")}),
        **picked(status, "timestamp"),
    }  # fmt: skip


def _message(given: Any, at: str) -> Json:
    message = expect_object(given, at)
    parts = each(message.get("content", message.get("parts", [])), _part, f"{at}.content")
    return {**picked(message, *MESSAGE, "role"), "parts": parts}


def _artifact(given: Any, at: str) -> Json:
    artifact = expect_object(given, at)
    return {**picked(artifact, *ARTIFACT), "parts": each(artifact.get("parts", []), _part, f"{at}.parts")}


def _part(given: Any, at: str) -> Json:
    part = expect_object(given, at)
    kept = picked(part, "metadata")
    if isinstance(part.get("text"), str):
        return part_from_v03({"kind": "text", "text": part["text"], **kept}, at)
    if "file" in part:
        return part_from_v03({"kind": "file", "file": renamed(expect_object(part["file"], f"{at}.file"), FILE), **kept}, at)
    data = expect_object(part.get("data"), f"{at}.data")
    return part_from_v03({"kind": "data", "data": data.get("data"), **kept}, at)
