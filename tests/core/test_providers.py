"""Providers: which there are, how one's own are registered, what stays secret, and whether they can be started."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from hub.access import LOCAL_TENANT, READ, WRITE, Caller
from hub.addresses import Reach
from hub.app import Hub
from hub.archive import export
from hub.domain.errors import Duplicate, Forbidden, Invalid, NotFound, Refused, Stale
from hub.domain.mcp_servers import MASK
from hub.domain.providers import ALIASES, BUILT_IN, Provider
from hub.domain.registry_entries import this_platform
from hub.operations.base import secret_place
from hub.ports import EVERY_EVENT, HubStore, Json
from stores import vault
from tests.core.programs import Folder, programs_in
from tests.core.support import ask, kinds, on_memory, refusal

SECRET = "hush-hush-0123456789"
LISTED = {"id", "name", "description", "command", "status", "source", "unavailableReason", "programVersion"}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "bin")


@pytest.fixture
def hub(store: HubStore, folder: Folder) -> Hub:
    return Hub(store, vault=vault.ephemeral(), programs=programs_in(folder))


async def new_provider(hub: Hub, **fields: Any) -> Json:
    return await ask(hub, "create_provider", **{"id": "mine", "command": "my-agent"} | fields)


async def listed(hub: Hub, **fields: Any) -> dict[str, Json]:
    """All of them, page for page."""
    found: dict[str, Json] = {}
    answer: Json = {"nextCursor": ""}
    while cursor := answer.get("nextCursor") if found else "start":
        answer = await ask(hub, "list_providers", **fields, **({} if cursor == "start" else {"cursor": cursor}))
        assert answer["hasMore"] == ("nextCursor" in answer)
        assert not found.keys() & {one["id"] for one in answer["providers"]}
        found |= {one["id"]: one for one in answer["providers"]}
    return found


async def test_the_built_in_ones_are_there_and_say_how_they_are_installed(hub: Hub, folder: Folder) -> None:
    folder.add("opencode")
    found = await listed(hub)
    assert {"opencode", "claude", "codex", "gemini", "copilot", "auggie", "kimi", "kiro", "qoder", "qwen", "vibe"} <= found.keys()
    assert found["opencode"] == {
        "id": "opencode", "name": "OpenCode", "description": BUILT_IN["opencode"].description, "command": "opencode", "status": "available",
        "source": "static",
    }  # fmt: skip
    assert all(one.keys() <= LISTED for one in found.values())
    claude = found["claude"]
    assert claude["status"] == "unavailable"
    assert claude["unavailableReason"].endswith("To install: npm install -g @agentclientprotocol/claude-agent-acp")
    assert str(folder.path) not in str(found)


async def test_ones_own_stand_among_them_and_replace_one_of_the_same_id(hub: Hub) -> None:
    await new_provider(hub, name="My agent", description="Mine", args=["--acp"], envNames=["MINE_KEY"])
    replaced = await new_provider(hub, id="claude", command="my-claude")
    assert (replaced["name"], replaced["source"], replaced.get("install")) == ("Claude Code", "custom", None)
    found = await listed(hub)
    assert found.keys() == BUILT_IN.keys() | {"mine"}
    assert (found["mine"]["name"], found["mine"]["source"]) == ("My agent", "custom")
    assert found["claude"]["command"] == "my-claude"
    for id_ in ("claude", "claude-code"):
        assert (await ask(hub, "get_provider", providerId=id_))["command"] == "my-claude"
    assert (await ask(hub, "delete_provider", providerId="claude"))["deleted"]
    assert (await ask(hub, "get_provider", providerId="claude"))["command"] == "claude-agent-acp"


async def test_a_built_in_one_is_given_a_secret_by_its_id_alone(hub: Hub) -> None:
    made = await new_provider(hub, id="opencode", command=None, env={"OPENAI_API_KEY": SECRET})
    assert (made["command"], made["args"], made["env"]) == ("opencode", ["acp"], {"OPENAI_API_KEY": MASK})
    assert made["envNames"] == [*BUILT_IN["opencode"].env_names]
    assert made["install"] == "npm install -g opencode-ai"


async def test_of_a_secret_every_answer_event_and_archive_tells_only_that_it_is_set(hub: Hub, store: HubStore) -> None:
    made = await new_provider(hub, env={"KEY": SECRET}, idempotencyKey="k")
    assert made["env"] == {"KEY": MASK}
    assert await new_provider(hub, env={"KEY": SECRET}, idempotencyKey="k") == made
    assert (await ask(hub, "update_provider", providerId="mine", name="Other", env={"KEY": MASK, "NEW": SECRET}))["env"].keys() == {
        "KEY",
        "NEW",
    }
    assert (await ask(hub, "get_provider", providerId="mine"))["env"] == {"KEY": MASK, "NEW": MASK}
    events = (await store.after(0, LOCAL_TENANT, EVERY_EVENT, 100)).events
    assert {"provider.created", "provider.updated"} <= {event.name for event in events}
    archive = BytesIO()
    await export(store, archive.write)
    assert b"my-agent" in archive.getvalue()
    assert SECRET not in str(events) + archive.getvalue().decode()
    kept = await store.get(LOCAL_TENANT, Provider, "mine")
    assert kept
    assert hub.vault
    assert {hub.vault.open(value, secret_place(LOCAL_TENANT, Provider, "mine")) for value in kept.env.values()} == {SECRET}


async def test_a_thousand_of_them_are_listed_page_by_page_each_once(hub: Hub) -> None:
    for number in range(1000):
        await new_provider(hub, id=f"{'az'[number % 2]}-{number:04}")
    assert len(await listed(hub, limit=37)) == 1000 + len(BUILT_IN)
    whole = await ask(hub, "list_providers", limit=10_000)
    assert [one["id"] for one in whole["providers"]] == sorted(one["id"] for one in whole["providers"])
    assert not whole["hasMore"]
    assert len((await ask(hub, "list_providers"))["providers"]) == 100


async def test_pages_of_every_size_hold_the_same(hub: Hub) -> None:
    for id_ in ("aaa", "claude", "vibe", "zzz"):
        await new_provider(hub, id=id_)
    whole = await listed(hub)
    for limit in range(1, len(whole) + 2):
        assert await listed(hub, limit=limit) == whole


async def test_of_several_that_register_the_same_id_one_does(hub: Hub) -> None:
    assert await kinds(new_provider(hub) for _ in range(8)) == ["conflict"] * 7 + ["ok"]


async def test_versions_are_told_by_the_list_once_they_are_known_and_by_one_provider_at_once(hub: Hub, folder: Folder) -> None:
    folder.add("opencode", "echo 1.18.33")
    folder.add("my-agent", "echo 3.4")
    await new_provider(hub)
    assert "programVersion" not in (await listed(hub, check=True))["opencode"]
    assert (await ask(hub, "get_provider", providerId="opencode"))["programVersion"] == "1.18.33"
    assert (await listed(hub, check=True))["opencode"]["programVersion"] == "1.18.33"
    assert "programVersion" not in (await listed(hub))["opencode"]
    assert "programVersion" not in await ask(hub, "get_provider", providerId="mine")
    await ask(hub, "update_provider", providerId="mine", versionArgs=["-V"])
    assert (await ask(hub, "get_provider", providerId="mine"))["programVersion"] == "3.4"


@on_memory
@pytest.mark.parametrize(
    "fields",
    [
        {"command": None}, {"command": ""}, {"command": "my-agent acp"}, {"command": "npx -y @a/b"}, {"command": "bin/agent"},
        {"command": "./agent"}, {"command": "a\nb"}, {"command": "/opt/a\0b"}, {"args": "acp"}, {"args": ["a\0b"]}, {"args": ["a"] * 201},
        {"env": {"1A": "x"}}, {"env": {"A=B": "x"}}, {"env": {"A": "x\0"}}, {"env": {"A": MASK}}, {"env": {"A": 1}}, {"envNames": ["A B"]},
        {"envNames": [""]}, {"envNames": ["TRIVIUM_SECRET_KEY"]}, {"envNames": ["DATABASE_URL"]}, {"envNames": ["PGPASSWORD"]},
        {"id": None}, {"id": ""}, {"id": "Big"}, {"id": "a/b"}, {"id": "-a"}, {"id": "a" * 101}, {"id": "ä"}, {"workspaceId": "default"},
    ],
)  # fmt: skip
async def test_what_cannot_be_started_is_refused_at_once(hub: Hub, fields: dict[str, Any]) -> None:
    assert isinstance(await refusal(new_provider(hub, **fields)), Invalid)
    if "id" not in fields and fields not in ({"command": None}, {"workspaceId": "default"}):
        await new_provider(hub)
        assert isinstance(await refusal(ask(hub, "update_provider", providerId="mine", **fields)), Invalid)


@on_memory
async def test_a_whole_path_may_hold_spaces_and_arguments_anything(hub: Hub, folder: Folder) -> None:
    path = folder.add("my agent")
    made = await new_provider(hub, command=str(path), args=["two words", "", "--a=b;c", "$HOME"])
    assert made["args"] == ["two words", "", "--a=b;c", "$HOME"]
    assert (await listed(hub))["mine"]["status"] == "available"
    path.chmod(0o644)
    assert (await ask(Hub(hub.store, programs=programs_in(folder)), "get_provider", providerId="mine"))["status"] == "unavailable"


@on_memory
async def test_only_ones_own_are_changed_and_the_fields_left_out_stay(hub: Hub) -> None:
    for operation in ("update_provider", "delete_provider"):
        for id_ in ("opencode", "claude-code"):
            assert "create_provider" in (await refusal(ask(hub, operation, providerId=id_))).message
        assert isinstance(await refusal(ask(hub, operation, providerId="nothing")), NotFound)
    made = await new_provider(hub, args=["acp"], description="d", mode="ask")
    assert isinstance(await refusal(new_provider(hub)), Duplicate)
    assert isinstance(await refusal(ask(hub, "update_provider", providerId="mine", expectedVersion=2)), Stale)
    changed = await ask(hub, "update_provider", providerId="mine", description=None, args=None, command="other", expectedVersion=1)
    assert changed == {
        **{name: value for name, value in made.items() if name != "description"}, "command": "other", "version": 2,
        "updatedAt": changed["updatedAt"],
    }  # fmt: skip


@on_memory
async def test_without_a_vault_only_those_without_secrets_are_registered(store: HubStore) -> None:
    hub = Hub(store)
    await new_provider(hub)
    assert isinstance(await refusal(new_provider(hub, id="other", env={"KEY": SECRET})), Refused)
    assert {one["status"] for one in (await listed(hub)).values()} == {"unavailable"}


@on_memory
@pytest.mark.parametrize("reach", ["public", "none"])
async def test_a_hub_that_starts_no_programs_says_so(store: HubStore, folder: Folder, reach: Reach) -> None:
    folder.add("opencode")
    await new_provider(Hub(store))
    hub = Hub(store, programs=programs_in(folder), reach=reach)
    for asked in (new_provider(hub, id="other"), ask(hub, "update_provider", providerId="mine", name="Other")):
        error = await refusal(asked)
        assert isinstance(error, Forbidden)
        assert "TRIVIUM_UPSTREAMS=all" in error.message
    for one in (await listed(hub, check=True)).values():
        assert one["status"] == "unavailable"
        assert "TRIVIUM_UPSTREAMS=all" in one["unavailableReason"]
    assert (await ask(hub, "delete_provider", providerId="mine"))["deleted"]


@on_memory
async def test_who_may_write_everything_else_may_not_say_what_the_hub_runs_and_tenants_keep_their_own(hub: Hub) -> None:
    agent = Caller(subject="agent", grants=frozenset({WRITE, READ}))
    assert isinstance(await refusal(ask(hub, "create_provider", agent, id="mine", command="my-agent")), Forbidden)
    await ask(hub, "create_provider", Caller(subject="admin", grants=frozenset({"providers.write"})), id="mine", command="my-agent")
    assert (await ask(hub, "get_provider", agent, providerId="mine"))["command"] == "my-agent"
    assert isinstance(await refusal(ask(hub, "get_provider", Caller("acme"), providerId="mine")), NotFound)


def entry(**distribution: Any) -> Json:
    return {
        "id": "far", "name": "Far", "version": "1.0.0", "description": "An agent", "repository": "https://example.com/far",
        "authors": ["Ann"], "license": "MIT", "icon": "far.svg", "distribution": distribution,
    }  # fmt: skip


PACKAGE = {"package": "@far/agent@1.0.0", "args": ["--acp"], "env": {"FAR_MODE": "quiet"}}
BINARY = {this_platform(): {"archive": "https://example.com/far.tar.gz", "cmd": "./dist/far-agent", "args": ["serve"]}}


@on_memory
@pytest.mark.parametrize(
    ("distribution", "started"),
    [
        ({"npx": PACKAGE}, ["npx", "-y", "@far/agent@1.0.0", "--acp"]),
        ({"npx": PACKAGE | {"cmd": "far"}}, ["npx", "-y", "--package", "@far/agent@1.0.0", "far", "--acp"]),
        ({"uvx": {"package": "far==1.0"}}, ["uvx", "far==1.0"]),
        ({"uvx": {"package": "far[acp]==1.0", "cmd": "far-acp", "args": ["-x"]}}, ["uvx", "--from", "far[acp]==1.0", "far-acp", "-x"]),
        ({"binary": BINARY}, ["far-agent", "serve"]),
        ({"binary": BINARY, "npx": PACKAGE, "new-way": {"a": 1}}, ["npx", "-y", "@far/agent@1.0.0", "--acp"]),
    ],
)  # fmt: skip
async def test_an_entry_of_the_registry_becomes_a_provider(hub: Hub, distribution: Json, started: list[str]) -> None:
    made = await ask(hub, "create_provider", registryEntry=entry(**distribution))
    assert [made["command"], *made["args"]] == started
    assert (made["id"], made["name"], made["source"], made["homepage"]) == ("far", "Far", "registry", "https://example.com/far")
    assert made["env"] == ({"FAR_MODE": MASK} if "npx" in distribution else {})
    assert (await listed(hub))["far"]["source"] == "registry"


@on_memory
async def test_what_is_said_by_name_goes_before_what_the_entry_says(hub: Hub) -> None:
    made = await ask(
        hub, "create_provider", registryEntry=entry(npx=PACKAGE), id="near", name="Near", env={"FAR_MODE": "loud", "KEY": SECRET}
    )
    assert (made["id"], made["name"], made["env"], made["source"]) == ("near", "Near", {"FAR_MODE": MASK, "KEY": MASK}, "registry")


@on_memory
async def test_a_binary_of_the_registry_can_be_used_once_it_is_unpacked_on_the_path(hub: Hub, folder: Folder) -> None:
    await ask(hub, "create_provider", registryEntry=entry(binary=BINARY))
    assert "https://example.com/far.tar.gz" in (await listed(hub))["far"]["unavailableReason"]
    folder.add("far-agent")
    later = Hub(hub.store, programs=programs_in(folder))
    assert (await listed(later))["far"]["status"] == "available"


@on_memory
@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"npx": {}}, {"npx": {"package": ""}}, {"npx": {"package": "--call=id"}}, {"npx": {"package": "a", "cmd": "-c"}},
        {"npx": {"package": "a", "args": "x"}}, {"npx": {"package": "a", "env": {"A=B": "c"}}}, {"binary": {}},
        {"binary": {"plan9-vax": BINARY[this_platform()]}}, {"binary": {this_platform(): {"cmd": "./x"}}},
        {"binary": {this_platform(): {"archive": "a", "cmd": "dist/"}}},
    ],
)  # fmt: skip
async def test_an_entry_that_cannot_be_started_here_is_refused(hub: Hub, wrong: Json) -> None:
    assert isinstance(await refusal(ask(hub, "create_provider", registryEntry=entry(**wrong))), Invalid)


def test_built_in_ones_have_ids_that_could_be_given_and_aliases_lead_to_them() -> None:
    assert {*ALIASES.values()} <= BUILT_IN.keys()
    assert not ALIASES.keys() & BUILT_IN.keys()
    for id_, provider in BUILT_IN.items():
        assert (provider.id, provider.source, provider.env) == (id_, "static", {})
        assert provider.install
