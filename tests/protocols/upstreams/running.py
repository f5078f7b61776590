"""Starting other MCP servers as processes, and a hub that knows them."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.ports import Json
from protocols.mcp.upstreams import Upstreams
from tests.core.support import ask
from tests.postgres import free_port

ROOT = Path(__file__).parents[3]
SERVER, OLD = "tests.protocols.upstreams.server", "tests.protocols.upstreams.old"


class Running:
    """An HTTP server that can be killed and come back at the same address."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._port, self._module, self._arguments = free_port(), module, arguments
        self.url = f"http://127.0.0.1:{self._port}/mcp"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        command = (sys.executable, "-m", self._module, "http", str(self._port), *self._arguments)
        pipe, together = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
        self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe, stderr=together)
        assert self._process.stdout
        with anyio.fail_after(20):
            await self._process.stdout.readuntil(b"unning on")

    async def kill(self) -> None:
        assert self._process
        self._process.kill()
        await self._process.communicate()


@asynccontextmanager
async def running(module: str, *arguments: str) -> AsyncIterator[Running]:
    server = Running(module, *arguments)
    await server.start()
    try:
        yield server
    finally:
        await server.kill()


@asynccontextmanager
async def upstreams_of(hub: Hub, clock: Callable[[], float] | None = None) -> AsyncIterator[Upstreams]:
    made = Upstreams(hub, clock) if clock else Upstreams(hub)
    try:
        yield made
    finally:
        async with asyncio.timeout(10):
            await made.close()


async def register(hub: Hub, id_: str, where: Running | str, **fields: Any) -> Json:
    """At an address, or as a program: the module that it is."""
    if isinstance(where, Running):
        given: Json = {"type": "http", "url": where.url}
    else:
        given = {"type": "stdio", "command": sys.executable, "args": ["-m", where, "stdio"]}
        fields["env"] = {"PYTHONPATH": str(ROOT), **fields.get("env", {})}
    return await ask(hub, "create_mcp_server", **{"id": id_, "name": id_, **given, **fields})


async def names(upstreams: Upstreams, caller: Caller = LOCAL) -> list[str]:
    return [tool["name"] for tool in await upstreams.tools(caller, "default")]
