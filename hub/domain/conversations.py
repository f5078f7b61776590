"""A conversation is what was said to and by one agent, turn by turn."""

from typing import ClassVar, Literal

from hub.domain.model import Instant, Record, numbered_key

MessageRole = Literal["SYSTEM", "USER", "ASSISTANT", "TOOL"]


class Conversation(Record):
    """Counts an agent's turns and letters, so that both are numbered in commit order. Its id is the agent's."""

    kind: ClassVar[str] = "conversation"
    plural: ClassVar[str] = "conversations"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)

    workspace_id: str
    turns: int = 0
    deliveries: int = 0


class Message(Record):
    """One turn of a conversation; turns count from 1 without gaps."""

    kind: ClassVar[str] = "message"
    plural: ClassVar[str] = "messages"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "agent_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("agent_id",), ("workspace_id",))
    searchable: ClassVar[tuple[str, ...]] = ("content", "tool_name")

    workspace_id: str
    agent_id: str
    turn: int
    role: MessageRole
    content: str
    timestamp: Instant
    tool_name: str | None = None
    tool_args: str | None = None

    @property
    def key(self) -> str:
        return numbered_key(self.agent_id, self.turn)
