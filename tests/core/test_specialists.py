"""Specialists: which definition counts where, and who may change one."""

import re
from pathlib import Path
from typing import Any

import pytest

from hub.access import LOCAL, READ, WRITE, Caller
from hub.app import Hub
from hub.domain.errors import Duplicate, Forbidden, Invalid, NotFound, Refused, Stale
from hub.operations import OPERATIONS
from hub.ports import HubStore, Json
from stores.library import FileLibrary
from tests.core.support import ask, kinds, names_of_events, on_memory, refusal

BUNDLED = ["crafter", "developer", "gate", "routa"]
POET = {"id": "poet", "name": "Poet", "role": "CRAFTER", "systemPrompt": "Rhyme."}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Whoever runs the hub keeps specialists here."""
    made = tmp_path / "specialists"
    made.mkdir()
    return made


@pytest.fixture
def hub(store: HubStore, folder: Path) -> Hub:
    return Hub(store, library=FileLibrary([folder], []))


def write(folder: Path, id_: str, prompt: str, role: str = "GATE") -> None:
    (folder / f"{id_}.md").write_text(f"---\nname: From a file\nrole: {role}\n---\n{prompt}\n")


async def ids(hub: Hub, caller: Caller = LOCAL, **arguments: Any) -> list[str]:
    return [one["id"] for one in (await ask(hub, "list_specialists", caller, **arguments))["specialists"]]


async def counting(hub: Hub, id_: str, **where: str) -> Json:
    return await ask(hub, "get_specialist", specialistId=id_, **where)


async def test_a_new_hub_has_the_four_that_come_with_it(hub: Hub) -> None:
    listed = (await ask(hub, "list_specialists", prompts=True))["specialists"]
    assert [(one["id"], one["role"], one["source"]) for one in listed] == [(id_, id_.upper(), "bundled") for id_ in BUNDLED]
    assert all(20 <= len(one["systemPrompt"].splitlines()) <= 60 for one in listed)
    assert listed == [await counting(hub, id_) for id_ in BUNDLED]


@on_memory
async def test_every_tool_that_a_bundled_prompt_names_is_one(hub: Hub) -> None:
    for id_ in BUNDLED:
        named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", (await counting(hub, id_))["systemPrompt"]))
        assert len(named) >= 5
        assert named - {"test_results"} <= OPERATIONS.keys()


async def test_a_workspaces_own_counts_before_the_users_that_before_a_file_and_that_before_what_is_bundled(hub: Hub, folder: Path) -> None:
    assert (await counting(hub, "gate"))["source"] == "bundled"
    write(folder, "gate", "From a file.")
    assert (await counting(hub, "gate"))["systemPrompt"] == "From a file."
    await ask(hub, "create_specialist", **POET | {"id": "gate", "systemPrompt": "The user's."})
    await ask(hub, "create_specialist", **POET | {"id": "gate", "systemPrompt": "The workspace's.", "workspaceId": "default"})
    await ask(hub, "create_workspace", title="Lab", id="lab")
    for where, source, prompt in (
        ({}, "user", "The user's."), ({"workspaceId": "lab"}, "user", "The user's."),
        ({"workspaceId": "default"}, "workspace", "The workspace's."),
    ):  # fmt: skip
        found = await counting(hub, "gate", **where)
        assert (found["source"], found["systemPrompt"]) == (source, prompt)
        listed = (await ask(hub, "list_specialists", prompts=True, **where))["specialists"]
        assert [one for one in listed if one["id"] == "gate"] == [found]
    sources = []
    for where in ({"workspaceId": "default"}, {}):
        await ask(hub, "delete_specialist", specialistId="gate", **where)
        sources.append((await counting(hub, "gate", workspaceId="default"))["source"])
    assert sources == ["user", "file"]


async def test_changing_one_that_is_no_record_makes_a_copy_that_counts(hub: Hub, folder: Path) -> None:
    bundled = await counting(hub, "routa")
    changed = await ask(hub, "update_specialist", specialistId="routa", model="opus", enabled=False)
    now = {"createdAt": changed["createdAt"], "updatedAt": changed["createdAt"]}
    assert changed == bundled | now | {"model": "opus", "enabled": False, "source": "user", "version": 1}
    assert await counting(hub, "routa") == changed
    again = await ask(hub, "update_specialist", specialistId="routa", model=None, expectedVersion=1)
    assert "model" not in again
    assert again["enabled"] is False
    lab = await ask(hub, "update_specialist", specialistId="routa", workspaceId="default", enabled=True)
    assert (lab["source"], lab["workspaceId"], lab["version"]) == ("workspace", "default", 1)
    assert (await counting(hub, "routa"))["enabled"] is False
    assert [name for name in await names_of_events(hub) if name.startswith("specialist.")] == [
        "specialist.created", "specialist.updated", "specialist.created"
    ]  # fmt: skip


async def test_what_is_defined_elsewhere_is_not_deleted_here(hub: Hub, folder: Path) -> None:
    write(folder, "mine", "Mine.")
    for id_ in ("routa", "mine"):
        error = await refusal(ask(hub, "delete_specialist", specialistId=id_))
        assert isinstance(error, Refused)
        assert "enabled=false" in error.message
    assert isinstance(await refusal(ask(hub, "delete_specialist", specialistId="nobody")), NotFound)


async def test_an_id_is_taken_once_in_each_place_however_many_ask_at_once(hub: Hub) -> None:
    made = await kinds(ask(hub, "create_specialist", **POET) for _ in range(5))
    assert made == ["conflict"] * 4 + ["ok"]
    await ask(hub, "create_specialist", **POET, workspaceId="default")
    assert isinstance(await refusal(ask(hub, "create_specialist", **POET, workspaceId="default")), Duplicate)
    assert isinstance(await refusal(ask(hub, "update_specialist", specialistId="poet", name="Late", expectedVersion=7)), Stale)


async def test_a_list_for_agents_has_no_prompts(hub: Hub, folder: Path) -> None:
    write(folder, "critic", "Criticise.")
    await ask(hub, "create_specialist", **POET)
    listed = await ask(hub, "list_specialists")
    assert [one["id"] for one in listed["specialists"]] == ["crafter", "critic", "developer", "gate", "poet", "routa"]
    assert not any("systemPrompt" in one for one in listed["specialists"])
    assert "problems" not in listed


async def test_a_broken_file_is_told_of_and_the_others_are_there(hub: Hub, folder: Path) -> None:
    write(folder, "critic", "Criticise.")
    write(folder, "king", "Rule.", role="KING")
    listed = await ask(hub, "list_specialists")
    assert [one["id"] for one in listed["specialists"]] == ["crafter", "critic", "developer", "gate", "routa"]
    assert listed["problems"] == ["specialists/king.md: role: Input should be 'ROUTA', 'CRAFTER', 'GATE' or 'DEVELOPER'"]


async def test_a_workspace_takes_its_specialists_with_it(hub: Hub) -> None:
    await ask(hub, "create_workspace", title="Lab", id="lab")
    await ask(hub, "create_specialist", **POET, workspaceId="lab")
    await ask(hub, "create_specialist", **POET | {"id": "bard"})
    await ask(hub, "delete_workspace", workspaceId="lab")
    await ask(hub, "create_workspace", title="Lab", id="lab")
    assert await ids(hub, workspaceId="lab") == ["bard", *BUNDLED]


async def test_tenants_see_nothing_of_each_other_and_nothing_of_the_folders_of_whoever_runs_the_hub(hub: Hub, folder: Path) -> None:
    write(folder, "mine", "Mine.")
    await ask(hub, "create_specialist", **POET)
    assert await ids(hub) == [*BUNDLED[:3], "mine", "poet", "routa"]
    other = Caller(tenant="other")
    assert await ids(hub, other) == BUNDLED
    assert isinstance(await refusal(ask(hub, "get_specialist", other, specialistId="mine")), NotFound)


async def test_agents_read_specialists_and_do_not_write_themselves_another_role(hub: Hub) -> None:
    agent = Caller(subject="agent", grants=frozenset({READ, WRITE}))
    assert await ids(hub, agent) == BUNDLED
    for call in (
        ask(hub, "create_specialist", agent, **POET), ask(hub, "update_specialist", agent, specialistId="gate", systemPrompt="Approve."),
        ask(hub, "delete_specialist", agent, specialistId="gate"),
    ):  # fmt: skip
        assert isinstance(await refusal(call), Forbidden)
    editor = Caller(subject="editor", grants=frozenset({"specialists.write"}))
    assert (await ask(hub, "create_specialist", editor, **POET))["source"] == "user"


@on_memory
@pytest.mark.parametrize(
    "fields",
    [
        {"role": "KING"}, {"role": None}, {"id": "../etc"}, {"id": ""}, {"id": "a b"}, {"id": ".hidden"}, {"id": "x" * 101}, {"name": ""},
        {"systemPrompt": ""}, {"systemPrompt": "x" * 200_001}, {"systemPrompt": "\0"}, {"defaultModelTier": "HUGE"}, {"locale": "en_US!"},
        {"source": "bundled"}, {"enabled": "perhaps"},
    ],
)  # fmt: skip
async def test_what_is_no_specialist_is_refused(hub: Hub, fields: dict[str, Any]) -> None:
    assert isinstance(await refusal(ask(hub, "create_specialist", **POET | fields)), Invalid)
    assert await ids(hub) == BUNDLED


@on_memory
async def test_a_hub_without_a_library_has_those_that_it_stores(store: HubStore) -> None:
    hub = Hub(store)
    assert await ids(hub) == []
    await ask(hub, "create_specialist", **POET)
    assert await ids(hub) == ["poet"]
