"""The aiohttp application: mounts every HTTP door, checks Host and Origin, turns errors into answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from hub.addresses import ACP, MCP
from hub.app import Hub
from hub.domain.errors import Forbidden, HubError, Internal, Invalid, NotFound, TooLarge, UnsupportedMedia
from hub.domain.model import utc_now
from hub.ports import Clock
from protocols.a2a.door import mount_a2a
from protocols.bodies import json_body
from protocols.cors import Cors
from protocols.identity import METADATA, Credentials, caller_of
from protocols.issuers import Issuer
from protocols.lazy import lazy
from protocols.malformed import expect, quiet
from protocols.oauth import OAuth
from protocols.origins import Origins
from protocols.rest.door import mount as mount_rest
from protocols.rest.routes import METHODS
from protocols.streams import Streams
from protocols.ui.paths import A2A_PAGE, A2A_PIECES, PAGES
from protocols.wire import http_status

log = logging.getLogger("http")

FOREIGN_HOST = Forbidden("The hub does not answer to this Host. Allow the name with TRIVIUM_ALLOWED_HOSTS.")
FOREIGN_ORIGIN = Forbidden("Pages of this Origin may not call the hub. Allow it with TRIVIUM_ALLOWED_ORIGINS.")
COMPRESSED = UnsupportedMedia("The body must not be compressed. Send it without Content-Encoding.")
HEADERS = {"X-Content-Type-Options": "nosniff"}


class HttpSettings(Protocol):
    """What the doors need of the settings."""

    @property
    def host(self) -> str: ...
    @property
    def allowed_hosts(self) -> tuple[str, ...]: ...
    @property
    def allowed_origins(self) -> tuple[str, ...]: ...
    @property
    def ui(self) -> Path | None: ...
    @property
    def max_body_bytes(self) -> int: ...
    @property
    def conformance(self) -> bool: ...
    @property
    def auth_required(self) -> bool: ...
    @property
    def url(self) -> str: ...
    @property
    def public_url(self) -> str: ...
    @property
    def oauth_issuer(self) -> str: ...
    @property
    def oauth_audience(self) -> str: ...
    @property
    def oauth_tenant_claim(self) -> str: ...
    @property
    def a2a_versions(self) -> tuple[str, ...]: ...
    @property
    def a2a_cards(self) -> str: ...
    @property
    def grpc_port(self) -> int | None: ...


class Endings(list[Callable[[], Awaitable[None]]]):
    """What doors that are made late close once no request runs any more."""

    async def close(self, _: web.Application) -> None:
        await asyncio.gather(*(close() for close in self))


def application(hub: Hub, settings: HttpSettings, clock: Clock = utc_now) -> web.Application:
    quiet()
    public = urlsplit(settings.public_url).hostname
    origins = Origins(settings.host, [*settings.allowed_hosts, *([public] if public else [])], settings.allowed_origins)
    oauth = oauth_of(settings)
    credentials = Credentials(hub, settings.auth_required, oauth, clock)
    cors, ui = Cors(origins), lazy(partial(_ui, settings.ui)) if settings.ui else None
    boundary = _boundary(origins, cors, credentials, settings.max_body_bytes, ui)
    app = web.Application(middlewares=[boundary], client_max_size=settings.max_body_bytes)
    if settings.allowed_origins:
        app.on_response_prepare.append(cors.prepare)
    if oauth:
        app.on_cleanup.append(oauth.close)
        for about in ("", MCP):
            app.router.add_get(f"{METADATA}{about}", oauth.metadata)
    streams, endings = Streams(), Endings()
    app.on_shutdown.append(streams.close)
    app.on_cleanup.append(endings.close)
    if ui:
        for path in (A2A_PAGE, A2A_PIECES, PAGES):
            app.router.add_get(path, ui)
    else:
        app.router.add_get("/", lazy(lambda: _front(settings)))
    mount_rest(app, hub, streams)
    rpc, mcp = lazy(lambda: _rpc(hub)), lazy(lambda: _mcp(hub, streams, endings, settings.conformance))
    acp = lazy(lambda: _acp(hub, streams))
    for path in (ACP, f"{ACP}/"):
        app.router.add_route("*", path, acp)
    app.router.add_post("/api/rpc", rpc)
    app.router.add_get("/api/rpc/methods", rpc)
    for path in ("/mcp", "/mcp/", "/api/mcp", "/api/mcp/"):
        app.router.add_route("*", path, mcp, expect_handler=expect)
    for method in ("GET", "POST", "PATCH"):
        app.router.add_route(method, "/api/mcp/tools", mcp, expect_handler=expect)
    app.router.add_get("/api/test-mcp", mcp, allow_head=False)
    web_acp = lazy(lambda: _acp_of_web(hub, streams))
    app.router.add_get("/api/acp", web_acp, allow_head=False)
    app.router.add_post("/api/acp", web_acp, expect_handler=expect)
    mount_a2a(app, hub, streams, settings)
    return app


def _ui(folder: Path) -> Handler:
    from protocols.ui.door import Pages

    return Pages(folder).handle


def _front(settings: HttpSettings) -> Handler:
    from protocols.ui.front import Front

    return Front(settings).handle


def _rpc(hub: Hub) -> Handler:
    from protocols.jsonrpc.door import Rpc

    rpc = Rpc(hub, METHODS)

    async def handle(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"methods": [*rpc.methods]})
        body, status = await rpc.answer(await json_body(request), caller_of(request))
        return web.Response(body=body, status=status, content_type="application/json") if body else web.Response(status=204)

    return handle


def _mcp(hub: Hub, streams: Streams, endings: Endings, conformance: bool) -> Handler:
    from protocols.mcp.door import McpDoor

    other = None
    if conformance:
        from protocols.mcp.conformance import served

        other = served(hub, streams)
    door = McpDoor(hub, streams, other)
    streams.on_close(door.close)
    endings.append(door.calls.close)
    return door.handle


def _acp(hub: Hub, streams: Streams) -> Handler:
    from protocols.acp.door import AcpDoor

    door = AcpDoor(hub, streams)
    streams.on_close(door.close)
    return door.handle


def _acp_of_web(hub: Hub, streams: Streams) -> Handler:
    from protocols.acp.web_api import WebApi

    return WebApi(hub, streams).handle


def oauth_of(settings: HttpSettings) -> OAuth | None:
    """The authorization server, if the hub has one. It is its maker's to close."""
    if not settings.oauth_issuer:
        return None
    return OAuth(Issuer(settings.oauth_issuer), settings.url, settings.oauth_audience, settings.oauth_tenant_claim)


def _boundary(origins: Origins, cors: Cors, credentials: Credentials, max_body_bytes: int, ui: Handler | None) -> Middleware:
    """The one place where a request is let in, and where what went wrong becomes an answer."""

    @web.middleware
    async def boundary(request: web.Request, handler: Handler) -> web.StreamResponse:
        if answered := _at_once(request, origins, cors):
            return answered
        try:
            if request.match_info.handler is not ui:  # pages are anybody's: they ask for the token themselves
                await credentials.admit(request)
            return await handler(request)
        except HubError as error:
            return error_response(error, None, credentials.challenge(error, request))
        except web.HTTPRequestEntityTooLarge:
            return error_response(TooLarge(f"The body is larger than {max_body_bytes} bytes (TRIVIUM_MAX_BODY_BYTES)."))
        except web.RequestPayloadError:
            return error_response(Invalid("The body is broken: it ends early, or its chunks are none."))
        except web.HTTPMethodNotAllowed as refusal:
            allowed = ", ".join(sorted(refusal.allowed_methods))
            return error_response(Invalid(f"This path takes {allowed}."), 405, {"Allow": allowed})
        except web.HTTPNotFound:
            return error_response(NotFound("path", request.path))
        except web.HTTPException as refusal:
            return error_response(Invalid(refusal.reason), refusal.status)
        except ConnectionResetError:
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return error_response(Internal())

    return boundary


def _at_once(request: web.Request, origins: Origins, cors: Cors) -> web.Response | None:
    """What is answered whoever asks: a refusal, or what the pages of another origin may send."""
    if not origins.host_allowed(request.headers.get("Host")):
        return error_response(FOREIGN_HOST, 421)
    if not origins.origin_allowed(request.headers.get("Origin")):
        return error_response(FOREIGN_ORIGIN)
    if request.headers.get("Content-Encoding", "identity") != "identity":
        return error_response(COMPRESSED)
    return cors.preflight(request)


def error_response(error: HubError, status: int | None = None, headers: dict[str, str] | None = None) -> web.Response:
    """`status` where the protocol asks for another one than the error's kind has."""
    body = orjson.dumps(error.document())
    return web.Response(body=body, status=status or http_status(error), content_type="application/json", headers=HEADERS | (headers or {}))
