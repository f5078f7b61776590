"""A thousand subscribers and a hundred events; and one subscriber that reads nothing while the others read."""

import asyncio
import json
import tempfile
import time
from pathlib import Path

from tests.benchmarks.harness import TASK, Request, Server, ask, cpu_seconds, hub, line, rss_megabytes

SUBSCRIBERS, EVENTS = 1_000, 100
MANY = 20_000


async def subscribe(server: Server, cursor: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(Request("GET", f"/api/events?kinds=task&after={cursor}").encode())
    await reader.readuntil(b": connected\n\n")
    return reader, writer


async def ids(reader: asyncio.StreamReader, count: int) -> list[int]:
    """The ids of the next events, in the order in which they come."""
    seen: list[int] = []
    while len(seen) < count:
        text = await reader.readline()
        if text.startswith(b"id: "):
            seen.append(int(text[4:]))
    return seen


async def fan_out(server: Server) -> None:
    cursor = json.loads((await ask(server.port, Request("GET", "/api/health")))[1])["cursor"]
    streams = [await subscribe(server, cursor) for _ in range(SUBSCRIBERS)]
    listening = [asyncio.create_task(ids(reader, EVENTS)) for reader, _ in streams]
    begun, cpu = time.perf_counter(), cpu_seconds(server.pid)
    for _ in range(EVENTS):
        await ask(server.port, Request("POST", "/api/tasks", TASK))
    expected = list(range(cursor + 1, cursor + EVENTS + 1))
    right = sum(seen == expected for seen in await asyncio.gather(*listening))
    spent = (cpu_seconds(server.pid) - cpu) / (SUBSCRIBERS * EVENTS) * 1e6
    for _, writer in streams:
        writer.close()
    figure = f"{right} complete, {time.perf_counter() - begun:.1f} s, {spent:.0f} us each"
    line(f"{SUBSCRIBERS} subscribers, {EVENTS} events: every event in order", figure, f"{SUBSCRIBERS} complete", right == SUBSCRIBERS)


async def silent(server: Server) -> None:
    """The log grows by far more than socket buffers hold while one subscriber reads nothing."""
    cursor = json.loads((await ask(server.port, Request("GET", "/api/health")))[1])["cursor"]
    _, idle = await subscribe(server, cursor)
    await write(server, MANY // 4)
    before = rss_megabytes(server.pid)
    await write(server, MANY)
    grown = rss_megabytes(server.pid) - before
    idle.close()
    line(f"a subscriber that reads nothing, {MANY} events", f"{grown:+.1f} MB", "<= 5 MB", grown <= 5)


async def write(server: Server, count: int) -> None:
    encoded = Request("POST", "/api/tasks", TASK).encode()

    async def writer_(share: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(share):
            writer.write(encoded)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
        writer.close()

    await asyncio.gather(*(writer_(count // 16) for _ in range(16)))


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder, hub(f"sqlite:{Path(folder) / 'hub.db'}") as server:
        await fan_out(server)
        await silent(server)


if __name__ == "__main__":
    asyncio.run(main())
