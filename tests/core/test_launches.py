"""What is started for a provider."""

from pathlib import Path

import pytest

from hub.access import LOCAL_TENANT
from hub.app import Hub
from hub.domain.errors import Refused
from hub.ports import HubStore
from hub.work.launches import launch
from stores import vault
from tests.core.programs import Folder, programs_in
from tests.core.support import ask, refusal

ENVIRON = {"MISTRAL_API_KEY": "m", "OPENAI_API_KEY": "o", "TRIVIUM_TOKEN": "t", "HOME": "/h"}
SECRET = "hush-hush-0123456789"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "bin")


@pytest.fixture
def hub(store: HubStore, folder: Folder) -> Hub:
    return Hub(store, vault=vault.ephemeral(), programs=programs_in(folder))


async def test_a_built_in_provider_is_started_with_what_it_inherits(hub: Hub, folder: Folder) -> None:
    path = folder.add("vibe-acp")
    for id_ in ("vibe", "mistral-vibe"):
        started = await launch(hub, LOCAL_TENANT, id_, ENVIRON)
        assert (started.command, started.args, started.mode) == (str(path), (), "ask")
        assert started.env == {"MISTRAL_API_KEY": "m", "HOME": "/h"}


async def test_a_preset_stands_where_nobody_says_otherwise(hub: Hub, folder: Folder) -> None:
    folder.add("claude-agent-acp")
    assert (await launch(hub, LOCAL_TENANT, "claude", ENVIRON)).env["ENABLE_TOOL_SEARCH"] == "false"
    assert (await launch(hub, LOCAL_TENANT, "claude", {**ENVIRON, "ENABLE_TOOL_SEARCH": "auto"})).env["ENABLE_TOOL_SEARCH"] == "auto"


async def test_ones_own_is_started_with_its_secrets_which_are_not_shown(hub: Hub, folder: Folder) -> None:
    folder.add("my-agent")
    await ask(hub, "create_provider", id="vibe", command="my-agent", args=["a b"], env={"KEY": SECRET}, envNames=["MINE"])
    started = await launch(hub, LOCAL_TENANT, "vibe", {**ENVIRON, "MINE": "m"})
    assert (started.args, started.env, started.secrets) == (("a b",), {"HOME": "/h", "KEY": SECRET, "MINE": "m"}, [SECRET])
    assert SECRET not in repr(started)


async def test_what_cannot_be_started_says_the_next_step(hub: Hub, store: HubStore, folder: Folder) -> None:
    await ask(hub, "create_provider", id="mine", command="my-agent")
    await ask(hub, "create_provider", id="sealed", command="sealed-agent", env={"KEY": SECRET})
    folder.add("sealed-agent")
    folder.add("opencode")
    for other, id_, told in (
        (hub, "nothing", "mine, opencode"),
        (hub, "claude", "npm install -g @agentclientprotocol/claude-agent-acp"),
        (hub, "mine", "update_provider"),
        (Hub(store, programs=programs_in(folder), reach="public"), "opencode", "TRIVIUM_UPSTREAMS=all"),
        (Hub(store), "opencode", "TRIVIUM_UPSTREAMS=all"),
        (Hub(store, programs=programs_in(folder)), "sealed", "without a vault"),
        (Hub(store, programs=programs_in(folder), vault=vault.ephemeral()), "sealed", "secret key"),
    ):
        error = await refusal(launch(other, LOCAL_TENANT, id_, {}))
        assert isinstance(error, Refused)
        assert told in error.message
        assert str(folder.path) not in error.message
    assert "There is no provider 'mine'" in (await refusal(launch(hub, "acme", "mine", {}))).message
