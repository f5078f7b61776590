"""Whatever line `trivium mcp` reads, it goes on, and writes nothing but messages."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import orjson
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.hubs import LOOP
from tests.fuzz.messages import RESPONSES, other_requests, tool_calls
from tests.fuzz.profiles import cases
from tests.fuzz.requests import written
from tests.fuzz.values import JSON
from tests.protocols.mcp_messages import LEGACY, enveloped, initialize_params, message
from tests.protocols.refusals import tells_nothing

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
ENVIRONMENT = {"TRIVIUM_UPSTREAMS": "none"}
"""No line starts a program."""
NOISE = st.binary(max_size=40) | st.sampled_from((b"[" * 10_000, b'"' + b"x" * 200_000, b"\r", b"\x1a\x04"))


def lines(modern: bool) -> st.SearchStrategy[bytes]:
    """Several in one step, some without an end of their own."""
    one = NOISE | (tool_calls(modern) | other_requests(modern) | RESPONSES | JSON).flatmap(written)
    return st.lists(one, min_size=1, max_size=5).map(b"\n".join)


class Process:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process, self._numbers = process, count(1)

    async def answer(self, body: dict[str, Any], lines: bytes = b"") -> Any:
        """To this request behind those lines. Whatever is written before is a message, too."""
        id_ = f"asked-{next(self._numbers)}"
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(lines + b"\n" + orjson.dumps({**body, "id": id_}) + b"\n")
        with anyio.fail_after(PATIENCE):
            while line := await self._process.stdout.readline():
                told = json.loads(line, parse_int=_whole, parse_constant=_refuse)
                assert told["jsonrpc"] == "2.0"
                assert tells_nothing(line.decode())
                assert told.get("error", {}).get("code") != -32603, told
                if told.get("id") == id_:
                    return told
        raise AssertionError("it ended")

    async def end(self) -> None:
        with anyio.fail_after(PATIENCE):
            await self._process.communicate(b"")
            assert await self._process.wait() == 0


def _whole(text: str) -> int | str:
    """An id comes back as it was, however long it is."""
    return int(text) if len(text) < 400 else text


def _refuse(text: str) -> None:
    raise AssertionError(f"{text} is no JSON")


@contextmanager
def running() -> Iterator[Process]:
    process = LOOP.run_until_complete(_started())
    try:
        told = Process(process)
        yield told
        LOOP.run_until_complete(told.end())
    finally:
        if process.returncode is None:
            process.kill()
            LOOP.run_until_complete(process.wait())


async def _started() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.cli", "mcp", "--db", "memory:", cwd=ROOT, limit=2**24, env=os.environ | ENVIRONMENT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip


def test_any_line_after_the_handshake() -> None:
    with running() as process:
        LOOP.run_until_complete(process.answer(message("initialize", initialize_params(LEGACY))))

        @cases(0.05)
        @given(lines(modern=False))
        def told(given: bytes) -> None:
            assert LOOP.run_until_complete(process.answer(message("ping"), given))["result"] == {}

        told()


def test_any_line_of_the_newest_era() -> None:
    with running() as process:
        LOOP.run_until_complete(process.answer(enveloped(message("server/discover"))))

        @cases(0.05)
        @given(lines(modern=True))
        def told(given: bytes) -> None:
            assert "result" in LOOP.run_until_complete(process.answer(enveloped(message("server/discover")), given))

        told()
