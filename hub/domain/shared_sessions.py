"""A shared session lets people watch a session with an agent together, talk about it, and prompt the agent as far as its host allows."""

from typing import ClassVar, Literal

from hub.domain.model import Instant, Record

SharedSessionMode = Literal["view_only", "comment_only", "prompt_with_approval", "prompt_direct"]
SharedSessionStatus = Literal["active", "closed", "expired"]
ParticipantRole = Literal["host", "collaborator", "viewer"]
SharedMessageKind = Literal["comment", "prompt", "system"]
ApprovalStatus = Literal["pending", "approved", "rejected", "failed"]

MAY_COMMENT: frozenset[SharedSessionMode] = frozenset({"comment_only", "prompt_with_approval", "prompt_direct"})
MAY_PROMPT: frozenset[SharedSessionMode] = frozenset({"prompt_with_approval", "prompt_direct"})
"""What a mode lets collaborators do. The host may do everything, viewers nothing."""


class SharedSession(Record):
    kind: ClassVar[str] = "shared_session"
    plural: ClassVar[str] = "shared_sessions"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "host_session_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",), ("host_session_id",))

    workspace_id: str
    host_user_id: str
    host_session_id: str
    mode: SharedSessionMode
    invite_digest: str
    """Of the token with which others join."""
    closed_at: Instant | None = None
    expires_at: Instant | None = None

    def status_at(self, now: Instant) -> SharedSessionStatus:
        if self.closed_at:
            return "closed"
        return "expired" if self.expires_at and self.expires_at <= now else "active"


class Participant(Record):
    kind: ClassVar[str] = "participant"
    plural: ClassVar[str] = "participants"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "shared_session_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("shared_session_id",), ("workspace_id",))

    workspace_id: str
    shared_session_id: str
    user_id: str
    display_name: str | None = None
    role: ParticipantRole
    token_digest: str
    """Of the token that is the participant's alone."""
    left_at: Instant | None = None


class SharedMessage(Record):
    kind: ClassVar[str] = "shared_message"
    plural: ClassVar[str] = "messages"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "shared_session_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("shared_session_id",), ("workspace_id",))

    workspace_id: str
    shared_session_id: str
    participant_id: str
    author_user_id: str
    message_kind: SharedMessageKind
    text: str
    approval_id: str | None = None


class PromptApproval(Record):
    """A prompt that a collaborator wants to be sent."""

    kind: ClassVar[str] = "prompt_approval"
    plural: ClassVar[str] = "approvals"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "shared_session_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("shared_session_id",), ("workspace_id",))

    workspace_id: str
    shared_session_id: str
    participant_id: str
    prompt: str
    status: ApprovalStatus = "pending"
    resolved_at: Instant | None = None
    resolved_by_participant_id: str | None = None
