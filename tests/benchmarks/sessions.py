"""Five thousand idle MCP sessions, and five hundred listeners to a hundred resources that change one after the other."""

import asyncio
import json
import tempfile
from pathlib import Path

from tests.benchmarks.clients import ACCEPT, LEGACY, MODERN, legacy, task
from tests.benchmarks.harness import Request, Server, ask, cpu_seconds, hub, line, rss_megabytes

SESSIONS, LISTENERS, UPDATES = 5_000, 500, 100
PING = Request("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode())


async def idle(server: Server) -> None:
    """After a hundred that are not counted: what is loaded once is not a session's."""
    for _ in range(100):
        await legacy(server, PING)
    before = rss_megabytes(server.pid)
    first = await legacy(server, PING)
    for _ in range(SESSIONS - 1):
        await legacy(server, PING)
    kilobytes = (rss_megabytes(server.pid) - before) * 1e3 / SESSIONS
    head, _ = await ask(server.port, first)
    alive = b" 200" in head[:13]
    line(
        f"{SESSIONS} idle sessions ({LEGACY}), the first one still there", f"{kilobytes:.1f} kB each", "<= 20 kB", alive and kilobytes <= 20
    )


def listen(number: int, uris: list[str]) -> Request:
    meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
    params = {"notifications": {"resourceSubscriptions": uris}, "_meta": meta}
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": "subscriptions/listen", "params": params}).encode()
    return Request("POST", "/mcp", body, (ACCEPT, ("MCP-Protocol-Version", MODERN), ("Mcp-Method", "subscriptions/listen")))


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def open_stream(server: Server, request: Request) -> Stream:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request.encode())
    await reader.readuntil(b"notifications/subscriptions/acknowledged")
    await reader.readuntil(b"\n\n")
    return reader, writer


async def updates(reader: asyncio.StreamReader) -> list[str]:
    """What was told, in the order in which it came."""
    seen: list[str] = []
    while len(seen) < UPDATES:
        text = await reader.readline()
        if text.startswith(b"data: "):
            seen.append(json.loads(text[6:])["params"]["uri"])
    return seen


async def listening(server: Server) -> None:
    made = [await task(server) for _ in range(UPDATES)]
    expected = [f"hub://tasks/{one}" for one in made]
    streams = [await open_stream(server, listen(number, sorted(expected, reverse=True))) for number in range(LISTENERS)]
    reading = [asyncio.create_task(updates(reader)) for reader, _ in streams]
    cpu = cpu_seconds(server.pid)
    for one in made:
        await ask(server.port, Request("PATCH", f"/api/tasks/{one}", json.dumps({"title": "changed"}).encode()))
    async with asyncio.timeout(60):
        complete = sum(seen == expected for seen in await asyncio.gather(*reading))
    spent = (cpu_seconds(server.pid) - cpu) / (LISTENERS * UPDATES) * 1e6
    for _, writer in streams:
        writer.close()
    figure = f"{complete} complete, {spent:.0f} us each"
    line(f"{LISTENERS} listen streams, {UPDATES} updates: all in order", figure, f"{LISTENERS} complete", complete == LISTENERS)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder, hub(f"sqlite:{Path(folder) / 'hub.db'}") as server:
        await idle(server)
        await listening(server)


if __name__ == "__main__":
    asyncio.run(main())
