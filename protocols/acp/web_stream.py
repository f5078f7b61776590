"""A session's updates as server-sent events, as the web API has them: rendered from the log, for any number of watchers."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import orjson
from aiohttp import web

from hub.app import Hub
from hub.domain.permissions import Permission
from hub.domain.sessions import Session
from hub.operations.base import Listing
from hub.ports import Filter, Json, Logged
from protocols.identity import caller_of
from protocols.streams import HEARTBEAT, PING, pages, starting_cursor
from protocols.web_sessions import STATUS, present, web_permission
from protocols.web_updates import shown

MOST_CHILDREN = 1_000
STANDING: dict[str, str] = {"created": "connecting", "deleted": "error", **STATUS}
"""What an event says of the status, by what happened."""
GONE = "The session was deleted."
DECIDED = ("requested", "allowed", "denied", "cancelled", "expired")
"""What happens to a permission request that somebody was asked."""


async def frames(hub: Hub, request: web.Request, session_id: str) -> AsyncIterator[bytes]:
    """The status first, then what happens in the session and in those that it started.

    Where one event is several updates, the last alone has its id: whoever goes on behind an id has seen all that came before it.
    """
    caller = caller_of(request)
    caller.require("sessions.read")
    cursor = await starting_cursor(hub, request)
    session = await hub.store.get(caller.tenant, Session, session_id)
    watched = Watched(hub, caller.tenant, session_id)
    if session:
        children = await hub.call("list_recent_sessions", {"parentSessionId": session_id, "limit": MOST_CHILDREN}, caller)
        assert isinstance(children, Listing)
        watched.children = {child.id: child.agent_id for child in children.records()}
    yield watched.frame(_standing(session), cursor)
    kinds = ("session", "permission") if caller.opens("permissions.read") else ("session",)
    filter_ = Filter(session.workspace_id, kinds) if session else Filter(None, kinds, session_id)
    clock = asyncio.get_running_loop().time
    quiet_since = clock()
    async for page in pages(hub, request, cursor, filter_):
        told = b"".join([await watched.frames(event) for event in page.events])
        if told or not page.events or clock() - quiet_since > HEARTBEAT:  # others of the workspace may be busy meanwhile
            quiet_since = clock()
            yield told or PING


class Watched:
    """A session and those that it started, as one watcher follows them."""

    def __init__(self, hub: Hub, tenant: str, session_id: str) -> None:
        self._hub, self._tenant, self._id = hub, tenant, session_id
        self.children: dict[str, str] = {}
        """Their agents, by their ids."""

    async def frames(self, event: Logged) -> bytes:
        """An event's, together; none, where it is nothing to this watcher."""
        kind, _, what = event.name.partition(".")
        if kind == "permission":
            return await self._permission(event) if what in DECIDED else b""
        if what == "created" and event.record_id != self._id:
            await self._expect_child(event.record_id)
        elif event.record_id == self._id:
            return self._joined([*await self._own(event, what)], event)
        elif event.record_id in self.children and what == "progressed":
            return self._joined([*_progress(event)], event, event.record_id)
        return b""

    def frame(self, update: Json, cursor: int | None, child: str | None = None) -> bytes:
        of = {"childAgentId": self.children[child], "childSessionId": child} if child else {}
        id_ = {"eventId": str(cursor)} if cursor is not None else {}
        params = {"sessionId": self._id, **of, **id_, "update": update}
        line = b"" if cursor is None else b"id: %d\n" % cursor
        return line + b"data: " + orjson.dumps({"jsonrpc": "2.0", "method": "session/update", "params": params}) + b"\n\n"

    def _joined(self, updates: list[Json], event: Logged, child: str | None = None) -> bytes:
        last = len(updates) - 1
        return b"".join(self.frame(update, event.cursor if at == last else None, child) for at, update in enumerate(updates))

    async def _own(self, event: Logged, what: str) -> Iterator[Json]:
        if what == "progressed":
            return _progress(event)
        if what in STANDING:
            reason = orjson.loads(event.body).get("data", {}).get("reason") if what == "failed" else None
            return iter([_status(STANDING[what], GONE if what == "deleted" else reason)])
        if what == "updated" and (session := await self._hub.store.get(self._tenant, Session, self._id)):
            return _changes(session, orjson.loads(event.body)["data"]["changed"])
        return iter(())

    async def _permission(self, event: Logged) -> bytes:
        session_id = orjson.loads(event.body)["data"]["sessionId"]
        if session_id != self._id and session_id not in self.children:
            return b""
        permission = await self._hub.store.get(self._tenant, Permission, event.record_id)
        if permission is None:
            return b""
        if event.name == "permission.requested":
            permission = permission.model_copy(update={"status": "pending"})  # as it was then
        return self._joined([web_permission(permission)], event, None if session_id == self._id else session_id)

    async def _expect_child(self, session_id: str) -> None:
        session = await self._hub.store.get(self._tenant, Session, session_id)
        if session and session.parent_session_id == self._id:
            self.children[session.id] = session.agent_id


def _progress(event: Logged) -> Iterator[Json]:
    for update in orjson.loads(event.body)["data"]["updates"]:
        yield from shown(update)


def _changes(session: Session, changed: list[str]) -> Iterator[Json]:
    if "name" in changed:
        yield {"sessionUpdate": "session_renamed", "name": session.name}
    if "modeId" in changed and session.mode_id:
        yield {"sessionUpdate": "current_mode_update", "currentModeId": session.mode_id}


def _standing(session: Session | None) -> Json:
    """The greeting."""
    text = {"type": "text", "text": "Connected to ACP session."}
    if session is None:
        return {"sessionUpdate": "acp_status", "content": text}
    return {**_status(STATUS[session.status], session.reason if session.status == "failed" else None), "content": text}


def _status(status: str, error: str | None) -> Json:
    return present({"sessionUpdate": "acp_status", "status": status, "error": error})
