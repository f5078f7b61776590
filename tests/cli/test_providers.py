"""`trivium providers`: the catalogue's commands, and adding one from the ACP registry's file."""

import json
from pathlib import Path

import anyio
import pytest
from aiohttp import ClientSession

from tests.cli.conftest import Trivium
from tests.core.programs import Folder, running

AGENT = {
    "id": "far",
    "name": "Far",
    "version": "1.0.0",
    "description": "d",
    "distribution": {"npx": {"package": "far@1.0.0", "args": ["acp"]}},
}
REGISTRY = {"version": "1.0.0", "agents": [AGENT, {**AGENT, "id": "near", "name": "Near"}]}


async def test_the_list_is_a_table_of_what_is_there_and_what_is_not(trivium: Trivium) -> None:
    rows = (await trivium("providers", "list")).out.splitlines()
    assert rows[0].split()[:2] == ["id", "name"]
    assert any(row.startswith("opencode ") for row in rows)


@pytest.mark.parametrize("said", [REGISTRY, AGENT, [AGENT]])
async def test_an_agent_of_a_registry_becomes_a_provider(trivium: Trivium, tmp_path: Path, said: object) -> None:
    file = tmp_path / "registry.json"
    file.write_text(json.dumps(said))
    made = await trivium.json("providers", "add", "far", "--registry", str(file), "--json")
    assert (made["id"], made["command"], made["args"], made["source"]) == ("far", "npx", ["-y", "far@1.0.0", "acp"], "registry")
    assert (await trivium.json("providers", "show", "far", "--json"))["name"] == "Far"
    again = await trivium("providers", "add", "far", "--registry", str(file))
    assert (again.code, again.err.count("\n")) == (1, 1)
    assert (await trivium("providers", "add", "far", "--as", "mine", "--registry", "-", stdin=json.dumps(said))).code == 0
    assert (await trivium("providers", "show", "mine")).code == 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{", "is not JSON"), ("[]", "has no agents at all"), ("7", "has no agents at all"), ('{"agents": 7}', "has no agents at all"),
        (json.dumps(REGISTRY), "It has far, near."), ('{"agents": [{"id": "x"}]}', "distribution"),
        ('{"agents": [{"id": "x", "name": "X", "distribution": {}}]}', "it must have npx, uvx, or a binary"),
    ],
)  # fmt: skip
async def test_a_file_that_does_not_have_it_says_what_it_has(trivium: Trivium, tmp_path: Path, said: str, told: str) -> None:
    file = tmp_path / "registry.json"
    file.write_text(said)
    done = await trivium("providers", "add", "x", "--registry", str(file))
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert told in done.err


async def test_a_hub_that_stops_ends_the_programs_that_it_asks_for_their_version(trivium: Trivium, tmp_path: Path) -> None:
    folder, told = Folder(tmp_path / "bin"), tmp_path / "pid"
    folder.add("opencode", f"echo $$ > {told}.part; mv {told}.part {told}; sleep 600")
    trivium.environ["PATH"] = str(folder.path)
    async with trivium.serving("--db", "memory:", "--port", "0") as hub, ClientSession() as http:
        async with http.get(f"{hub.ready['url']}/api/providers?check=true") as response:
            assert response.status == 200
        with anyio.fail_after(10):
            while not told.exists():
                await anyio.lowlevel.checkpoint()
        assert running(int(told.read_text()))
        assert (await hub.stop()).code == 0
        assert not running(int(told.read_text()))


async def test_a_file_that_is_not_there_is_named(trivium: Trivium, tmp_path: Path) -> None:
    done = await trivium("providers", "add", "x", "--registry", str(tmp_path / "none.json"))
    assert (done.code, "No such file" in done.err) == (1, True)
