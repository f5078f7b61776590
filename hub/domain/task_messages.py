"""What is said about a task, in parts: by whoever gave it, and by whoever works on it. What comes out of it has the same parts."""

from typing import ClassVar, Literal

from pydantic import JsonValue

from hub.domain.model import Record, Value

TaskMessageRole = Literal["user", "agent"]


class Part(Value):
    """One piece of content: exactly one of text, raw, url and data (A2A 1.0 §4.1.6)."""

    text: str | None = None
    raw: str | None = None
    """Bytes, in base64."""
    url: str | None = None
    data: JsonValue = None
    filename: str | None = None
    media_type: str | None = None
    metadata: dict[str, JsonValue] | None = None

    @property
    def contents(self) -> int:
        return (self.text is not None) + (self.raw is not None) + (self.url is not None) + (self.data is not None)


def text_of(parts: tuple[Part, ...]) -> str:
    """The texts, for whoever reads nothing else."""
    return "\n".join(part.text for part in parts if part.text)


class TaskMessage(Record):
    """One message of a task's history. Messages count from 1 without gaps."""

    remembered: ClassVar[bool] = True

    kind: ClassVar[str] = "task_message"
    plural: ClassVar[str] = "taskMessages"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "task_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("task_id",), ("workspace_id",))

    workspace_id: str
    task_id: str
    number: int
    role: TaskMessageRole
    parts: tuple[Part, ...]
    message_id: str
    """The sender's own id of it."""
    agent_id: str | None = None
    metadata: dict[str, JsonValue] | None = None
    extensions: tuple[str, ...] = ()
    reference_task_ids: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return numbered_key(self.task_id, self.number)


class SentMessage(Record):
    """That a message was taken in, so that sending it again finds the task. Its id is made of the sender's own."""

    kind: ClassVar[str] = "sent_message"
    plural: ClassVar[str] = "sentMessages"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)

    workspace_id: str
    task_id: str


class ArtifactChunk(Record):
    """What one call added to an artifact that still grows. The last one puts them together in the artifact, and they are gone."""

    kind: ClassVar[str] = "artifact_chunk"
    plural: ClassVar[str] = "artifactChunks"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "task_id", "artifact_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("task_id",), ("workspace_id",))

    workspace_id: str
    task_id: str
    artifact_id: str
    number: int
    parts: tuple[Part, ...]

    @property
    def key(self) -> str:
        return numbered_key(self.artifact_id, self.number)


def numbered_key(of: str, number: int) -> str:
    """Sorts by number."""
    return f"{of}/{number:08d}"


def joined(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Texts that follow one another and say nothing more than their text become one. An empty one beside others is left out."""
    made: list[Part] = []
    texts: list[str] = []
    for part in parts:
        if part.text is not None and (part.filename, part.media_type, part.metadata) == (None, None, None):
            texts.append(part.text)
            continue
        if any(texts):
            made.append(Part(text="".join(texts)))
        texts = []
        made.append(part)
    return (*made, Part(text="".join(texts))) if any(texts) or (texts and not made) else tuple(made)
