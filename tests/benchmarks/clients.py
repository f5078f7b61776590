"""MCP clients of both eras: what each of them sends again and again."""

import json
from dataclasses import replace

from tests.benchmarks.harness import TASK, Request, Server, ask

ACCEPT = ("Accept", "application/json, text/event-stream")
LEGACY, MODERN = "2025-11-25", "2026-07-28"
ERAS = (LEGACY, MODERN)
Headers = tuple[tuple[str, str], ...]


async def task(server: Server, headers: Headers = ()) -> str:
    """The id of a new one."""
    made: dict[str, dict[str, str]] = json.loads((await ask(server.port, Request("POST", "/api/tasks", TASK, headers)))[1])
    return made["task"]["id"]


def call(name: str, arguments: dict[str, str]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}).encode()


def get_task(task_id: str, name: str = "get_task") -> Request:
    """Without an era yet."""
    return Request("POST", "/mcp", call(name, {"taskId": task_id}), (), f'"structuredContent":{{"id":"{task_id}"'.encode())


async def clients(era: str, server: Server, request: Request, number: int) -> list[Request]:
    """The request of each; in the handshake era each has a session of its own."""
    return [await legacy(server, request) if era == LEGACY else modern(request) for _ in range(number)]


def modern(request: Request) -> Request:
    message = json.loads(request.body)
    message["params"]["_meta"] = {
        "io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    }  # fmt: skip
    named = (("MCP-Protocol-Version", MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", message["params"]["name"]))
    return replace(request, body=json.dumps(message).encode(), headers=(ACCEPT, *request.headers, *named))


async def legacy(server: Server, request: Request) -> Request:
    """In a new session."""
    client = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
    hello = json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": client}).encode()
    headers = (ACCEPT, *request.headers)
    head, _ = await ask(server.port, Request("POST", request.path, hello, headers))
    session = head.lower().split(b"mcp-session-id:")[1].split(b"\r\n")[0].decode().strip()
    headers = (*headers, ("MCP-Protocol-Version", LEGACY), ("Mcp-Session-Id", session))
    initialized = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode()
    await ask(server.port, Request("POST", request.path, initialized, headers))
    return replace(request, headers=headers)
