"""A2A's parameters as the hub's arguments (specification 1.0 §3.2). What is malformed raises InvalidParams before anything is done."""

from typing import Any, NamedTuple

from hub.ports import Json
from protocols.a2a import fields
from protocols.a2a.states import NUMBERS, OF_STATE, UNSPECIFIED

ROLES = ("ROLE_UNSPECIFIED", "ROLE_USER", "ROLE_AGENT")
PAGE, MOST_LISTED = 50, 100


class How(NamedTuple):
    """What a SendMessage's configuration says."""

    history: int | None
    immediately: bool


def sending_arguments(params: Json, agent_id: str | None, version: str) -> tuple[Json, How]:
    """Of send_task_message. A message to the hub itself may name an agent or a workspace in the request's metadata; one without an
    agent is routed.

    `version` is that of the notifications.
    """
    message = fields.struct(params, "message")
    if message is None:
        raise fields.wrong("message", "it is required")
    at = "message."
    configuration = fields.struct(params, "configuration") or {}
    arguments: Json = {"messageId": fields.required(message, "messageId", at), "parts": fields.parts(message, at)}
    if fields.enum(message, "role", ROLES, at) != "ROLE_USER":
        raise fields.wrong("message.role", "it must be ROLE_USER: what is sent is said to the agent")
    if metadata := fields.struct(message, "metadata", at):
        arguments["metadata"] = metadata
    for name in ("extensions", "referenceTaskIds"):
        if listed := fields.texts(message, name, at):
            arguments[name] = listed
    task_id, context_id = fields.text(message, "taskId", at), fields.text(message, "contextId", at)
    if task_id:
        arguments["taskId"] = task_id
    if context_id and context_id != task_id:  # a task that belongs to nothing else is a context of its own
        arguments["contextId"] = context_id
    if (config := fields.struct(configuration, "taskPushNotificationConfig", "configuration.")) is not None:
        arguments["pushConfig"] = push_arguments(config, version, "configuration.taskPushNotificationConfig.")
    return arguments | _addressed(params, agent_id, new=not task_id), _how(configuration)


def _addressed(params: Json, agent_id: str | None, new: bool) -> Json:
    if agent_id:
        return {"agentId": agent_id}
    metadata = fields.struct(params, "metadata") or {}
    names = ("agentId", "workspaceId") if new else ()
    named: Json = {name: value for name in names if (value := fields.text(metadata, name, "metadata."))}
    return {"routed": True, **named} if new else named


def _how(configuration: Json, at: str = "configuration.") -> How:
    if not configuration:
        return How(None, False)
    fields.texts(configuration, "acceptedOutputModes", at)
    return How(fields.whole(configuration, "historyLength", 0, at=at), fields.truth(configuration, "returnImmediately", at))


def push_arguments(config: Json, version: str, at: str = "") -> Json:
    """Of create_push_config, without the task."""
    made: Json = {"url": fields.required(config, "url", at), "protocolVersion": version}
    for name in ("id", "token"):
        if value := fields.text(config, name, at):
            made[name] = value
    if said := fields.struct(config, "authentication", at):
        inside = f"{at}authentication."
        made["authentication"] = {"scheme": fields.required(said, "scheme", inside)}
        if credentials := fields.text(said, "credentials", inside):
            made["authentication"]["credentials"] = credentials
    return made


def listing_arguments(params: Json, agent_id: str | None) -> Json:
    """Of list_changed_tasks."""
    made: Json = {"limit": fields.whole(params, "pageSize", 1, MOST_LISTED) or PAGE}
    token = fields.text(params, "pageToken")
    if token and "|" not in token:
        raise fields.wrong("pageToken", "it must be the nextPageToken of the page before")
    found: dict[str, Any] = {
        "agentId": agent_id, "contextId": fields.text(params, "contextId"), "cursor": token,
        "changedAfter": fields.moment(params, "statusTimestampAfter"),
    }  # fmt: skip
    if (state := fields.enum(params, "status", NUMBERS)) != UNSPECIFIED:
        made["states"] = [OF_STATE[state]]
    return made | {name: value for name, value in found.items() if value}
