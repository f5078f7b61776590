"""Conversations: turns of an agent, numbered in commit order."""

import asyncio

import pytest

from hub.app import Hub
from hub.domain.errors import NotFound
from tests.core.support import ask, new_agent, on_memory, refusal


async def turns(hub: Hub, agent: str, **options: int) -> list[int]:
    return [message["turn"] for message in (await ask(hub, "read_conversation", agentId=agent, **options))["messages"]]


@pytest.fixture
async def agent(hub: Hub) -> str:
    """One that has said ten things."""
    agent = await new_agent(hub)
    for at in range(1, 11):
        await ask(hub, "append_message", agentId=agent, role="ASSISTANT", content=f"turn {at}")
    return agent


@on_memory
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, range(1, 11)), ({"lastN": 3}, range(8, 11)), ({"lastN": 99}, range(1, 11)), ({"startTurn": 4}, range(4, 11)),
        ({"endTurn": 4}, range(1, 5)), ({"startTurn": 3, "endTurn": 5}, range(3, 6)), ({"startTurn": 5, "endTurn": 4}, ()),
        ({"startTurn": 11}, ()), ({"limit": 2}, range(1, 3)), ({"startTurn": 9, "limit": 5}, range(9, 11)),
        ({"startTurn": 2, "lastN": 3}, range(8, 11)), ({"startTurn": 9, "lastN": 3}, range(9, 11)),
    ],
)  # fmt: skip
async def test_a_conversation_is_read_whole_or_in_part(hub: Hub, agent: str, options: dict[str, int], expected: range) -> None:
    assert await turns(hub, agent, **options) == list(expected)


@on_memory
async def test_a_turn_keeps_what_was_said_by_whom_and_with_which_tool(hub: Hub, agent: str) -> None:
    said = await ask(hub, "append_message", agentId=agent, role="TOOL", content="42", toolName="add", toolArgs='{"a":40,"b":2}')
    assert (await ask(hub, "read_conversation", agentId=agent, lastN=1))["messages"] == [said]
    assert (said["turn"], said["role"], said["toolName"], said["timestamp"]) == (11, "TOOL", "add", "2026-01-01T00:00:00.000Z")
    assert (await ask(hub, "get_agent", agentId=agent))["messageCount"] == 11


async def test_turns_said_at_once_are_numbered_without_gap_and_none_is_lost(hub: Hub) -> None:
    agent, other = await new_agent(hub), await new_agent(hub)
    calls = (ask(hub, "append_message", agentId=who, role="USER", content=f"{at}") for at in range(20) for who in (agent, other))
    await asyncio.gather(*calls)
    for who in (agent, other):
        messages = (await ask(hub, "read_conversation", agentId=who))["messages"]
        assert [message["turn"] for message in messages] == list(range(1, 21))
        assert {message["content"] for message in messages} == {f"{at}" for at in range(20)}


@on_memory
async def test_an_agent_that_is_not_there_has_no_conversation(hub: Hub) -> None:
    assert isinstance(await refusal(ask(hub, "append_message", agentId="nobody", role="USER", content="hello")), NotFound)
    assert isinstance(await refusal(ask(hub, "read_conversation", agentId="nobody")), NotFound)
    assert await turns(hub, await new_agent(hub)) == []
