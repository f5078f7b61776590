"""A session is a conversation with a coding agent that the hub runs: in a folder, by a provider, prompt after prompt.

The record is the truth, and the process follows it: whoever changes the status says what should be, the worker that holds the session's
claim makes it so.
"""

from typing import ClassVar, Literal

from pydantic import JsonValue

from hub.domain.agents import AgentRole
from hub.domain.model import Instant, Record, Value, numbered_key

SessionStatus = Literal["queued", "connecting", "ready", "dormant", "failed", "closed"]
"""queued: for a place; connecting: its process starts; ready: it runs; dormant: no process, the next prompt starts one; failed: it could
not be started, or has ended by itself; closed: until somebody resumes it."""
SessionState = Literal["idle", "running", "requires_action"]
"""As in ACP 2; requires_action: somebody has to answer a permission request."""
PromptStatus = Literal["queued", "running", "completed", "failed", "cancelled"]
Delivery = Literal["queue", "steer", "interrupt"]
"""queue: after those before it; steer: into the turn that runs; interrupt: that turn is cancelled for it."""
StopReason = Literal["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled"]
Continuity = Literal["new", "kept", "lost"]
"""Whether the agent still knows what was said before its process started."""
ContentBlock = dict[str, JsonValue]
"""As ACP has it: a type, and its fields."""

LIVE: frozenset[SessionStatus] = frozenset({"queued", "connecting", "ready"})
"""Somebody works on it, or should."""
TRANSITIONS: dict[SessionStatus, frozenset[SessionStatus]] = {
    "queued": frozenset({"connecting", "dormant", "failed", "closed"}),
    "connecting": frozenset({"queued", "ready", "dormant", "failed", "closed"}),
    "ready": frozenset({"connecting", "queued", "dormant", "failed", "closed"}),
    "dormant": frozenset({"connecting", "closed"}),
    "failed": frozenset({"connecting", "closed"}),
    "closed": frozenset({"connecting"}),
}


class SessionClaim(Value):
    """The right to run its process until `expires_at`. The token rises with each claim, so an old holder is found out."""

    worker: str
    token: int
    expires_at: Instant


class Session(Record):
    kind: ClassVar[str] = "session"
    plural: ClassVar[str] = "sessions"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "agent_id", "parent_session_id", "status")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",), ("agent_id",), ("parent_session_id",), ("status",))
    remembered: ClassVar[bool] = True

    workspace_id: str
    agent_id: str
    """The hub's agent that the session is of."""
    provider: str
    name: str | None = None
    cwd: str | None = None
    """The folder that the agent works in; none given: one that the hub makes."""
    branch: str | None = None
    role: AgentRole = "CRAFTER"
    model: str | None = None
    mode_id: str | None = None
    config: dict[str, str | bool] = {}
    """What was chosen of its config options."""
    specialist_id: str | None = None
    system_prompt: str | None = None
    """Told to the agent before its first prompt."""
    parent_session_id: str | None = None
    forked_from: str | None = None
    """The agent's own id of the session that this one begins as a copy of."""

    status: SessionStatus = "connecting"
    reason: str | None = None
    """Why it has failed, or has no process."""
    place: int | None = None
    """Where it stands in the line for a place; 1: it is the next."""
    state: SessionState = "idle"
    claim: SessionClaim | None = None
    claim_count: int = 0

    prompt_count: int = 0
    active: int | None = None
    """The number of the prompt that runs."""
    queue: tuple[int, ...] = ()
    """The numbers of those that wait, in the order in which they are sent."""
    asking: int = 0
    """How many permission requests wait for an answer."""
    cancelling: bool = False
    """Somebody wants the turn that runs to end."""

    agent_session_id: str | None = None
    """The agent's own id of it."""
    continuity: Continuity = "new"
    agent_info: dict[str, JsonValue] | None = None
    capabilities: tuple[str, ...] = ()
    """What the agent can do, of CAPABILITIES."""
    modes: dict[str, JsonValue] | None = None
    config_options: tuple[dict[str, JsonValue], ...] | None = None
    usage: dict[str, JsonValue] | None = None

    entry_count: int = 0
    """How many entries its history has."""
    standing: dict[str, int] = {}
    """The numbers of entries of which its history has one, by their kind."""
    active_at: Instant | None = None
    """When something last happened in it."""

    @property
    def soon_again(self) -> bool:
        return self.status in LIVE

    def claimed_at(self, now: Instant) -> bool:
        return self.claim is not None and now < self.claim.expires_at

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def told(self) -> bool:
        """Its agent was sent a prompt, as far as the hub knows."""
        return self.prompt_count > len(self.queue)


CAPABILITIES = ("load", "resume", "fork", "close", "list", "delete", "steer", "image", "audio", "embedded_context", "mcp_http", "mcp_sse")


class SessionServers(Record):
    """The MCP servers that whoever started a session brought. Its id is the session's. They may hold secrets, so they are sealed."""

    kind: ClassVar[str] = "session_servers"
    plural: ClassVar[str] = "session_servers"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)

    workspace_id: str
    sealed: str


class Prompt(Record):
    """What an agent is told in one turn. Prompts of a session count from 1; one is sent at a time, and none is sent twice."""

    kind: ClassVar[str] = "prompt"
    plural: ClassVar[str] = "prompts"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "session_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("session_id",), ("workspace_id",))
    remembered: ClassVar[bool] = True

    workspace_id: str
    session_id: str
    number: int
    message_id: str
    content: tuple[ContentBlock, ...]
    delivery: Delivery = "queue"
    status: PromptStatus = "queued"
    stop_reason: StopReason | None = None
    reason: str | None = None
    """Why it has failed, or was not sent."""
    usage: dict[str, JsonValue] | None = None
    by: str
    """The subject of whoever said it."""
    task_id: str | None = None
    """The task that it works on."""
    started_at: Instant | None = None
    ended_at: Instant | None = None

    @property
    def key(self) -> str:
        return numbered_key(self.session_id, self.number)

    @property
    def soon_again(self) -> bool:
        return not self.ended

    @property
    def ended(self) -> bool:
        return self.status in ("completed", "failed", "cancelled")


class SessionEntry(Record):
    """One thing of a session's history, as it stands: a message, a tool call, a plan, a state. Entries count from 1."""

    kind: ClassVar[str] = "session_entry"
    plural: ClassVar[str] = "session_entries"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "session_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("session_id",), ("workspace_id",))
    remembered: ClassVar[bool] = True

    workspace_id: str
    session_id: str
    number: int
    prompt: int | None = None
    """The number of the prompt in whose turn it happened."""
    update: dict[str, JsonValue]
    """In the shape of ACP 2, with its `sessionUpdate`."""

    @property
    def key(self) -> str:
        return numbered_key(self.session_id, self.number)


def text_of_blocks(content: tuple[ContentBlock, ...]) -> str:
    """What of it is text."""
    return "\n".join(str(block["text"]) for block in content if block.get("type") == "text" and block.get("text"))
