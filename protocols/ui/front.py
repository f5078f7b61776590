"""The hub's own page, where no frontend is served: what runs here, and how to come in. Anybody may read it."""

from html import escape
from importlib import resources
from string import Template
from typing import Protocol

from aiohttp import web

from hub.addresses import DOORS
from hub.clients import CLIENTS
from hub.version import VERSION

POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
NAMES = {
    "mcp": "MCP", "acp": "ACP", "a2a": "A2A", "rest": "REST", "rpc": "JSON-RPC", "events": "Events", "health": "Health",
}  # fmt: skip
TOKENS = "A token is needed: <code>trivium tokens create --name NAME</code> makes one, for <code>Authorization: Bearer TOKEN</code>."
NO_TOKENS = "No token is needed."


class FrontSettings(Protocol):
    @property
    def auth_required(self) -> bool: ...
    @property
    def public_url(self) -> str: ...


class Front:
    def __init__(self, settings: FrontSettings) -> None:
        self._settings = settings
        self._page = Template(resources.files("protocols.ui").joinpath("front.html").read_text("utf-8"))

    async def handle(self, request: web.Request) -> web.Response:
        """With the addresses under which the reader has come, or those that the operator gave."""
        url = self._settings.public_url or f"{request.scheme}://{request.host}"
        required = self._settings.auth_required
        page = self._page.substitute(
            version=VERSION, mcp=escape(f"{url}{DOORS['mcp']}"), tokens=TOKENS if required else NO_TOKENS,
            doors="\n".join(f"<tr><th>{title}<td><code>{escape(url + DOORS[name])}</code>" for name, title in NAMES.items()),
            connect=escape("\n".join(f"trivium connect {name}{' --token TOKEN' if required else ''} --write" for name in CLIENTS)),
        )  # fmt: skip
        return web.Response(text=page, content_type="text/html", headers=HEADERS)
