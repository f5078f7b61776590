"""REST: the web API under /api. Every route is a row of the table; the streams and the description of it all stand beside it."""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import cache, partial
from importlib import resources

import orjson
from aiohttp import web

from hub.app import Hub
from protocols.bodies import FORM, json_body, parsed, uploaded
from protocols.identity import GITHUB_EVENTS, caller_of
from protocols.malformed import expect
from protocols.rest.arguments import arguments_of
from protocols.rest.github_events import GithubEvents
from protocols.rest.route import Route, Stream
from protocols.rest.routes import ROUTES, STREAMS
from protocols.rest.tables.product import UNSERVED
from protocols.streams import Streams

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HEADERS = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"


def mount(app: web.Application, hub: Hub, streams: Streams) -> None:
    rows: defaultdict[tuple[str, str], list[Route]] = defaultdict(list)
    for route in ROUTES:
        rows[route.method, route.path].append(route)

    for stream in STREAMS:  # before the rows: a path may be a row's, too, with the stream's name in the place of an id
        app.router.add_route(stream.method, f"/api{stream.path}", _listening(hub, streams, stream))
    app.router.add_get("/api/openapi.json", _openapi)
    app.router.add_get("/api/docs", _docs)
    for unserved in UNSERVED:
        app.router.add_route(unserved.method, f"/api{unserved.path}", unserved.handle, expect_handler=expect)
    app.router.add_post(GITHUB_EVENTS, GithubEvents(hub).handle, expect_handler=expect)
    for (method, path), alternatives in rows.items():
        add = app.router.add_get if method == "GET" else partial(app.router.add_route, method)  # GET answers HEAD, too
        add(f"/api{path}", _handler(hub, alternatives), expect_handler=expect)


def _listening(hub: Hub, streams: Streams, stream: Stream) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await streams.send(request, stream.frames(hub, request))

    return handle


def _handler(hub: Hub, alternatives: Sequence[Route]) -> Handler:
    *conditional, plain = alternatives
    headers = {(one.file, one.media): _headers(one) for one in alternatives}

    async def handle(request: web.Request) -> web.Response:
        if plain.upload and request.content_type == FORM:
            body = orjson.dumps({plain.upload: b64encode(await uploaded(request)).decode()})
        else:
            body = await json_body(request) if request.can_read_body else b""
        said = {**request.query, **(parsed(body) if body else {})} if conditional else {}
        route = next((one for one in conditional if one.when in said), plain)
        output = await hub.call(route.operation, arguments_of(request, route, body), caller_of(request))
        return web.Response(body=route.answer(output).encode(), status=route.status_of(output), headers=headers[route.file, route.media])

    return handle


def _headers(route: Route) -> dict[str, str]:
    kept = {"Content-Disposition": f'attachment; filename="{route.file}"'} if route.file else {}
    return {**HEADERS, "Content-Type": route.media, **kept}


async def _openapi(_: web.Request) -> web.Response:
    return web.Response(body=_description(), headers={"Content-Type": "application/json; charset=utf-8"})


@cache
def _description() -> bytes:
    from protocols.rest.openapi import description

    return orjson.dumps(description())


async def _docs(_: web.Request) -> web.Response:
    page = resources.files("protocols.rest").joinpath("docs.html").read_text()
    return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})
