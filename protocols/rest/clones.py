"""The progress of a clone, as the web frontend reads it: phases with their percents, at the end `done` or `error`."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
from aiohttp import web

from hub.app import Hub
from hub.domain.clones import Clone
from hub.operations.clones import Cloned
from hub.ports import Filter, Logged
from protocols.bodies import json_body, parsed
from protocols.identity import caller_of
from protocols.rest.event_streams import framed
from protocols.streams import PING, pages, starting_cursor

LAST = ("clone.completed", "clone.failed")


async def clone_progress(hub: Hub, request: web.Request) -> AsyncIterator[bytes]:
    """It begins the clone, or joins one that is under way, and ends with it. The clone goes on when the listener leaves."""
    caller = caller_of(request)
    cursor = await starting_cursor(hub, request)
    cloned = await hub.call("clone_repository", parsed(await json_body(request)), caller)
    assert isinstance(cloned, Cloned)
    if cloned.phase:
        yield framed({"phase": cloned.phase, "percent": cloned.percent, "message": cloned.message})
    async for page in pages(hub, request, cursor, Filter(kinds=(Clone.kind,), record_id=cloned.id)):
        if not page.events:
            yield PING
        for event in page.events:
            if event.name == "clone.progressed":
                yield framed(_data(event), event.cursor)
            elif event.name in LAST:
                yield framed(await _ending(hub, request, event), event.cursor)
                return


async def _ending(hub: Hub, request: web.Request, event: Logged) -> dict[str, Any]:
    if event.name == "clone.failed":
        return {"phase": "error", "success": False, **_data(event)}
    clone = await hub.call("get_clone", {"cloneId": event.record_id}, caller_of(request))
    return {**orjson.loads(clone.to_json()), "phase": "done"}


def _data(event: Logged) -> dict[str, Any]:
    data: dict[str, Any] = orjson.loads(event.body)["data"]
    return data
