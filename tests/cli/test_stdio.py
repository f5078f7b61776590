"""`trivium mcp`: one MCP client over standard input and output."""

import asyncio
import json
import signal
from typing import Any

import pytest

from tests.cli.conftest import Trivium

INITIALIZE = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}  # fmt: skip


async def test_a_client_works_on_the_same_database_and_ends_the_hub_by_closing_the_pipe(trivium: Trivium) -> None:
    call = {"name": "create_task", "arguments": {"title": "over stdio", "objective": "o"}}
    process = await trivium.start("mcp")
    assert (await _asked(process, INITIALIZE))["serverInfo"]["name"] == "trivium"
    _send(process, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    tools = (await _asked(process, {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}))["tools"]
    assert "create_task" in {tool["name"] for tool in tools}
    assert not (await _asked(process, {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": call})).get("isError")
    async with asyncio.timeout(6):
        rest = (await process.communicate(b""))[0]
    assert (process.returncode, rest) == (0, b"")
    assert "over stdio" in (await trivium("tasks", "list")).out


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_while_the_client_is_silent(trivium: Trivium, by: signal.Signals) -> None:
    process = await trivium.start("mcp", "--db", "memory:")
    await _asked(process, INITIALIZE)
    process.send_signal(by)
    async with asyncio.timeout(6):
        _, err = await asyncio.gather(process.wait(), process.stderr.read() if process.stderr else asyncio.sleep(0))
    assert process.returncode == 0
    assert "Traceback" not in (err or b"").decode()


async def test_bad_settings_are_told_on_standard_error_alone(trivium: Trivium) -> None:
    done = await trivium("mcp", "--db", "x")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: --db: 'x'")


def _send(process: asyncio.subprocess.Process, message: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(message).encode() + b"\n")


async def _asked(process: asyncio.subprocess.Process, message: dict[str, Any]) -> Any:
    _send(process, message)
    assert process.stdout is not None
    async with asyncio.timeout(20):
        return json.loads(await process.stdout.readline())["result"]
