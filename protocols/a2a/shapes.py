"""The hub's records as A2A 1.0 has them, in ProtoJSON (specification §4.1, §4.2): camelCase, enums by name, defaults left out."""

from collections.abc import Iterable, Sequence
from typing import Any

from hub.domain.forms import ANY_ANSWER, FORM
from hub.domain.push_configs import PushConfig
from hub.domain.task_messages import Part, TaskMessage, TaskMessageRole
from hub.domain.tasks import Artifact, InputRequest, Task
from hub.ports import Json
from protocols.a2a.states import STATES

ROLES: dict[TaskMessageRole, str] = {"user": "ROLE_USER", "agent": "ROLE_AGENT"}
FORM_TYPE = "application/schema+json"


def task_of(task: Task, messages: Sequence[TaskMessage] = (), artifacts: Iterable[Artifact] = (), last: int | None = None) -> Json:
    """`last`: so many messages at most, counted from the end; a question that was answered is one, too."""
    made: Json = {"id": task.id, "contextId": context_of(task), "status": status_of(task)}
    if output := [artifact_of(one) for one in artifacts if one.parts]:
        made["artifacts"] = output
    if history := history_of(task, messages, last):
        made["history"] = history
    if task.metadata:
        made["metadata"] = task.metadata
    return made


def context_of(task: Task) -> str:
    """A task that belongs to nothing else is a context of its own."""
    return task.session_id or task.id


def history_of(task: Task, messages: Sequence[TaskMessage], last: int | None = None) -> list[Json]:
    """What was said and what was asked, the oldest first. An open question is the status's message instead."""
    if last == 0:
        return []
    said = [((one.created_at, one.id), message_of(one, task)) for one in messages]
    if asked := [((one.asked_at, one.id), question_of(one, task)) for one in task.input_requests if one.answered_at or task.ended]:
        said = sorted(asked + said, key=lambda one: one[0])  # the ids of one moment rise
    told = [message for _, message in said]
    return told if last is None else told[-last:]


def message_of(message: TaskMessage, task: Task) -> Json:
    made: Json = {
        "messageId": message.message_id, "contextId": context_of(task), "taskId": task.id, "role": ROLES[message.role],
        "parts": parts_of(message.parts),
    }  # fmt: skip
    if message.metadata:
        made["metadata"] = message.metadata
    if message.extensions:
        made["extensions"] = [*message.extensions]
    if message.reference_task_ids:
        made["referenceTaskIds"] = [*message.reference_task_ids]
    return made


def question_of(request: InputRequest, task: Task) -> Json:
    """What an agent asks; the form of the answer beside it where a text alone would not do."""
    parts: list[Json] = [{"text": request.message}]
    if request.form not in (FORM, ANY_ANSWER):
        parts.append({"data": request.form, "mediaType": FORM_TYPE})
    return agent_message(request.id, parts, task)


def agent_message(id_: str, parts: list[Json], task: Task) -> Json:
    return {"messageId": id_, "contextId": context_of(task), "taskId": task.id, "role": "ROLE_AGENT", "parts": parts}


def status_of(task: Task) -> Json:
    """With what is asked, or what came of it."""
    status: Json = {"state": STATES[task.state], "timestamp": task.updated_at}
    if said := status_message(task):
        status["message"] = said
    return status


def status_message(task: Task) -> Json | None:
    if task.questions:
        return question_of(task.questions[0], task)
    return outcome_of(task) if task.ended else None


def outcome_of(task: Task) -> Json | None:
    """The last word on a task: the summary or the failure as text, the result as data."""
    text = task.failure.message if task.failure else task.completion_summary
    parts: list[Json] = [{"text": text}] if text else []
    if data := task.failure.data if task.failure else task.result:
        parts.append({"data": data})
    return agent_message(f"{task.id}/outcome", parts, task) if parts else None


def artifact_of(artifact: Artifact) -> Json:
    made: Json = {"artifactId": artifact.id, "parts": parts_of(artifact.parts)}
    for name in ("name", "description", "metadata"):
        if value := getattr(artifact, name):
            made[name] = value
    if artifact.extensions:
        made["extensions"] = [*artifact.extensions]
    return made


def parts_of(parts: Iterable[Part]) -> list[Json]:
    return [part.model_dump(by_alias=True, exclude_none=True) for part in parts]


def status_update(task_id: str, context_id: str, status: Json) -> Json:
    """StreamResponse."""
    return {"statusUpdate": {"taskId": task_id, "contextId": context_id, "status": status}}


def artifact_updates(task_id: str, context_id: str, data: Json) -> list[Json]:
    """A StreamResponse for each chunk of a task.artifact_updated. The first replaces what the artifact had, unless it is added to it."""
    named = {name: data[name] for name in ("artifactId", "name", "description", "metadata", "extensions") if data.get(name)}
    chunks: list[Any] = data["chunks"]
    updates: list[Json] = []
    for number, parts in enumerate(chunks):
        update: Json = {"taskId": task_id, "contextId": context_id, "artifact": {**named, "parts": parts}}
        if data["append"] or number:
            update["append"] = True
        if data["last"] and number == len(chunks) - 1:
            update["lastChunk"] = True
        updates.append({"artifactUpdate": update})
    return updates


def push_config_of(config: PushConfig) -> Json:
    """TaskPushNotificationConfig. Its secrets are masked: `config` is as the hub shows it."""
    made: Json = {"id": config.id, "taskId": config.task_id, "url": config.url}
    if config.token:
        made["token"] = config.token
    if config.authentication:
        made["authentication"] = config.authentication.model_dump(by_alias=True, exclude_none=True)
    return made
