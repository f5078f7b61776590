"""What an event says beyond which record it is of: its `data`, by its name."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.domain.model import Record, Value


class Changed(Value):
    changed: tuple[str, ...]
    """The wire names of the fields."""


class OfTask(Value):
    task_id: str


class OfSession(Value):
    session_id: str


class Reason(Value):
    reason: str | None = None


class AgentMade(Value):
    runner: str | None = None


class AgentChanged(Changed):
    runner: str | None = None
    """Set when it is another one than before."""


class TaskMade(Value):
    agent_id: str | None = None
    token: int | None = None
    worker: str | None = None
    """Who has begun with it."""


class Claimed(Value):
    agent_id: str | None = None
    token: int | None = None


class Said(Value):
    number: int | None = None
    role: str | None = None
    message_id: str | None = None
    parts: tuple[dict[str, Any], ...] | None = None


class Delegated(Said):
    agent_id: str
    caller_agent_id: str


class PutOut(Value):
    artifact_id: str
    chunks: tuple[tuple[dict[str, Any], ...], ...]
    append: bool
    last: bool
    name: str | None = None
    description: str | None = None


class InputAsked(Value):
    input_request_id: str
    agent_id: str | None = None


class InputGiven(Said):
    input_request_id: str
    declined: bool


class Reported(Value):
    agent_id: str
    success: bool


class Finished(Value):
    success: bool


class Judged(Value):
    verdict: str
    agent_id: str | None = None


class NoteMade(Value):
    source: str | None = None


class NoteChanged(Value):
    changed: tuple[str, ...] | None = None
    text_version: int | None = None
    source: str | None = None


class MessageMade(Value):
    agent_id: str
    turn: int


class DeliveryMade(Value):
    agent_id: str
    letter_id: str
    number: int


class Reserved(Value):
    path: str
    agent_id: str


class PushDisabled(OfTask):
    failures: int


class SessionMade(Value):
    provider: str
    agent_id: str
    parent_session_id: str | None = None


class Progressed(Value):
    updates: tuple[dict[str, Any], ...]
    """In the words of ACP."""


class Prompted(Value):
    number: int
    delivery: str
    message_id: str


class PromptTaken(Value):
    number: int
    message_id: str


class PromptWithdrawn(Value):
    number: int


class CodebaseChanged(Value):
    action: str
    worktree_id: str | None = None
    branch: str | None = None
    sha: str | None = None
    saved_ref: str | None = None
    files: int | None = None


class CloneProgressed(Value):
    phase: str
    percent: int
    message: str


class CloneFailed(Value):
    error: str


class CloneCompleted(Value):
    existed: bool


class OfSharedSession(Value):
    shared_session_id: str


class Asked(OfSession):
    title: str


FACTS: Mapping[str, type[Value] | None] = {
    "agent.created": AgentMade, "agent.updated": AgentChanged, "agent.online": None,
    "task.created": TaskMade, "task.claimed": Claimed, "task.released": Claimed, "task.delegated": Delegated, "task.message_added": Said,
    "task.artifact_updated": PutOut, "task.input_requested": InputAsked, "task.input_provided": InputGiven, "task.reported": Reported,
    "task.finished": Finished, "task.judged": Judged, "task.cancelled": None,
    "artifact.created": OfTask, "artifact.updated": OfTask,
    "note.created": NoteMade, "note.updated": NoteChanged,
    "message.created": MessageMade, "delivery.created": DeliveryMade, "letter.sent": None,
    "reservation.reserved": Reserved, "reservation.released": Reserved,
    "push_config.created": OfTask, "push_config.updated": OfTask, "push_config.deleted": OfTask, "push_config.resumed": OfTask,
    "push_config.disabled": PushDisabled,
    "session.created": SessionMade, "session.queued": None, "session.connecting": Reason, "session.ready": Reason,
    "session.dormant": Reason, "session.failed": Reason, "session.closed": Reason, "session.cancelled": None,
    "session.progressed": Progressed, "session.prompted": Prompted, "session.prompt_taken": PromptTaken,
    "session.prompt_withdrawn": PromptWithdrawn,
    **{f"permission.{what}": OfSession for what in ("created", "allowed", "denied", "cancelled", "expired")},
    "permission.requested": Asked,
    "shared_session.closed": None, "shared_message.created": OfSharedSession,
    **{f"participant.{what}": OfSharedSession for what in ("joined", "left")},
    **{f"prompt_approval.{what}": OfSharedSession for what in ("asked", "approved", "rejected")},
    "codebase.changed": CodebaseChanged,
    "clone.started": None, "clone.released": None, "clone.progressed": CloneProgressed, "clone.failed": CloneFailed,
    "clone.completed": CloneCompleted,
    "remote_agent.connected": Reason, "remote_agent.lost": Reason, "token.revoked": None,
}  # fmt: skip
"""None: nothing. What is not named here is as `facts` says."""
PLAIN: Mapping[str, type[Value] | None] = {"created": None, "updated": Changed, "deleted": None}
"""By what happened, to any record."""


def facts(kinds: Sequence[type[Record]]) -> dict[str, type[Value] | None]:
    """Every event that there may be of these kinds, and what its data are."""
    return {**{f"{kind.kind}.{what}": data for kind in kinds for what, data in PLAIN.items()}, **FACTS}
