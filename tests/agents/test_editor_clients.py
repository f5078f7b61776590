"""Other people's editors, with the hub as their agent: the official TypeScript SDK over each transport, and acpx."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import orjson
import pytest

from hub.ports import Json
from tests.acp.working import FAKE_AGENT
from tests.agents.programs import HERE, acpx
from tests.cli.conftest import Trivium
from tests.node import node

PATIENCE = 60.0
"""Seconds for a whole story on a busy machine."""


@pytest.fixture
async def trivium(home: Path) -> Trivium:
    """With one provider, whose agent is a program that does what it is told."""
    trivium = Trivium(home)
    given = {"id": "fake", "command": sys.executable, "args": [str(FAKE_AGENT), "--can", "load,resume"]}
    await trivium.json("call", "create_provider", "--json", orjson.dumps(given).decode())
    return trivium


def acp(home: Path) -> tuple[list[str], dict[str, str]]:
    """The command of the hub as an agent, and its environment."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(HERE.parents[1])}
    return [sys.executable, "-m", "hub.cli", "acp", "--agent", "fake"], environ


async def printed(command: list[str], env: dict[str, str] | None = None, cwd: Path | None = None) -> bytes:
    """What a program prints that ends well."""
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=env, cwd=cwd)
    try:
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, (out + err).decode()
    return out


async def story(**given: object) -> Json:
    seen: Json = orjson.loads(await printed([str(node(HERE)), str(HERE / "editor.mjs"), orjson.dumps(given).decode()]))
    return seen


def expect_all(seen: Json) -> None:
    assert (seen["agent"], seen["first"]["stopReason"], seen["said"]) == ("trivium", "end_turn", "you said: hello")
    assert (seen["asked"], seen["model"], seen["cancelled"], seen["again"]) == (1, "large", "cancelled", "end_turn")
    assert seen["replayed"] == ["echo hellopermit lsslow", True]
    assert (seen["listed"], seen["left"]) == (1, 0)


async def test_the_typescript_sdk_starts_the_hub(trivium: Trivium, home: Path, folder: Path) -> None:
    command, env = acp(home)
    seen = await story(over="stdio", command=command, env=env, cwd=str(folder))
    expect_all(seen)
    assert set(seen.get("exits", [0])) == {0}


@pytest.mark.parametrize("over", ["socket", "events"])
async def test_the_typescript_sdk_reaches_the_hub_over_http(trivium: Trivium, folder: Path, over: str) -> None:
    # the other providers of this machine come first in the alphabet: none is on this PATH
    trivium.environ["PATH"] = os.path.dirname(sys.executable)
    async with trivium.serving("serve", "--port", "0") as serving:
        expect_all(await story(over=over, url=serving.ready["doors"]["acp"], cwd=str(folder)))


async def test_acpx_drives_the_hub(trivium: Trivium, home: Path, folder: Path) -> None:
    command, env = acp(home)
    arguments = ["--format", "json", "--approve-all", "--cwd", str(folder)]
    out = await printed([*acpx(command, *arguments), "exec", "permit ls"], env, folder)
    messages = [orjson.loads(line) for line in out.splitlines()]
    texts = [one["params"]["update"]["content"]["text"] for one in messages if update(one) == "agent_message_chunk"]
    assert '"go"' in "".join(texts)
    assert any(one.get("result", {}).get("stopReason") == "end_turn" for one in messages)
    assert await printed([*acpx(command, *arguments), "sessions", "new"], env, folder)
    for number in range(2):
        out = await printed([*acpx(command, *arguments), "prompt", f"echo {number}"], env, folder)
        assert f"you said: {number}" in "".join(
            one["params"]["update"]["content"]["text"]
            for one in map(orjson.loads, out.splitlines())
            if update(one) == "agent_message_chunk"
        )
    await printed([*acpx(command, *arguments), "sessions", "close"], env, folder)


def update(message: Json) -> str | None:
    params = message.get("params")
    return params["update"]["sessionUpdate"] if message.get("method") == "session/update" and isinstance(params, dict) else None
