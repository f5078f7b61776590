"""The official TypeScript SDK's clients on Node: version 1 (npm: @modelcontextprotocol/sdk) and 2 (@modelcontextprotocol/client)."""

import json
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from tests import node
from tests.clients.hubs import PATIENCE, ROOT, Hubs
from tests.clients.programs import on_node
from tests.clients.stories import CREATED, ERAS, NEW, PROMPT, Ended, address, check
from tests.clients.wires import Wire

V1, V2 = "typescript_v1.mjs", "typescript_v2.mjs"
clients = pytest.mark.parametrize(("script", "era"), [(V1, "legacy"), (V2, "legacy"), (V2, NEW)])


class Script:
    """One of the scripts: its output, a line of JSON for each step."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def says(self) -> Any:
        assert self._process.stdout
        assert self._process.stderr
        line = await self._process.stdout.readline()
        assert line, (await self._process.stderr.read()).decode()
        return json.loads(line)

    async def ended(self) -> int:
        return await self._process.wait()


@asynccontextmanager
async def running(script: str, era: str, where: dict[str, Any]) -> AsyncIterator[Script]:
    given = json.dumps({**where, "era": era, "create": CREATED, "prompt": PROMPT})
    with anyio.fail_after(PATIENCE):
        async with on_node(script, given, cwd=node.HERE) as process:
            yield Script(process)


@clients
@pytest.mark.parametrize("over", ["http", "stdio"])
async def test_it_lists_calls_reads_gets_completes_and_is_told_of_changes_on_another_hub(
    hubs: Hubs, script: str, era: str, over: str
) -> None:
    command, *arguments = hubs.stdio
    stdio = {"command": command, "args": arguments, "cwd": str(ROOT), "env": {"PYTHONPATH": str(ROOT)}}
    async with running(script, era, {"url": hubs.mcp} if over == "http" else stdio) as client:
        found = await client.says()
        check(found, ERAS[era])
        assert await client.says() == {"begun": True}
        await hubs.complete(found["task"]["id"])
        assert await client.says() == {"updated": address(found["task"]["id"])}
        Ended(**await client.says()).check()
        assert await client.ended() == 0


@pytest.mark.parametrize("script", [V1, V2])
async def test_in_the_handshake_era_a_lost_connection_loses_no_update_and_no_answer(hubs: Hubs, script: str) -> None:
    async with Wire(hubs.mcp).open() as wire, running(script, "legacy", {"url": wire.url}) as client:
        task = (await client.says())["task"]["id"]
        assert await client.says() == {"begun": True}
        wire.cut()
        await hubs.complete(task)
        wire.mend()
        assert await client.says() == {"updated": address(task)}
        Ended(**await client.says()).check()
        assert wire.sent.lower().count(b"last-event-id: ") == 2
        assert await client.ended() == 0
