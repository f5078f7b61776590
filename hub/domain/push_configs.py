"""Push notifications: who is told over HTTP of what happens to a task, and up to where it was told (A2A 1.0 §4.3)."""

from typing import ClassVar, Literal

from hub.domain.mcp_servers import MASK
from hub.domain.model import Instant, Record, Value

PushStatus = Literal["active", "done", "disabled"]
"""done: the task has ended and all of it was told. disabled: too many deliveries failed; `disabled_reason` says why."""
MOST_PUSH_CONFIGS = 20
"""Of one task."""
PushVersion = Literal["1.0", "0.3"]
"""Of A2A: its StreamResponses one by one, or the whole task each time."""


class PushAuthentication(Value):
    """Sent as `Authorization: <scheme> <credentials>`."""

    scheme: str
    credentials: str | None = None
    """Sealed."""


class PushLease(Value):
    """The right of one node to deliver until `expires_at`."""

    node: str
    expires_at: Instant


class PushConfig(Record):
    kind: ClassVar[str] = "push_config"
    plural: ClassVar[str] = "pushConfigs"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "task_id", "status")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("task_id",), ("workspace_id",), ("status",))

    task_id: str
    """The id is the client's own, and another task may have it too."""
    workspace_id: str
    url: str
    token: str | None = None
    """Sent along, so that the receiver knows the notification for one that it asked for. Sealed."""
    authentication: PushAuthentication | None = None
    protocol_version: PushVersion = "1.0"
    owner: str
    """The subject that made it."""
    status: PushStatus = "active"
    delivered: int
    """The task's version up to which the receiver was told."""
    cursor: int
    """Of the log: what is not delivered yet lies behind it."""
    known: int
    """The task's version that the receiver began with. An event up to it is no news, also behind the cursor."""
    state: str | None = None
    """`Task.state`, as the receiver was told last."""
    whole: bool = False
    """It is to be told first how the whole task stands."""
    failures: int = 0
    """Deliveries that failed in a row."""
    last_error: str | None = None
    next_at: Instant | None = None
    """Not tried again before."""
    disabled_reason: str | None = None
    lease: PushLease | None = None
    lease_count: int = 0
    """The number of the lease, by which a node that stood still is found out."""

    @property
    def key(self) -> str:
        return push_key(self.task_id, self.id)

    def shown(self) -> "PushConfig":
        """As a caller may see it."""
        authentication = self.authentication
        if authentication and authentication.credentials:
            authentication = authentication.model_copy(update={"credentials": MASK})
        return self.model_copy(update={"token": MASK if self.token else None, "authentication": authentication, "lease": None})


def push_key(task_id: str, id_: str) -> str:
    return f"{task_id}/{id_}"
