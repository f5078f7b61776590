"""Hubs as processes, asked and followed over HTTP."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

from tests.processes.nodes import ROOT


class Node:
    def __init__(self, http: ClientSession, process: asyncio.subprocess.Process) -> None:
        self.http, self.process = http, process

    async def ask(self, operation: str, **arguments: Any) -> Any:
        call = {"jsonrpc": "2.0", "id": 1, "method": operation, "params": arguments}
        async with self.http.post("/api/rpc", json=call) as answer:
            return (await answer.json())["result"]

    async def events(self, after: int) -> AsyncIterator[dict[str, Any]]:
        async with self.http.get("/api/events", headers={"Last-Event-ID": str(after)}) as stream:
            cursor = 0
            async for line in stream.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "id":
                    cursor = int(value)
                elif name == "data":
                    yield {**json.loads(value), "cursor": cursor}


@asynccontextmanager
async def serving(database: str, *options: str, lease: int = 2, **environment: str) -> AsyncIterator[Node]:
    """It is gone at the end, whatever happened."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.cli", "serve", "--port", "0", "--db", database, "--ready-json", *options,
        cwd=ROOT, env={**os.environ, "TRIVIUM_LEASE_SECONDS": str(lease), **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout
        ready = json.loads(await process.stdout.readline())
        async with ClientSession(ready["url"]) as http:
            yield Node(http, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
