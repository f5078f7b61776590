"""The aiohttp application: mounts every HTTP door, checks Host and Origin, turns errors into answers."""

import logging
from typing import Protocol

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from hub.app import Hub
from hub.domain.errors import Forbidden, HubError, Internal, Invalid, NotFound, TooLarge
from protocols.bodies import json_body
from protocols.identity import caller_of
from protocols.lazy import lazy
from protocols.origins import Origins
from protocols.rest.door import mount as mount_rest
from protocols.rest.routes import METHODS
from protocols.streams import Streams
from protocols.wire import http_status

log = logging.getLogger("http")

FOREIGN_HOST = Forbidden("The hub does not answer to this Host. Allow the name with TRIVIUM_ALLOWED_HOSTS.")
FOREIGN_ORIGIN = Forbidden("Pages of this Origin may not call the hub. Allow it with TRIVIUM_ALLOWED_ORIGINS.")
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
    def max_body_bytes(self) -> int: ...


def application(hub: Hub, settings: HttpSettings) -> web.Application:
    origins = Origins(settings.host, settings.allowed_hosts, settings.allowed_origins)
    app = web.Application(middlewares=[_boundary(origins, settings.max_body_bytes)], client_max_size=settings.max_body_bytes)
    streams = Streams()
    app.on_shutdown.append(streams.close)
    app.router.add_get("/", _front)
    mount_rest(app, hub, streams)
    rpc, mcp = lazy(lambda: _rpc(hub)), lazy(lambda: _mcp(hub))
    app.router.add_post("/api/rpc", rpc)
    app.router.add_get("/api/rpc/methods", rpc)
    for path in ("/mcp", "/mcp/", "/api/mcp", "/api/mcp/"):
        app.router.add_route("*", path, mcp)
    for method in ("GET", "POST", "PATCH"):
        app.router.add_route(method, "/api/mcp/tools", mcp)
    return app


async def _front(_: web.Request) -> web.Response:
    """What a person who opens the hub's address is looking for."""
    return web.Response(status=302, headers={"Location": "/api/docs"})


def _rpc(hub: Hub) -> Handler:
    from protocols.jsonrpc.door import Rpc

    rpc = Rpc(hub, METHODS)

    async def handle(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response({"methods": [*rpc.methods]})
        body, status = await rpc.answer(await json_body(request), caller_of(request))
        return web.Response(body=body, status=status, content_type="application/json") if body else web.Response(status=204)

    return handle


def _mcp(hub: Hub) -> Handler:
    from protocols.mcp.door import McpDoor

    return McpDoor(hub).handle


def _boundary(origins: Origins, max_body_bytes: int) -> Middleware:
    """The one place where a request is let in, and where what went wrong becomes an answer."""

    @web.middleware
    async def boundary(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not origins.host_allowed(request.headers.get("Host")):
            return error_response(FOREIGN_HOST, 421)
        if not origins.origin_allowed(request.headers.get("Origin")):
            return error_response(FOREIGN_ORIGIN)
        try:
            return await handler(request)
        except HubError as error:
            return error_response(error)
        except web.HTTPRequestEntityTooLarge:
            return error_response(TooLarge(f"The body is larger than {max_body_bytes} bytes (TRIVIUM_MAX_BODY_BYTES)."))
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


def error_response(error: HubError, status: int | None = None, headers: dict[str, str] | None = None) -> web.Response:
    """`status` where the protocol asks for another one than the error's kind has."""
    body = orjson.dumps(error.document())
    return web.Response(body=body, status=status or http_status(error), content_type="application/json", headers=HEADERS | (headers or {}))
