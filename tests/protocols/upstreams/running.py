"""Starting other MCP servers as processes, and a hub that knows them."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import orjson
from mcp.shared.dispatcher import ProgressFnT

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.errors import HubError
from hub.ports import Json
from protocols.mcp.upstreams import Upstreams
from tests.core.support import ask, refusal
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
    try:
        await server.start()
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


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def called(upstreams: Upstreams, name: str, caller: Caller = LOCAL, /, **arguments: Any) -> Any:
    with anyio.fail_after(20):
        return orjson.loads(await upstreams.call(caller, name, arguments))


async def text(upstreams: Upstreams, name: str, caller: Caller = LOCAL, /, **arguments: Any) -> str:
    result = await called(upstreams, name, caller, **arguments)
    assert not result.get("isError"), result
    return str(result["content"][0]["text"])


async def fails(upstreams: Upstreams, name: str, /, **arguments: Any) -> HubError:
    with anyio.fail_after(20):
        return await refusal(upstreams.call(LOCAL, name, arguments))


def into(told: list[Any]) -> ProgressFnT:
    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    return tell


async def noted(file: Path, word: str) -> None:
    """Another process writes it: nothing tells when."""
    with anyio.fail_after(10):
        while not file.exists() or word not in file.read_text():
            await anyio.lowlevel.checkpoint()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def pid_in(told: str) -> int:
    found = re.search(r" of (\d+);", told)
    assert found, told
    return int(found[1])


def session_in(told: str) -> str:
    found = re.search(r" in (\w+) of", told)
    assert found, told
    return found[1]
