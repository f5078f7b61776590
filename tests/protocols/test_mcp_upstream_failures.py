"""Other MCP servers that die, hang, forget or are registered anew, and sessions that end: what the callers of their tools see."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Busy, Refused, Unavailable, UnknownOperation
from protocols.mcp.upstreams import IDLE, Upstreams
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import ask
from tests.protocols.requirements import meets
from tests.protocols.upstreams.running import (
    OLD,
    SERVER,
    Running,
    Time,
    alive,
    called,
    fails,
    names,
    noted,
    pid_in,
    register,
    running,
    session_in,
    text,
    upstreams_of,
)

SECRET = "hush-hush-0123456789"
OTHER = Caller(subject="other", credential="c")


@pytest.fixture
def hub() -> Hub:
    return Hub(MemoryStore(), vault=vault.ephemeral())


@pytest.fixture
async def upstreams(hub: Hub) -> AsyncIterator[Upstreams]:
    async with upstreams_of(hub) as made:
        yield made


@meets("upstream cancel")
@pytest.mark.parametrize("where", ["http", "stdio"])
async def test_a_call_that_nobody_waits_for_any_more_is_withdrawn(hub: Hub, upstreams: Upstreams, tmp_path: Path, where: str) -> None:
    async with running(SERVER) as web:
        await register(hub, "s", web if where == "http" else SERVER)
        calling = asyncio.create_task(called(upstreams, "s__hang", file=str(tmp_path / "notes")))
        await noted(tmp_path / "notes", "began")
        calling.cancel()
        await noted(tmp_path / "notes", "cancelled")
        assert (await called(upstreams, "s__echo", text="still there"))["structuredContent"]["text"] == "still there"


@meets("upstream cancel", "upstream apart")
@pytest.mark.parametrize("where", ["old", "pipe"])
async def test_a_silent_tool_is_given_up_in_time_and_withdrawn(hub: Hub, upstreams: Upstreams, where: str) -> None:
    async with running(OLD) as old:
        await register(hub, "s", old if where == "old" else OLD, callSeconds=0.2)
        silent = fails(upstreams, "s__silent")
        others = [text(upstreams, "s__echo") for _ in range(5)]
        error, *answers = await asyncio.gather(silent, *others)
        assert isinstance(error, Unavailable)
        assert "0.2 seconds" in error.message
        assert "not known" in error.message
        assert len(answers) == 5
        with anyio.fail_after(5):
            while "withdrawn: []" in await text(upstreams, "s__echo"):
                await anyio.lowlevel.checkpoint()


@meets("upstream sessions")
async def test_each_caller_has_a_session_and_a_process_of_its_own(hub: Hub, upstreams: Upstreams) -> None:
    async with running(OLD) as old:
        await register(hub, "old", old)
        await register(hub, "pipe", OLD)
        for id_ in ("old", "pipe"):
            mine = [await text(upstreams, f"{id_}__echo") for _ in range(2)]
            theirs = [await text(upstreams, f"{id_}__echo", OTHER) for _ in range(2)]
            assert mine[0] == mine[1] != theirs[0] == theirs[1]


@meets("upstream sessions", "upstream programs")
async def test_an_idle_session_is_closed_and_opened_again_when_it_is_needed(hub: Hub) -> None:
    time = Time()
    async with upstreams_of(hub, time) as upstreams:
        await register(hub, "pipe", OLD)
        first = await text(upstreams, "pipe__echo")
        await upstreams.sweep()
        assert await text(upstreams, "pipe__echo") == first
        time.now += IDLE + 1
        await upstreams.sweep()
        assert not alive(pid_in(first))
        assert await text(upstreams, "pipe__echo") != first


@meets("upstream sessions")
async def test_a_server_that_is_registered_anew_is_connected_anew(hub: Hub, upstreams: Upstreams) -> None:
    await register(hub, "s", OLD)
    first = await text(upstreams, "s__echo")
    await ask(hub, "update_mcp_server", mcpServerId="s", prefix="renamed")
    second = await text(upstreams, "renamed__echo")
    assert pid_in(first) != pid_in(second)
    assert isinstance(await fails(upstreams, "s__echo"), UnknownOperation)
    await ask(hub, "update_mcp_server", mcpServerId="s", enabled=False)
    assert await names(upstreams) == []
    assert isinstance(await fails(upstreams, "renamed__echo"), Refused)
    await ask(hub, "delete_mcp_server", mcpServerId="s")
    assert isinstance(await fails(upstreams, "renamed__echo"), UnknownOperation)


@meets("upstream lost")
@pytest.mark.parametrize("module", [SERVER, OLD])
async def test_a_server_that_was_killed_is_used_again_as_soon_as_it_is_back(hub: Hub, module: str) -> None:
    time = Time()
    async with running(module) as server, upstreams_of(hub, time) as upstreams:
        await register(hub, "s", server)
        first = await text(upstreams, "s__echo", text="a")
        await server.kill()
        for _ in range(2):
            error = await fails(upstreams, "s__echo", text="b")
            assert isinstance(error, Busy)
            assert "Nothing was done" in error.message
        await server.start()
        time.now += 100
        assert await text(upstreams, "s__echo", text="c") != first


@meets("upstream lost")
async def test_a_session_that_was_forgotten_is_opened_anew_without_a_word(hub: Hub, upstreams: Upstreams) -> None:
    async with running(OLD) as old:
        await register(hub, "old", old)
        first = await text(upstreams, "old__forget")
        assert session_in(await text(upstreams, "old__echo")) != session_in(first)


@meets("upstream lost", "upstream secrets")
async def test_what_may_have_been_done_is_not_done_again(hub: Hub, upstreams: Upstreams, tmp_path: Path) -> None:
    await register(hub, "s", SERVER, env={"UPSTREAM_SECRET": SECRET})
    error = await fails(upstreams, "s__die", file=str(tmp_path / "deaths"))
    assert isinstance(error, Unavailable)
    assert "not known" in error.message
    assert "status 3" in error.message
    assert "the secret is ••••" in error.message
    assert SECRET not in error.message
    assert (tmp_path / "deaths").read_text() == "died\n"
    assert "alive" in await text(upstreams, "s__die_once", file=str(tmp_path / "once"))


@meets("upstream apart", "upstream lost")
async def test_a_dead_a_hanging_and_a_silent_server_hold_up_no_other(
    hub: Hub, upstreams: Upstreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.mcp.upstreams.PATIENCE", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        await register(hub, "good", OLD)
        await text(upstreams, "good__echo")
        await register(hub, "no-program", OLD, command="there-is-no-such-program")
        await register(hub, "ends", OLD, args=["-c", "import sys; sys.exit('I cannot')"])
        await register(hub, "deaf", Running(OLD), url=f"http://127.0.0.1:{deaf.getsockname()[1]}/mcp", connectSeconds=0.5)
        await register(hub, "nobody", Running(OLD))
        assert {name.partition("__")[0] for name in await names(upstreams)} == {"good"}
        for id_, words in {
            "no-program": "there is no program", "ends": "It said: I cannot", "deaf": "not ready within 0.5", "nobody": "nothing answers",
        }.items():  # fmt: skip
            error = await fails(upstreams, f"{id_}__echo")
            assert isinstance(error, Busy), error.message
            assert words in error.message
            assert "tried again in" in error.message
        assert await text(upstreams, "good__echo")
