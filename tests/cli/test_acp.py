"""`trivium acp`: one editor over standard input and output, and the agents that it starts."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from tests.acp.working import FAKE_AGENT
from tests.cli.conftest import ROOT, Trivium
from tests.editors.editor import Editor
from tests.protocols.requirements import meets


async def provide(trivium: Trivium) -> None:
    given = {
        "id": "fake",
        "name": "Fake",
        "command": sys.executable,
        "args": [str(FAKE_AGENT), "--can", "load,resume", "--state", str(trivium.home / "said.json")],
    }
    await trivium.json("call", "create_provider", "--json", json.dumps(given))


@asynccontextmanager
async def editing(trivium: Trivium, *arguments: str) -> AsyncIterator[tuple[Editor, asyncio.subprocess.Process]]:
    process = await trivium.start("acp", "--agent", "fake", *arguments)
    editor = Editor(process.stdin, process.stdout)
    try:
        yield editor, process
    finally:
        await editor.sdk.close()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process: asyncio.subprocess.Process) -> tuple[int, str]:
    assert process.stdin
    assert process.stderr
    process.stdin.close()
    with anyio.fail_after(15):
        said = (await process.stderr.read()).decode()
        return await process.wait(), said


@meets("stdio", "eof")
async def test_an_editor_works_with_an_agent_and_ends_the_hub_by_closing_the_pipe(trivium: Trivium, tmp_path: Path) -> None:
    await provide(trivium)
    folder = tmp_path / "work"
    folder.mkdir()
    async with editing(trivium) as (editor, process):
        await editor.initialize()
        session_id = await editor.new_session(str(folder))
        assert (await editor.prompt(session_id, "echo hello"))["stopReason"] == "end_turn"
        assert editor.texts(session_id) == ["you said: hello"]
        assert editor.updates(session_id, "available_commands_update")
        running = asyncio.create_task(editor.prompt(session_id, "permit ls"))
        await editor.until(lambda: editor.asked("session/request_permission"))
        editor.answer.set_result("go")
        await running
        assert '"go"' in editor.texts(session_id)[-1]
        slow = asyncio.create_task(editor.prompt(session_id, "slow"))
        await editor.until(lambda: editor.texts(session_id)[-1] == "at it")
        await editor.tell("session/cancel", sessionId=session_id)
        assert (await slow)["stopReason"] == "cancelled"
        code, said = await ended(process)
        assert (code, said) == (0, "")
    async with editing(trivium) as (editor, process):
        await editor.initialize()
        assert [one["sessionId"] for one in (await editor.ask("session/list", cwd=str(folder)))["sessions"]] == [session_id]
        await editor.ask("session/load", sessionId=session_id, cwd=str(folder), mcpServers=[])
        assert editor.texts(session_id, "user_message_chunk") == ["echo hello", "permit ls", "slow"]
        await editor.prompt(session_id, "heard")
        assert "echo hello" in editor.texts(session_id)[-1], "its agent still knows what was said"
        assert (await ended(process))[0] == 0


@meets("stdio")
async def test_an_editor_and_the_web_share_what_serve_runs(trivium: Trivium, tmp_path: Path) -> None:
    await provide(trivium)
    async with trivium.serving("serve", "--port", "0"), editing(trivium) as (editor, process):
        await editor.initialize()
        session_id = await editor.new_session(str(tmp_path))
        await editor.prompt(session_id, "echo hello")
        given = {"sessionId": session_id, "prompt": "echo elsewhere"}
        await trivium.json("call", "prompt_session", "--json", json.dumps(given))
        await editor.until(lambda: "elsewhere" in editor.texts(session_id)[-1])
        assert (await ended(process))[0] == 0


@meets("hub in a hub")
async def test_a_hub_runs_a_hub_as_its_agent(trivium: Trivium, tmp_path: Path) -> None:
    inner = Trivium(tmp_path / "inner")
    inner.home.mkdir()
    await provide(inner)
    given = {
        "id": "fake", "command": sys.executable, "args": ["-m", "hub.cli", "acp", "--agent", "fake"],
        "env": {"HOME": str(inner.home), "PYTHONPATH": str(ROOT)},
    }  # fmt: skip
    await trivium.json("call", "create_provider", "--json", json.dumps(given))
    trivium.environ |= inner.environ
    async with editing(trivium) as (editor, process):
        await editor.initialize()
        session_id = await editor.new_session(str(tmp_path))
        await editor.prompt(session_id, "echo hello")
        asking = asyncio.create_task(editor.prompt(session_id, "permit ls"))
        await editor.until(lambda: editor.asked("session/request_permission"))
        editor.answer.set_result("go")
        await asking
        slow = asyncio.create_task(editor.prompt(session_id, "slow"))
        await editor.until(lambda: editor.texts(session_id)[-1] == "at it")
        await editor.tell("session/cancel", sessionId=session_id)
        assert (await slow)["stopReason"] == "cancelled"
        said = "".join(editor.texts(session_id))
        assert (await ended(process))[0] == 0
    async with editing(trivium) as (editor, process):
        await editor.initialize()
        await editor.ask("session/load", sessionId=session_id, cwd=str(tmp_path), mcpServers=[])
        assert "".join(editor.texts(session_id)) == said
        await editor.prompt(session_id, "heard")
        assert "echo hello" in editor.texts(session_id)[-1], "its agent's agent still knows what was said"
        assert (await ended(process))[0] == 0
    [kept] = (await inner.json("call", "list_sessions"))["sessions"]
    assert kept["promptCount"] == 4


@meets("stdio", "large")
async def test_every_line_of_standard_output_is_a_message_however_large_those_of_the_input_are(trivium: Trivium) -> None:
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": 1}},
        {"jsonrpc": "2.0", "id": 2, "method": "session/list", "params": {"unknown": "x" * 20_000_000}},
    ]
    process = await trivium.start("acp", "--db", "memory:", "--log-level", "debug")
    assert process.stdin
    assert process.stdout
    for message in messages:
        process.stdin.write(b"not a message\n" + json.dumps(message).encode() + b"\n")
        with anyio.fail_after(20):
            assert json.loads(await process.stdout.readline())["id"] == message["id"]
    with anyio.fail_after(15):
        rest, _ = await process.communicate(b"")
    assert (process.returncode, rest) == (0, b"")


@meets("signal")
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_the_middle_of_a_turn(trivium: Trivium, by: signal.Signals, tmp_path: Path) -> None:
    await provide(trivium)
    async with editing(trivium) as (editor, process):
        await editor.initialize()
        session_id = await editor.new_session(str(tmp_path))
        slow = asyncio.create_task(editor.prompt(session_id, "slow"))
        await editor.until(lambda: editor.texts(session_id))
        process.send_signal(by)
        assert process.stderr
        with anyio.fail_after(15):
            said = (await process.stderr.read()).decode()
            assert (await process.wait(), "Traceback" in said) == (0, False)
        await asyncio.gather(slow, return_exceptions=True)


async def told(trivium: Trivium, *arguments: str) -> tuple[int, str, str]:
    done = await trivium("acp", *arguments)
    return done.code, done.out, done.err


@meets("stdio")
async def test_bad_settings_are_told_on_standard_error_alone(trivium: Trivium) -> None:
    code, out, err = await told(trivium, "--db", "x")
    assert (code, out) == (1, "")
    assert err.startswith("error: --db: 'x'")
    helped = await trivium("acp", "--help")
    assert '"agent_servers": {"Trivium": {"type": "custom", "command": "trivium", "args": ["acp"]}}' in helped.out
