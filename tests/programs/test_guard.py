"""A hub that is killed takes its programs with it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from tests.programs.conftest import gone
from tests.protocols.upstreams.running import ROOT

pipe = asyncio.subprocess.PIPE
pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])


class Parent:
    """Another process, which has started programs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.pids: set[int] = set()

    async def told(self) -> None:
        assert self.process.stdout
        with anyio.fail_after(20):
            self.pids |= {int(pid) for pid in (await self.process.stdout.readline()).split()}

    async def start_another(self) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"\n")
        await self.told()

    def guard(self) -> int:
        for status in Path("/proc").glob("[0-9]*/stat"):
            pid = int(status.parent.name)
            if f" {self.process.pid} " in status.read_text() and b"strays.py" in (status.parent / "cmdline").read_bytes():
                return pid
        raise AssertionError("there is no guard")


@asynccontextmanager
async def parent() -> AsyncIterator[Parent]:
    command = (sys.executable, "-m", "tests.programs.parent")
    made = Parent(await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe))
    try:
        await made.told()
        yield made
    finally:
        if made.process.returncode is None:
            made.process.kill()
        await made.process.communicate()


async def test_no_program_and_no_child_of_one_outlives_a_hub_that_is_killed() -> None:
    async with parent() as hub:
        await hub.start_another()
        guard = hub.guard()
        assert len(hub.pids) == 6
        hub.process.kill()
        await gone(*hub.pids, guard)


async def test_a_guard_that_was_killed_is_replaced_at_the_next_start() -> None:
    async with parent() as hub:
        first = hub.guard()
        os.kill(first, signal.SIGKILL)
        await hub.start_another()
        assert hub.guard() != first
        await gone(first)
        hub.process.kill()
        await gone(*hub.pids)


async def test_a_guard_heeds_no_signal_and_holds_nothing_of_its_hub() -> None:
    async with parent() as hub:
        guard = hub.guard()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(guard, number)
        await hub.start_another()
        assert hub.guard() == guard
        assert sorted(os.listdir(f"/proc/{guard}/fd")) == ["0", "1", "2"]
        assert os.getsid(guard) == guard
        assert os.readlink(f"/proc/{guard}/cwd") == "/"
