"""What other MCP servers are given and what not: secrets, addresses, programs, and who may use them."""

import asyncio
import os
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

from hub.access import LOCAL, USE_TOOLS, Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, UnknownOperation
from protocols.mcp.upstreams import Upstreams
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import ask, refusal
from tests.protocols.doors import opened
from tests.protocols.mcp_messages import enveloped, message
from tests.protocols.requirements import meets
from tests.protocols.upstreams.running import OLD, ROOT, SERVER, alive, called, fails, names, pid_in, register, running, text, upstreams_of

SECRET = "hush-hush-0123456789"


@pytest.fixture
def hub() -> Hub:
    return Hub(MemoryStore(), vault=vault.ephemeral())


@pytest.fixture
async def upstreams(hub: Hub) -> AsyncIterator[Upstreams]:
    async with upstreams_of(hub) as made:
        yield made


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
