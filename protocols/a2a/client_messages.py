"""What the hub says to a remote agent: the work, answers to its questions, and what is said to it meanwhile."""

from collections.abc import Sequence

from hub.domain.errors import NotFound
from hub.domain.remote_agents import RemoteTask
from hub.domain.task_messages import Part, TaskMessage
from hub.domain.tasks import InputRequest
from hub.ports import Json
from hub.turns import Turn, begun_by_message


def work(turn: Turn, known: RemoteTask) -> Json:
    """The SendMessageRequest that begins its task: all that was said by whoever gave it, or what it is about."""
    said = [message for message in turn.history if message.role == "user"]
    objective = [] if begun_by_message(turn.task, turn.history) else [Part(text=turn.task.objective)]
    parts = [*objective, *(part for message in said for part in message.parts)]
    metadata = next((message.metadata for message in reversed(said) if message.metadata), None)
    return _request(known, str(turn.task.message_count), parts, metadata)


async def unsent(turn: Turn, known: RemoteTask) -> list[TaskMessage]:
    """What was said to the agent since the last time."""
    found: list[TaskMessage] = []
    number = known.sent
    try:
        while True:
            number += 1
            message = await turn.desk.message(number)
            if message.role == "user":
                found.append(message)
    except NotFound:
        return found


def further(known: RemoteTask, messages: Sequence[TaskMessage]) -> Json:
    """At least one message, as one."""
    metadata = next((message.metadata for message in reversed(messages) if message.metadata), None)
    return _request(known, str(messages[-1].number), [part for message in messages for part in message.parts], metadata)


def answer(known: RemoteTask, question: InputRequest) -> Json:
    """What was given as the answer without a message: its text where it is one, or else the fields of the form."""
    response = question.response or {}
    [(name, value), *more] = [*response.items()] or [("answer", "")]
    text = value if not more and isinstance(value, str) and name == "answer" else None
    return _request(known, question.id, [Part(text=text) if text is not None else Part(data=response)], None)


def _request(known: RemoteTask, number: str, parts: Sequence[Part], metadata: Json | None) -> Json:
    """Its messageId is the same whenever it is sent again, also after a restart."""
    message: Json = {
        "messageId": f"{known.id}.{known.run}.{number}", "role": "ROLE_USER",
        "parts": [part.model_dump(by_alias=True, exclude_none=True) for part in parts],
    }  # fmt: skip
    named = {"taskId": known.remote_task_id, "contextId": known.remote_context_id, "metadata": metadata}
    return {"message": message | {name: value for name, value in named.items() if value}}
