"""The web API's view of the tools, /api/mcp/tools: a list, calling one by name, and which of them a page shows by default."""

import asyncio
from collections.abc import Mapping

import orjson
from aiohttp import web

from hub.domain.errors import Invalid, UnknownOperation
from protocols.bodies import json_body, parsed
from protocols.identity import caller_of
from protocols.mcp.asking import Asker
from protocols.mcp.calls import Calls
from protocols.mcp.messages import JSON, object_of
from protocols.mcp.tools import FULL, WEB_MODES, tools, web_profile
from protocols.mcp.upstreams import workspace_of


class WebTools:
    def __init__(self, calls: Calls) -> None:
        self._calls, self._mode = calls, "full"

    async def handle(self, request: web.Request) -> web.Response:
        if request.method == "GET":
            return await self._list(request)
        given = parsed(await json_body(request))
        if request.method == "PATCH":
            self._mode = _mode(given.get("mode"))
            return _json({"success": True, "mode": self._mode})
        return await self._call(request, given)

    async def test(self, request: web.Request) -> web.Response:
        """Connect to the registered servers, or to the one of `id`, and tell how that went (GET /api/test-mcp)."""
        caller, named = caller_of(request), request.query.get("id")
        ids = [named] if named else await self._calls.upstreams.ids(caller, workspace_of(request.query, request.headers))
        reports = await asyncio.gather(*(self._calls.upstreams.test(caller, id_) for id_ in ids))
        return _json({"ok": all(report["ok"] for report in reports), "servers": reports})

    async def _list(self, request: web.Request) -> web.Response:
        mode = _mode(request.query.get("mode", self._mode))
        profile = web_profile(request.query.get("mcpProfile")) or WEB_MODES[mode]
        others = await self._calls.upstreams.tools(caller_of(request), workspace_of(request.query, request.headers))
        return _json({"tools": [*tools(profile), *others], "mode": mode, "globalMode": self._mode})

    async def _call(self, request: web.Request, given: Mapping[str, object]) -> web.Response:
        name, arguments = given.get("name"), object_of(given.get("args"))
        if not isinstance(name, str) or not isinstance(arguments, dict):
            raise Invalid("name: it must be a tool's name; args: an object")
        try:
            result = await self._calls.call(name, arguments, Asker(caller_of(request), FULL))
        except UnknownOperation as error:
            raise Invalid(error.message) from None
        return web.Response(body=result.encode(), headers=JSON)


def _mode(given: object) -> str:
    if not isinstance(given, str) or given not in WEB_MODES:
        raise Invalid(f"mode: it must be one of {', '.join(WEB_MODES)}")
    return given


def _json(document: object) -> web.Response:
    return web.Response(body=orjson.dumps(document), headers=JSON)
