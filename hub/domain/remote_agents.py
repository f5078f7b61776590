"""Agents elsewhere that speak A2A: how they are reached, and what of theirs stands for which task of the hub."""

from typing import ClassVar, Literal

from pydantic import JsonValue

from hub.domain.mcp_servers import MASK
from hub.domain.model import Instant, Record, Value

RemoteStatus = Literal["connecting", "ready", "unreachable"]
RUNNER = "a2a"
"""What an agent's metadata says under `runner` when it is elsewhere."""


class RemoteInterface(Value):
    """One way to talk to an agent that its card names (A2A 1.0 §4.4.6)."""

    url: str
    binding: str
    """JSONRPC or HTTP+JSON."""
    version: str
    """Major and minor, like 1.0."""
    tenant: str = ""

    def __str__(self) -> str:
        return f"{self.binding} {self.version} at {self.url}"


class RemoteAgent(Record):
    """Its id is its agent's."""

    kind: ClassVar[str] = "remote_agent"
    plural: ClassVar[str] = "remoteAgents"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "status")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",), ("status",))

    url: str
    """Of its card, or of the server that has it at its well-known place."""
    workspace_id: str
    headers: dict[str, str] = {}
    """Sent with every request. The values are sealed."""
    origins: tuple[str, ...] = ()
    """Where else they may be sent, and keys of signatures be read, than at the origin of its url."""
    patience_seconds: float = 120.0
    """How long it may be out of reach before the tasks that it works on fail."""
    status: RemoteStatus = "connecting"
    reason: str | None = None
    """Why it is out of reach, or what its card says that is not so."""
    card: dict[str, JsonValue] | None = None
    card_url: str | None = None
    etag: str | None = None
    fresh_until: Instant | None = None
    interfaces: tuple[RemoteInterface, ...] = ()
    """Those that the hub can speak, the best first."""
    interface: RemoteInterface | None = None
    """The one that is used."""
    signed: bool = False
    """Its card's signature was verified. A card that is not signed as it says is not used at all."""
    named: bool = False
    """Its agent's name was given by whoever registered it, and is not its card's."""

    def shown(self) -> "RemoteAgent":
        """As a caller may see it."""
        return self.model_copy(update={"headers": dict.fromkeys(self.headers, MASK)})


class RemoteTask(Record):
    """What a remote agent does for a task of the hub. Its id is that task's."""

    kind: ClassVar[str] = "remote_task"
    plural: ClassVar[str] = "remoteTasks"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "place", "ended")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",), ("place",), ("ended",))

    workspace_id: str
    agent_id: str
    place: str
    """Of the hub's context with this agent: see `place_of`."""
    run: int = 1
    """How often it was given to a remote agent, this time included."""
    remote_task_id: str | None = None
    """None before the agent answered, and when it answered with a message alone."""
    remote_context_id: str | None = None
    sent: int = 0
    """The last message of the task's history that the agent has."""
    question: str | None = None
    """The hub's own question that stands for what the agent waits for, or waited for last."""
    asked: str | None = None
    """The agent's own mark of that question, by which it is not taken for another one."""
    ended: bool = False


def place_of(agent_id: str, context_id: str | None, task_id: str) -> str:
    """Tasks of one context go to the agent as one context. The length keeps the parts apart."""
    return f"{len(agent_id)}:{agent_id}/{context_id or task_id}"
