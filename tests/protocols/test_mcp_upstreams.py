"""The hub as a client of other MCP servers, which are real processes: what their tools' callers see, whatever happens to them."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest
from aiohttp import ClientSession, ThreadedResolver
from mcp import Client
from mcp.shared.dispatcher import ProgressFnT

from hub.access import LOCAL, USE_TOOLS, Caller
from hub.app import Hub
from hub.domain.errors import Busy, Forbidden, HubError, Invalid, Refused, Unavailable, UnknownOperation
from hub.domain.mcp_servers import McpServer
from protocols.mcp.upstreams import IDLE, Upstreams, workspace_of
from protocols.mcp.upstreams.tools import of_server
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import ask, refusal
from tests.protocols.conftest import serving
from tests.protocols.doors import opened
from tests.protocols.mcp_messages import MODERN, enveloped, message
from tests.protocols.requirements import meets
from tests.protocols.upstreams.running import OLD, ROOT, SERVER, Running, names, register, running, upstreams_of

SECRET = "hush-hush-0123456789"
OTHER = Caller(subject="other", credential="c")


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hub() -> Hub:
    return Hub(MemoryStore(), vault=vault.ephemeral())


@pytest.fixture
async def upstreams(hub: Hub) -> AsyncIterator[Upstreams]:
    async with upstreams_of(hub) as made:
        yield made


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


@meets("upstream eras", "upstream tools", "upstream results")
async def test_tools_of_servers_of_both_eras_and_both_transports_are_called_through_the_hub(hub: Hub, upstreams: Upstreams) -> None:
    async with running(SERVER) as web, running(OLD) as old, running(OLD, "streams") as streams:
        places: dict[str, Running | str] = {"web": web, "program": SERVER, "old": old, "streams": streams, "pipe": OLD}
        for id_, where in places.items():
            await register(hub, id_, where)
        seen = await names(upstreams)
        assert len(seen) == len(set(seen))
        assert {name.partition("__")[0] for name in seen} == {"web", "program", "old", "streams", "pipe"}
        for id_ in ("web", "program"):
            assert (await called(upstreams, f"{id_}__echo", text="hi"))["structuredContent"]["text"] == "hi"
            assert (await called(upstreams, f"{id_}__fail"))["isError"] is True
        for id_ in ("old", "streams", "pipe"):
            result = await called(upstreams, f"{id_}__echo", structured=True, ping=True)
            assert result["_meta"] == {"mine": True}
            assert result["structuredContent"] == {"number": 1.0, "whole": 12345678901}
            assert "isError" not in result
        versions = {id_: (await upstreams.test(LOCAL, id_))["protocolVersion"] for id_ in ("web", "program", "old", "pipe")}
    assert versions == {"web": MODERN, "program": MODERN, "old": "2025-06-18", "pipe": "2025-06-18"}


@meets("upstream tools")
async def test_the_hubs_own_clients_see_the_tools_beside_the_hubs_and_call_them(hub: Hub) -> None:
    await register(hub, "program", SERVER)
    await register(hub, "pipe", OLD)
    for mode in ("legacy", MODERN):
        async with serving(hub) as http:
            with anyio.fail_after(30):
                async with Client(str(http.make_url("/mcp")), mode=mode) as client:
                    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
                    assert "create_task" in listed
                    echo = listed["program__echo"]
                    assert echo.description == "[program] Say it again."
                    assert echo.annotations
                    assert (echo.annotations.open_world_hint, echo.annotations.read_only_hint) == (True, True)
                    result = await client.call_tool("program__echo", {"text": "hi"})
                    assert result.structured_content
                    assert result.structured_content["text"] == "hi"
                    progress: list[Any] = []

                    assert not (await client.call_tool("program__count", {"to": 3}, progress_callback=into(progress))).is_error
                    assert progress == [(1, 3, "at 1"), (2, 3, "at 2"), (3, 3, "at 3")]
                    marked = await client.call_tool("pipe__echo", {})
                    assert marked.meta
                    assert marked.meta["mine"] is True


@meets("upstream tools")
def test_names_are_short_plain_and_each_there_once() -> None:
    server = McpServer(id="s", name="S", type="http", prefix="a-prefix-of-24-letters-x")
    originals = ["get_task", "getTask", "GetTask", "get.task", "ÄÖÜ", "日本", "x" * 128, "x" * 127 + "y", "_private", "-"]
    shape = {"type": "object"}
    shown = of_server(server, [{"name": name, "inputSchema": shape} for name in originals])
    assert len(shown) == len(originals)
    assert all(re.fullmatch("[a-z0-9_-]{1,60}", name) for name in shown)
    assert {tool.original for tool in shown.values()} == set(originals)
    assert shown["a-prefix-of-24-letters-x__get_task"].original == "get_task"
    more = of_server(server, [{"name": name, "inputSchema": shape} for name in [*originals, "another"]])
    assert shown.keys() < more.keys()
    odd: list[Any] = [{"name": "no_schema"}, {"name": "", "inputSchema": shape}, {"name": 7, "inputSchema": shape}, {"inputSchema": shape}]
    assert of_server(server, odd) == {}


@meets("upstream progress")
@pytest.mark.parametrize("where", ["http", "stdio"])
async def test_progress_is_passed_on(hub: Hub, upstreams: Upstreams, where: str) -> None:
    async with running(SERVER) as web:
        await register(hub, "s", web if where == "http" else SERVER)
        told: list[Any] = []
        result = orjson.loads(await upstreams.call(LOCAL, "s__count", {"to": 4}, into(told)))
        assert result["structuredContent"] == {"result": 4}
        assert told == [(at, 4, f"at {at}") for at in range(1, 5)]


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


@meets("upstream changes")
@pytest.mark.parametrize("where", ["old", "pipe", "web", "program"])
async def test_a_new_tool_of_a_server_is_seen(hub: Hub, upstreams: Upstreams, where: str) -> None:
    more = "more" if where in ("old", "pipe") else "get_more"
    async with running(OLD, "streams") as old, running(SERVER) as web:
        places: dict[str, Running | str] = {"old": old, "pipe": OLD, "web": web, "program": SERVER}
        await register(hub, "s", places[where])
        before = await names(upstreams)
        await text(upstreams, f"s__{more}")
        with anyio.fail_after(10):
            while (after := await names(upstreams)) == before:
                await anyio.lowlevel.checkpoint()
        [new] = set(after) - set(before)
        assert await text(upstreams, new)


@meets("upstream programs")
async def test_a_program_gets_a_clean_environment_and_what_it_was_given(
    hub: Hub, upstreams: Upstreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIVIUM_SECRET_KEY", SECRET)
    shown = "import os, sys; sys.stderr.write(' '.join(sorted(os.environ))); sys.exit(4)"
    await register(hub, "s", OLD, args=["-c", shown], env={"MINE": "x"})
    message = (await fails(upstreams, "s__echo")).message
    assert "MINE" in message
    assert "TRIVIUM" not in message


@meets("upstream programs")
async def test_a_program_that_does_not_want_to_end_is_ended_with_all_its_children(hub: Hub, tmp_path: Path) -> None:
    stubborn = (
        "import os, signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()']);"
        f"open({str(tmp_path / 'pids')!r}, 'w').write(f'{{os.getpid()}} {{child.pid}} \\n');"
        "from tests.protocols.upstreams.old import *; stdio(Old()); signal.pause()"
    )
    async with upstreams_of(hub) as upstreams:
        await register(hub, "s", OLD, args=["-c", stubborn])
        await text(upstreams, "s__echo")
        pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        assert [alive(pid) for pid in pids] == [True, True]
    with anyio.fail_after(5):
        while any(map(alive, pids)):
            await anyio.lowlevel.checkpoint()


@meets("upstream programs", "upstream lost")
async def test_a_program_that_is_killed_is_started_again(hub: Hub, upstreams: Upstreams) -> None:
    await register(hub, "s", OLD)
    first = await text(upstreams, "s__echo")
    os.kill(pid_in(first), signal.SIGKILL)
    with anyio.fail_after(10):
        while alive(pid_in(first)):
            await anyio.lowlevel.checkpoint()
    assert pid_in(await text(upstreams, "s__echo")) != pid_in(first)


@meets("upstream addresses")
async def test_a_name_that_stands_for_a_private_address_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(MemoryStore(), reach="public")
    addresses = ["93.184.215.14"]

    async def resolve(self: ThreadedResolver, host: str, port: int = 0, family: Any = socket.AF_INET) -> Any:
        return [
            {"hostname": host, "host": one, "port": port, "family": socket.AF_INET, "proto": 0, "flags": socket.AI_NUMERICHOST}
            for one in addresses
        ]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    async with running(OLD) as old, upstreams_of(hub) as upstreams:
        url = old.url.replace("127.0.0.1", "looks-public.example.com")
        await register(hub, "s", old, url=url)
        for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254"):
            addresses[:] = [address]
            report = await upstreams.test(LOCAL, "s")
            assert not report["ok"]
            assert "TRIVIUM_UPSTREAMS" in report["error"]
        open_hub = Hub(hub.store, reach="all")
        async with upstreams_of(open_hub) as reaching:
            addresses[:] = ["169.254.169.254", "127.0.0.1"]
            assert (await reaching.test(LOCAL, "s"))["ok"]
            addresses[:] = ["169.254.169.254"]
        async with upstreams_of(open_hub) as reaching:
            assert not (await reaching.test(LOCAL, "s"))["ok"]


@meets("upstream addresses", "upstream programs")
async def test_what_was_registered_before_is_refused_when_the_hub_reaches_less_far_now(hub: Hub) -> None:
    async with running(OLD) as old:
        await register(hub, "web", old)
        await register(hub, "pipe", OLD)
        async with upstreams_of(Hub(hub.store, vault=hub.vault, reach="public")) as upstreams:
            assert await names(upstreams) == []
            for id_ in ("web", "pipe"):
                error = await fails(upstreams, f"{id_}__echo")
                assert "TRIVIUM_UPSTREAMS" in error.message


@meets("upstream secrets")
async def test_secrets_reach_their_server_and_another_key_opens_nothing(hub: Hub, upstreams: Upstreams) -> None:
    await register(hub, "s", SERVER, env={"UPSTREAM_SECRET": SECRET})
    assert (await called(upstreams, "s__echo", text="a"))["structuredContent"]["secret"] == SECRET
    async with upstreams_of(Hub(hub.store, vault=vault.ephemeral())) as locked:
        error = await fails(locked, "s__echo", text="a")
        assert "TRIVIUM_SECRET_KEY" in error.message


@meets("upstream grants")
async def test_tools_of_other_servers_are_used_with_their_grant_alone(hub: Hub, upstreams: Upstreams) -> None:
    await register(hub, "s", OLD)
    reader = Caller(subject="reader", grants=frozenset({"read"}))
    assert await names(upstreams, reader) == []
    assert isinstance(await refusal(upstreams.call(reader, "s__echo", {})), Forbidden)
    user = Caller(subject="user", grants=frozenset({USE_TOOLS}))
    assert "s__echo" in await names(upstreams, user)
    assert await text(upstreams, "s__echo", user)
    elsewhere = Caller(tenant="elsewhere")
    assert await names(upstreams, elsewhere) == []
    assert isinstance(await refusal(upstreams.call(elsewhere, "s__echo", {})), UnknownOperation)


@meets("upstream tools")
async def test_a_workspace_shows_its_own_servers_only(hub: Hub, upstreams: Upstreams) -> None:
    await ask(hub, "create_workspace", id="lab", title="Lab")
    await register(hub, "s", OLD, workspaceId="lab")
    assert await names(upstreams) == []
    assert "s__echo" in [tool["name"] for tool in await upstreams.tools(LOCAL, "lab")]
    assert workspace_of({"workspace": "a", "wsId": "b"}, {"Trivium-Workspace": "c"}) == "a"
    assert workspace_of({"wsId": "b"}, {"Trivium-Workspace": "c"}) == "b"
    assert workspace_of({}, {"Routa-Workspace-Id": "d"}) == "d"
    assert workspace_of({}, {}) == "default"


@meets("upstream test")
async def test_a_server_is_tried_and_the_report_says_what_to_do_next(hub: Hub, upstreams: Upstreams) -> None:
    async with running(OLD) as old:
        await register(hub, "good", old)
        good = await upstreams.test(LOCAL, "good")
        assert good.pop("milliseconds") >= 0
        assert good == {
            "id": "good", "name": "good", "prefix": "good", "ok": True, "protocolVersion": "2025-06-18",
            "serverInfo": {"name": "old", "version": "1"}, "tools": 4,
        }  # fmt: skip
        await register(hub, "sse", Running(OLD), type="sse")
    bad = await upstreams.test(LOCAL, "sse")
    assert bad["ok"] is False
    assert "streamable HTTP" in bad["error"]
    assert "update_mcp_server" in bad["nextStep"]


@meets("upstream results")
async def test_what_a_server_refuses_is_told_in_its_own_words(hub: Hub, upstreams: Upstreams) -> None:
    await register(hub, "s", SERVER)
    error = await fails(upstreams, "s__nothing_like_it")
    assert isinstance(error, UnknownOperation)
    result = await called(upstreams, "s__echo", text=7)
    assert result["isError"] is True
    assert not isinstance(error, Invalid)


@meets("upstream secrets", "upstream programs")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
async def test_no_program_outlives_its_hub_and_no_secret_is_in_its_files(tmp_path: Path, ending: signal.Signals) -> None:
    command = ("-m", "hub.cli", "serve", "--port", "0", "--db", f"sqlite:{tmp_path / 'hub.db'}", "--ready-json")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, stdout=pipe, stderr=pipe)
    assert process.stdout
    with anyio.fail_after(40):
        ready = orjson.loads(await process.stdout.readline())
        env = {"PYTHONPATH": str(ROOT), "UPSTREAM_SECRET": SECRET}
        given = {"id": "s", "name": "s", "type": "stdio", "command": sys.executable, "args": ["-m", SERVER, "stdio"], "env": env}
        async with ClientSession() as http, http.post(f"{ready['url']}/api/mcp-servers", json=given) as response:
            assert response.status == 201
            assert SECRET not in await response.text()
        async with Client(ready["doors"]["mcp"]) as client:
            result = await client.call_tool("s__echo", {"text": "a"})
            assert result.structured_content
            assert result.structured_content["secret"] == SECRET
        assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
        assert not any(SECRET.encode() in file.read_bytes() for file in tmp_path.iterdir())
        process.send_signal(ending)
        _, said = await process.communicate()
        while alive(int(result.structured_content["pid"])):
            await anyio.lowlevel.checkpoint()
    assert process.returncode == (0 if ending == signal.SIGTERM else -signal.SIGKILL)
    assert SECRET.encode() not in said


@meets("upstream programs")
async def test_no_program_outlives_a_hub_on_standard_input_that_a_signal_ends(tmp_path: Path) -> None:
    database = f"sqlite:{tmp_path / 'hub.db'}"
    async with opened(database) as hub:
        pids = f"import os; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))"
        deaf = f"{pids}; from tests.protocols.upstreams.old import *; stdio(Old()); import time; time.sleep(60)"
        await ask(Hub(hub.store, vault=vault.of_file(tmp_path / "secret.key")), "create_mcp_server", **{
            "name": "s", "type": "stdio", "command": sys.executable, "args": ["-c", deaf], "env": {"PYTHONPATH": str(ROOT)},
        })  # fmt: skip
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.cli", "mcp", "--db", database, cwd=ROOT, stdin=pipe, stdout=pipe
    )
    assert process.stdin
    assert process.stdout
    call = enveloped(message("tools/call", {"name": "s__echo", "arguments": {}}))
    process.stdin.write(orjson.dumps(call) + b"\n")
    with anyio.fail_after(40):
        assert b"echo in pipe" in await process.stdout.readline()
        process.terminate()
        await process.wait()
        while alive(int((tmp_path / "pid").read_text())):
            await anyio.lowlevel.checkpoint()


def pid_in(told: str) -> int:
    found = re.search(r" of (\d+);", told)
    assert found, told
    return int(found[1])


def session_in(told: str) -> str:
    found = re.search(r" in (\w+) of", told)
    assert found, told
    return found[1]
