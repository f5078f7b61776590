"""What changes on boards: a page that hears of it reads the boards and cards again."""

from collections.abc import AsyncIterator

import orjson
from aiohttp import web

from hub.app import Hub
from hub.ports import Filter, Logged
from protocols.identity import caller_of
from protocols.rest.event_streams import connected, framed, wanted_workspace
from protocols.streams import PING, pages, starting_cursor

ENTITIES = {"board": "board", "task": "task", "artifact": "task", "worktree": "task", "session": "queue"}
"""By the kind of record."""
QUIET = frozenset({"session.progressed", "artifact.created"})
"""What pages hear of otherwise: in a session's own stream, or by the task's own event."""


async def board_events(hub: Hub, request: web.Request) -> AsyncIterator[bytes]:
    """`connected` first, then a frame for each change."""
    caller_of(request).require("boards.read")
    cursor = await starting_cursor(hub, request)
    yield connected(request)
    async for page in pages(hub, request, cursor, Filter(wanted_workspace(request), tuple(ENTITIES))):
        yield b"".join(_frame(event) for event in page.events if event.name not in QUIET) or PING


def _frame(logged: Logged) -> bytes:
    event = orjson.loads(logged.body)
    kind, _, what = logged.name.partition(".")
    frame = {
        "type": "kanban:changed", "workspaceId": event["workspaceId"], "entity": ENTITIES[kind],
        "action": what if what in ("created", "deleted") else "updated", "resourceId": logged.record_id,
        "source": "agent" if event.get("agentId") else "user", "timestamp": event["at"],
    }  # fmt: skip
    return framed(frame, logged.cursor)
