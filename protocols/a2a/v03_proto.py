"""0.3 over REST: the ProtoJSON of its a2a.proto, which is not the JSON of its JSON-RPC (0.3 §5, package a2a.v1).

It is near to 1.0: the parts of a message are its `content`, a part's file and data are one level deeper, a canceled task is spelt
CANCELLED. Clients send the fields in camel case or as the proto spells them, and some the `kind` parts of JSON-RPC: all are read, and
ProtoJSON in camel case is answered.
"""

from collections.abc import Collection
from typing import Any

from hub.ports import Json
from protocols.a2a.states import SETTLED
from protocols.a2a.v03 import ARTIFACT, ROLES, TASK, each, expect_object, part_to_v03, picked, renamed
from protocols.a2a.v03_cards import card_to_v03
from protocols.a2a.v03_requests import push_from_v03, push_to_v03, send_from_v03

MESSAGE = ("messageId", "contextId", "taskId", "metadata", "extensions")
UPDATE = ("taskId", "contextId", "metadata")
CANCELLED = {"TASK_STATE_CANCELED": "TASK_STATE_CANCELLED"}
SNAKE = {
    "message_id": "messageId", "context_id": "contextId", "task_id": "taskId", "accepted_output_modes": "acceptedOutputModes",
    "push_notification": "pushNotificationConfig", "pushNotification": "pushNotificationConfig", "history_length": "historyLength",
    "push_notification_config": "pushNotificationConfig", "request": "message", "content": "parts",
    "file_with_uri": "uri", "fileWithUri": "uri", "file_with_bytes": "bytes", "fileWithBytes": "bytes", "mime_type": "mimeType",
}  # fmt: skip
"""The proto's fields, and its names where JSON-RPC has others -> JSON-RPC's."""


def send_from_proto(given: Any) -> Json:
    """SendMessageRequest -> the one of 1.0. Raises Invalid.

    ProtoJSON leaves a false out, so a configuration that does not say `blocking` says that it is not.
    """
    request = _camel(expect_object(given, "The body"))
    message = _camel(expect_object(request.get("message"), "message"))
    roles = {new: old for old, new in ROLES.items()}
    message["role"] = roles.get(str(message.get("role")), message.get("role"))
    message["parts"] = each(message.get("parts"), _part, "message.content")
    if isinstance(configuration := request.get("configuration"), dict):
        request["configuration"] = {"blocking": False, **_camel(configuration)}
    return send_from_v03({**request, "message": message})


def push_from_proto(given: Any, task_id: str) -> Json:
    """CreateTaskPushNotificationConfigRequest, its config alone, or a bare PushNotificationConfig -> the one of 1.0. Raises Invalid."""
    body = _camel(expect_object(given, "The body"))
    config = _camel(body["config"]) if isinstance(body.get("config"), dict) else body
    inner = config.get("pushNotificationConfig", config)
    named = renamed(body, {"configId": "id", "config_id": "id"})
    return push_from_v03({"taskId": task_id, "pushNotificationConfig": {**named, **inner} if isinstance(inner, dict) else inner})


def push_to_proto(config: Json) -> Json:
    name = f"tasks/{config.get('taskId', '')}/pushNotificationConfigs/{config.get('id', '')}"
    return {"name": name, "pushNotificationConfig": push_to_v03(config)["pushNotificationConfig"]}


def event_to_proto(event: Json, ends: Collection[str] = SETTLED) -> Json:
    """A StreamResponse or a SendMessageResponse. `ends`: the states that end the stream, as of 1.0."""
    [(name, given)] = event.items()
    match name:
        case "task":
            return {name: task_to_proto(given)}
        case "message":
            return {name: message_to_proto(given)}
        case "statusUpdate":
            status = given.get("status", {})
            final = {"final": True} if status.get("state") in ends else {}
            return {name: {**picked(given, *UPDATE), "status": _status(status), **final}}
        case _:
            return {name: {**picked(given, *UPDATE, "append", "lastChunk"), "artifact": _artifact(given["artifact"])}}


def task_to_proto(task: Json) -> Json:
    made = {**picked(task, *TASK), "status": _status(task.get("status", {}))}
    for name, write in (("history", message_to_proto), ("artifacts", _artifact)):
        if name in task:
            made[name] = [write(one) for one in task[name]]
    return made


def message_to_proto(message: Json) -> Json:
    return {**picked(message, *MESSAGE, "role"), "content": [_part_to_proto(part) for part in message.get("parts", ())]}


def card_to_proto(card: Json) -> Json:
    """The card for GET /v1/card: its schemes say what they are in both ways, the requirements as the proto has them."""
    old = card_to_v03(card)
    for name, scheme in card.get("securitySchemes", {}).items():
        old["securitySchemes"][name] |= scheme
    if "securityRequirements" in card:
        old["security"] = card["securityRequirements"]
    for skill, new in zip(old["skills"], card.get("skills", ()), strict=True):
        if "securityRequirements" in new:
            skill["security"] = new["securityRequirements"]
    return old


def _status(status: Json) -> Json:
    state = status.get("state", "")
    said = {"message": message_to_proto(status["message"])} if status.get("message") else {}
    return {"state": CANCELLED.get(state, state), **said, **picked(status, "timestamp")}


def _artifact(artifact: Json) -> Json:
    return {**picked(artifact, *ARTIFACT), "parts": [_part_to_proto(part) for part in artifact.get("parts", ())]}


def _part(given: Any, at: str) -> Json:
    """A part as JSON-RPC has it."""
    part = dict(expect_object(given, at))
    if "kind" not in part:
        part["kind"] = next((kind for kind in ("text", "file", "data") if kind in part), None)
        if part["kind"] == "data":
            part["data"] = expect_object(part["data"], f"{at}.data").get("data")
    if part["kind"] == "file":
        part["file"] = _camel(expect_object(part.get("file"), f"{at}.file"))
    return part


def _part_to_proto(part: Json) -> Json:
    old = part_to_v03(part)
    kept = picked(old, "metadata")
    match old["kind"]:
        case "text":
            return {"text": old["text"], **kept}
        case "data":
            return {"data": {"data": old["data"]}, **kept}
    file = renamed(old["file"], {"bytes": "fileWithBytes", "uri": "fileWithUri", "mimeType": "mimeType", "name": "name"})
    return {"file": file, **kept}


def _camel(given: Json) -> Json:
    return {SNAKE.get(name, name): value for name, value in given.items()}
