"""Sending bytes through the HTTP doors as they are, and reading the refusal in each door's own form."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from hub.app import Hub
from hub.ports import Json
from protocols.rest.routes import ROUTES
from tests.protocols.conftest import Http
from tests.protocols.mcp_messages import MODERN, NEWER, enveloped, initialize_params, message

JSON = {"Content-Type": "application/json"}
INSIDE = ("Traceback", 'File "', "/srv/", "site-packages", ".py", "SELECT", "INSERT", "sqlite", "asyncpg", "pydantic", "orjson", "Error(")
"""What no answer may tell."""


@dataclass(frozen=True)
class Refusal:
    status: int
    code: int | None
    """The JSON-RPC error's code, where there is one."""
    kind: str | None
    """Of the error document, where there is one."""
    text: str


Send = Callable[[Http, str, bytes], Awaitable[Refusal]]
"""An operation and its arguments as raw bytes through a door."""


def refusal(status: int, text: str) -> Refusal:
    answer = json.loads(text)
    error = answer.get("error")
    code = error["code"] if isinstance(error, dict) else None
    document = error.get("data", {}) if isinstance(error, dict) else answer
    if "result" in answer:
        assert answer["result"].get("isError") is True, text
        document = json.loads(answer["result"]["content"][0]["text"])
    assert isinstance(error, str | dict) or "error" in document, text
    return Refusal(status, code, document.get("kind"), text)


async def through_rest(http: Http, operation: str, arguments: bytes) -> Refusal:
    route = next((route for route in ROUTES if route.operation == operation), None)
    path, method = (route.path, route.method) if route else (f"/{operation}", "POST")
    if "{" in path:
        given: Json = json.loads(arguments)
        path = path.format(id=given.pop("taskId"))
        arguments = json.dumps(given).encode()
    async with http.request(method, f"/api{path}", data=arguments, headers=JSON) as response:
        return refusal(response.status, await response.text())


async def through_rpc(http: Http, operation: str, arguments: bytes) -> Refusal:
    body = b'{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}' % (operation.encode(), arguments)
    async with http.post("/api/rpc", data=body, headers=JSON) as response:
        return refusal(response.status, await response.text())


async def through_mcp(http: Http, operation: str, arguments: bytes) -> Refusal:
    meta = json.dumps(enveloped(message("tools/call"))["params"]["_meta"]).encode()
    body = _tools_call(b'{"name":"%s","_meta":%s,"arguments":%s}' % (operation.encode(), meta, arguments))
    headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": operation}
    async with http.post("/mcp", data=body, headers=JSON | headers) as response:
        return refusal(response.status, await response.text())


async def through_mcp_session(http: Http, operation: str, arguments: bytes) -> Refusal:
    async with session(http) as headers:
        body = _tools_call(b'{"name":"%s","arguments":%s}' % (operation.encode(), arguments))
        async with http.post("/mcp", data=body, headers=JSON | headers) as response:
            return refusal(response.status, await response.text())


def _tools_call(params: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":%s}' % params


@asynccontextmanager
async def session(http: Http, version: str = NEWER) -> AsyncIterator[dict[str, str]]:
    """The headers of an open MCP session."""
    response = await http.post("/mcp", json=message("initialize", initialize_params(version)))
    assert response.status == 200
    headers = {"Mcp-Session-Id": response.headers["Mcp-Session-Id"], "MCP-Protocol-Version": version}
    yield headers
    assert (await http.delete("/mcp", headers=headers)).status == 204


SENDING: dict[str, Send] = {"rest": through_rest, "rpc": through_rpc, "mcp": through_mcp, "mcp session": through_mcp_session}


@asynccontextmanager
async def nothing_happens(hub: Hub, http: Http) -> AsyncIterator[None]:
    """Nothing is stored meanwhile, and the server goes on."""
    assert (await http.get("/api/health")).status == 200
    before = await hub.store.latest()
    yield
    assert await hub.store.latest() == before
    health: Any = await (await http.get("/api/health")).json()
    assert (health["status"], health["cursor"]) == ("ok", before)


def tells_nothing(text: str) -> bool:
    return not any(word in text for word in INSIDE)
