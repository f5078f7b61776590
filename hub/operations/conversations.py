"""Conversations: what was said to and by an agent, turn by turn."""

from typing import Annotated

from pydantic import Field

from hub.domain.agents import Agent
from hub.domain.conversations import Conversation, Message, MessageRole
from hub.domain.model import numbered_key
from hub.operations.base import Call, Id, Input, Limit, Listing, Mutation, Name, Operation, Text
from hub.operations.claims import tell


class AppendMessage(Mutation):
    agent_id: Id
    role: MessageRole
    content: Text
    tool_name: Name | None = None
    tool_args: Text | None = None


class ReadConversation(Input):
    agent_id: Id
    last_n: Limit | None = None
    """The newest turns only."""
    start_turn: Annotated[int, Field(ge=1)] | None = None
    end_turn: Annotated[int, Field(ge=1)] | None = None
    limit: Limit = 100


async def append_message(given: AppendMessage, call: Call) -> Message:
    """Append a turn to an agent's conversation."""
    agent = await call.need(Agent, given.agent_id)
    return await tell(agent, given.role, given.content, call, given.tool_name, given.tool_args)


async def read_conversation(given: ReadConversation, call: Call) -> Listing[Message]:
    """Read an agent's conversation, oldest first: all of it, the last N turns, or from startTurn to endTurn."""
    agent = await call.need(Agent, given.agent_id)
    conversation = await call.unit.get(Conversation, agent.id)
    turns = conversation.turns if conversation else 0
    first = max(given.start_turn or 1, turns - given.last_n + 1 if given.last_n else 1)
    last = min(given.end_turn or turns, turns)
    count = min(last - first + 1, given.limit)
    if count <= 0:
        return Listing(Message, ())
    bodies = await call.unit.bodies(Message, numbered_key(agent.id, first - 1), count, agent_id=agent.id)
    return Listing(Message, bodies)


OPERATIONS = (
    Operation(append_message, "conversations.write", writes=True, profiles=frozenset({"coordination"})),
    Operation(read_conversation, "conversations.read", profiles=frozenset({"coordination"})),
)
