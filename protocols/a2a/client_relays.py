"""What a remote agent tells of its task, told in the hub's own: messages, artifacts, questions, and how it ended."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from pydantic import JsonValue
from pydantic.alias_generators import to_camel

from hub.domain.errors import Invalid
from hub.domain.forms import ANY_ANSWER, expect_form
from hub.domain.remote_agents import RemoteTask
from hub.domain.task_messages import Part, text_of
from hub.ports import Json
from hub.turns import Output, Turn
from protocols.a2a.shapes import FORM_TYPE
from protocols.a2a.states import AUTH_REQUIRED, COMPLETED, INTERRUPTED, SETTLED

LONGEST_ID = 200
LONGEST_NAME = 400
CONTENTS = {"text": str, "raw": str, "url": str}
ABOUT = ("description", "metadata", "extensions")


class Settled(NamedTuple):
    """Nothing more comes by itself."""

    state: str
    parts: tuple[Part, ...]
    """Of what it says about it; of a message without a task, its answer."""
    mark: str = ""
    """By which this question is told from another one."""

    @property
    def text(self) -> str:
        return text_of(self.parts)

    @property
    def asks(self) -> bool:
        return self.state in INTERRUPTED

    @property
    def form(self) -> dict[str, JsonValue]:
        """Of its answer: another Trivium says it in a part, A2A itself knows of none."""
        for part in self.parts:
            if part.media_type == FORM_TYPE and isinstance(part.data, dict):
                with suppress(Invalid):
                    expect_form(part.data)
                    return part.data
        return ANY_ANSWER

    @property
    def authorization(self) -> bool:
        return self.state == AUTH_REQUIRED


class Growing:
    """An artifact, with a digest of its content that is the same however its texts are cut."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self._hash = sha256()

    async def append(self, parts: Sequence[Part]) -> None:
        self._hash.update(_said(parts))
        await self.output.append(parts)

    def holds(self, parts: Sequence[Part]) -> bool:
        return self._hash.digest() == sha256(_said(parts)).digest()


class Relay:
    """`known` is kept as it changes: with it the task is gone on with after a restart."""

    def __init__(self, turn: Turn, known: RemoteTask) -> None:
        self.turn, self.known = turn, known
        self.working = asyncio.Event()
        """Set once the agent was seen at work: from then on it may be told more."""
        self.answered: str | None = None
        """The mark of the question that was answered last: an agent may still tell of it."""
        self._said = {message.message_id for message in turn.history if message.role == "agent"}
        self._artifacts: dict[str, Growing] = {}

    async def apply(self, event: Json) -> Settled | None:
        """Of a StreamResponse. Raises HubError when the claim on the task is over."""
        if task := event.get("task"):
            return await self._task(task)
        if message := event.get("message"):
            await self.record(remote_context_id=_text(message.get("contextId")))
            return Settled(COMPLETED, parts_of(message.get("parts")))
        if update := event.get("artifactUpdate"):
            await self._identified(update.get("taskId"), update.get("contextId"))
            await self._grown(update)
            return None
        update = event["statusUpdate"]
        await self._identified(update.get("taskId"), update.get("contextId"))
        return await self._status(update.get("status"))

    async def record(self, **said: Any) -> None:
        """Keep what is new of it."""
        changed = {name: value for name, value in said.items() if value is not None and getattr(self.known, name) != value}
        if changed:
            wire = {to_camel(name): value for name, value in changed.items()}
            await self.turn.desk.report("record_remote_task", agentId=self.turn.agent_id, **wire)
            self.known = self.known.model_copy(update=changed)

    async def close(self) -> None:
        """Nothing more comes for its artifacts."""
        for growing in self._artifacts.values():
            await growing.output.close()

    async def say(self, message: Json) -> None:
        """Once, whoever tells of it how often."""
        parts = parts_of(message.get("parts"))
        id_ = _short(message.get("messageId") or sha256(orjson.dumps(message)).hexdigest())
        if not parts or id_ in self._said or message.get("role") == "ROLE_USER":
            return
        self._said.add(id_)
        metadata = {"metadata": message["metadata"]} if isinstance(message.get("metadata"), dict) else {}
        await self.turn.desk.report("add_task_message", parts=_wire(parts), messageId=id_, agentId=self.turn.agent_id, **metadata)

    def result(self, settled: Settled) -> tuple[Part, ...] | None:
        """What it said in the end: its result, when there is no artifact that is."""
        return None if self._artifacts or not settled.parts else settled.parts

    async def _task(self, task: Json) -> Settled | None:
        await self._identified(task["id"], task.get("contextId"))
        for message in _objects(task.get("history")):
            await self.say(message)
        for artifact in _objects(task.get("artifacts")):
            parts = parts_of(artifact.get("parts"))
            known = self._artifacts.get(_text(artifact.get("artifactId")) or "")
            if parts and not (known and known.holds(parts)):
                await (await self._begun(artifact)).append(parts)
        return await self._status(task["status"])

    async def _status(self, status: Any) -> Settled | None:
        if not isinstance(status, dict):
            return None
        state, said = status.get("state"), status.get("message")
        message: Json = said if isinstance(said, dict) else {}
        parts = parts_of(message.get("parts"))
        if state not in SETTLED:
            await self.say(message)
            return None
        mark = str(message.get("messageId") or status.get("timestamp") or text_of(parts) or state)
        if state in INTERRUPTED:
            self._said.add(_short(mark))  # it is asked, not said, also where it stands in the history later
            if mark == self.answered:
                return None
        if state == COMPLETED and self._artifacts:
            await self.say(message)
        return Settled(state, parts, mark)

    async def _grown(self, update: Json) -> None:
        artifact = update.get("artifact")
        parts = parts_of(artifact.get("parts")) if isinstance(artifact, dict) else ()
        if not isinstance(artifact, dict) or not parts:
            return
        known = self._artifacts.get(_text(artifact.get("artifactId")) or "")
        growing = known if known and update.get("append") else await self._begun(artifact)
        await growing.append(parts)
        if update.get("lastChunk"):
            await growing.output.close()

    async def _begun(self, artifact: Json) -> Growing:
        """In the place of what was told under this id before. The hub's own id follows from it, so that a resumed turn has the same."""
        id_ = _text(artifact.get("artifactId")) or ""
        if known := self._artifacts.get(id_):
            await known.output.close()
        name = _text(artifact.get("name")) or id_ or "result"
        named: dict[str, Any] = {
            "artifactId": f"{self.turn.task_id}-{sha256(id_.encode()).hexdigest()[:12]}", "name": name[:LONGEST_NAME],
            "agentId": self.turn.agent_id, **{field: artifact[field] for field in ABOUT if _fits(field, artifact.get(field))},
        }  # fmt: skip
        growing = self._artifacts[id_] = Growing(Output(self.turn.desk, named))
        return growing

    async def _identified(self, task_id: object, context_id: object) -> None:
        await self.record(remote_task_id=_text(task_id), remote_context_id=_text(context_id))


def parts_of(given: object) -> tuple[Part, ...]:
    """Those that are as A2A has them; the others say nothing that the hub could pass on."""
    return tuple(part for part in map(_part, _objects(given)) if part)


def _part(given: Json) -> Part | None:
    said = {name: given[name] for name, type_ in CONTENTS.items() if isinstance(given.get(name), type_)}
    said |= {"data": given["data"]} if given.get("data") is not None else {}
    about = {name: given[name] for name in ("filename", "mediaType") if isinstance(given.get(name), str) and given[name]}
    about |= {"metadata": given["metadata"]} if isinstance(given.get("metadata"), dict) else {}
    return Part.model_validate({**said, **about}) if len(said) == 1 else None


def _wire(parts: Sequence[Part]) -> list[Json]:
    return [part.model_dump(by_alias=True, exclude_none=True) for part in parts]


def _said(parts: Sequence[Part]) -> bytes:
    """Plain texts as they are; everything else so that it cannot be taken for one."""
    plain = [part.text is not None and not (part.filename or part.media_type or part.metadata) for part in parts]
    return b"".join(
        (part.text or "").encode() if is_plain else b"\0" + part.to_json().encode() + b"\0"
        for part, is_plain in zip(parts, plain, strict=True)
    )


def _objects(given: object) -> list[Json]:
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _fits(field: str, value: object) -> bool:
    match field:
        case "metadata":
            return isinstance(value, dict)
        case "extensions":
            return isinstance(value, list) and len(value) <= 50 and all(isinstance(one, str) for one in value)
        case _:
            return isinstance(value, str) and bool(value)


def _text(given: object) -> str | None:
    return given if isinstance(given, str) and given else None


def _short(id_: object) -> str:
    text = str(id_)
    return text if len(text) <= LONGEST_ID else sha256(text.encode()).hexdigest()
