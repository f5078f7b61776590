"""Tokens from the command line, and a hub that asks for them."""

import asyncio
import json
import sqlite3
import tomllib

import pytest
from aiohttp import ClientSession, ClientTimeout

from tests.cli.conftest import Trivium
from tests.protocols.mcp_messages import initialize_params

TIMEOUT = ClientTimeout(total=10)
BEYOND = ("serve", "--host", "0.0.0.0", "--port", "0")


async def status(http: ClientSession, url: str, token: str = "") -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with http.get(f"{url}/api/tasks", headers=headers) as answer:
        return answer.status


async def test_a_token_is_made_shown_once_listed_and_revoked(trivium: Trivium) -> None:
    done = await trivium("tokens", "create", "--name", "ci", "--grants", "tasks.read", "--grants", "notes.read")
    assert done.code == 0, done.err
    [token] = [line.split()[-1] for line in done.out.splitlines() if line.startswith("token")]
    listed = await trivium("tokens", "list")
    assert "ci" in listed.out
    assert token not in listed.out
    [record] = (await trivium.json("tokens", "list", "--json"))["tokens"]
    assert record["grants"] == ["tasks.read", "notes.read"]
    revoked = await trivium.json("tokens", "revoke", record["id"], "--json")
    assert revoked["revokedAt"]
    assert "revokedAt" in (await trivium("tokens", "list")).out
    secret = token.rpartition("_")[2].encode()
    assert not any(secret in file.read_bytes() for file in trivium.home.rglob("*") if file.is_file())


async def test_a_hub_beyond_this_machine_asks_for_tokens_and_a_revoked_one_ends_within_a_second(trivium: Trivium) -> None:
    async with trivium.serving(*BEYOND) as serving, ClientSession(timeout=TIMEOUT) as http:
        url = serving.ready["url"]
        assert await status(http, url) == 401
        made = await trivium.json("tokens", "create", "--name", "ci", "--json")
        assert await status(http, url, made["token"]) == 200
        assert await trivium.json("tasks", "list", "--json"), "the command line works on the database itself"
        await trivium.json("tokens", "revoke", made["id"], "--json")
        async with asyncio.timeout(5):
            while await status(http, url, made["token"]) != 401:
                pass
        done = await serving.stop()
    assert "required: `trivium tokens create --name NAME`" in done.err
    assert "connect CLIENT --token TOKEN --write" in done.err
    assert "CAUTION" not in done.err
    assert made["token"] not in done.err


async def test_a_hub_that_is_told_to_ask_nobody_warns_when_others_can_reach_it(trivium: Trivium) -> None:
    async with trivium.serving(*BEYOND, "--auth", "off") as serving, ClientSession(timeout=TIMEOUT) as http:
        assert await status(http, serving.ready["url"]) == 200
        done = await serving.stop()
    assert "CAUTION    it listens on 0.0.0.0 without asking for tokens" in done.err
    assert "tokens     required" not in done.err


async def test_on_this_machine_nobody_is_asked_unless_the_setting_says_so(trivium: Trivium) -> None:
    async with trivium.serving("serve", "--port", "0") as serving, ClientSession(timeout=TIMEOUT) as http:
        assert await status(http, serving.ready["url"]) == 200
        assert await status(http, serving.ready["url"], "trv_x") == 401
    trivium.environ["TRIVIUM_AUTH"] = "required"
    async with trivium.serving("serve", "--port", "0") as serving, ClientSession(timeout=TIMEOUT) as http:
        assert await status(http, serving.ready["url"]) == 401


async def test_over_standard_input_a_token_says_who_calls(trivium: Trivium) -> None:
    made = await trivium.json("tokens", "create", "--name", "ci", "--grants", "tasks.write", "--subject", "ada", "--json")
    trivium.environ["TRIVIUM_TOKEN"] = made["token"]
    said = [
        {"id": 0, "method": "initialize", "params": initialize_params()},
        {"id": 1, "method": "tools/call", "params": {"name": "create_task", "arguments": {"title": "t", "objective": "o"}}},
        {"id": 2, "method": "tools/call", "params": {"name": "list_tasks", "arguments": {}}},
    ]
    process = await trivium.start("mcp")
    assert process.stdin
    assert process.stdout
    answers = []
    async with asyncio.timeout(20):
        for message in said:
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
            answers.append(json.loads(await process.stdout.readline()))
        process.stdin.close()
        await process.communicate()
    assert [answer["result"].get("isError") for answer in answers[1:]] == [False, True]
    assert "tasks.read" in answers[2]["result"]["content"][0]["text"]
    with sqlite3.connect(trivium.home / ".local/share/trivium/hub.db") as database:
        [(event,)] = database.execute("SELECT body FROM log WHERE name = 'task.created'").fetchall()
    database.close()
    assert json.loads(event)["by"] == "ada"


@pytest.mark.parametrize("bad", ["trv_x", "trv_" + "0" * 32 + "_" + "0" * 64])
async def test_over_standard_input_a_bad_token_starts_nothing(trivium: Trivium, bad: str) -> None:
    trivium.environ["TRIVIUM_TOKEN"] = bad
    done = await trivium("mcp")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: TRIVIUM_TOKEN: ")
    assert "`trivium tokens create --name NAME`" in done.err
    assert bad not in done.err


@pytest.mark.parametrize(
    ("client", "name", "path"),
    [
        ("claude", ".mcp.json", ("mcpServers", "trivium", "headers")),
        ("codex", ".codex/config.toml", ("mcp_servers", "trivium", "http_headers")),
        ("gemini", ".gemini/settings.json", ("mcpServers", "trivium", "headers")),
        ("opencode", ".config/opencode/opencode.json", ("mcp", "trivium", "headers")),
        ("cursor", ".cursor/mcp.json", ("mcpServers", "trivium", "headers")),
    ],
)
async def test_a_client_is_given_its_token(trivium: Trivium, client: str, name: str, path: tuple[str, ...]) -> None:
    file = trivium.home / name
    for arguments, held in ((("--token", "trv_one"), "trv_one"), (("--token", "trv_two"), "trv_two"), ((), "trv_two")):
        done = await trivium("connect", client, "--write", *arguments)
        assert done.code == 0, done.err
        assert ("keep it out of version control" in done.out) == bool(arguments)
        found = tomllib.loads(file.read_text()) if file.suffix == ".toml" else json.loads(file.read_text())
        for key in path:
            found = found[key]
        assert found == {"Authorization": f"Bearer {held}"}
        assert file.stat().st_mode & 0o777 == 0o600
    shown = (await trivium("connect", client, "--token", "trv_one")).out
    assert "Bearer trv_one" in shown
    refused = await trivium("connect", client, "--token", 'a"b')
    assert (refused.code, 'a"b' in refused.err) == (1, False)


async def test_other_headers_stay_beside_the_token(trivium: Trivium) -> None:
    file = trivium.home / ".cursor/mcp.json"
    file.parent.mkdir()
    file.write_text('{"mcpServers": {"trivium": {"url": "x", "headers": {"X-Mine": "1"}}}}')
    await trivium("connect", "cursor", "--write", "--token", "trv_one")
    headers = json.loads(file.read_text())["mcpServers"]["trivium"]["headers"]
    assert headers == {"X-Mine": "1", "Authorization": "Bearer trv_one"}
