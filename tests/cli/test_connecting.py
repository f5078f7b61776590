"""`trivium connect`: what is shown, and what is written into a client's own file."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Trivium

URL = "http://127.0.0.1:3210/mcp"
FILES: dict[str, tuple[str, dict[str, Any]]] = {
    "claude": (".mcp.json", {"mcpServers": {"trivium": {"type": "http", "url": URL}}}),
    "codex": (".codex/config.toml", {"mcp_servers": {"trivium": {"url": URL}}}),
    "gemini": (".gemini/settings.json", {"mcpServers": {"trivium": {"httpUrl": URL}}}),
    "opencode": (".config/opencode/opencode.json", {"mcp": {"trivium": {"type": "remote", "url": URL, "enabled": True}}}),
    "cursor": (".cursor/mcp.json", {"mcpServers": {"trivium": {"url": URL}}}),
}


@pytest.mark.parametrize("client", FILES)
async def test_what_is_shown_is_what_is_written(trivium: Trivium, client: str) -> None:
    name, entry = FILES[client]
    shown = (await trivium("connect", client)).out
    assert f"`trivium connect {client} --write`" in shown
    assert _read(name, shown[min(at for at in (shown.find("{"), shown.find("[")) if at >= 0) :]) == entry
    done = await trivium("connect", client, "--write")
    assert done.code == 0, done.err
    assert f"through {trivium.home / name}." in done.out
    assert ("in this project" in done.out) == (client == "claude")
    assert _read(name, (trivium.home / name).read_text()) == entry
    assert not list(trivium.home.rglob("*.bak"))


@pytest.mark.parametrize("client", FILES)
async def test_writing_keeps_what_is_there_and_the_file_as_it_was(trivium: Trivium, client: str) -> None:
    name, entry = FILES[client]
    ((group, _),) = entry.items()
    file = trivium.home / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".toml"):
        before = f'# mine\nmodel = "m"\n\n[{group}.other]\nurl = "o" # theirs\n\n[{group}.trivium]\nurl = "old"\n\n[z]\na = 1\n'
    else:
        servers = {"other": {"url": "o"}, "trivium": {"command": "old", "headers": {"x": "y"}}}
        before = json.dumps({"theme": "dark", group: servers, "z": {"a": 1}})
    file.write_text(before)
    file.chmod(0o600)
    for _ in range(2):  # the second time changes nothing more
        assert (await trivium("connect", client, "--write")).code == 0
        assert file.with_name(f"{file.name}.bak").read_text() == before
    after = _read(name, file.read_text())
    assert after[group]["other"] == {"url": "o"}
    assert after["z"] == {"a": 1}
    assert after[group]["trivium"].items() >= entry[group]["trivium"].items()
    assert "command" not in after[group]["trivium"]
    assert file.stat().st_mode & 0o777 == 0o600
    if name.endswith(".toml"):
        assert file.read_text().startswith('# mine\nmodel = "m"\n')
        assert 'url = "o" # theirs' in file.read_text()
    else:
        assert after[group]["trivium"]["headers"] == {"x": "y"}


@pytest.mark.parametrize(
    ("client", "before"),
    [
        ("cursor", "{// a comment\n}"), ("cursor", '{"mcpServers": []}'), ("codex", "mcp_servers = 1"),
        ("codex", 'mcp_servers = {trivium = {url = "x"}}'),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_merged_is_left_alone(trivium: Trivium, client: str, before: str) -> None:
    file = trivium.home / FILES[client][0]
    file.parent.mkdir(parents=True)
    file.write_text(before)
    done = await trivium("connect", client, "--write")
    assert done.code == 1
    assert done.err.startswith(f"error: Cannot change {file}: ")
    assert URL in done.err
    assert file.read_text() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


async def test_the_second_format_of_opencode_is_understood(trivium: Trivium) -> None:
    file = trivium.home / FILES["opencode"][0]
    file.parent.mkdir(parents=True)
    file.write_text('{"mcp": {"servers": {}}}')
    await trivium("connect", "opencode", "--write")
    assert json.loads(file.read_text()) == {"mcp": {"servers": FILES["opencode"][1]["mcp"]}}


@pytest.mark.parametrize(
    ("arguments", "environ", "url"),
    [
        (("--url", "https://hub.example.com/"), {}, "https://hub.example.com/mcp"),
        (("--url", URL), {}, URL),
        ((), {"TRIVIUM_HOST": "::", "TRIVIUM_PORT": "4000"}, "http://[::1]:4000/mcp"),
        ((), {"TRIVIUM_PORT": "0"}, URL),
    ],
)  # fmt: skip
async def test_the_address_is_the_one_given_or_that_of_the_settings(
    trivium: Trivium, arguments: tuple[str, ...], environ: dict[str, str], url: str
) -> None:
    trivium.environ |= environ
    done = await trivium("connect", "claude", *arguments)
    assert f"\nclaude mcp add --transport http trivium {url}\n" in done.out


async def test_an_editor_is_told_to_start_the_hub_and_keeps_its_variables(trivium: Trivium) -> None:
    shown = await trivium("connect", "zed", "--token", "not-needed")
    assert '"agent_servers"' in shown.out
    assert "not-needed" not in shown.out
    file = trivium.home / ".jetbrains" / "acp.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"agent_servers": {"trivium": {"command": "old", "env": {"TRIVIUM_DB": "memory:"}}, "other": {}}}))
    assert (await trivium("connect", "jetbrains", "--write")).code == 0
    servers = json.loads(file.read_text())["agent_servers"]
    assert servers == {"trivium": {"command": "trivium", "args": ["acp"], "env": {"TRIVIUM_DB": "memory:"}}, "other": {}}


async def test_a_link_to_the_file_stays_a_link(trivium: Trivium) -> None:
    real, link = trivium.home / "dotfiles.json", trivium.home / ".cursor" / "mcp.json"
    link.parent.mkdir()
    real.write_text("{}")
    link.symlink_to(real)
    await trivium("connect", "cursor", "--write")
    assert link.is_symlink()
    assert json.loads(real.read_text()) == FILES["cursor"][1]


def _read(name: str, text: str) -> dict[str, Any]:
    return tomllib.loads(text) if Path(name).suffix == ".toml" else json.loads(text)
