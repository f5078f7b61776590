"""Mail: sent once, delivered to each, kept until acknowledged."""

import asyncio

import pytest

from hub.app import Hub
from hub.domain.errors import Invalid, NotFound
from hub.ports import Json
from tests.core.support import ask, names_of_events, new_agent, on_memory, refusal


async def send(hub: Hub, to: str | list[str], content: str = "hello", **fields: str) -> Json:
    return await ask(hub, "send_message", **{"fromAgentId": "sender", "toAgentIds": to, "content": content} | fields)


async def inbox(hub: Hub, agent: str, **options: object) -> list[tuple[int, str]]:
    return [(letter["number"], letter["content"]) for letter in (await ask(hub, "read_inbox", agentId=agent, **options))["letters"]]


async def test_a_letter_reaches_each_recipient_once(hub: Hub) -> None:
    one, two, other = [await new_agent(hub) for _ in range(3)]
    letter = await send(hub, [one, two, one], "hello", subject="greeting")
    assert (letter["toAgentIds"], letter["threadId"], letter["subject"]) == ([one, two], letter["id"], "greeting")
    assert await inbox(hub, one) == await inbox(hub, two) == [(1, "hello")]
    assert await inbox(hub, other) == []
    assert await names_of_events(hub, kinds=["letter", "delivery"]) == ["delivery.created", "delivery.created", "letter.sent"]
    assert (await send(hub, two))["toAgentIds"] == [two]


@on_memory
async def test_a_letter_to_one_that_is_not_there_reaches_nobody(hub: Hub) -> None:
    one = await new_agent(hub)
    assert isinstance(await refusal(send(hub, [one, "nobody"])), NotFound)
    assert isinstance(await refusal(send(hub, [])), Invalid)
    assert await inbox(hub, one) == []
    assert isinstance(await refusal(ask(hub, "read_inbox", agentId="nobody")), NotFound)


@on_memory
async def test_a_letter_stays_in_the_inbox_until_it_is_acknowledged(hub: Hub) -> None:
    agent = await new_agent(hub)
    for at in range(1, 4):
        await send(hub, agent, f"letter {at}")
    everything = [(at, f"letter {at}") for at in range(1, 4)]
    assert await inbox(hub, agent) == await inbox(hub, agent) == everything
    for _ in range(2):
        assert (await ask(hub, "acknowledge_messages", agentId=agent, numbers=[2, 2]))["acknowledged"] == [2, 2]
    assert await inbox(hub, agent) == [everything[0], everything[2]]
    assert await inbox(hub, agent, includeAcknowledged=True) == everything
    assert isinstance(await refusal(ask(hub, "acknowledge_messages", agentId=agent, numbers=[1, 9])), NotFound)
    assert await inbox(hub, agent) == [everything[0], everything[2]]
    await send(hub, agent, "letter 4")
    assert (await inbox(hub, agent))[-1] == (4, "letter 4")


@on_memory
async def test_an_inbox_is_read_on_from_a_cursor(hub: Hub) -> None:
    agent = await new_agent(hub)
    for at in range(1, 13):
        await send(hub, agent, f"{at}")
    cursor, seen = 0, list[int]()
    while letters := (page := await ask(hub, "read_inbox", agentId=agent, cursor=cursor, limit=5))["letters"]:
        seen += [letter["number"] for letter in letters]
        cursor = page["cursor"]
    assert (seen, cursor) == (list(range(1, 13)), 12)


async def test_letters_sent_at_once_are_numbered_without_gap_and_none_is_lost(hub: Hub) -> None:
    agents = [await new_agent(hub) for _ in range(3)]
    await asyncio.gather(*(send(hub, agents, f"{at}") for at in range(20)))
    for agent in agents:
        letters = await inbox(hub, agent, limit=100)
        assert [number for number, _ in letters] == list(range(1, 21))
        assert {content for _, content in letters} == {f"{at}" for at in range(20)}


async def test_a_letter_sent_again_with_its_key_is_delivered_once(hub: Hub) -> None:
    agent = await new_agent(hub)
    sent = await asyncio.gather(*(send(hub, agent, idempotencyKey="k") for _ in range(5)))
    assert len({letter["id"] for letter in sent}) == 1
    assert await inbox(hub, agent) == [(1, "hello")]


@on_memory
async def test_answers_join_the_thread(hub: Hub) -> None:
    one, two = await new_agent(hub), await new_agent(hub)
    first = await send(hub, two, "question", fromAgentId=one)
    answer = await send(hub, one, "answer", fromAgentId=two, replyTo=first["id"])
    further = await send(hub, two, "thanks", fromAgentId=one, replyTo=answer["id"])
    await send(hub, two, "something else")
    assert answer["threadId"] == further["threadId"] == first["id"]
    thread = await ask(hub, "read_thread", threadId=first["id"])
    assert [letter["content"] for letter in thread["letters"]] == ["question", "answer", "thanks"]
    assert isinstance(await refusal(send(hub, two, replyTo="nothing")), NotFound)
    assert isinstance(await refusal(ask(hub, "read_thread", threadId="nothing")), NotFound)


@on_memory
@pytest.mark.parametrize("numbers", [[], ["one"], None])
async def test_what_is_acknowledged_must_be_numbers(hub: Hub, numbers: object) -> None:
    agent = await new_agent(hub)
    assert isinstance(await refusal(ask(hub, "acknowledge_messages", agentId=agent, numbers=numbers)), Invalid)
