"""`trivium serve` as a process of its own, for agents that it runs, or that call its tools."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

ROOT = Path(__file__).parents[2]
STARTS, ENDS = 30.0, 15.0
"""Seconds, on a busy machine."""


class ServedHub:
    def __init__(self, process: Process, http: ClientSession, doors: Mapping[str, str]) -> None:
        self._process, self._http, self.doors = process, http, doors

    async def ask(self, operation: str, **arguments: Any) -> Any:
        """The result, at the JSON-RPC door."""
        call = {"jsonrpc": "2.0", "id": 1, "method": operation, "params": arguments}
        async with self._http.post(self.doors["rpc"], json=call) as response:
            answer = await response.json()
        assert "result" in answer, answer
        return answer["result"]

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """From the first one on, without an end."""
        async with self._http.get(self.doors["events"], headers={"Last-Event-ID": "0"}) as stream:
            async for line in stream.content:
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))

    async def event(self, name: str, record_id: str) -> dict[str, Any]:
        """The first one of this name about this record."""
        async for event in self.events():
            if (event["name"], event["recordId"]) == (name, record_id):
                return event
        raise AssertionError("the events have ended")

    async def end(self, number: int) -> None:
        """By this signal: SIGTERM is heeded, SIGKILL is not asked."""
        self._process.send_signal(number)
        assert await asyncio.wait_for(self._process.wait(), ENDS) == (0 if number == signal.SIGTERM else -number)


@asynccontextmanager
async def serving(database: str = "memory:", env: Mapping[str, str] | None = None) -> AsyncIterator[ServedHub]:
    """It ends well, unless it has ended before. `env`: its whole environment; left out: that of the tests."""
    command = [sys.executable, "-m", "hub.cli", "serve", "--port", "0", "--db", database, "--ready-json"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=env or os.environ, stdin=DEVNULL, stdout=PIPE)
    try:
        assert process.stdout
        ready = json.loads(await asyncio.wait_for(process.stdout.readline(), STARTS))
        async with ClientSession() as http:
            hub = ServedHub(process, http, ready["doors"])
            yield hub
            if process.returncode is None:
                await hub.end(signal.SIGTERM)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
