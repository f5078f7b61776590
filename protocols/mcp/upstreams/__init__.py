"""The hub as a client: the tools of other MCP servers, for the hub's own clients.

Each caller has sessions of its own, so that nobody acts with what another one began. A server that does not answer holds up nobody
but those who call its tools.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from time import monotonic
from typing import Any, NamedTuple

import orjson
from aiohttp import ClientSession
from mcp_types import SERVER_INFO_META_KEY

from hub.access import USE_TOOLS, Caller
from hub.app import Hub
from hub.domain.errors import Busy, HubError, Invalid, NotFound, Refused, Unavailable, UnknownOperation
from hub.domain.mcp_servers import BETWEEN, McpServer
from hub.operations.base import secret_place
from hub.ports import Find, Json
from protocols.mcp.upstreams.http import HttpLink
from protocols.mcp.upstreams.links import TOOLS_CHANGED, Link, Progress, Refusal, Trouble
from protocols.mcp.upstreams.processes import ProcessLink
from protocols.mcp.upstreams.seats import Seat
from protocols.mcp.upstreams.sessions import Session
from protocols.outbound import client

PATIENCE = 4.0
"""Seconds that a list of tools waits for a server. One that is slower is in a later list."""
IDLE = 600.0
"""Seconds after which a session that nobody uses is closed."""
SWEEP = 30.0
MOST = 200
"""Sessions at a time; the least recently used one makes room."""
SERVERS = 100
"""Of one workspace."""
CHANGES = (TOOLS_CHANGED, "notifications/subscriptions/acknowledged")
"""What makes the list of tools old: it changed, or maybe it did before somebody listened."""
WORKSPACE_HEADERS = ("Trivium-Workspace", "Routa-Workspace-Id")


class Key(NamedTuple):
    """Whose session, with which server."""

    tenant: str
    server_id: str
    subject: str
    credential: str | None


def workspace_of(query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """The workspace of a connection: it says so in its address or in a header, or has the default one."""
    named = query.get("workspace") or query.get("wsId")
    return named or next((value for name in WORKSPACE_HEADERS if (value := headers.get(name))), "default")


class Upstreams:
    """It opens nothing before somebody asks for tools. Whoever makes it closes it."""

    def __init__(self, hub: Hub, clock: Callable[[], float] = monotonic) -> None:
        self._hub, self._clock = hub, clock
        self._seats: OrderedDict[Key, Seat] = OrderedDict()
        self._http: ClientSession | None = None
        self._sweeping: asyncio.Task[None] | None = None
        self._leaving: dict[asyncio.Task[None], Seat] = {}
        self._closed = False

    async def tools(self, caller: Caller, workspace_id: str) -> list[Json]:
        """The tools of the workspace's servers, as the protocol has them; of those that answer soon."""
        if not caller.opens(USE_TOOLS) or self._hub.reach == "none" or self._closed:
            return []
        servers = [server for server in await self._find(caller, workspace_id=workspace_id) if server.enabled]
        if not servers:
            return []
        asked = [asyncio.ensure_future(self._seat(caller, server).tools()) for server in servers]
        try:
            await asyncio.wait(asked, timeout=PATIENCE)
        finally:
            for one in asked:
                one.cancel()
        answered = [one.result() for one in asked if one.done() and not one.cancelled() and not one.exception()]
        return [tool.shown for tools in answered for tool in tools.values()]

    async def call(self, caller: Caller, name: str, arguments: Json, progress: Progress | None = None) -> str:
        """A CallToolResult as JSON, as the server gave it. Raises a HubError; UnknownOperation when there is no such tool.

        A `_meta` that is in it comes first.
        """
        prefix, between, _ = name.partition(BETWEEN)
        server = next(iter(await self._find(caller, prefix=prefix)), None) if between else None
        if server is None:
            raise UnknownOperation(name)
        caller.require(USE_TOOLS)
        if not server.enabled:
            raise Refused(f"The MCP server {server.name!r} is switched off. update_mcp_server with enabled=true switches it on.")
        seat = self._seat(caller, server)
        try:
            with seat.in_use():
                tool = await seat.tool(name)
                if tool is None:
                    raise UnknownOperation(name)
                return _result(await seat.call(tool, arguments, progress))
        except Trouble as trouble:
            raise _error(server, trouble) from None
        except Refusal as refusal:
            seat.changed()
            raise Invalid(f"The MCP server {server.name!r} refused the call: {refusal.message} (code {refusal.code})") from None

    async def ids(self, caller: Caller, workspace_id: str) -> list[str]:
        """The servers of the workspace, also those that are switched off."""
        caller.require("mcp_servers.read")
        return [server.id for server in await self._find(caller, workspace_id=workspace_id)]

    async def test(self, caller: Caller, server_id: str) -> Json:
        """Connect anew, list the tools, hang up; and tell how that went."""
        caller.require("mcp_servers.read")
        server = await self._hub.store.get(caller.tenant, McpServer, server_id)
        if server is None:
            raise NotFound("mcp server", server_id)
        began, seat = monotonic(), self._new_seat(caller, server)
        report: Json = {"id": server.id, "name": server.name, "prefix": server.prefix}
        try:
            session = await seat.session()
            tools = await seat.tools()
            report |= {"ok": True, "protocolVersion": session.version, "serverInfo": session.server_info, "tools": len(tools)}
        except Trouble as trouble:
            report |= {"ok": False, "error": _told(server, trouble), "nextStep": _next_step(server)}
        except HubError as error:
            report |= {"ok": False, "error": error.message, "nextStep": "See what is said there."}
        finally:
            await seat.close()
        return report | {"milliseconds": round((monotonic() - began) * 1000)}

    async def sweep(self) -> None:
        """Close what nobody has used for long."""
        idle = [key for key, seat in self._seats.items() if not seat.busy and self._clock() - seat.used > IDLE]
        await asyncio.gather(*(self._seats.pop(key).close() for key in idle))

    async def close(self) -> None:
        """Hang up everywhere, and end every program."""
        self._closed = True
        if self._sweeping:
            self._sweeping.cancel()
        seats = [*self._seats.values(), *self._leaving.values()]
        self._seats.clear()
        await asyncio.gather(*(seat.close() for seat in seats))
        for leaving in self._leaving:
            leaving.cancel()
        if self._http:
            await self._http.close()

    async def _find(self, caller: Caller, **where: str) -> list[McpServer]:
        """Read anew each time: another node may have changed it. It is parsed only when it has changed."""
        bodies = await self._hub.store.find(caller.tenant, Find(McpServer, tuple(where.items()), "", SERVERS))
        return [_parsed(body) for body in bodies]

    def _seat(self, caller: Caller, server: McpServer) -> Seat:
        """The caller's, on the server as it is registered now."""
        if self._closed:
            raise Busy("The hub is shutting down. Call again when it is back.")
        key = Key(caller.tenant, server.id, caller.subject, caller.credential)
        seat = self._seats.get(key)
        if seat and seat.server != server:
            self._leave(self._seats.pop(key))
            seat = None
        if seat is None:
            self._make_room()
            seat = self._seats[key] = self._new_seat(caller, server)
        seat.used = self._clock()
        self._seats.move_to_end(key)
        if self._sweeping is None:
            self._sweeping = asyncio.create_task(self._sweep())
        return seat

    def _new_seat(self, caller: Caller, server: McpServer) -> Seat:
        async def connect(server: McpServer, changed: Callable[[], None]) -> Session:
            def notice(method: str) -> None:
                if method in CHANGES:
                    changed()

            session = Session(await self._link(caller.tenant, server, notice), server.connect_seconds, changed)
            await session.open()
            return session

        return Seat(server, connect, self._clock)

    async def _link(self, tenant: str, server: McpServer, notice: Callable[[str], None]) -> Link:
        if server.type == "stdio":
            if self._hub.reach != "all":
                raise Trouble("this hub starts no programs; its operator allows it with TRIVIUM_UPSTREAMS=all", done=False)
            return await ProcessLink.open(server.command or "", server.args, self._opened(tenant, server, server.env), notice)
        if self._http is None:
            self._http = client(self._hub.reach)
        return HttpLink(self._http, server.url or "", self._opened(tenant, server, server.headers), self._hub.reach, notice)

    def _opened(self, tenant: str, server: McpServer, sealed: Mapping[str, str]) -> dict[str, str]:
        vault = self._hub.vault
        if sealed and vault is None:
            raise Trouble("this hub was started without a vault, so its secrets cannot be opened", done=False)
        place = secret_place(tenant, McpServer, server.id)
        try:
            return {name: vault.open(value, place) for name, value in sealed.items()} if vault else {}
        except Refused as refused:
            raise Trouble(refused.message.rstrip("."), done=False) from None

    def _make_room(self) -> None:
        if len(self._seats) >= MOST:
            unused = next((key for key, seat in self._seats.items() if not seat.busy), None)
            if unused is None:
                raise Busy("Too many sessions with other MCP servers are in use. Call again in a moment.")
            self._leave(self._seats.pop(unused))

    def _leave(self, seat: Seat) -> None:
        """Close it once nothing runs on it any more."""
        task = asyncio.create_task(seat.leave())
        self._leaving[task] = seat
        task.add_done_callback(lambda _: self._leaving.pop(task))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            await self.sweep()


@lru_cache(1024)
def _parsed(body: str) -> McpServer:
    return McpServer.model_validate_json(body)


def _result(result: Json) -> str:
    """Complete, as the hub's own results are, which say so in their envelope alone."""
    if (kind := result.pop("resultType", "complete")) != "complete":
        raise Refused(f"The tool's server wants something that this hub cannot pass on: a result of the type {str(kind)[:80]!r}.")
    if not isinstance(result.get("content"), list):
        raise Unavailable("The tool's server answered something that is no tool's result. Whether the call was done is not known.")
    meta: Any = result.pop("_meta", None)
    if isinstance(meta, dict):
        meta.pop(SERVER_INFO_META_KEY, None)
    return orjson.dumps({"_meta": meta, **result} if meta and isinstance(meta, dict) else result).decode()


def _told(server: McpServer, trouble: Trouble) -> str:
    old = " It is registered as sse, which is tried as streamable HTTP: give the address of that." if server.type == "sse" else ""
    return f"The MCP server {server.name!r} cannot be used: {trouble.reason}.{old}"


def _next_step(server: McpServer) -> str:
    if server.type == "stdio":
        return "Run its command in a terminal and see whether it starts; then mend command, args or env with update_mcp_server."
    return "See whether it runs at its url; then mend url or headers with update_mcp_server."


def _error(server: McpServer, trouble: Trouble) -> HubError:
    """Whether the call may have been done is the first thing that its caller must know."""
    if trouble.done:
        return Unavailable(f"{_told(server, trouble)} Whether the call was done is not known: look before you repeat it.")
    return Busy(f"{_told(server, trouble)} Nothing was done.")
