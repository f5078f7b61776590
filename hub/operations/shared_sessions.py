"""Shared sessions: who takes part, and with which rights. What they say and ask stands in `shared_messages`.

A caller of the hub acts as a participant with that participant's token, which is told once, to whoever created or joined.
"""

from typing import Annotated, Literal

from pydantic import Field

from hub.domain.errors import Forbidden, Invalid, Refused
from hub.domain.mcp_servers import MASK
from hub.domain.model import Instant, Record, later
from hub.domain.sessions import Session
from hub.domain.shared_sessions import (
    ApprovalStatus,
    Participant,
    ParticipantRole,
    PromptApproval,
    SharedSession,
    SharedSessionMode,
    SharedSessionStatus,
)  # fmt: skip
from hub.domain.tokens import digest_of, new_secret
from hub.operations.base import Call, Id, Input, Mutation, Name, Operation, Page, Result

Secret = Annotated[str, Field(min_length=1, max_length=400)]


class CreateSharedSession(Mutation):
    host_session_id: Id
    host_user_id: Name
    host_display_name: Name | None = None
    mode: SharedSessionMode = "comment_only"
    """What collaborators may do: watch, comment, prompt when the host approves, or prompt."""
    workspace_id: Id | None = None
    expires_in_minutes: Annotated[int, Field(ge=1, le=525_600)] | None = None


class ListSharedSessions(Page):
    workspace_id: Id | None = None
    host_session_id: Id | None = None
    status: SharedSessionStatus | None = None


class GetSharedSession(Input):
    shared_session_id: Id


class ListParticipants(Page):
    shared_session_id: Id


class JoinSharedSession(Mutation):
    shared_session_id: Id
    invite_token: Secret
    user_id: Name
    display_name: Name | None = None
    role: Literal["collaborator", "viewer"] = "collaborator"


class AsParticipant(Mutation):
    shared_session_id: Id
    participant_id: Id
    participant_token: Secret


class WatchSharedSession(Input):
    shared_session_id: Id
    participant_id: Id
    participant_token: Secret


class LeaveSharedSession(AsParticipant):
    pass


class CloseSharedSession(AsParticipant):
    pass


class SharedSessionView(Result):
    id: str
    workspace_id: str
    host_user_id: str
    host_session_id: str
    mode: SharedSessionMode
    approval_required: bool
    invite_token: str
    """Told once, to who creates it; masked from then on."""
    created_at: Instant
    expires_at: Instant | None = None
    status: SharedSessionStatus


class ParticipantView(Result):
    id: str
    shared_session_id: str
    user_id: str
    display_name: str | None = None
    role: ParticipantRole
    joined_at: Instant
    left_at: Instant | None = None


class NewParticipant(ParticipantView):
    access_token: str
    """The participantToken, shown this once."""


class ApprovalView(Result):
    id: str
    shared_session_id: str
    participant_id: str
    prompt: str
    status: ApprovalStatus
    created_at: Instant
    resolved_at: Instant | None = None
    resolved_by_participant_id: str | None = None


class SharedSessions(Result):
    sessions: tuple[SharedSessionView, ...]
    next_cursor: str | None = None


class Participants(Result):
    participants: tuple[ParticipantView, ...]
    next_cursor: str | None = None


class Created(Result):
    session: SharedSessionView
    invite_token: str
    host_participant: NewParticipant


class Joined(Result):
    session: SharedSessionView
    participant: NewParticipant


class Left(Result):
    participant: ParticipantView


class Closed(Result):
    closed: bool = True
    session: SharedSessionView


class SharedSessionDetails(Result):
    session: SharedSessionView
    participants: tuple[ParticipantView, ...]
    approvals: tuple[ApprovalView, ...]


async def create_shared_session(given: CreateSharedSession, call: Call) -> Created:
    """Share a session with an agent. The answer holds the invite token for others and the host's own token: both are shown this once."""
    expect_no_key(given)
    call.caller.require("sessions.write")  # who takes part prompts the agent in the name of whoever shared it
    session = await call.need(Session, given.host_session_id)
    if given.workspace_id not in (None, session.workspace_id):
        raise Invalid(f"workspaceId: the session is in workspace {session.workspace_id!r}. Give that one, or leave it out.")
    await call.workspace(session.workspace_id)
    invitation = new_secret()
    end = later(call.now, given.expires_in_minutes * 60) if given.expires_in_minutes else None
    shared = call.create(SharedSession(
        workspace_id=session.workspace_id, host_user_id=given.host_user_id, host_session_id=session.id, mode=given.mode,
        invite_digest=digest_of(invitation), expires_at=end,
    ))  # fmt: skip
    host = _admitted(shared, given.host_user_id, given.host_display_name, "host", call)
    return Created(session=view(shared, call, invitation), invite_token=invitation, host_participant=host)


async def list_shared_sessions(given: ListSharedSessions, call: Call) -> SharedSessions:
    """List shared sessions, oldest first."""
    page = await call.list(SharedSession, given, workspace_id=given.workspace_id, host_session_id=given.host_session_id)
    views = [view(shared, call) for shared in page.records()]
    wanted = tuple(one for one in views if given.status in (None, one.status))
    return SharedSessions(sessions=wanted, next_cursor=page.next_cursor)


async def get_shared_session(given: GetSharedSession, call: Call) -> SharedSessionDetails:
    """Read a shared session with its participants, and the prompts that wait for the host or did."""
    shared = await call.need(SharedSession, given.shared_session_id)
    participants = [participant_view(one) async for one in call.unit.every(Participant, shared_session_id=shared.id)]
    approvals = [approval_view(one) async for one in call.unit.every(PromptApproval, shared_session_id=shared.id)]
    return SharedSessionDetails(session=view(shared, call), participants=tuple(participants), approvals=tuple(approvals))


async def list_participants(given: ListParticipants, call: Call) -> Participants:
    """List who takes part in a shared session, and who left."""
    await call.need(SharedSession, given.shared_session_id)
    page = await call.list(Participant, given, shared_session_id=given.shared_session_id)
    return Participants(participants=tuple(map(participant_view, page.records())), next_cursor=page.next_cursor)


async def join_shared_session(given: JoinSharedSession, call: Call) -> Joined:
    """Join a shared session with its invite token. The answer holds your own token, shown this once: give it with all you do there."""
    expect_no_key(given)
    shared = await open_session(given.shared_session_id, call)
    if digest_of(given.invite_token) != shared.invite_digest:
        raise Forbidden("This inviteToken does not open the shared session. Ask its host for the right one.")
    participant = _admitted(shared, given.user_id, given.display_name, given.role, call)
    return Joined(session=view(shared, call), participant=participant)


async def watch_shared_session(given: WatchSharedSession, call: Call) -> SharedSessionDetails:
    """Read a shared session as one of its participants, to follow it from there on."""
    shared, _ = await acting(given, call)
    return await get_shared_session(GetSharedSession(shared_session_id=shared.id), call)


async def leave_shared_session(given: LeaveSharedSession, call: Call) -> Left:
    """Leave a shared session. Your token is worth nothing from then on. The host closes it instead."""
    _, participant = await acting(given, call)
    if participant.role == "host":
        raise Refused("The host does not leave. close_shared_session ends it for everybody.")
    return Left(participant=participant_view(call.write(participant.model_copy(update={"left_at": call.now}), "left", **of(participant))))


async def close_shared_session(given: CloseSharedSession, call: Call) -> Closed:
    """End a shared session for everybody, as its host. The agent's session goes on."""
    shared, participant = await acting(given, call)
    expect_host(participant)
    async for approval in call.unit.every(PromptApproval, shared_session_id=shared.id):
        if approval.status == "pending":
            resolve(approval, "rejected", participant, call)
    return Closed(session=view(call.write(shared.model_copy(update={"closed_at": call.now}), "closed"), call))


async def open_session(id_: str, call: Call) -> SharedSession:
    """One in which things still happen. Raises NotFound, Refused."""
    shared = await call.need(SharedSession, id_)
    if (status := shared.status_at(call.now)) != "active":
        raise Refused(f"This shared session is {status}. Its host can share the session anew with create_shared_session.")
    return shared


async def acting(given: AsParticipant | WatchSharedSession, call: Call) -> tuple[SharedSession, Participant]:
    """Whoever has the participant's token. Raises NotFound, Refused, Forbidden."""
    shared = await open_session(given.shared_session_id, call)
    participant = await call.unit.get(Participant, given.participant_id)
    known = participant is not None and participant.shared_session_id == shared.id
    if not known or participant is None or participant.token_digest != digest_of(given.participant_token):
        raise Forbidden("This participantToken is not that participant's in this shared session. join_shared_session gives one.")
    if participant.left_at:
        raise Forbidden(f"This participant left at {participant.left_at}. join_shared_session lets you in again.")
    return shared, participant


def expect_host(participant: Participant) -> None:
    if participant.role != "host":
        raise Forbidden("Only the host of the shared session does this.")


def resolve(approval: PromptApproval, status: ApprovalStatus, by: Participant, call: Call) -> PromptApproval:
    changed = {"status": status, "resolved_at": call.now, "resolved_by_participant_id": by.id}
    return call.write(approval.model_copy(update=changed), status, **of(approval))


def of(record: Record) -> dict[str, str]:
    """What every event in a shared session says."""
    return {"sharedSessionId": record.__dict__["shared_session_id"]}


def expect_no_key(given: Mutation) -> None:
    if given.idempotency_key is not None:
        raise Invalid("This takes no idempotencyKey: its secrets are told once. Close what the lost answer was of.")


def view(shared: SharedSession, call: Call, invitation: str = MASK) -> SharedSessionView:
    return SharedSessionView(
        **{name: getattr(shared, name) for name in SharedSessionView.model_fields if name in SharedSession.model_fields},
        approval_required=shared.mode == "prompt_with_approval", invite_token=invitation, status=shared.status_at(call.now),
    )  # fmt: skip


def participant_view(participant: Participant) -> ParticipantView:
    known = {name: getattr(participant, name) for name in ParticipantView.model_fields if name != "joined_at"}
    return ParticipantView(**known, joined_at=participant.created_at)


def approval_view(approval: PromptApproval) -> ApprovalView:
    return ApprovalView(**{name: getattr(approval, name) for name in ApprovalView.model_fields})


def _admitted(shared: SharedSession, user_id: str, name: str | None, role: ParticipantRole, call: Call) -> NewParticipant:
    secret = new_secret()
    participant = Participant(
        workspace_id=shared.workspace_id, shared_session_id=shared.id, user_id=user_id, display_name=name, role=role,
        token_digest=digest_of(secret),
    )  # fmt: skip
    stored = call.write(participant, "joined", **of(participant))
    return NewParticipant(**participant_view(stored).__dict__, access_token=secret)


OPERATIONS = (
    Operation(create_shared_session, "shared_sessions.write", writes=True),
    Operation(list_shared_sessions, "shared_sessions.read"),
    Operation(get_shared_session, "shared_sessions.read"),
    Operation(list_participants, "shared_sessions.read"),
    Operation(join_shared_session, "shared_sessions.write", writes=True),
    Operation(watch_shared_session, "shared_sessions.read"),
    Operation(leave_shared_session, "shared_sessions.write", writes=True),
    Operation(close_shared_session, "shared_sessions.write", writes=True, destructive=True),
)
