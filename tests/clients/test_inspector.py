"""MCP Inspector (npm: @modelcontextprotocol/inspector) from the command line, in both eras, over HTTP and over standard input and output.

`inspector --cli` connects, sends one request and ends: it lists, calls, reads and gets, but has no way to complete or to subscribe
("Unsupported method: resources/subscribe"). For those the same package has `mcpdo`, whose daemon keeps a connection open.
"""

import asyncio
import json
import os
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from tests import node
from tests.clients.hubs import PATIENCE, ROOT, Hubs
from tests.clients.programs import on_node
from tests.clients.stories import CREATED, ERAS, NEW, PROMPT, Found, address, check

CLIENTS = node.HERE / "node_modules/@modelcontextprotocol/inspector/clients"
ONCE, MCPDO, DAEMON = (CLIENTS / name for name in ("launcher/build/index.js", "mcpdo/build/mcp-bin.js", "mcpdo/build/mcpdod.js"))
ERA = {"legacy": "legacy", NEW: "modern"}
"""In its words."""
everywhere = pytest.mark.parametrize("over", ["http", "stdio"])
every_era = pytest.mark.parametrize("era", ERAS)


@dataclass(frozen=True)
class Inspector:
    home: str
    """Where it keeps its catalog, its secrets, and the socket of its daemon, whose path must be short."""

    @asynccontextmanager
    async def program(self, *arguments: object) -> AsyncIterator[Process]:
        kept = {"HOME": self.home, "MCP_INSPECTOR_DAEMON_DIR": self.home, "MCP_INSPECTOR_SECRET_STORE": "file"}
        async with on_node(*arguments, env={"PATH": os.environ["PATH"], **kept}) as process:
            yield process

    async def run(self, *arguments: object) -> Any:
        """Its answer, which is one JSON document."""
        async with self.program(*arguments) as process:
            out, err = await process.communicate()
        assert process.returncode == 0, out + err
        return json.loads(out)

    async def once(self, era: str, method: str, *arguments: object) -> Any:
        """By `inspector --cli`: the options, and the address or command of the hub."""
        asked = ("--cli", "--format", "json", "--quiet", "--protocol-era", ERA[era], "--method", method)
        return (await self.run(ONCE, *asked, *arguments))["result"]

    async def mcpdo(self, *arguments: object) -> Any:
        return await self.run(MCPDO, "--format", "json", "--connection", "hub", *arguments)

    @asynccontextmanager
    async def connected(self, entry: Mapping[str, object], era: str) -> AsyncIterator[None]:
        config = anyio.Path(self.home) / "servers.json"
        await config.write_text(json.dumps({"mcpServers": {"hub": entry}}))
        async with self.daemon():
            opened = await self.mcpdo("--config", config, "connect", "hub", "--era", ERA[era])
            assert (opened["name"], opened["protocolEra"]) == ("hub", ERA[era])
            yield

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[None]:
        async with self.program(DAEMON) as process:
            while "pid" not in await self.run(MCPDO, "--format", "json", "daemon", "status"):
                assert process.returncode is None
            yield
            process.terminate()
            assert await process.wait() == 0

    @asynccontextmanager
    async def subscribed(self, uri: str) -> AsyncIterator[asyncio.StreamReader]:
        async with self.program(MCPDO, "--format", "json", "--connection", "hub", "resources/subscribe", uri) as process:
            assert process.stdout
            yield process.stdout


@asynccontextmanager
async def inspecting() -> AsyncIterator[Inspector]:
    with tempfile.TemporaryDirectory() as home, anyio.fail_after(PATIENCE):
        yield Inspector(home)


@every_era
async def test_one_command_after_the_other_lists_calls_reads_and_gets(hubs: Hubs, era: str) -> None:
    """With --strict it fails when a tool's schema is not one that every model provider takes."""
    async with inspecting() as inspector:

        async def once(method: str, *options: object) -> Any:
            return await inspector.once(era, method, hubs.mcp, *options)

        created = (await once("tools/call", "--tool-name", "create_task", "--tool-args-json", json.dumps(CREATED)))["structuredContent"]
        begun, tools, resources, templates, prompts, read, got = await asyncio.gather(
            once("initialize"), once("tools/list", "--strict"), once("resources/list"), once("resources/templates/list"),
            once("prompts/list"), once("resources/read", "--uri", address(created["id"])),
            once("prompts/get", "--prompt-name", "start_working", "--prompt-args", *pairs(PROMPT, "=")),
        )  # fmt: skip
    found = Found(
        version=begun["protocolVersion"],
        tools=[tool["name"] for tool in tools["tools"]],
        resources=[resource["uri"] for resource in resources["resources"]],
        templates=[template["uriTemplate"] for template in templates["resourceTemplates"]],
        prompts=[prompt["name"] for prompt in prompts["prompts"]],
        task=created, read=read["contents"][0]["text"], prompt=got["messages"][0]["content"]["text"], completed=None,
    )  # fmt: skip
    check(found, ERAS[era])


async def test_a_command_starts_the_hub_itself(hubs: Hubs) -> None:
    async with inspecting() as inspector:
        stdio = ("--cwd", ROOT, "-e", f"PYTHONPATH={ROOT}", "--", *hubs.stdio)
        task = await hubs.new_task("Before")
        called = await inspector.once("legacy", "tools/call", "--tool-name", "get_task", "--tool-arg", f"taskId={task}", *stdio)
    assert called["structuredContent"]["id"] == task


@everywhere
@every_era
async def test_a_connection_lists_calls_reads_completes_and_is_told_of_a_change_made_on_another_hub(
    hubs: Hubs, era: str, over: str
) -> None:
    command, *arguments = hubs.stdio
    stdio = {"type": "stdio", "command": command, "args": arguments, "env": {"PYTHONPATH": str(ROOT)}}
    http = {"type": "streamable-http", "url": hubs.mcp}
    async with inspecting() as inspector, inspector.connected(http if over == "http" else stdio, era):
        do = inspector.mcpdo
        assert "create_task" in [tool["name"] for tool in (await do("tools/list"))["tools"]]
        task = (await do("tools/call", "create_task", *pairs(CREATED, ":=")))["structuredContent"]["id"]
        reference = ("--complete-ref-type", "ref/prompt", "--complete-ref", "start_working")
        assert (await do("prompts/complete", *reference, "--complete-arg-name", "role", "--complete-arg-value", "d"))["values"] == [
            "DEVELOPER"
        ]
        async with inspector.subscribed(address(task)) as says:
            assert await document(says) == {"type": "subscribed", "uri": address(task)}
            await hubs.retitle(task, "Afterwards")
            assert await document(says) == {"type": "resources/updated", "uri": address(task)}
        [read] = (await do("resources/read", address(task)))["contents"]
        assert json.loads(read["text"])["title"] == "Afterwards"


def pairs(arguments: Mapping[str, str], sign: str) -> list[str]:
    return [f"{name}{sign}{value}" for name, value in arguments.items()]


async def document(says: asyncio.StreamReader) -> Any:
    """The next of several, each of which ends with a line of its own."""
    return json.loads(await says.readuntil(b"\n}\n"))
