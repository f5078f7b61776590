"""A session with another MCP server: finding the version that both know, listing and calling its tools, hearing that they changed."""

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

from mcp.shared.inbound import encode_header_value, mcp_param_headers
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    SERVER_INFO_META_KEY,
    UNSUPPORTED_PROTOCOL_VERSION,
)  # fmt: skip
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from hub.ports import Json
from hub.version import VERSION
from protocols.mcp.upstreams.links import Link, Progress, Refusal, Trouble
from protocols.mcp.upstreams.processes import ProcessLink
from protocols.mcp.upstreams.tools import Tool

MODERN, HANDSHAKE = MODERN_PROTOCOL_VERSIONS[-1], HANDSHAKE_PROTOCOL_VERSIONS[-1]
CLIENT = {"name": "trivium", "title": "Trivium", "version": VERSION}
PROBE = 5.0
"""Seconds after which a server that says nothing to server/discover is asked in the old way, too."""
PAGES = 100
"""Of a list of tools; a server that goes on is not followed."""
TTL = 60.0
"""Seconds that a list of tools holds when the server does not tell of changes."""
COME_BACK = (1.0, 60.0)
"""Seconds to wait before listening anew: the first time, and at most."""


class Listed(NamedTuple):
    tools: list[Json]
    seconds: float | None
    """For how long it holds; None: until the server says that it has changed."""


class Session:
    """Not open before `open` has returned. `changed` is called when the list of tools is no longer true."""

    def __init__(self, link: Link, seconds: float, changed: Callable[[], None]) -> None:
        self._link, self._seconds, self._changed = link, seconds, changed
        self._listening: asyncio.Task[None] | None = None
        self.version = ""
        self.server_info: Json = {}
        self._tells = False

    @property
    def modern(self) -> bool:
        return self.version in MODERN_PROTOCOL_VERSIONS

    async def open(self) -> None:
        """Raises Trouble and Refusal; then it is closed."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._find_version()
        except TimeoutError:
            await self.close()
            raise Trouble(f"it was not ready within {self._seconds:g} seconds", done=False) from None
        except BaseException:
            await self.close()
            raise
        if self._tells:
            self._listening = asyncio.create_task(self._listen())

    async def tools(self) -> Listed:
        tools: list[Json] = []
        seconds, cursor = TTL, None
        for _ in range(PAGES):
            page = await self._ask("tools/list", {"cursor": cursor} if cursor else {}, self._seconds)
            tools += [tool for tool in page.get("tools") or () if isinstance(tool, dict)]
            if isinstance(ttl := page.get("ttlMs"), int | float):
                seconds = min(max(ttl / 1000, 0), 86_400)
            cursor = page.get("nextCursor")
            if not isinstance(cursor, str) or not cursor:
                break
        return Listed(tools, None if self._tells else seconds)

    async def call(self, tool: Tool, arguments: Json, seconds: float, progress: Progress | None) -> Json:
        headers: Mapping[str, str] = {}
        if self.modern:
            headers = {"Mcp-Name": encode_header_value(tool.original), **mcp_param_headers(tool.mirrored, arguments)}
        return await self._ask("tools/call", {"name": tool.original, "arguments": arguments}, seconds, headers, progress)

    async def close(self) -> None:
        if self._listening:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        await self._link.close()

    async def _ask(
        self, method: str, params: Json, seconds: float | None, headers: Mapping[str, str] | None = None, progress: Progress | None = None
    ) -> Json:
        if self.modern:
            params = {**params, "_meta": _envelope(self.version)}
        return await self._link.request(method, params, seconds, {**self._headers(method), **(headers or {})}, progress)

    def _headers(self, method: str) -> dict[str, str]:
        named = {"MCP-Protocol-Version": self.version}
        return {**named, "Mcp-Method": method} if self.modern else named

    async def _find_version(self) -> None:
        """The newest one, or else the handshake. A program that is slow to start hears both, and answers one of them."""
        probe = asyncio.create_task(self._discover(MODERN))
        try:
            await asyncio.wait([probe], timeout=PROBE)
            if probe.done() and await probe:
                return
            shake = asyncio.create_task(self._initialize())
            try:
                while not shake.done():
                    await asyncio.wait([one for one in (probe, shake) if not one.done()], return_when=asyncio.FIRST_COMPLETED)
                    if probe.done() and not shake.done() and not probe.exception() and probe.result():
                        return
                await self._shaken(shake, probe)
            finally:
                shake.cancel()
        finally:
            probe.cancel()

    async def _shaken(self, shake: asyncio.Task[None], probe: asyncio.Task[bool]) -> None:
        """Whoever was slow to hear the probe may have taken it first, and then knows no handshake any more."""
        try:
            await shake
        except Refusal as refusal:
            if refusal.code != UNSUPPORTED_PROTOCOL_VERSION or probe.done() or not await probe:
                raise

    async def _discover(self, version: str) -> bool:
        """Whether the server is of today. What it says to yesterday's is no matter."""
        headers = {"MCP-Protocol-Version": version, "Mcp-Method": "server/discover"}
        try:
            found = await self._link.request("server/discover", {"_meta": _envelope(version)}, None, headers)
        except Refusal as refusal:
            supported = refusal.data.get("supported") if isinstance(refusal.data, dict) else None
            if refusal.code == UNSUPPORTED_PROTOCOL_VERSION and supported and not set(supported) & set(HANDSHAKE_PROTOCOL_VERSIONS):
                raise Trouble(f"it speaks other versions of MCP than this hub ({MODERN} and before)", done=False, lost=False) from None
            return False
        except Trouble as trouble:
            if 400 <= trouble.status < 500 and trouble.status not in (401, 403):
                return False
            raise
        if version not in (found.get("supportedVersions") or ()):
            return False
        self._know(version, found, (found.get("_meta") or {}).get(SERVER_INFO_META_KEY))
        return True

    async def _initialize(self) -> None:
        params = {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": CLIENT}
        found = await self._link.request("initialize", params, None, {})
        version = found.get("protocolVersion")
        if version not in HANDSHAKE_PROTOCOL_VERSIONS:
            raise Trouble(f"it speaks another version of MCP than this hub ({MODERN} and before)", done=False, lost=False)
        self._know(version, found, found.get("serverInfo"))
        await self._link.notify("notifications/initialized", self._headers("notifications/initialized"))

    def _know(self, version: str, found: Json, server_info: object) -> None:
        self.version = version
        self.server_info = server_info if isinstance(server_info, dict) else {}
        capabilities = found.get("capabilities")
        tools = capabilities.get("tools") if isinstance(capabilities, dict) else None
        self._tells = isinstance(tools, dict) and bool(tools.get("listChanged"))

    async def _listen(self) -> None:
        """As long as the session stands. What was missed while nobody listened is read anew."""
        pause, longest = COME_BACK
        while True:
            try:
                if self.modern:
                    await self._ask("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, None)
                else:
                    await self._link.listen(self._headers("GET"))
                    self._tells = isinstance(self._link, ProcessLink)
                    return
            except Refusal:
                self._tells = False
                return
            except Trouble:
                pass  # a call finds out what it is; until then, maybe it comes back
            self._changed()
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)


def _envelope(version: str) -> Json:
    """What a request of 2026-07-28 carries of itself: the hub offers a server nothing."""
    return {PROTOCOL_VERSION_META_KEY: version, CLIENT_INFO_META_KEY: CLIENT, CLIENT_CAPABILITIES_META_KEY: {}}
