"""What the HTTP transport serves: the hub's own servers, one a profile, or another server on the same transport."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from mcp.server.lowlevel import Server
from mcp.shared.inbound import ERROR_CODE_HTTP_STATUS
from mcp_types import INVALID_PARAMS, SERVER_INFO_META_KEY, RequestId

from hub.app import Hub
from hub.domain.errors import UnknownOperation
from hub.operations import OPERATIONS
from hub.operations.base import Profile
from protocols.mcp.asking import Asker
from protocols.mcp.calls import Calls
from protocols.mcp.confirming import QUESTIONS
from protocols.mcp.exchange import Exchange
from protocols.mcp.listening import Wanted
from protocols.mcp.messages import Message, failure, object_of
from protocols.mcp.server import Context, server
from protocols.mcp.tools import CORE

META = '{"_meta":{'
"""How a result begins that has metadata of its own."""


class HttpPeer:
    """Every HTTP request carries its Exchange."""

    def asker(self, ctx: Context) -> Asker:
        return self._exchange(ctx).asker

    async def wanted(self, ctx: Context) -> Wanted:
        session = self._exchange(ctx).session
        assert session, "resources/subscribe is a method of the handshake era, which has sessions"
        return session.wanted

    def _exchange(self, ctx: Context) -> Exchange:
        assert isinstance(ctx.request, Exchange)
        return ctx.request


class Surface:
    def __init__(self, hub: Hub, other: Server[Any] | None = None) -> None:
        """With `other`, every profile is that server, and the hub's tools are not there."""
        self.hub, self.calls, self.other = hub, Calls(hub), other
        self._servers: dict[Profile, Server[Any]] = {}
        stamp = orjson.dumps(self.server(CORE).server_info_stamp).decode()
        self._stamp = f'"{SERVER_INFO_META_KEY}":{stamp}'

    def server(self, profile: Profile) -> Server[Any]:
        if self.other:
            return self.other
        if profile not in self._servers:
            self._servers[profile] = server(self.hub, self.calls, profile, HttpPeer())
        return self._servers[profile]

    @property
    def parameter_headers(self) -> Callable[[str], Mapping[str, Any] | None] | None:
        """Of a tool's name, the input schema that says which arguments stand in headers too; the hub's own tools have none."""
        return self.other.get_tool_input_schema if self.other else None

    def is_own_tool(self, method: str) -> bool:
        """Whether it goes past the SDK's kernel, for this is where a hub spends its time."""
        return method == "tools/call" and self.other is None

    def is_quick(self, method: str, params: Mapping[str, Any]) -> bool:
        """Whether it is over at once, with one document: it needs no stream."""
        meta, operation = params.get("_meta"), OPERATIONS.get(str(params.get("name")))
        asks = isinstance(meta, dict) and "progressToken" in meta
        return self.is_own_tool(method) and operation is not None and not operation.waits and not asks and operation.name not in QUESTIONS

    async def call_tool(self, id_: RequestId, params: Mapping[str, Any], asker: Asker, modern: bool) -> Message:
        refused = ERROR_CODE_HTTP_STATUS[INVALID_PARAMS] if modern else 200
        name, arguments = params.get("name"), object_of(params.get("arguments"))
        if not isinstance(name, str) or not isinstance(arguments, dict):
            return failure(id_, INVALID_PARAMS, "tools/call takes a name and an object of arguments", refused)
        if asker.caller.credential is not None and (row := OPERATIONS.get(name)):
            asker.caller.require(row.grant)  # what a token lacks is 403 with the scope to ask for (§basic/authorization), no result
        try:
            result = await self.calls.call(name, arguments, asker)
        except UnknownOperation as error:
            return failure(id_, INVALID_PARAMS, error.message, refused)
        if modern:
            result = self._stamped(result)
        return Message(f'{{"jsonrpc":"2.0","id":{orjson.dumps(id_).decode()},"result":{result}}}'.encode())

    def _stamped(self, result: str) -> str:
        """As 2026-07-28 wants it: with its type, and with the server that it comes from."""
        if result.startswith(META):  # another server's, behind the hub
            more = "" if result.startswith(META + "}") else ","
            return f'{META}{self._stamp}{more}{result[len(META) : -1]},"resultType":"complete"}}'
        type_ = "" if result.startswith('{"resultType"') else ',"resultType":"complete"'
        return f"{result[:-1]}{type_},{META[1:]}{self._stamp}}}}}"
