"""Notes: texts that many write at once. Every edit is stored as a Yjs update; edits of different places both survive."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field

from hub.domain import text
from hub.domain.errors import Duplicate, Invalid, NotFound, Refused, Stale
from hub.domain.model import Value, new_id
from hub.domain.notes import SPEC, Note, NoteDocument, NoteMetadata, NoteType, NoteUpdate, decode, encode, note_key
from hub.domain.task_blocks import INVALID, TaskBlock, blocks, replace_blocks
from hub.domain.tasks import Task
from hub.operations.base import Call, Id, Input, Listing, Mutation, Name, Operation, Page, Result, Text, changes, expect_version
from hub.operations.workspaces import Deleted

TAIL = 64
"""So many of the newest updates are kept one by one: a writer may be so many versions behind. Older ones are compacted."""


class CreateNote(Mutation):
    title: Name
    content: Text = ""
    workspace_id: Id = "default"
    note_id: Id | None = None
    type: NoteType | None = None
    session_id: Id | None = None
    metadata: NoteMetadata | None = None
    source: str | None = None


class GetNote(Input):
    note_id: Id
    workspace_id: Id = "default"


class ListNotes(Page):
    workspace_id: Id = "default"
    type: NoteType | None = None
    session_id: Id | None = None


class SetNoteContent(Mutation):
    brief: ClassVar[tuple[str, ...]] = ("noteId", "content", "workspaceId", "baseVersion")

    note_id: Id
    content: Text
    workspace_id: Id = "default"
    base_version: int | None = None
    """textVersion of the note that you read."""
    title: Name | None = None
    session_id: Id | None = None


class AppendToNote(Mutation):
    note_id: Id
    content: Text
    workspace_id: Id = "default"


class EditNote(Mutation):
    note_id: Id
    old_text: Annotated[Text, Field(min_length=1)]
    new_text: Text
    workspace_id: Id = "default"


class UpdateNote(Mutation):
    note_id: Id
    workspace_id: Id = "default"
    title: Name | None = None
    metadata: NoteMetadata | None = None
    expected_version: int | None = None


class DeleteNote(Mutation):
    note_id: Id
    workspace_id: Id = "default"


class ApplyNoteUpdate(Mutation):
    note_id: Id
    update: Text
    """Base64 of a Yjs v1 update of the shared text `content`."""
    workspace_id: Id = "default"


class NoteState(Result):
    """A note's whole Yjs state."""

    note_id: str
    document_id: str
    text_version: int
    update: str


class ConvertedTask(Value):
    task_id: str
    note_id: str
    title: str


class Conversion(Result):
    note: Note
    blocks_converted: int
    skipped_duplicates: int
    invalid_blocks: int
    tasks: tuple[ConvertedTask, ...]


@dataclass(slots=True)
class Editing:
    """A note with the history of its text."""

    note: Note
    document: NoteDocument
    updates: list[NoteUpdate]

    def history(self, up_to: int | None = None) -> list[bytes]:
        snapshot = [decode(self.document.snapshot)] if self.document.snapshot else []
        return snapshot + [decode(one.update) for one in self.updates if up_to is None or one.text_version <= up_to]


async def create_note(given: CreateNote, call: Call) -> Note:
    """Create a note. noteId 'spec' is the workspace's specification; another id is chosen by the hub unless given."""
    await call.workspace(given.workspace_id)
    if given.note_id and await call.unit.get(Note, note_key(given.workspace_id, given.note_id)):
        raise Duplicate(f"There is a note {given.note_id!r} already. Write to it with set_note_content or append_to_note.")
    return _new_note(given, call)


async def save_note(given: CreateNote, call: Call) -> Note:
    """Create the note, or give the one that has this noteId the new title and content."""
    if given.note_id and (note := await call.unit.get(Note, note_key(given.workspace_id, given.note_id))):
        metadata = given.metadata or note.metadata
        if given.type:
            metadata = metadata.model_copy(update={"type": given.type})
        renamed = note.model_copy(update={"title": given.title, "metadata": metadata, "session_id": given.session_id or note.session_id})
        if "content" not in given.model_fields_set:
            return call.write(renamed, "updated", **_source(given))
        editing = await _open(note, call)
        editing.note = renamed
        return _commit(editing, text.rewrite(editing.history(), given.content), call, **_source(given))
    await call.workspace(given.workspace_id)
    return _new_note(given, call)


async def get_note(given: GetNote, call: Call) -> Note:
    """Read a note. Keep its textVersion as baseVersion for set_note_content."""
    return await _need(given.workspace_id, given.note_id, call)


async def list_notes(given: ListNotes, call: Call) -> Listing[Note]:
    """List the workspace's notes with their content; filter by type or sessionId."""
    return await call.list(Note, given, workspace_id=given.workspace_id, type=given.type, session_id=given.session_id)


async def set_note_content(given: SetNoteContent, call: Call) -> Note:
    """Write a note's whole content. With baseVersion, what others wrote in it since is kept."""
    editing = await _open(await _need(given.workspace_id, given.note_id, call), call)
    current, base = editing.note.text_version, given.base_version
    if base is not None and base > current:
        raise Invalid(f"baseVersion {base} does not exist: the note's textVersion is {current}.")
    if base is not None and base < editing.document.snapshot_version:
        raise Stale(f"baseVersion {base} is too old to merge with. Read the note again and repeat the change on it.", current=current)
    newest = base is None or base == current
    update = text.rewrite(editing.history(base), given.content, newest=newest)
    if given.title and given.note_id != SPEC:
        editing.note = editing.note.model_copy(update={"title": given.title})
    return _commit(editing, update, call)


async def append_to_note(given: AppendToNote, call: Call) -> Note:
    """Add text at the end of a note."""
    editing = await _open(await _need(given.workspace_id, given.note_id, call), call)
    history = editing.history()
    return _commit(editing, text.rewrite(history, text.read(history) + given.content), call)


async def edit_note(given: EditNote, call: Call) -> Note:
    """Replace a passage of a note. oldText must stand in it exactly once."""
    editing = await _open(await _need(given.workspace_id, given.note_id, call), call)
    history = editing.history()
    content = text.read(history)
    count = content.count(given.old_text)
    if count != 1:
        raise Refused(f"oldText stands in the note {count} times, not once. Read the note again and quote more of it.", count=count)
    return _commit(editing, text.rewrite(history, content.replace(given.old_text, given.new_text)), call)


async def update_note(given: UpdateNote, call: Call) -> Note:
    """Change a note's title or metadata."""
    note = await _need(given.workspace_id, given.note_id, call)
    expect_version(note, given.expected_version)
    changed = changes(given, Note)
    return call.update(note, **{name: changed[name] for name in changed.keys() & {"title", "metadata"}})


async def delete_note(given: DeleteNote, call: Call) -> Deleted:
    """Delete a note and its history."""
    note = await call.need(Note, note_key(given.workspace_id, given.note_id), given.note_id)
    document = await call.need(NoteDocument, note.document_id)
    for update in [one async for one in call.unit.every(NoteUpdate, document_id=note.document_id)]:
        call.unit.remove(update)
    call.unit.remove(document)
    call.delete(note)
    return Deleted(id=note.id)


async def get_note_state(given: GetNote, call: Call) -> NoteState:
    """Read a note as a Yjs update that holds its whole state."""
    editing = await _open(await _need(given.workspace_id, given.note_id, call), call)
    update = text.merge(editing.history()) if editing.note.text_version else b"\0\0"
    return NoteState(
        note_id=editing.note.id, document_id=editing.document.id, text_version=editing.note.text_version, update=encode(update)
    )


async def apply_note_update(given: ApplyNoteUpdate, call: Call) -> Note:
    """Merge a Yjs update into a note."""
    try:
        update = decode(given.update)
    except ValueError:
        raise Invalid("update: it must be base64") from None
    text.check(update)
    return _commit(await _open(await _need(given.workspace_id, given.note_id, call), call), update, call)


async def convert_task_blocks(given: DeleteNote, call: Call) -> Conversion:
    """Turn the @@@task blocks of a note into tasks, each with a note of its own; a task made from this note before is kept."""
    editing = await _open(await _need(given.workspace_id, given.note_id, call), call)
    workspace = await call.workspace(given.workspace_id)
    content = text.read(editing.history())
    found = blocks(content)
    if not found:
        return Conversion(note=editing.note, blocks_converted=0, skipped_duplicates=0, invalid_blocks=0, tasks=())
    known: dict[str, ConvertedTask] = {}
    async for note in call.unit.every(Note, workspace_id=workspace.id, type="task"):
        if note.metadata.parent_note_id == given.note_id and note.metadata.linked_task_id:
            known[note.title] = ConvertedTask(task_id=note.metadata.linked_task_id, note_id=note.id, title=note.title)
    made: list[ConvertedTask] = []
    for block in found:
        if block and block.title not in known:
            known[block.title] = _task_of(block, editing.note, call)
            made.append(known[block.title])
    changed = replace_blocks(content, lambda block: _link(known[block.title]) if block else INVALID)
    note = _commit(editing, text.rewrite(editing.history(), changed), call)
    invalid = found.count(None)
    return Conversion(
        note=note, blocks_converted=len(made), skipped_duplicates=len(found) - invalid - len(made), invalid_blocks=invalid, tasks=tuple(made)
    )


def _new_note(given: CreateNote, call: Call) -> Note:
    id_ = given.note_id or new_id()
    metadata = given.metadata or NoteMetadata(type="spec" if id_ == SPEC else "general")
    if given.type:
        metadata = metadata.model_copy(update={"type": given.type})
    document = call.unit.put(NoteDocument(workspace_id=given.workspace_id))
    note = Note(
        id=id_, workspace_id=given.workspace_id, title=given.title, session_id=given.session_id, metadata=metadata, document_id=document.id
    )
    if given.content:
        update = text.rewrite([], given.content)
        call.unit.put(NoteUpdate(workspace_id=note.workspace_id, document_id=document.id, text_version=1, update=encode(update)))
        note = note.model_copy(update={"content": given.content, "text_version": 1})
    return call.create(note, **_source(given))


async def _need(workspace_id: str, note_id: str, call: Call) -> Note:
    """The note; a workspace's spec is there as soon as somebody looks for it."""
    note = await call.unit.get(Note, note_key(workspace_id, note_id))
    if note is None and note_id == SPEC:
        await call.workspace(workspace_id)
        return _new_note(CreateNote(note_id=SPEC, title="Spec", workspace_id=workspace_id), call)
    if note is None:
        raise NotFound("note", note_id)
    return note


async def _open(note: Note, call: Call) -> Editing:
    document = await call.need(NoteDocument, note.document_id)
    updates = [] if note.version <= 1 and not note.text_version else [one async for one in call.unit.every(NoteUpdate, document_id=document.id)]
    return Editing(note, document, updates)


def _commit(editing: Editing, update: bytes, call: Call, **data: str) -> Note:
    """Stage one more update, and fold the oldest into the snapshot when there are many.

    The document is written or guarded: if the note was deleted and made again meanwhile, this edit is of another text.
    """
    note, version = editing.note, editing.note.text_version + 1
    content = text.read([*editing.history(), update])
    if "\0" in content:
        raise Invalid("The update would put a NUL character into the text, which no text may hold.")
    call.unit.put(NoteUpdate(workspace_id=note.workspace_id, document_id=note.document_id, text_version=version, update=encode(update)))
    if len(editing.updates) >= 2 * TAIL:
        old = editing.updates[:-TAIL]
        snapshot = text.merge(editing.history(old[-1].text_version))
        call.unit.put(editing.document.model_copy(update={"snapshot": encode(snapshot), "snapshot_version": old[-1].text_version}))
        for one in old:
            call.unit.remove(one)
    else:
        call.unit.guard(editing.document)
    return call.write(note.model_copy(update={"content": content, "text_version": version}), "updated", textVersion=version, **data)


def _source(given: CreateNote) -> dict[str, str]:
    return {"source": given.source} if given.source else {}


def _task_of(block: TaskBlock, spec: Note, call: Call) -> ConvertedTask:
    task = call.create(
        Task(
            title=block.title, objective=block.objective, scope=block.scope, acceptance_criteria=block.acceptance_criteria,
            verification_commands=block.verification_commands, workspace_id=spec.workspace_id, session_id=spec.session_id, creation_source="agent",
        )
    )  # fmt: skip
    metadata = NoteMetadata(type="task", task_status=task.status, parent_note_id=spec.id, linked_task_id=task.id)
    given = CreateNote(
        note_id=f"task-{task.id[-12:]}", title=block.title, content=block.objective, workspace_id=spec.workspace_id,
        session_id=spec.session_id, metadata=metadata,
    )  # fmt: skip
    return ConvertedTask(task_id=task.id, note_id=_new_note(given, call).id, title=block.title)


def _link(task: ConvertedTask) -> str:
    return f"- [ ] [{task.title}](task://{task.note_id}) (task: {task.task_id})"


OPERATIONS = (
    Operation(create_note, "notes.write", writes=True),
    Operation(save_note, "notes.write", writes=True),
    Operation(get_note, "notes.read", profiles=frozenset({"core"})),
    Operation(list_notes, "notes.read"),
    Operation(set_note_content, "notes.write", writes=True, profiles=frozenset({"core"})),
    Operation(append_to_note, "notes.write", writes=True, profiles=frozenset({"core"})),
    Operation(edit_note, "notes.write", writes=True),
    Operation(update_note, "notes.write", writes=True),
    Operation(delete_note, "notes.write", writes=True, destructive=True),
    Operation(get_note_state, "notes.read"),
    Operation(apply_note_update, "notes.write", writes=True),
    Operation(convert_task_blocks, "notes.write", writes=True),
)
