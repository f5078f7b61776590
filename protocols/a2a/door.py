"""A2A over HTTP: the hub itself under /a2a and every agent under /agents/{id}, JSON-RPC and HTTP+JSON at the same address; the cards."""

from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from hub.app import Hub
from protocols.identity import AGENT_CARD
from protocols.lazy import lazy
from protocols.malformed import expect
from protocols.streams import Streams

JWKS = "/.well-known/jwks.json"
HUB, AGENT, WEB = "/a2a", "/agents/{agent_id}", "/api/a2a/"


class A2ASettings(Protocol):
    """What the doors need of the settings."""

    @property
    def public_url(self) -> str: ...
    @property
    def auth_required(self) -> bool: ...
    @property
    def oauth_issuer(self) -> str: ...
    @property
    def a2a_versions(self) -> tuple[str, ...]: ...
    @property
    def a2a_cards(self) -> str: ...
    @property
    def max_body_bytes(self) -> int: ...
    @property
    def grpc_port(self) -> int | None: ...


def mount_a2a(app: web.Application, hub: Hub, streams: Streams, settings: A2ASettings) -> None:
    def make() -> Handler:
        from protocols.a2a.http import A2ADoor

        door = A2ADoor(hub, streams, settings)
        streams.on_close(door.close)
        return door.handle

    handle = lazy(make)
    for path in (AGENT_CARD, JWKS):
        app.router.add_get(path, handle)
    for path in (HUB, AGENT):
        app.router.add_route("*", path, handle, expect_handler=expect)
        app.router.add_route("*", path + "/{path:.*}", handle, expect_handler=expect)
    app.router.add_route("*", WEB + "{path:.*}", handle, expect_handler=expect)
