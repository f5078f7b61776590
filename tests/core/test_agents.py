"""Agents: who works here, and who is still there."""

from typing import Any

import pytest

from hub.app import Hub
from hub.domain.errors import Invalid, NotFound, Refused
from tests.core.support import Clock, ask, names_of_events, new_agent, new_task, on_memory, refusal

pytestmark = on_memory


async def presence(hub: Hub, agent: str) -> str:
    return str((await ask(hub, "get_agent", agentId=agent))["presence"])


async def test_a_new_agent_is_pending_and_its_presence_unknown(hub: Hub) -> None:
    agent = await ask(hub, "create_agent", name="ann", role="CRAFTER", modelTier="FAST", metadata={"a": "1"})
    assert (agent["status"], agent["presence"], agent["modelTier"], agent["metadata"]) == ("PENDING", "unknown", "FAST", {"a": "1"})
    assert agent["agentId"] == agent["id"]
    assert await ask(hub, "get_agent", agentId=agent["id"]) == agent | {"messageCount": 0, "tasks": []}


@pytest.mark.parametrize("wrong", [{"role": "BOSS"}, {"name": ""}, {"modelTier": "HUGE"}, {"metadata": {"a": 1}}])
async def test_an_agent_of_no_known_sort_is_invalid(hub: Hub, wrong: dict[str, Any]) -> None:
    assert isinstance(await refusal(new_agent(hub, **wrong)), Invalid)


async def test_an_agent_is_online_from_its_heartbeat_until_the_time_to_live_is_over(hub: Hub, clock: Clock) -> None:
    agent = await new_agent(hub)
    beat = await ask(hub, "heartbeat_agent", agentId=agent, ttlSeconds=60)
    assert (beat["presence"], beat["lastSeenAt"], beat["expiresAt"]) == ("online", "2026-01-01T00:00:00.000Z", "2026-01-01T00:01:00.000Z")
    clock.turn(59.999)
    assert await presence(hub, agent) == "online"
    clock.turn(0.001)
    assert await presence(hub, agent) == "vanished"
    assert (await ask(hub, "list_agents"))["agents"][0]["presence"] == "vanished"
    await ask(hub, "heartbeat_agent", agentId=agent)
    clock.turn(119)
    assert await presence(hub, agent) == "online"


async def test_only_a_heartbeat_that_changes_something_is_an_event(hub: Hub, clock: Clock) -> None:
    agent = await new_agent(hub)
    for seconds in (0, 30, 30, 200):
        clock.turn(seconds)
        await ask(hub, "heartbeat_agent", agentId=agent)
    assert await names_of_events(hub, recordId=agent) == ["agent.created", "agent.online", "agent.online"]


@pytest.mark.parametrize(
    ("status", "expected"), [("COMPLETED", "unknown"), ("cancelled", "unknown"), ("ERROR", "vanished"), ("active", "vanished")]
)
async def test_an_agent_that_is_done_is_not_missed(hub: Hub, clock: Clock, status: str, expected: str) -> None:
    agent = await new_agent(hub)
    await ask(hub, "heartbeat_agent", agentId=agent, ttlSeconds=1)
    await ask(hub, "update_agent", agentId=agent, status=status)
    clock.turn(2)
    assert await presence(hub, agent) == expected


async def test_an_update_merges_metadata_and_changes_what_it_names(hub: Hub) -> None:
    agent = await new_agent(hub, metadata={"a": "1", "b": "2"})
    changed = await ask(hub, "update_agent", agentId=agent, metadata={"b": "3"}, name="new")
    assert (changed["name"], changed["metadata"], changed["role"]) == ("new", {"a": "1", "b": "3"}, "CRAFTER")
    same = await ask(hub, "update_agent", agentId=agent, name=None, status=None, metadata=None, modelTier=None)
    assert (same["name"], same["metadata"], same["status"], same["modelTier"]) == ("new", changed["metadata"], "PENDING", "SMART")


async def test_agents_are_listed_by_role_status_and_parent(hub: Hub) -> None:
    lead = await new_agent(hub, role="ROUTA")
    child = await new_agent(hub, parentId=lead)
    await ask(hub, "update_agent", agentId=child, status="ACTIVE")

    async def listed(**filters: str) -> list[str]:
        return [agent["id"] for agent in (await ask(hub, "list_agents", **filters))["agents"]]

    assert await listed() == [lead, child]
    assert await listed(role="ROUTA") == [lead]
    assert await listed(status="ACTIVE") == await listed(parentId=lead) == [child]
    page = await ask(hub, "list_agents", limit=1)
    assert [agent["id"] for agent in (await ask(hub, "list_agents", cursor=page["nextCursor"]))["agents"]] == [child]


async def test_agents_stand_at_most_two_deep_under_one_another(hub: Hub) -> None:
    top = await new_agent(hub)
    first = await new_agent(hub, parentId=top)
    second = await new_agent(hub, parentId=first)
    assert (await ask(hub, "get_agent", agentId=second))["metadata"]["delegationDepth"] == "2"
    assert isinstance(await refusal(new_agent(hub, parentId=second)), Refused)


async def test_an_agent_shows_its_tasks_and_how_much_was_said(hub: Hub) -> None:
    agent, task_id = await new_agent(hub), await new_task(hub, "Fix it")
    await new_task(hub)
    await ask(hub, "claim_task", agentId=agent, taskId=task_id)
    await ask(hub, "append_message", agentId=agent, role="USER", content="hello")
    seen = await ask(hub, "get_agent", agentId=agent)
    assert seen["tasks"] == [{"id": task_id, "title": "Fix it", "status": "IN_PROGRESS"}]
    assert seen["messageCount"] == 1


async def test_a_deleted_agent_is_gone_and_deleting_it_again_with_its_key_is_no_error(hub: Hub) -> None:
    agent = await new_agent(hub)
    gone = await ask(hub, "delete_agent", agentId=agent, idempotencyKey="k")
    assert await ask(hub, "delete_agent", agentId=agent, idempotencyKey="k") == gone
    for operation in ("get_agent", "heartbeat_agent", "update_agent", "delete_agent"):
        assert isinstance(await refusal(ask(hub, operation, agentId=agent)), NotFound)
