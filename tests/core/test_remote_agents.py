"""Remote agents: how they are registered, what stays secret, who may do it, and what goes with them."""

from typing import Any

import pytest

from hub.access import LOCAL_TENANT, WRITE, Caller
from hub.addresses import Reach
from hub.app import Hub
from hub.domain.errors import Duplicate, Forbidden, Invalid, NotFound, Refused, Stale
from hub.domain.mcp_servers import MASK
from hub.domain.remote_agents import RemoteAgent, RemoteTask
from hub.operations.base import secret_place
from hub.ports import HubStore, Json
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import ask, names_of_events, new_task, refusal

SECRET = "hush-hush-0123456789"
URL = "https://agents.example.com/ann"


@pytest.fixture
def store_kind() -> str:
    """No store can change these rules."""
    return "memory"


@pytest.fixture
def hub(store: HubStore) -> Hub:
    return Hub(store, vault=vault.ephemeral())


async def register(hub: Hub, **fields: Any) -> Json:
    return await ask(hub, "register_remote_agent", **{"url": URL, "id": "ann", **fields})


async def opened(hub: Hub) -> dict[str, str]:
    remote = await hub.store.get(LOCAL_TENANT, RemoteAgent, "ann")
    assert remote
    assert hub.vault
    return {name: hub.vault.open(value, secret_place(LOCAL_TENANT, RemoteAgent, "ann")) for name, value in remote.headers.items()}


async def test_it_is_an_agent_like_any_other_from_the_same_moment_on(hub: Hub) -> None:
    remote = await register(hub)
    assert (remote["status"], remote["url"]) == ("connecting", URL)
    agent = await ask(hub, "get_agent", agentId="ann")
    assert (agent["name"], agent["metadata"], agent["messageCount"]) == ("agents.example.com", {"runner": "a2a"}, 0)
    assert (await names_of_events(hub))[-2:] == ["agent.created", "remote_agent.created"]
    assert isinstance(await refusal(register(hub)), Duplicate)
    await ask(hub, "create_agent", agentId="bob", name="Bob", role="CRAFTER")
    assert isinstance(await refusal(register(hub, id="bob")), Duplicate)


async def test_a_secret_is_sealed_and_never_told(hub: Hub) -> None:
    made = await register(hub, token=SECRET, headers={"X-API-Key": "another-secret"})
    assert made["headers"] == {"Authorization": MASK, "X-API-Key": MASK}
    assert await opened(hub) == {"Authorization": f"Bearer {SECRET}", "X-API-Key": "another-secret"}
    assert SECRET not in str(await ask(hub, "list_events"))
    await ask(hub, "update_remote_agent", agentId="ann", headers={"X-API-Key": MASK})
    assert await opened(hub) == {"X-API-Key": "another-secret"}
    assert isinstance(await refusal(ask(hub, "update_remote_agent", agentId="ann", headers={"X-Other": MASK})), Invalid)


async def test_a_secret_does_not_follow_to_another_address(hub: Hub) -> None:
    await register(hub, token=SECRET)
    refused = await refusal(ask(hub, "update_remote_agent", agentId="ann", url="https://evil.example.com/"))
    assert isinstance(refused, Invalid)
    assert "give Authorization anew" in refused.message
    await ask(hub, "update_remote_agent", agentId="ann", url=f"{URL}/card.json")
    await ask(hub, "update_remote_agent", agentId="ann", url="https://other.example.com/", token="new")
    assert await opened(hub) == {"Authorization": "Bearer new"}


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "ftp://a.example"}, {"url": "https://user:password@a.example"}, {"headers": {"Host": "x"}},
        {"headers": {"A2A-Version": "9"}},
        {"headers": {"X-Key": "a\nb"}}, {"token": "t", "headers": {"authorization": "x"}}, {"origins": ["nowhere"]}, {"id": "a/b"},
        {"patienceSeconds": 0},
    ],
)  # fmt: skip
async def test_what_cannot_be_used_is_not_taken(hub: Hub, fields: Json) -> None:
    assert isinstance(await refusal(register(hub, **fields)), Invalid)
    assert isinstance(await refusal(ask(hub, "get_agent", agentId="ann")), NotFound)


@pytest.mark.parametrize(
    ("reach", "url", "allowed"),
    [
        ("public", URL, True), ("public", "http://127.0.0.1:1/", False), ("public", "http://[::1]/", False),
        ("public", "http://a.internal/", False), ("none", URL, False), ("all", "http://10.0.0.1/", True),
        ("all", "http://169.254.169.254/", False),
    ],
)  # fmt: skip
async def test_the_hub_registers_only_what_it_may_call(reach: Reach, url: str, allowed: bool) -> None:
    hub = Hub(MemoryStore(), reach=reach)
    if allowed:
        assert (await register(hub, url=url))["url"] == url
    else:
        refused = await refusal(register(hub, url=url))
        assert isinstance(refused, Forbidden)
        assert "TRIVIUM_UPSTREAMS" in refused.message


async def test_registering_needs_a_grant_that_write_does_not_give(hub: Hub) -> None:
    await register(hub)
    writer = Caller(grants=frozenset({WRITE}))
    assert isinstance(await refusal(hub.call("register_remote_agent", {"url": URL}, writer)), Forbidden)
    assert isinstance(await refusal(hub.call("update_remote_agent", {"agentId": "ann"}, writer)), Forbidden)
    assert isinstance(await refusal(hub.call("delete_remote_agent", {"agentId": "ann"}, writer)), Forbidden)
    await hub.call("get_remote_agent", {"agentId": "ann"}, writer)
    await hub.call("register_remote_agent", {"url": URL}, Caller(grants=frozenset({"remote_agents.write"})))


async def test_what_was_read_of_another_url_is_not_taken(hub: Hub) -> None:
    await register(hub)
    await ask(hub, "update_remote_agent", agentId="ann", url=f"{URL}/new")
    late = ask(hub, "report_remote_agent", agentId="ann", url=URL, reason="nobody there")
    assert isinstance(await refusal(late), Refused)
    assert (await ask(hub, "get_remote_agent", agentId="ann"))["status"] == "connecting"


async def test_the_same_report_again_tells_nobody_anything(hub: Hub) -> None:
    await register(hub)
    for _ in range(2):
        await ask(hub, "report_remote_agent", agentId="ann", url=URL, reason="nobody there")
    assert (await names_of_events(hub)).count("remote_agent.lost") == 1


@pytest.mark.parametrize("operation", ["delete_remote_agent", "delete_agent"])
async def test_the_agent_and_how_it_is_reached_go_together(hub: Hub, operation: str) -> None:
    await register(hub, token=SECRET)
    await ask(hub, operation, agentId="ann")
    assert isinstance(await refusal(ask(hub, "get_remote_agent", agentId="ann")), NotFound)
    assert isinstance(await refusal(ask(hub, "get_agent", agentId="ann")), NotFound)
    await register(hub)


async def test_what_stands_for_a_task_there_is_kept_under_the_claim_and_goes_with_the_task(hub: Hub) -> None:
    await register(hub)
    task = await new_task(hub)
    token = (await ask(hub, "claim_task", agentId="ann", taskId=task))["claim"]["token"]
    about = {"taskId": task, "agentId": "ann", "claimToken": token}
    await ask(hub, "record_remote_task", **about, remoteTaskId="r-1", remoteContextId="c-1", sent=1)
    assert isinstance(await refusal(ask(hub, "record_remote_task", **about | {"claimToken": token + 1}, sent=2)), Stale)
    again = await ask(hub, "record_remote_task", **about, again=True)
    assert (again["run"], again["sent"], again.get("remoteTaskId"), again["remoteContextId"]) == (2, 0, None, "c-1")
    await ask(hub, "delete_task", taskId=task)
    assert await hub.store.get(LOCAL_TENANT, RemoteTask, task) is None
