"""Notes: texts that many write at once. Every edit is stored as a Yjs update; edits of different places both survive."""

from typing import Annotated, ClassVar

from pydantic import Field

from hub.domain import text
from hub.domain.errors import Duplicate, Invalid, Refused
from hub.domain.model import new_id
from hub.domain.notes import SPEC, Note, NoteDocument, NoteMetadata, NoteType, NoteUpdate, decode, encode, note_key
from hub.operations.base import Call, Deleted, Id, Input, Listing, Mutation, Name, Operation, Page, Result, Text, changes, expect_version
from hub.operations.note_texts import need_note, need_text, new_note, text_of
from hub.operations.task_notes import ConvertedTask, convert


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


class ConvertTaskBlocks(Mutation):
    note_id: Id = SPEC
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


class Conversion(Result):
    note: Note
    blocks_converted: int
    skipped_duplicates: int
    invalid_blocks: int
    tasks: tuple[ConvertedTask, ...]


async def create_note(given: CreateNote, call: Call) -> Note:
    """Create a note. noteId 'spec' is the workspace's specification; another id is chosen by the hub unless given."""
    await call.workspace(given.workspace_id)
    if given.note_id and await call.unit.get(Note, note_key(given.workspace_id, given.note_id)):
        raise Duplicate(f"There is a note {given.note_id!r} already. Write to it with set_note_content or append_to_note.")
    return _create(given, call)


async def save_note(given: CreateNote, call: Call) -> Note:
    """Create the note, or give the one that has this noteId the new title and content."""
    note = await call.unit.get(Note, note_key(given.workspace_id, given.note_id)) if given.note_id else None
    if note is None:
        await call.workspace(given.workspace_id)
        return _create(given, call)
    metadata, session_id = _metadata(given, note.metadata), given.session_id or note.session_id
    renamed = note.model_copy(update={"title": given.title, "metadata": metadata, "session_id": session_id})
    if "content" not in given.model_fields_set:
        return call.write(renamed, "updated", **_source(given))
    writing = await text_of(renamed, call)
    return writing.write(writing.update_to(given.content), call, **_source(given))


async def get_note(given: GetNote, call: Call) -> Note:
    """Read a note. Keep its textVersion as baseVersion for set_note_content."""
    return await need_note(given.workspace_id, given.note_id, call)


async def list_notes(given: ListNotes, call: Call) -> Listing[Note]:
    """List the workspace's notes with their content; filter by type or sessionId."""
    await call.within(given.workspace_id)
    return await call.list(Note, given, workspace_id=given.workspace_id, type=given.type, session_id=given.session_id)


async def set_note_content(given: SetNoteContent, call: Call) -> Note:
    """Write a note's whole content. With baseVersion, what others wrote in it since is kept. @@@task blocks in 'spec' become tasks."""
    writing = await need_text(given.workspace_id, given.note_id, call)
    content = given.content
    if given.note_id == SPEC:
        content = (await convert(content, writing.note, call)).content
    elif given.title:
        writing.note = writing.note.model_copy(update={"title": given.title})
    return writing.write(writing.update_to(content, given.base_version), call)


async def append_to_note(given: AppendToNote, call: Call) -> Note:
    """Add text at the end of a note."""
    writing = await need_text(given.workspace_id, given.note_id, call)
    return writing.write(writing.update_to(writing.read() + given.content), call)


async def edit_note(given: EditNote, call: Call) -> Note:
    """Replace a passage of a note. oldText must stand in it exactly once."""
    writing = await need_text(given.workspace_id, given.note_id, call)
    content = writing.read()
    count = content.count(given.old_text)
    if count != 1:
        raise Refused(f"oldText stands in the note {count} times, not once. Read the note again and quote more of it.", count=count)
    return writing.write(writing.update_to(content.replace(given.old_text, given.new_text)), call)


async def update_note(given: UpdateNote, call: Call) -> Note:
    """Change a note's title or metadata."""
    note = await need_note(given.workspace_id, given.note_id, call)
    expect_version(note, given.expected_version)
    changed = changes(given, Note)
    return call.update(note, **{name: value for name, value in changed.items() if name in ("title", "metadata")})


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
    reading = await need_text(given.workspace_id, given.note_id, call)
    note, update = reading.note, text.merge(reading.history())
    return NoteState(note_id=note.id, document_id=note.document_id, text_version=note.text_version, update=encode(update))


async def apply_note_update(given: ApplyNoteUpdate, call: Call) -> Note:
    """Merge a Yjs update into a note."""
    try:
        update = decode(given.update)
    except ValueError:
        raise Invalid("update: it must be base64") from None
    text.check(update)
    return (await need_text(given.workspace_id, given.note_id, call)).write(update, call)


async def convert_task_blocks(given: ConvertTaskBlocks, call: Call) -> Conversion:
    """Turn the @@@task blocks of a note into tasks, each with a note of its own; a task made from this note before is kept."""
    writing = await need_text(given.workspace_id, given.note_id, call)
    before = writing.read()
    after = await convert(before, writing.note, call)
    note = writing.write(writing.update_to(after.content), call) if after.content != before else writing.note
    return Conversion(
        note=note,
        blocks_converted=len(after.made),
        skipped_duplicates=after.duplicates,
        invalid_blocks=after.invalid,
        tasks=after.made,
    )


def _create(given: CreateNote, call: Call) -> Note:
    id_ = given.note_id or new_id()
    metadata = _metadata(given, NoteMetadata(type="spec" if id_ == SPEC else "general"))
    session = given.session_id
    return new_note(id_, given.workspace_id, given.title, given.content, call, metadata=metadata, session_id=session, **_source(given))


def _metadata(given: CreateNote, before: NoteMetadata) -> NoteMetadata:
    metadata = given.metadata or before
    return metadata.model_copy(update={"type": given.type}) if given.type else metadata


def _source(given: CreateNote) -> dict[str, str]:
    return {"source": given.source} if given.source else {}


OPERATIONS = (
    Operation(create_note, "notes.write", writes=True, profiles=frozenset({"kanban"})),
    Operation(save_note, "notes.write", writes=True, destructive=True),
    Operation(get_note, "notes.read", profiles=frozenset({"core", "kanban"})),
    Operation(list_notes, "notes.read", profiles=frozenset({"kanban"})),
    Operation(set_note_content, "notes.write", writes=True, destructive=True, profiles=frozenset({"core", "kanban"})),
    Operation(append_to_note, "notes.write", writes=True, profiles=frozenset({"core", "kanban"})),
    Operation(edit_note, "notes.write", writes=True, profiles=frozenset({"kanban"})),
    Operation(update_note, "notes.write", writes=True, repeatable=True),
    Operation(delete_note, "notes.write", writes=True, destructive=True, repeatable=True),
    Operation(get_note_state, "notes.read"),
    Operation(apply_note_update, "notes.write", writes=True, repeatable=True),
    Operation(convert_task_blocks, "notes.write", writes=True, repeatable=True, profiles=frozenset({"kanban"})),
)
