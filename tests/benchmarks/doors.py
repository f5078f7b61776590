"""CPU of the server for a request, against a floor and against the MCP SDK's own hosting."""

import asyncio
import json
import tempfile
from pathlib import Path
from statistics import median

from tests.benchmarks.harness import Request, Server, ask, line, load, process

ROUNDS, SECONDS = 3, 0.6
TASK = json.dumps({"title": "a task with a title", "objective": "x" * 120}).encode()
ACCEPT = ("Accept", "application/json, text/event-stream")
LEGACY, MODERN = "2025-11-25", "2026-07-28"
Runs = dict[str, tuple[Server, list[Request]]]
"""What is compared: a server, and one request for each of its clients."""


def get_task(task_id: str) -> bytes:
    return json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_task", "arguments": {"taskId": task_id}}}
    ).encode()


def modern(body: bytes, path: str) -> Request:
    message = json.loads(body)
    message["params"]["_meta"] = {
        "io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    }  # fmt: skip
    headers = (ACCEPT, ("MCP-Protocol-Version", MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", "get_task"))
    return Request("POST", path, json.dumps(message).encode(), headers)


async def legacy(server: Server, body: bytes, path: str) -> Request:
    """A request in a session of its own."""
    client = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
    hello = json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": client}).encode()
    head, _ = await ask(server.port, Request("POST", path, hello, (ACCEPT,)))
    session = head.lower().split(b"mcp-session-id:")[1].split(b"\r\n")[0].decode().strip()
    headers = (ACCEPT, ("MCP-Protocol-Version", LEGACY), ("Mcp-Session-Id", session))
    initialized = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode()
    await ask(server.port, Request("POST", path, initialized, headers))
    return Request("POST", path, body, headers)


async def compare(runs: Runs) -> dict[str, float]:
    """Interleaved rounds; the median of each."""
    kept: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, (server, requests) in runs.items():
            kept[name].append(await load(server, requests, SECONDS))
    return {name: median(rounds) for name, rounds in kept.items()}


async def on_floor(floor: Server, server: Server, requests: list[Request]) -> tuple[Server, list[Request]]:
    """The same requests to the floor, which is taught the answer that the server gives."""
    _, answer = await ask(server.port, requests[0])
    await ask(floor.port, Request("PUT", f"/set?path={requests[0].path.partition('?')[0]}", answer))
    return floor, requests


async def against_floor(what: str, hub: Server, floor: Server, requests: list[Request], goal: float) -> None:
    tell(what, await compare({"hub": (hub, requests), "floor": await on_floor(floor, hub, requests)}), goal)


async def mcp(era: str, hub: Server, sdk: Server, floor: Server, body: bytes) -> None:
    """Sixteen clients; in the handshake era each has a session of its own."""
    ours = [await legacy(hub, body, "/mcp") if era == LEGACY else modern(body, "/mcp") for _ in range(16)]
    theirs = [await legacy(sdk, body, "/mcp/") if era == LEGACY else modern(body, "/mcp/") for _ in range(16)]
    figures = await compare({"hub": (hub, ours), "sdk": (sdk, theirs), "floor": await on_floor(floor, hub, ours)})
    tell(f"MCP get_task {era}, 16 clients", figures, 4)
    goal, ratio = 2.0 if era == LEGACY else 1.4, figures["sdk"] / figures["hub"]
    line(
        f"MCP get_task {era}, the SDK's Starlette hosting / the hub",
        f"{figures['sdk']:.0f} us = {ratio:.1f}x",
        f">= {goal}x",
        ratio >= goal,
    )


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:{Path(folder) / 'hub.db'}"
        with (
            process("-m", "hub.cli", "serve", "--port", "0", "--db", database, "--ready-json") as hub,
            process("-m", "tests.benchmarks.servers", "floor") as floor,
            process("-m", "tests.benchmarks.servers", "sdk", database) as sdk,
        ):
            posting, listing = Request("POST", "/api/tasks", TASK), Request("GET", "/api/tasks?workspaceId=default")
            made = [json.loads((await ask(hub.port, posting))[1]) for _ in range(100)]
            await against_floor("GET /api/tasks, 100 tasks, 16 clients", hub, floor, [listing] * 16, 6)
            for era in (LEGACY, MODERN):
                await mcp(era, hub, sdk, floor, get_task(made[0]["task"]["id"]))
            await against_floor("POST /api/tasks durable on SQLite, 64 clients", hub, floor, [posting] * 64, 5)


def tell(what: str, figures: dict[str, float], goal: float) -> None:
    ratio = figures["hub"] / figures["floor"]
    line(what, f"{figures['hub']:.0f} / floor {figures['floor']:.0f} us = {ratio:.1f}x", f"<= {goal}x", ratio <= goal)


if __name__ == "__main__":
    asyncio.run(main())
