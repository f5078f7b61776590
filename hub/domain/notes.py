"""A note is a text that many write. The note keeps its newest content; a document and its updates keep the CRDT."""

from base64 import b64decode, b64encode
from typing import ClassVar, Literal

from pydantic import JsonValue

from hub.domain.model import Record, Value
from hub.domain.tasks import TaskStatus

NoteType = Literal["spec", "task", "general"]
SPEC = "spec"


class NoteMetadata(Value):
    type: NoteType = "general"
    task_status: TaskStatus | None = None
    assigned_agent_ids: tuple[str, ...] | None = None
    parent_note_id: str | None = None
    linked_task_id: str | None = None
    child_session_id: str | None = None
    provider: str | None = None
    custom: dict[str, JsonValue] | None = None


class Note(Record):
    """Its id is unique in its workspace; `spec` is the workspace's specification."""

    kind: ClassVar[str] = "note"
    plural: ClassVar[str] = "notes"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "session_id", "type")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)
    searchable: ClassVar[tuple[str, ...]] = ("title", "content")

    workspace_id: str
    title: str
    content: str = ""
    session_id: str | None = None
    metadata: NoteMetadata = NoteMetadata()
    document_id: str
    """The document that holds the text. A note that is deleted and made again has a new one."""
    text_version: int = 0
    """Counts the edits of the text: what an edit was based on. The note's version counts every change."""

    @property
    def key(self) -> str:
        return note_key(self.workspace_id, self.id)

    @property
    def type(self) -> str:
        return self.metadata.type


def note_key(workspace_id: str, note_id: str) -> str:
    return f"{workspace_id}/{note_id}"


class NoteDocument(Record):
    """The text as of a version, and the updates since in NoteUpdate records."""

    kind: ClassVar[str] = "note_document"
    plural: ClassVar[str] = "note_documents"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)

    workspace_id: str
    snapshot: str = ""
    """Base64; empty as long as there was no compaction."""
    snapshot_version: int = 0


class NoteUpdate(Record):
    """One edit, as a Yjs update: what made text version n out of n - 1."""

    kind: ClassVar[str] = "note_update"
    plural: ClassVar[str] = "note_updates"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "document_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("document_id",), ("workspace_id",))

    workspace_id: str
    document_id: str
    text_version: int
    update: str

    @property
    def key(self) -> str:
        return f"{self.document_id}/{self.text_version:010d}"


def encode(update: bytes) -> str:
    return b64encode(update).decode()


def decode(text: str) -> bytes:
    """Raises ValueError for what is not base64."""
    return b64decode(text, validate=True)
