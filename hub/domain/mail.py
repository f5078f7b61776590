"""Mail between agents: a letter is sent once and delivered to each recipient, who acknowledges it."""

from typing import ClassVar

from hub.domain.model import Instant, Record, numbered_key


class Letter(Record):
    kind: ClassVar[str] = "letter"
    plural: ClassVar[str] = "letters"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "thread_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("thread_id",), ("workspace_id",))
    searchable: ClassVar[tuple[str, ...]] = ("subject", "content")

    workspace_id: str
    thread_id: str
    """The id of the letter that began the thread."""
    from_agent_id: str
    to_agent_ids: tuple[str, ...]
    subject: str | None = None
    content: str


class Delivery(Record):
    """A letter in one agent's inbox. It stays there until it is acknowledged: at-least-once."""

    kind: ClassVar[str] = "delivery"
    plural: ClassVar[str] = "deliveries"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "agent_id", "acknowledged")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("agent_id", "acknowledged"), ("workspace_id",))

    workspace_id: str
    agent_id: str
    number: int
    """Counts the agent's deliveries in commit order, from 1: the inbox's cursor."""
    letter_id: str
    acknowledged: bool = False
    acknowledged_at: Instant | None = None

    @property
    def key(self) -> str:
        return numbered_key(self.agent_id, self.number)
