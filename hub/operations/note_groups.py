"""Notes by the session that wrote them."""

from collections import defaultdict
from collections.abc import Sequence

from hub.domain.notes import Note, NoteType
from hub.domain.sessions import Session
from hub.operations.base import Call, Id, Input, Operation, Result
from hub.ports import Find

MOST = 10_000
"""Notes, the oldest."""
TOGETHER = 100
"""Sessions that are looked up at a time."""


class ListNotesBySession(Input):
    workspace_id: Id = "default"
    type: NoteType | None = None
    session_id: Id | None = None


class NoteGroup(Result):
    session_id: str | None = None
    """None: no session wrote them."""
    session_name: str | None = None
    """None: the session has no name, or is none of the hub's."""
    notes: tuple[Note, ...]


class NoteGroups(Result):
    groups: tuple[NoteGroup, ...]


async def list_notes_by_session(given: ListNotesBySession, call: Call) -> NoteGroups:
    """List the workspace's notes in groups by session, the session with the oldest note first."""
    await call.within(given.workspace_id)
    kept: defaultdict[str | None, list[Note]] = defaultdict(list)
    found = await call.unit.find(Note, limit=MOST, workspace_id=given.workspace_id, type=given.type, session_id=given.session_id)
    for note in found:
        kept[note.session_id].append(note)
    names = await _names([id_ for id_ in kept if id_], call)
    groups = (NoteGroup(session_id=id_, session_name=names.get(id_ or ""), notes=tuple(notes)) for id_, notes in kept.items())
    return NoteGroups(groups=tuple(groups))


async def _names(ids: Sequence[str], call: Call) -> dict[str, str | None]:
    names: dict[str, str | None] = {}
    for start in range(0, len(ids), TOGETHER):
        look = await call.unit.look(*(Find(Session, key=id_) for id_ in ids[start : start + TOGETHER]))
        sessions = [Session.model_validate_json(body) for bodies in look.found for body in bodies]
        names |= {one.id: one.name for one in sessions}
    return names


OPERATIONS = (Operation(list_notes_by_session, "notes.read"),)
