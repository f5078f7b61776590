"""Sessions as pages show them: the newest first, with those around them, with what was said in them."""

from collections import Counter

from hub.domain.permissions import Permission
from hub.domain.sessions import Session, SessionEntry
from hub.operations.base import Call, Id, Input, Limit, Listing, Operation, Result
from hub.ports import Find

TEAM_LEAD = "team-agent-lead"
"""The specialist that leads a team."""
MOST_RELATED = 100
RECENT = 5


class ListRecentSessions(Input):
    workspace_id: Id | None = None
    parent_session_id: Id | None = None
    """Only those that this session started."""
    limit: Limit = 100


class ListTeams(Input):
    workspace_id: Id | None = None
    limit: Limit = 100


class Team(Result):
    session: Session
    direct_delegates: int
    """How many sessions it started itself."""
    descendants: int
    """These, and those that they started in turn."""


class Teams(Result):
    teams: tuple[Team, ...]


class GetSessionContext(Input):
    session_id: Id


class SessionContext(Result):
    current: Session
    parent: Session | None = None
    children: tuple[Session, ...]
    siblings: tuple[Session, ...]
    recent: tuple[Session, ...]
    """Others of its workspace, the newest first."""


class GetSessionTranscript(Input):
    session_id: Id
    last_n: Limit = 1_000
    """The newest entries only."""


class SessionTranscript(Result):
    session_id: str
    session: Session | None = None
    """None: there is no such session."""
    entries: tuple[SessionEntry, ...]
    asked: tuple[Permission, ...]
    """The permission requests that wait for an answer."""


async def list_recent_sessions(given: ListRecentSessions, call: Call) -> Listing[Session]:
    """List the newest sessions, the newest first: of a workspace, or those that a session started."""
    where = {"workspace_id": given.workspace_id, "parent_session_id": given.parent_session_id}
    compared = tuple((name, value) for name, value in where.items() if value is not None)
    [bodies] = (await call.unit.look(Find(Session, compared, limit=given.limit, last=True))).found
    return Listing(Session, bodies[::-1])


async def list_teams(given: ListTeams, call: Call) -> Teams:
    """List the sessions that lead others, the newest first, with how many work under each."""
    sessions = [one async for one in call.unit.every(Session, workspace_id=given.workspace_id)]
    direct, below = Counter[str](), Counter[str]()
    for session in reversed(sessions):  # whoever was started is younger than who started it
        if parent := session.parent_session_id:
            direct[parent] += 1
            below[parent] += 1 + below[session.id]
    leads = [one for one in reversed(sessions) if _leads(one, below[one.id])]
    teams = (Team(session=one, direct_delegates=direct[one.id], descendants=below[one.id]) for one in leads[: given.limit])
    return Teams(teams=tuple(teams))


async def get_session_context(given: GetSessionContext, call: Call) -> SessionContext:
    """Read a session with its parent, its children, its siblings, and what else is new in its workspace."""
    current = await call.need(Session, given.session_id)
    parent_id = current.parent_session_id
    family = [Find(Session, (("parent_session_id", one),), limit=MOST_RELATED, last=True) for one in (current.id, parent_id) if one]
    recent = Find(Session, (("workspace_id", current.workspace_id),), limit=RECENT + 1 + 2 * MOST_RELATED, last=True)
    look = await call.unit.look(recent, *family, *([Find(Session, key=parent_id)] if parent_id else []))
    newest, children, *others = ([Session.model_validate_json(body) for body in bodies] for bodies in look.found)
    siblings, parents = others or ([], [])
    known = {current.id, parent_id, *(one.id for one in (*children, *siblings))}
    return SessionContext(
        current=current, parent=parents[0] if parents else None, children=tuple(children),
        siblings=tuple(one for one in siblings if one.id != current.id),
        recent=tuple([one for one in reversed(newest) if one.id not in known][:RECENT]),
    )  # fmt: skip


async def get_session_transcript(given: GetSessionTranscript, call: Call) -> SessionTranscript:
    """Read what happened in a session as of one moment, with what its agent asks just now. It is empty when there is no such session."""
    of = (("session_id", given.session_id),)
    look = await call.unit.look(
        Find(Session, key=given.session_id), Find(SessionEntry, of, limit=given.last_n, last=True),
        Find(Permission, (*of, ("status", "pending")), limit=MOST_RELATED),
    )  # fmt: skip
    found, entries, asked = look.found
    return SessionTranscript(
        session_id=given.session_id,
        session=Session.model_validate_json(found[0]) if found else None,
        entries=tuple(SessionEntry.model_validate_json(body) for body in entries),
        asked=tuple(Permission.model_validate_json(body) for body in asked),
    )


def _leads(session: Session, descendants: int) -> bool:
    return session.parent_session_id is None and (
        session.specialist_id == TEAM_LEAD or (session.role == "ROUTA" and descendants > 0)
    )  # fmt: skip


OPERATIONS = (
    Operation(list_recent_sessions, "sessions.read"),
    Operation(list_teams, "sessions.read"),
    Operation(get_session_context, "sessions.read"),
    Operation(get_session_transcript, "sessions.read"),
)
