"""REST: the web API under /api. Every route is a row of the table; the streams and the description of it all stand beside it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import cache, partial
from importlib import resources

import orjson
from aiohttp import web

from hub.app import Hub
from hub.domain.model import instant, new_id, utc_now
from hub.domain.notes import Note, note_key
from hub.ports import Filter, Logged
from protocols.bodies import json_body, parsed
from protocols.identity import caller_of
from protocols.malformed import expect
from protocols.rest.arguments import arguments_of
from protocols.rest.routes import ROUTES, Route
from protocols.streams import PING, Streams, event_frames, pages, starting_cursor

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HEADERS = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"


def mount(app: web.Application, hub: Hub, streams: Streams) -> None:
    rows: defaultdict[tuple[str, str], list[Route]] = defaultdict(list)
    for route in ROUTES:
        rows[route.method, route.path].append(route)

    async def events(request: web.Request) -> web.StreamResponse:
        query = request.query
        kinds = tuple(kind for kind in query.get("kinds", "").split(",") if kind)
        filter_ = Filter(query.get("workspaceId"), kinds, query.get("recordId"))
        return await streams.send(request, event_frames(hub, request, filter_))

    async def note_events(request: web.Request) -> web.StreamResponse:
        return await streams.send(request, _note_frames(hub, request))

    app.router.add_get("/api/events", events, allow_head=False)
    app.router.add_get("/api/notes/events", note_events, allow_head=False)
    app.router.add_get("/api/openapi.json", _openapi)
    app.router.add_get("/api/docs", _docs)
    for (method, path), alternatives in rows.items():
        add = app.router.add_get if method == "GET" else partial(app.router.add_route, method)  # GET answers HEAD, too
        add(f"/api{path}", _handler(hub, alternatives), expect_handler=expect)


def _handler(hub: Hub, alternatives: Sequence[Route]) -> Handler:
    *conditional, plain = alternatives

    async def handle(request: web.Request) -> web.Response:
        body = await json_body(request) if request.can_read_body else b""
        said = {**request.query, **(parsed(body) if body else {})} if conditional else {}
        route = next((one for one in conditional if one.when in said), plain)
        output = await hub.call(route.operation, arguments_of(request, route, body), caller_of(request))
        return web.Response(body=route.answer(output).encode(), status=route.status_of(output), headers=HEADERS)

    return handle


async def _note_frames(hub: Hub, request: web.Request) -> AsyncIterator[bytes]:
    """The web API's note stream: `connected` first, then a frame a change with the note as it is now."""
    caller_of(request).require("notes.read")  # the frames hold the notes themselves
    workspace_id = request.query.get("workspaceId")
    wanted = None if workspace_id in (None, "*") else workspace_id
    cursor = await starting_cursor(hub, request)
    yield _data({"type": "connected", "connectionId": new_id(), "workspaceId": workspace_id or "*", "timestamp": instant(utc_now())})
    async for page in pages(hub, request, cursor, Filter(wanted, ("note",))):
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
    return b"id: %d\n" % logged.cursor + _data(frame)


def _data(frame: dict[str, object]) -> bytes:
    return b"data: " + orjson.dumps(frame) + b"\n\n"


async def _openapi(_: web.Request) -> web.Response:
    return web.Response(body=_description(), headers={"Content-Type": "application/json; charset=utf-8"})


@cache
def _description() -> bytes:
    from protocols.rest.openapi import description

    return orjson.dumps(description())


async def _docs(_: web.Request) -> web.Response:
    page = resources.files("protocols.rest").joinpath("docs.html").read_text()
    return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})
