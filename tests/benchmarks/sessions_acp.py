"""Sessions over ACP, against the bare connection: what an agent streams to twenty watchers, and a prompt's way there and back."""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import uvloop

from hub.access import LOCAL
from hub.app import Hub
from hub.domain.sessions import Session
from hub.ports import Filter, Json
from protocols.acp.opening import CLIENT
from protocols.jsonrpc.peer import Peer
from protocols.programs import Program
from tests.acp.working import FAKE_AGENT, prompted, started, until, working
from tests.benchmarks.a2a_streams import rpc
from tests.benchmarks.harness import Request, Server, hub, line
from tests.conftest import open_database

CHUNKS, WATCHERS, ROUNDS = 10_000, 20, 5
TEXT = "".join(f"{index} " for index in range(CHUNKS))
PACE = 0.05
"""Seconds of streaming for which there is one row in the log at most."""
AROUND = 4
"""Rows that a turn has beside: prompted, prompt_taken, and what was told at its beginning and its end."""
PROMPTS = 100
DEAREST = 3.0
"""Milliseconds of CPU that a prompt costs more through the hub."""
Latest = Callable[[], Awaitable[int]]
"""Answers the last cursor of the log."""


class Bare:
    """The same agent without a hub."""

    def __init__(self, program: Program) -> None:
        self.peer, self._texts = Peer(program, self), list[str]()
        self._reading = asyncio.create_task(self.peer.run())
        self._session_id = ""

    async def request(self, method: str, params: Json) -> Any:
        raise NotImplementedError

    async def notification(self, method: str, params: Json) -> None:
        update = params["update"]
        if update["sessionUpdate"] == "agent_message_chunk":
            self._texts.append(update["content"]["text"])

    async def begin(self) -> None:
        await self.peer.request("initialize", CLIENT)
        self._session_id = (await self.peer.request("session/new", {"cwd": "/", "mcpServers": []}))["sessionId"]

    async def prompt(self, text: str) -> str:
        """What it says to it."""
        self._texts.clear()
        await self.peer.request("session/prompt", {"sessionId": self._session_id, "prompt": [{"type": "text", "text": text}]})
        return "".join(self._texts)


@asynccontextmanager
async def bare() -> AsyncIterator[Bare]:
    made = Bare(await Program.start(sys.executable, [str(FAKE_AGENT)], env={}))
    try:
        await made.begin()
        yield made
    finally:
        await made.peer.close()


def said(event: Json) -> tuple[str, bool]:
    """What of it the agent has said, and whether its turn is over."""
    updates = event.get("data", {}).get("updates", ())
    text = "".join(update["content"]["text"] for update in updates if update["sessionUpdate"] == "agent_message_chunk")
    return text, any(update.get("state") == "idle" for update in updates)


async def watched(hub: Hub, session_id: str, cursor: int) -> AsyncIterator[str]:
    """What is said behind the cursor, turn by turn."""
    texts: list[str] = []
    async for page in hub.follow(LOCAL, cursor, Filter(kinds=(Session.kind,), record_id=session_id)):
        for logged in page.events:
            text, over = said(orjson.loads(logged.body))
            texts.append(text)
            if over:
                yield "".join(texts)
                texts.clear()


async def listened(reader: asyncio.StreamReader) -> str:
    """The same over server-sent events."""
    texts: list[str] = []
    while True:
        read = await reader.readline()
        if read.startswith(b"data: "):
            text, over = said(orjson.loads(read[6:]))
            texts.append(text)
            if over:
                return "".join(texts)


async def spent(work: Awaitable[object]) -> tuple[float, float]:
    """Seconds on the clock, and of this process's CPU."""
    begun, cpu = time.perf_counter(), time.process_time()
    await work
    return time.perf_counter() - begun, time.process_time() - cpu


async def stream(who: str, agent: Bare, script: str, through_hub: Callable[[], Awaitable[None]], latest: Latest) -> tuple[float, float]:
    """Interleaved rounds after one that is not counted. Answers the CPU seconds of this process, without a hub and with it."""

    async def alone() -> None:
        assert await agent.prompt(f"{script} {CHUNKS}") == TEXT

    kept: list[tuple[float, ...]] = []
    for _ in range(ROUNDS + 1):
        bare, before = await spent(alone()), await latest()
        through = await spent(through_hub())
        kept.append((*bare, *through, (await latest() - before - AROUND) / max(through[0] / PACE, 1)))
    alone_seconds, alone_cpu, seconds, cpu, rows = (median(column) for column in zip(*kept[1:], strict=True))
    ratio = alone_seconds / seconds
    if script == "chunks":
        figure = f"{CHUNKS / seconds:.0f}/s, bare {CHUNKS / alone_seconds:.0f}/s = {ratio:.2f}x"
        line(f"{CHUNKS} chunks of an agent to {WATCHERS} {who}, in order", figure, ">= 0.5x", ratio >= 0.5)
    line(f"rows of the log for {CHUNKS} {script}", f"{rows:.2f} in 50 ms", "<= 1", rows <= 1)
    return alone_cpu, cpu


async def followers(hub: Hub, session_id: str, agent: Bare) -> None:
    async def through_hub(script: str) -> None:
        cursor = await hub.store.latest()
        following = [asyncio.ensure_future(anext(watched(hub, session_id, cursor))) for _ in range(WATCHERS)]
        await prompted(hub, session_id, f"{script} {CHUNKS}")
        assert set(await asyncio.gather(*following)) == {TEXT}

    await stream("followers", agent, "chunks", lambda: through_hub("chunks"), hub.store.latest)
    bare, through = await stream("followers", agent, "burst", lambda: through_hub("burst"), hub.store.latest)
    figure = f"{through / CHUNKS * 1e6:.1f} us CPU, bare {bare / CHUNKS * 1e6:.1f} us = {through / bare:.1f}x"
    line(f"{CHUNKS} chunks that come at once, each", figure, "<= 3x", through <= 3 * bare)


async def round_trips(hub: Hub, session_id: str, agent: Bare) -> None:
    answers = watched(hub, session_id, await hub.store.latest())

    async def through_hub() -> None:
        for _ in range(PROMPTS):
            await prompted(hub, session_id, "echo hello")
            assert await anext(answers) == "you said: hello"

    async def alone() -> None:
        for _ in range(PROMPTS):
            assert await agent.prompt("echo hello") == "you said: hello"

    kept = [(await spent(alone()), await spent(through_hub())) for _ in range(ROUNDS + 1)]
    direct, through = (median(cpu for _, cpu in column) * 1e3 / PROMPTS for column in zip(*kept[1:], strict=True))
    figure = f"{through:.2f} ms CPU, bare {direct:.2f} = {through - direct:+.2f}"
    line("a prompt there and back, SQLite", figure, f"<= {DEAREST:+g} ms", through - direct <= DEAREST)


async def listeners(server: Server, agent: Bare) -> None:
    """Of a real server, over server-sent events."""
    provider = {"id": "fake", "name": "Fake", "command": sys.executable, "args": [str(FAKE_AGENT)]}
    await rpc(server, "create_provider", **provider)
    session_id = (await rpc(server, "start_session", provider="fake"))["id"]

    async def latest() -> int:
        return int((await rpc(server, "get_health"))["cursor"])  # type: ignore[call-overload,no-any-return]

    async def through_hub() -> None:
        request = Request("GET", f"/api/events?kinds=session&after={await latest()}").encode()
        streams = [await asyncio.open_connection("127.0.0.1", server.port, limit=10_000_000) for _ in range(WATCHERS)]
        for reader, writer in streams:
            writer.write(request)
            await reader.readuntil(b": connected\n\n")
        listening = [asyncio.create_task(listened(reader)) for reader, _ in streams]
        await rpc(server, "prompt_session", sessionId=session_id, prompt=f"chunks {CHUNKS}")
        assert set(await asyncio.gather(*listening)) == {TEXT}
        for _, writer in streams:
            writer.close()

    await stream("SSE listeners", agent, "chunks", through_hub, latest)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_database(f"sqlite:{Path(folder) / 'hub.db'}")
        async with bare() as agent:
            in_process = Hub(store)
            async with working(in_process, Path(folder), seconds=120):
                session_id = await started(in_process)
                await until(in_process, session_id, "ready")
                await followers(in_process, session_id, agent)
                await round_trips(in_process, session_id, agent)
            with hub(f"sqlite:{Path(folder) / 'server.db'}") as server:
                await listeners(server, agent)
        await store.close()


if __name__ == "__main__":
    uvloop.run(main())
