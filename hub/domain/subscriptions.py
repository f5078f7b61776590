"""A durable subscription: which events an agent wants, and up to where it has acknowledged them."""

from typing import ClassVar

from hub.domain.model import Record


class Subscription(Record):
    kind: ClassVar[str] = "subscription"
    plural: ClassVar[str] = "subscriptions"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "agent_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)

    agent_id: str
    workspace_id: str
    kinds: tuple[str, ...] = ()
    """Kinds of record, such as `task`; none means every kind."""
    record_id: str | None = None
    cursor: int
    """Acknowledged up to here."""
