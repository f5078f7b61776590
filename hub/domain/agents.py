"""An agent is a worker known to the hub: a coding agent's session, a remote agent, or a person's tool."""

from typing import ClassVar, Literal

from hub.domain.model import Instant, Record

AgentRole = Literal["ROUTA", "CRAFTER", "GATE", "DEVELOPER"]
ModelTier = Literal["SMART", "BALANCED", "FAST"]
AgentStatus = Literal["PENDING", "ACTIVE", "COMPLETED", "ERROR", "CANCELLED"]
Presence = Literal["unknown", "online", "vanished"]

MAX_DELEGATION_DEPTH = 2
AGENT_ID = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
"""An id that somebody chooses: it stands in addresses."""


class Agent(Record):
    kind: ClassVar[str] = "agent"
    plural: ClassVar[str] = "agents"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "role", "status", "parent_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)
    remembered: ClassVar[bool] = True

    name: str
    role: AgentRole
    model_tier: ModelTier = "SMART"
    workspace_id: str
    parent_id: str | None = None
    status: AgentStatus = "PENDING"
    metadata: dict[str, str] = {}
    last_seen_at: Instant | None = None
    expires_at: Instant | None = None
    """When the last heartbeat's time to live runs out."""

    @property
    def delegation_depth(self) -> int:
        depth = self.metadata.get("delegationDepth", "0")
        return int(depth) if depth.isdecimal() else 0

    def presence_at(self, now: Instant) -> Presence:
        """Unknown for an agent that never sent a heartbeat; vanished when its last one has run out."""
        if self.expires_at is None or self.status in ("COMPLETED", "CANCELLED"):
            return "unknown"
        return "online" if now < self.expires_at else "vanished"
