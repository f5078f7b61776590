"""The text of a note under a unit of work: read with its history, written as one more update."""

from dataclasses import dataclass

from hub.domain import text
from hub.domain.errors import Invalid, NotFound, Stale
from hub.domain.notes import SPEC, Note, NoteDocument, NoteMetadata, NoteUpdate, decode, encode, note_key
from hub.operations.base import Call

TAIL = 64
"""So many of the newest updates are kept one by one: a writer may be so many versions behind. Older ones are compacted."""
LONGEST = 1_000_000
"""Characters that a note may hold."""


@dataclass(slots=True)
class NoteText:
    """A note with the history of its text."""

    note: Note
    document: NoteDocument
    updates: list[NoteUpdate]

    def history(self, up_to: int | None = None) -> list[bytes]:
        snapshot = [decode(self.document.snapshot)] if self.document.snapshot else []
        return snapshot + [decode(one.update) for one in self.updates if up_to is None or one.text_version <= up_to]

    def read(self) -> str:
        return text.read(self.history())

    def update_to(self, content: str, base: int | None = None) -> bytes:
        """The update that makes the text `content`, for a writer who read version `base`: what others wrote since is kept."""
        current = self.note.text_version
        if base is not None and base > current:
            raise Invalid(f"baseVersion {base} does not exist: the note's textVersion is {current}.")
        if base is not None and base < self.document.snapshot_version:
            raise Stale(f"baseVersion {base} is too old to merge with. Read the note again and repeat the change on it.", current=current)
        return text.rewrite(self.history(base), content, newest=base is None or base == current)

    def write(self, update: bytes, call: Call, **data: str) -> Note:
        """Stage one more update, and fold the oldest into the snapshot when there are many.

        The document is written or guarded: if the note was deleted and made again meanwhile, this edit is of another text.
        """
        note, version = self.note, self.note.text_version + 1
        content = checked(text.read([*self.history(), update]))
        stage(note, version, update, call)
        if len(self.updates) >= 2 * TAIL:
            self._compact(self.updates[:-TAIL], call)
        else:
            call.unit.guard(self.document)
        changed = note.model_copy(update={"content": content, "text_version": version})
        return call.write(changed, "updated", textVersion=version, **data)

    def _compact(self, old: list[NoteUpdate], call: Call) -> None:
        version = old[-1].text_version
        snapshot = encode(text.merge(self.history(version)))
        call.unit.put(self.document.model_copy(update={"snapshot": snapshot, "snapshot_version": version}))
        for one in old:
            call.unit.remove(one)


async def need_note(workspace_id: str, note_id: str, call: Call) -> Note:
    """The note; a workspace's spec is there as soon as somebody looks for it."""
    note = await call.unit.get(Note, note_key(workspace_id, note_id))
    if note is None and note_id == SPEC:
        await call.workspace(workspace_id)
        return new_note(SPEC, workspace_id, "Spec", "", call, metadata=NoteMetadata(type="spec"))
    if note is None:
        raise NotFound("note", note_id)
    return note


async def need_text(workspace_id: str, note_id: str, call: Call) -> NoteText:
    return await text_of(await need_note(workspace_id, note_id, call), call)


async def text_of(note: Note, call: Call) -> NoteText:
    document = await call.need(NoteDocument, note.document_id)
    if not note.text_version:
        return NoteText(note, document, [])
    return NoteText(note, document, [one async for one in call.unit.every(NoteUpdate, document_id=document.id)])


def new_note(
    id_: str, workspace_id: str, title: str, content: str, call: Call, *,
    metadata: NoteMetadata, session_id: str | None = None, **data: str,
) -> Note:  # fmt: skip
    document = call.unit.put(NoteDocument(workspace_id=workspace_id))
    note = Note(id=id_, workspace_id=workspace_id, title=title, session_id=session_id, metadata=metadata, document_id=document.id)
    if content:
        stage(note, 1, text.rewrite([], content), call)
        note = note.model_copy(update={"content": content, "text_version": 1})
    return call.create(note, **data)


def stage(note: Note, version: int, update: bytes, call: Call) -> None:
    call.unit.put(NoteUpdate(workspace_id=note.workspace_id, document_id=note.document_id, text_version=version, update=encode(update)))


def checked(content: str) -> str:
    if "\0" in content:
        raise Invalid("The update would put a NUL character into the text, which no text may hold.")
    if len(content) > LONGEST:
        raise Invalid(f"The note would be longer than {LONGEST} characters. Begin another note.")
    return content
