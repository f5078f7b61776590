"""Programs of a few lines of Python, on both loops that a hub may run on."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import anyio
import pytest
import uvloop

from protocols.programs import Program
from tests.protocols.upstreams.running import ROOT, alive

Start = Callable[..., Awaitable[Program]]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def start(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Start Python with a text of a program. Those that do not end by themselves are given little time."""
    monkeypatch.setattr("protocols.processes.GRACE", 0.2)
    started: list[Program] = []

    async def make(text: str, *args: str, env: dict[str, str] | None = None, **options: Any) -> Program:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **(env or {})}
        program = await Program.start(sys.executable, ["-c", text, *args], env=environment, **options)
        started.append(program)
        return program

    yield make
    with anyio.fail_after(10):
        await asyncio.gather(*(program.close() for program in started))


async def taken(program: Program) -> bytes:
    with anyio.fail_after(10):
        return await anext(aiter(program.receive()))


async def gone(*pids: int) -> None:
    """Ended; whoever inherited a child may not have waited for it yet."""
    with anyio.fail_after(8):
        while any(map(alive, pids)):
            await anyio.lowlevel.checkpoint()
