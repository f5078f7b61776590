"""The web API's streams: renderings of the log, each beginning with what its listeners wait for first."""

from collections.abc import AsyncIterator

import orjson
from aiohttp import web

from hub.app import Hub
from hub.domain.model import instant, new_id, utc_now
from hub.domain.notes import Note, note_key
from hub.ports import Filter, Logged
from protocols.identity import caller_of
from protocols.streams import PING, event_frames, pages, starting_cursor


def events(hub: Hub, request: web.Request) -> AsyncIterator[bytes]:
    query = request.query
    kinds = tuple(kind for kind in query.get("kinds", "").split(",") if kind)
    return event_frames(hub, request, Filter(query.get("workspaceId"), kinds, query.get("recordId")))


async def note_events(hub: Hub, request: web.Request) -> AsyncIterator[bytes]:
    """`connected` first, then a frame a change with the note as it is now."""
    caller_of(request).require("notes.read")  # the frames hold the notes themselves
    cursor = await starting_cursor(hub, request)
    yield connected(request)
    async for page in pages(hub, request, cursor, Filter(wanted_workspace(request), ("note",))):
        yield b"".join([await _note_frame(hub, request, event) for event in page.events]) or PING


async def _note_frame(hub: Hub, request: web.Request, logged: Logged) -> bytes:
    event = orjson.loads(logged.body)
    what = logged.name.partition(".")[2]
    frame = {
        "type": f"note:{what if what in ('created', 'deleted') else 'updated'}", "noteId": event["recordId"],
        "workspaceId": event["workspaceId"], "source": event.get("data", {}).get("source", "agent"), "timestamp": event["at"],
    }  # fmt: skip
    if what != "deleted":  # read from the store: get_note would make a spec that was deleted since
        note = await hub.store.get(caller_of(request).tenant, Note, note_key(event["workspaceId"], event["recordId"]))
        frame |= {"note": orjson.Fragment(note.to_json())} if note else {}
    return framed(frame, logged.cursor)


def wanted_workspace(request: web.Request) -> str | None:
    """None: all of them."""
    workspace_id = request.query.get("workspaceId")
    return None if workspace_id in (None, "*") else workspace_id


def connected(request: web.Request) -> bytes:
    """What a listener of the web frontend is told first."""
    workspace_id = request.query.get("workspaceId", "*")
    return framed({"type": "connected", "connectionId": new_id(), "workspaceId": workspace_id, "timestamp": instant(utc_now())})


def framed(frame: dict[str, object], cursor: int | None = None) -> bytes:
    id_ = b"" if cursor is None else b"id: %d\n" % cursor
    return id_ + b"data: " + orjson.dumps(frame) + b"\n\n"
