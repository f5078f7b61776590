"""Entries of histories by themselves: the newest of all sessions, one of them, and how many there are of which kind."""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from hub.domain.model import numbered_key
from hub.domain.sessions import Session, SessionEntry
from hub.operations.base import Call, Id, Input, Limit, Operation, Result
from hub.ports import Find

MOST_COUNTED = 1_000
MOST_LOOKED_AT = 10_000
"""Of the newest entries, where not all are wanted."""
Event = Literal["user_message", "agent_message", "agent_thought", "tool_call", "tool_result"]
"""tool_result: a tool call that has ended."""
ENDED = ("completed", "failed", "cancelled")
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d(T[\d:.]{0,12}Z?)?$")]
"""A day, or a time of it in UTC."""


class ListRecentEntries(Input):
    session_id: Id | None = None
    workspace_id: Id | None = None
    agent_id: Id | None = None
    event: Event | None = None
    file: Annotated[str, Field(min_length=1, max_length=4_000)] | None = None
    """A path, or a part of it, that a tool call names."""
    since: Moment | None = None
    until: Moment | None = None
    """A day stands for its end."""
    offset: Annotated[int, Field(ge=0, le=MOST_LOOKED_AT)] = 0
    """How many of the newest are left out."""
    limit: Limit = 100

    @property
    def picks(self) -> bool:
        return bool(self.offset or self.agent_id or self.event or self.file or self.since or self.until)

    def wants(self, entry: SessionEntry) -> bool:
        return (
            (self.event is None or self.event == event_of(entry))
            and (self.file is None or any(self.file in path for path in _paths(entry)))
            and (self.since is None or entry.created_at >= self.since)
            and (self.until is None or entry.created_at[: len(self.until)] <= self.until)
        )


class RecentEntries(Result):
    entries: tuple[SessionEntry, ...]
    """Those of a session together, in its order."""
    sessions: tuple[Session, ...]
    """Of which they are."""


class GetSessionEntry(Input):
    session_id: Id
    number: Annotated[int, Field(ge=1)]


class OneEntry(Result):
    entry: SessionEntry
    session: Session


class CountSessionEntries(Input):
    session_id: Id | None = None
    workspace_id: Id | None = None


class EntryCounts(Result):
    sessions: int
    """Those that have entries."""
    entries: int
    days: int
    """On which they began."""
    kinds: dict[str, int]
    """How many of the newest 1,000 entries are of which kind."""
    files: int
    """Which the tool calls among these name."""


async def list_recent_entries(given: ListRecentEntries, call: Call) -> RecentEntries:
    """List the newest entries of histories, with their sessions: of one session, of a workspace, or of all.

    What picks among them looks at the newest 10,000.
    """
    most = MOST_LOOKED_AT if given.picks else given.limit
    entries = [entry for entry in await _newest(given.session_id, given.workspace_id, most, call) if given.wants(entry)]
    ids = dict.fromkeys(entry.session_id for entry in entries)
    found = {id_: session for id_ in ids if (session := await call.unit.get(Session, id_)) and given.agent_id in (None, session.agent_id)}
    known = [entry for entry in entries if entry.session_id in found]
    end = max(len(known) - given.offset, 0)
    shown = known[max(end - given.limit, 0) : end]
    return RecentEntries(entries=tuple(shown), sessions=tuple(found[id_] for id_ in dict.fromkeys(entry.session_id for entry in shown)))


async def get_session_entry(given: GetSessionEntry, call: Call) -> OneEntry:
    """Read one entry of a session's history."""
    session = await call.need(Session, given.session_id)
    entry = await call.need(SessionEntry, numbered_key(session.id, given.number), str(given.number))
    return OneEntry(entry=entry, session=session)


async def count_session_entries(given: CountSessionEntries, call: Call) -> EntryCounts:
    """Count what histories hold: of one session, of a workspace, or of all."""
    if given.session_id:
        one = await call.unit.get(Session, given.session_id)
        sessions = [one] if one and given.workspace_id in (None, one.workspace_id) else []
    else:
        sessions = [session async for session in call.unit.every(Session, workspace_id=given.workspace_id)]
    told = [session for session in sessions if session.entry_count]
    newest = await _newest(given.session_id, given.workspace_id, MOST_COUNTED, call)
    return EntryCounts(
        sessions=len(told), entries=sum(session.entry_count for session in told), days=len({session.created_at[:10] for session in told}),
        kinds=dict(Counter(str(entry.update.get("sessionUpdate")) for entry in newest)),
        files=len({path for entry in newest for path in _paths(entry)}),
    )  # fmt: skip


def event_of(entry: SessionEntry) -> str:
    kind = str(entry.update.get("sessionUpdate"))
    return "tool_result" if kind == "tool_call" and entry.update.get("status") in ENDED else kind


def _paths(entry: SessionEntry) -> Iterator[str]:
    """Of the files that a tool call names."""
    locations = entry.update.get("locations")
    for one in locations if isinstance(locations, list) else ():
        if isinstance(one, dict) and isinstance(path := one.get("path"), str):
            yield path


async def _newest(session_id: str | None, workspace_id: str | None, limit: int, call: Call) -> list[SessionEntry]:
    where = {"session_id": session_id, "workspace_id": workspace_id}
    compared = tuple((name, value) for name, value in where.items() if value is not None)
    [bodies] = (await call.unit.look(Find(SessionEntry, compared, limit=limit, last=True))).found
    return [SessionEntry.model_validate_json(body) for body in bodies]


OPERATIONS = (
    Operation(list_recent_entries, "sessions.read"),
    Operation(get_session_entry, "sessions.read"),
    Operation(count_session_entries, "sessions.read"),
)
