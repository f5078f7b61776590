"""The official SDK's client against the hub: every mode, over HTTP and over standard input and output."""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError

from hub.access import LOCAL_TENANT
from hub.app import Hub
from hub.operations import OPERATIONS
from hub.ports import EVERY_EVENT
from tests.core.support import new_task
from tests.protocols.conftest import Http
from tests.protocols.mcp_messages import MODERN, NEWER
from tests.protocols.requirements import meets

ROOT = Path(__file__).parents[2]
MODES = {"legacy": NEWER, "auto": MODERN, MODERN: MODERN}
every_mode = pytest.mark.parametrize(("mode", "version"), MODES.items())


@asynccontextmanager
async def over_http(http: Http, mode: str, query: str = "") -> AsyncIterator[Client]:
    with anyio.fail_after(20):
        async with Client(str(http.make_url(f"/mcp{query}")), mode=mode) as client:
            yield client


@asynccontextmanager
async def over_stdio(database: str, mode: str, *options: str, **callbacks: Any) -> AsyncIterator[Client]:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "hub.cli", "mcp", "--db", database, *options], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    with anyio.fail_after(30):
        async with Client(command, mode=mode, **callbacks) as client:
            yield client


@meets("sdk", "negotiation", "discover")
@every_mode
async def test_the_client_finds_its_version_and_works_over_http(hub: Hub, http: Http, mode: str, version: str) -> None:
    async with over_http(http, mode) as client:
        assert client.protocol_version == version
        if mode != MODERN:  # who names the version asks for nothing else first
            assert client.instructions
            assert client.server_capabilities.tools
            assert client.server_info
            assert client.server_info.name == "trivium"
        await works(client)
    assert (await hub.store.after(0, LOCAL_TENANT, EVERY_EVENT, 100)).events[-1].name == "task.updated"


@meets("sdk", "one hub")
@every_mode
async def test_the_client_works_over_standard_input_and_sees_what_a_server_writes(tmp_path: Path, mode: str, version: str) -> None:
    """Both processes on one file, as an agent's client beside a running hub."""
    database = f"sqlite:{tmp_path / 'hub.db'}"
    async with serve(database) as url, over_stdio(database, mode, "--profile", "full") as client:
        assert client.protocol_version == version
        await works(client)
        with anyio.fail_after(20):
            async with Client(url, mode=mode) as other:
                mine = await answer(client, "create_task", title="over stdio", objective="o")
                assert await answer(other, "get_task", taskId=mine["id"]) == mine
                theirs = await answer(other, "update_task", taskId=mine["id"], title="over HTTP", expectedVersion=1)
                assert await answer(client, "get_task", taskId=mine["id"]) == theirs
                events = (await answer(client, "list_events", recordId=mine["id"]))["events"]
    assert [(event["name"], event["version"]) for event in events] == [("task.created", 1), ("task.updated", 2)]


@meets("sdk", "full")
async def test_the_profile_is_chosen_in_either_transport(http: Http, tmp_path: Path) -> None:
    async with over_http(http, "auto", "?profile=full") as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == OPERATIONS.keys()
    async with over_stdio("memory:", "auto") as client:
        core = {name for name, row in OPERATIONS.items() if "core" in row.profiles}
        assert {tool.name for tool in (await client.list_tools()).tools} == core | {"find_tools", "call_operation"}


@meets("sdk", "unknown tool", "tool errors")
@every_mode
async def test_the_client_tells_a_failed_tool_from_an_unknown_one(http: Http, mode: str, version: str) -> None:
    async with over_http(http, mode) as client:
        failed = await client.call_tool("get_task", {"taskId": "nothing"})
        assert failed.is_error
        with pytest.raises(MCPError) as raised:
            await client.call_tool("nope", {})
    assert raised.value.error.code == -32602


@meets("sdk", "one hub")
async def test_clients_of_both_eras_share_one_hub(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    async with over_http(http, "legacy") as old, over_http(http, MODERN) as new:
        await answer(old, "update_task", taskId=task, title="from before", expectedVersion=1)
        assert (await answer(new, "get_task", taskId=task))["title"] == "from before"


async def works(client: Client) -> None:
    """A round of what an agent does all day. The SDK checks every answer against the schema that was announced."""
    names = {tool.name for tool in (await client.list_tools()).tools}
    assert {"create_agent", "create_task", "claim_task"} <= names
    agent = await answer(client, "create_agent", name="a", role="CRAFTER")
    task = await answer(client, "create_task", title="t", objective="o")
    claimed = await answer(client, "claim_task", agentId=agent["id"])
    assert claimed["id"] == task["id"]
    token = claimed["claim"]["token"]
    done = await answer(client, "update_task", taskId=task["id"], status="COMPLETED", claimToken=token)
    assert done["status"] == "COMPLETED"


async def answer(client: Client, name: str, /, **arguments: Any) -> Any:
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    content = result.content[0]
    assert content.type == "text"
    assert json.loads(content.text) == result.structured_content
    return result.structured_content


@asynccontextmanager
async def serve(database: str) -> AsyncIterator[str]:
    """`trivium serve` as a process; where its MCP door is."""
    command = [sys.executable, "-m", "hub.cli", "serve", "--port", "0", "--db", database, "--ready-json"]
    async with await anyio.open_process(command, cwd=ROOT, stderr=None) as process:
        assert process.stdout
        try:
            with anyio.fail_after(20):
                ready = json.loads(await process.stdout.receive())
            yield ready["doors"]["mcp"]
            process.terminate()
            with anyio.fail_after(6):
                assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
