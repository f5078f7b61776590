"""Mail between agents: sent once, delivered to each, kept in the inbox until acknowledged."""

from asyncio import gather
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from hub.domain.agents import Agent
from hub.domain.conversations import Conversation
from hub.domain.mail import Delivery, Letter
from hub.domain.model import numbered_key
from hub.operations.base import Call, Id, Input, Limit, Listing, Mutation, Name, Operation, Page, Result, Text

OneOrMany = Annotated[
    tuple[Id, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value), Field(min_length=1, max_length=50)
]


class SendMessage(Mutation):
    from_agent_id: Id
    to_agent_ids: OneOrMany
    content: Text
    subject: Name | None = None
    reply_to: Id | None = None
    """Id of the letter that this answers."""


class ReadInbox(Input):
    brief: ClassVar[tuple[str, ...]] = ("agentId", "cursor", "limit")

    agent_id: Id
    cursor: Annotated[int, Field(ge=0, lt=10**10)] = 0
    limit: Limit = 20
    include_acknowledged: bool = False


class AcknowledgeMessages(Mutation):
    agent_id: Id
    numbers: Annotated[tuple[int, ...], Field(min_length=1, max_length=200)]


class ReadThread(Page):
    thread_id: Id


class InboxLetter(Letter):
    number: int
    acknowledged: bool


class Inbox(Result):
    letters: tuple[InboxLetter, ...]
    cursor: int


class Acknowledged(Result):
    acknowledged: tuple[int, ...]


async def send_message(given: SendMessage, call: Call) -> Letter:
    """Send a letter to one agent or many."""
    recipients = [await call.need(Agent, id_) for id_ in dict.fromkeys(given.to_agent_ids)]
    letter = Letter(
        workspace_id=recipients[0].workspace_id, thread_id="", from_agent_id=given.from_agent_id, subject=given.subject,
        to_agent_ids=tuple(agent.id for agent in recipients), content=given.content,
    )  # fmt: skip
    thread_id = (await call.need(Letter, given.reply_to)).thread_id if given.reply_to else letter.id
    for agent in recipients:
        counter = await call.unit.get(Conversation, agent.id) or Conversation(id=agent.id, workspace_id=agent.workspace_id)
        counter = call.unit.put(counter.model_copy(update={"deliveries": counter.deliveries + 1}))
        delivery = Delivery(workspace_id=agent.workspace_id, agent_id=agent.id, number=counter.deliveries, letter_id=letter.id)
        call.create(delivery, agentId=agent.id, letterId=letter.id, number=delivery.number)
    return call.write(letter.model_copy(update={"thread_id": thread_id}), "sent")


async def read_inbox(given: ReadInbox, call: Call) -> Inbox:
    """Read the letters to an agent that it has not acknowledged, oldest first. Then acknowledge_messages by number."""
    agent = await call.need(Agent, given.agent_id)
    only = None if given.include_acknowledged else "false"
    deliveries = await call.unit.find(Delivery, numbered_key(agent.id, given.cursor), given.limit, agent_id=agent.id, acknowledged=only)
    letters = await gather(*(call.need(Letter, delivery.letter_id) for delivery in deliveries))
    return Inbox(
        letters=tuple(
            InboxLetter(**letter.__dict__, number=delivery.number, acknowledged=delivery.acknowledged)
            for letter, delivery in zip(letters, deliveries, strict=True)
        ),
        cursor=deliveries[-1].number if deliveries else given.cursor,
    )


async def acknowledge_messages(given: AcknowledgeMessages, call: Call) -> Acknowledged:
    """Take letters out of the inbox by their numbers. Doing it twice changes nothing."""
    agent = await call.need(Agent, given.agent_id)
    for number in dict.fromkeys(given.numbers):
        delivery = await call.need(Delivery, numbered_key(agent.id, number), str(number))
        if not delivery.acknowledged:
            call.update(delivery, acknowledged=True, acknowledged_at=call.now)
    return Acknowledged(acknowledged=given.numbers)


async def read_thread(given: ReadThread, call: Call) -> Listing[Letter]:
    """Read a thread of letters, oldest first."""
    await call.need(Letter, given.thread_id)
    return await call.list(Letter, given, thread_id=given.thread_id)


OPERATIONS = (
    Operation(send_message, "mail.write", writes=True, profiles=frozenset({"core"})),
    Operation(read_inbox, "mail.read", profiles=frozenset({"core"})),
    Operation(acknowledge_messages, "mail.write", writes=True, repeatable=True, profiles=frozenset({"core"})),
    Operation(read_thread, "mail.read", profiles=frozenset({"coordination"})),
)
