"""What the participants of a shared session say to each other, and what they want its agent to be told."""

from typing import Annotated, Literal

from pydantic import Field

from hub.domain.errors import Forbidden, NotFound, Refused
from hub.domain.model import Instant
from hub.domain.shared_sessions import (
    MAY_COMMENT,
    MAY_PROMPT,
    ApprovalStatus,
    Participant,
    PromptApproval,
    SharedMessage,
    SharedMessageKind,
    SharedSession,
)  # fmt: skip
from hub.operations.base import Call, Id, Operation, Page, Result
from hub.operations.prompts import PromptSession, prompt_session
from hub.operations.shared_sessions import ApprovalView, AsParticipant, acting, approval_view, expect_host, of, resolve

Words = Annotated[str, Field(min_length=1, max_length=100_000)]


class ListSharedMessages(Page):
    shared_session_id: Id


class SendSharedMessage(AsParticipant):
    text: Words


class SendSharedPrompt(AsParticipant):
    prompt: Words


class AnswerPromptApproval(AsParticipant):
    approval_id: Id
    action: Literal["approve", "reject"]


class SharedMessageView(Result):
    id: str
    shared_session_id: str
    participant_id: str
    author_user_id: str
    kind: SharedMessageKind
    text: str
    created_at: Instant
    approval_id: str | None = None


class SharedMessages(Result):
    messages: tuple[SharedMessageView, ...]
    next_cursor: str | None = None


class Sent(Result):
    message: SharedMessageView


class SharedPrompt(Result):
    status: ApprovalStatus
    """approved: the agent was told."""
    approval: ApprovalView | None = None


class AnsweredApproval(Result):
    approval: ApprovalView


async def list_shared_messages(given: ListSharedMessages, call: Call) -> SharedMessages:
    """List what was said in a shared session, in order, the prompts among it."""
    await call.need(SharedSession, given.shared_session_id)
    page = await call.list(SharedMessage, given, shared_session_id=given.shared_session_id)
    return SharedMessages(messages=tuple(map(message_view, page.records())), next_cursor=page.next_cursor)


async def send_shared_message(given: SendSharedMessage, call: Call) -> Sent:
    """Say something to the others in a shared session. The agent does not hear it: send_shared_prompt tells it something."""
    shared, participant = await acting(given, call)
    if participant.role != "host" and (participant.role == "viewer" or shared.mode not in MAY_COMMENT):
        raise Forbidden(_not_allowed(shared, participant, "comment"))
    return Sent(message=_said(given.text, "comment", participant, call))


async def send_shared_prompt(given: SendSharedPrompt, call: Call) -> SharedPrompt:
    """Have a shared session's agent told something: at once where its mode allows, else once the host has approved."""
    shared, participant = await acting(given, call)
    if participant.role == "host" or (participant.role == "collaborator" and shared.mode == "prompt_direct"):
        await _tell_agent(shared, given.prompt, call)
        _said(given.prompt, "prompt", participant, call)
        return SharedPrompt(status="approved")
    if participant.role == "viewer" or shared.mode not in MAY_PROMPT:
        raise Forbidden(_not_allowed(shared, participant, "prompt the agent"))
    approval = PromptApproval(
        workspace_id=shared.workspace_id, shared_session_id=shared.id, participant_id=participant.id, prompt=given.prompt
    )
    approval = call.write(approval, "asked", **of(approval))
    _said(given.prompt, "prompt", participant, call, approval.id)
    return SharedPrompt(status="pending", approval=approval_view(approval))


async def answer_prompt_approval(given: AnswerPromptApproval, call: Call) -> AnsweredApproval:
    """Approve or reject, as the host, what a collaborator wants the agent to be told. What is approved is sent at once."""
    shared, participant = await acting(given, call)
    expect_host(participant)
    approval = await call.unit.get(PromptApproval, given.approval_id)
    if approval is None or approval.shared_session_id != shared.id:
        raise NotFound("prompt approval", given.approval_id)
    if approval.status != "pending":
        raise Refused(f"This prompt was {approval.status} at {approval.resolved_at}.")
    if given.action == "approve":
        await _tell_agent(shared, approval.prompt, call)
    answered = resolve(approval, "approved" if given.action == "approve" else "rejected", participant, call)
    return AnsweredApproval(approval=approval_view(answered))


def message_view(message: SharedMessage) -> SharedMessageView:
    known = {name: getattr(message, name) for name in SharedMessageView.model_fields if name != "kind"}
    return SharedMessageView(**known, kind=message.message_kind)


async def _tell_agent(shared: SharedSession, text: str, call: Call) -> None:
    await prompt_session(PromptSession(session_id=shared.host_session_id, prompt=({"type": "text", "text": text},)), call)


def _said(text: str, kind: SharedMessageKind, participant: Participant, call: Call, approval_id: str | None = None) -> SharedMessageView:
    message = SharedMessage(
        workspace_id=participant.workspace_id, shared_session_id=participant.shared_session_id, participant_id=participant.id,
        author_user_id=participant.user_id, message_kind=kind, text=text, approval_id=approval_id,
    )  # fmt: skip
    return message_view(call.write(message, "created", **of(message)))


def _not_allowed(shared: SharedSession, participant: Participant, what: str) -> str:
    if participant.role == "viewer":
        return f"A viewer does not {what}. Join as a collaborator."
    return f"In the mode {shared.mode} only the host may {what}. The host can share the session in another mode."


OPERATIONS = (
    Operation(list_shared_messages, "shared_sessions.read"),
    Operation(send_shared_message, "shared_sessions.write", writes=True),
    Operation(send_shared_prompt, "shared_sessions.write", writes=True),
    Operation(answer_prompt_approval, "shared_sessions.write", writes=True),
)
