"""What A2A 0.3 says, and the same in 1.0: parts, messages, artifacts, tasks and events as JSON-RPC carries them (0.3 §6).

Every `…_from_v03` gives ProtoJSON of 1.0, and every `…_to_v03` takes it. From 0.3 to 1.0 and back nothing is lost but `final`,
which 0.3 puts on a status update and which follows from its state. What 1.0 knows and 0.3 has no place for is left out: the media
type and the file name of a text. The functions that read raise Invalid, which names the field.
"""

from collections.abc import Callable, Collection
from typing import Any

from hub.domain.errors import Invalid
from hub.ports import Json
from protocols.a2a.states import SETTLED

ROLES = {"user": "ROLE_USER", "agent": "ROLE_AGENT"}
STATES = {
    "submitted": "TASK_STATE_SUBMITTED", "working": "TASK_STATE_WORKING", "input-required": "TASK_STATE_INPUT_REQUIRED",
    "completed": "TASK_STATE_COMPLETED", "canceled": "TASK_STATE_CANCELED", "failed": "TASK_STATE_FAILED",
    "rejected": "TASK_STATE_REJECTED", "auth-required": "TASK_STATE_AUTH_REQUIRED", "unknown": "TASK_STATE_UNSPECIFIED",
}  # fmt: skip
ROLES_OF_1 = {new: old for old, new in ROLES.items()}
STATES_OF_1 = {new: old for old, new in STATES.items()}
WRAPPED = "data_part_compat"
"""In a data part's metadata: its data was no object, which 0.3 asks for, and stands under `value`. The official SDKs do the same."""
MESSAGE = ("messageId", "contextId", "taskId", "metadata", "extensions", "referenceTaskIds")
ARTIFACT = ("artifactId", "name", "description", "metadata", "extensions")
EVENT = ("taskId", "contextId", "metadata", "append", "lastChunk")
TASK = ("id", "contextId", "metadata")
KINDS = {"task": "task", "message": "message", "statusUpdate": "status-update", "artifactUpdate": "artifact-update"}


def part_from_v03(given: Any, at: str = "parts") -> Json:
    part = expect_object(given, at)
    kept, kind = picked(part, "metadata"), part.get("kind")
    if kind == "text" and isinstance(text := part.get("text"), str):
        return {"text": text, **kept}
    if kind == "data" and isinstance(data := part.get("data"), dict):
        return _unwrapped(data, kept)
    if kind == "file":
        return {**file_from_v03(part.get("file"), f"{at}.file"), **kept}
    raise Invalid(f"{at}: a part has the kind text with text, file with a file, or data with an object as its data")


def part_to_v03(part: Json) -> Json:
    kept = picked(part, "metadata")
    if "data" in part:
        data, metadata = part["data"], part.get("metadata")
        if isinstance(data, dict):
            return {"kind": "data", "data": data, **kept}
        return {"kind": "data", "data": {"value": data}, "metadata": {**(metadata or {}), WRAPPED: True}}
    if "text" in part:
        return {"kind": "text", "text": part["text"], **kept}
    return {"kind": "file", "file": file_to_v03(part), **kept}


def file_from_v03(given: Any, at: str) -> Json:
    file = expect_object(given, at)
    [raw, url] = (file.get(name) for name in ("bytes", "uri"))
    if (raw is None) == (url is None) or not isinstance(url if raw is None else raw, str):
        raise Invalid(f"{at}: it has either bytes, in base64, or a uri")
    return {**({"url": url} if raw is None else {"raw": raw}), **renamed(file, {"mimeType": "mediaType", "name": "filename"})}


def file_to_v03(part: Json) -> Json:
    return renamed(part, {"raw": "bytes", "url": "uri", "mediaType": "mimeType", "filename": "name"})


def message_from_v03(given: Any, at: str = "message") -> Json:
    message = expect_object(given, at)
    role = ROLES.get(str(message.get("role")))
    if role is None:
        raise Invalid(f"{at}.role: it is user or agent")
    return {**picked(message, *MESSAGE), "role": role, "parts": each(message.get("parts"), part_from_v03, f"{at}.parts")}


def message_to_v03(message: Json) -> Json:
    role = ROLES_OF_1.get(message.get("role", ""), "agent")
    parts = [part_to_v03(part) for part in message.get("parts", ())]
    return {"kind": "message", **picked(message, *MESSAGE), "role": role, "parts": parts}


def artifact_from_v03(given: Any, at: str = "artifact") -> Json:
    artifact = expect_object(given, at)
    return {**picked(artifact, *ARTIFACT), "parts": each(artifact.get("parts"), part_from_v03, f"{at}.parts")}


def artifact_to_v03(artifact: Json) -> Json:
    return {**picked(artifact, *ARTIFACT), "parts": [part_to_v03(part) for part in artifact.get("parts", ())]}


def status_from_v03(given: Any, at: str = "status") -> Json:
    status = expect_object(given, at)
    state = STATES.get(str(status.get("state")))
    if state is None:
        raise Invalid(f"{at}.state: it is one of {', '.join(STATES)}")
    said = {} if status.get("message") is None else {"message": message_from_v03(status["message"], f"{at}.message")}
    return {"state": state, **said, **picked(status, "timestamp")}


def status_to_v03(status: Json) -> Json:
    said = {"message": message_to_v03(status["message"])} if status.get("message") else {}
    return {"state": STATES_OF_1.get(status.get("state", ""), "unknown"), **said, **picked(status, "timestamp")}


def task_from_v03(given: Any, at: str = "task") -> Json:
    task = expect_object(given, at)
    made = {**picked(task, *TASK), "status": status_from_v03(task.get("status"), f"{at}.status")}
    for name, read in (("history", message_from_v03), ("artifacts", artifact_from_v03)):
        if task.get(name) is not None:
            made[name] = each(task[name], read, f"{at}.{name}")
    return made


def task_to_v03(task: Json) -> Json:
    made = {"kind": "task", **picked(task, *TASK), "status": status_to_v03(task.get("status", {}))}
    for name, write in (("history", message_to_v03), ("artifacts", artifact_to_v03)):
        if name in task:
            made[name] = [write(one) for one in task[name]]
    return made


def event_from_v03(given: Any) -> Json:
    """What 0.3 answers or streams, as a StreamResponse of 1.0; of a Task or a Message that is a SendMessageResponse too."""
    event = expect_object(given, "result")
    match event.get("kind"):
        case "task":
            return {"task": task_from_v03(event, "result")}
        case "message":
            return {"message": message_from_v03(event, "result")}
        case "status-update":
            return {"statusUpdate": {**picked(event, *EVENT), "status": status_from_v03(event.get("status"), "result.status")}}
        case "artifact-update":
            return {"artifactUpdate": {**picked(event, *EVENT), "artifact": artifact_from_v03(event.get("artifact"), "result.artifact")}}
    raise Invalid(f"result.kind: it is one of {', '.join(KINDS.values())}")


def event_to_v03(event: Json, ends: Collection[str] = SETTLED) -> Json:
    """The other way round. `ends`: the states of 1.0 that end the stream; a status update with one of them is the final one."""
    [(name, given)] = event.items()
    match name:
        case "task":
            return task_to_v03(given)
        case "message":
            return message_to_v03(given)
        case "statusUpdate":
            status = given.get("status", {})
            final = status.get("state") in ends
            return {"kind": KINDS[name], **picked(given, *EVENT), "status": status_to_v03(status), "final": final}
        case _:
            return {"kind": KINDS[name], **picked(given, *EVENT), "artifact": artifact_to_v03(given["artifact"])}


def expect_object(given: Any, at: str) -> Json:
    if not isinstance(given, dict):
        raise Invalid(f"{at}: it must be an object")
    return given


def each(given: Any, read: Callable[[Any, str], Json], at: str) -> list[Json]:
    if not isinstance(given, list):
        raise Invalid(f"{at}: it must be a list")
    return [read(one, f"{at}[{number}]") for number, one in enumerate(given)]


def picked(given: Json, *names: str) -> Json:
    """The fields that both versions call the same. A null says nothing."""
    return {name: given[name] for name in names if given.get(name) is not None}


def renamed(given: Json, names: dict[str, str]) -> Json:
    return {new: given[old] for old, new in names.items() if given.get(old) is not None}


def _unwrapped(data: Json, kept: Json) -> Json:
    metadata = kept.get("metadata")
    if not (isinstance(metadata, dict) and metadata.get(WRAPPED) is True and data.keys() == {"value"}) or isinstance(data["value"], dict):
        return {"data": data, **kept}
    rest = {name: value for name, value in metadata.items() if name != WRAPPED}
    return {"data": data["value"], **({"metadata": rest} if rest else {})}
