"""`trivium mcp`, line by line: what is no message ends nothing, and nothing but messages is written."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.protocols.mcp_messages import LEGACY, MODERN, enveloped, initialize_params, message
from tests.protocols.requirements import meets

ROOT = Path(__file__).parents[2]
CALL = message("tools/call", {"name": "create_task", "arguments": {"title": "t", "objective": "o"}}, 7)
GARBAGE = {
    "no JSON": b"hello",
    "half a message": b'{"jsonrpc":"2.0",',
    "an empty line": b"",
    "an array": b"[]",
    "a number": b"7",
    "no version": b'{"id":1,"method":"ping"}',
    "no UTF-8": b'\xff\xfe{"jsonrpc":"2.0","id":1,"method":"ping"}',
    "a lone surrogate": b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}',
    "a NUL": b'{"jsonrpc":"2.0","id":1,"method":"\x00"}',
    "ten thousand levels": b"[" * 10_000 + b"]" * 10_000,
    "two million characters": b'"' + b"x" * 2_000_000 + b'"',
    "an answer to nothing": b'{"jsonrpc":"2.0","id":99,"result":{}}',
}


class Pipe:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def write(self, line: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(line + b"\n")

    async def answer(self, id_: int) -> Any:
        """To the request of this id. Whatever else is written must be a message too."""
        assert self.process.stdout
        with anyio.fail_after(20):
            while True:
                told = json.loads(await self.process.stdout.readline())
                assert told["jsonrpc"] == "2.0"
                if told.get("id") == id_:
                    return told

    async def end(self) -> int:
        """The rest of what is written must be nothing."""
        with anyio.fail_after(10):
            rest, _ = await self.process.communicate(b"")
            assert rest == b""
            return await self.process.wait()


@pytest.fixture
async def pipe() -> AsyncIterator[Pipe]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.cli", "mcp", "--db", "memory:", cwd=ROOT, limit=2**22,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    yield Pipe(process)
    if process.returncode is None:
        process.kill()
        await process.wait()


@meets("lines")
@pytest.mark.parametrize("era", [LEGACY, MODERN])
async def test_lines_that_are_no_messages_end_nothing(pipe: Pipe, era: str) -> None:
    call = CALL if era == LEGACY else enveloped(CALL)
    if era == LEGACY:
        pipe.write(json.dumps(message("initialize", initialize_params(era), 1)).encode())
        assert (await pipe.answer(1))["result"]["protocolVersion"] == era
    for line in GARBAGE.values():
        pipe.write(line)
    pipe.write(json.dumps(call).encode())
    assert (await pipe.answer(7))["result"]["structuredContent"]["title"] == "t"
    assert await pipe.end() == 0


@meets("lines")
async def test_lines_that_are_no_messages_may_come_before_anything_else(pipe: Pipe) -> None:
    for line in GARBAGE.values():
        pipe.write(line)
    pipe.write(json.dumps(enveloped(CALL)).encode())
    assert (await pipe.answer(7))["result"]["isError"] is False
    assert await pipe.end() == 0


@meets("lines", "unknown tool")
async def test_a_call_that_cannot_be_made_is_answered(pipe: Pipe) -> None:
    for params in ({"name": "nope", "arguments": {}}, {"name": "get_health", "arguments": []}, {}):
        pipe.write(json.dumps(enveloped(message("tools/call", params))).encode())
        assert (await pipe.answer(1))["error"]["code"] == -32602
    pipe.write(json.dumps(enveloped(message("nobody/knows"))).encode())
    assert (await pipe.answer(1))["error"]["code"] == -32601
    assert await pipe.end() == 0
