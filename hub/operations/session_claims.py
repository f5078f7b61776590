"""What the worker that runs a session says of it, under its claim; and the history that it leaves."""

from typing import Annotated, Any

from pydantic import Field, JsonValue

from hub.access import READ, WRITE
from hub.domain.errors import Invalid, Refused
from hub.domain.model import Value, later, numbered_key
from hub.domain.sessions import Continuity, Prompt, PromptStatus, Session, SessionEntry, SessionStatus, StopReason
from hub.domain.tokens import Token, digest_of, new_secret
from hub.domain.transcripts import ENDED, STANDING
from hub.operations.base import COORDINATION, Call, Id, Limit, Listing, Mutation, Operation, Page, Result
from hub.operations.session_steps import cancel_permissions, claimed, held, moved, revoke_token, withdraw
from hub.operations.tokens import NewToken, told_once

Number = Annotated[int, Field(ge=1)]
LeaseSeconds = Annotated[int, Field(ge=1, le=3_600)]
LAST = 500
"""Entries of a history among which those are that a turn left open."""
STOPPED = "The hub stopped in the middle of it. What the agent had done by then may be done; send it again if it is not."


class ClaimSession(Mutation):
    session_id: Id
    worker: Id
    lease_seconds: LeaseSeconds = 30
    claim_token: int | None = None
    """Of the claim to keep for longer; left out: to take it, also from an earlier run of this worker."""


class EntryChange(Value):
    number: Number
    update: dict[str, JsonValue]
    patch: bool = False
    """Only these fields have changed; otherwise it is the whole entry."""


class PromptEnd(Value):
    number: Number
    status: PromptStatus
    stop_reason: StopReason | None = None
    reason: str | None = None
    usage: dict[str, JsonValue] | None = None


class ReportSession(Mutation):
    session_id: Id
    claim_token: int
    entries: tuple[EntryChange, ...] = ()
    updates: tuple[dict[str, JsonValue], ...] = ()
    """What happened, for whoever follows."""
    status: SessionStatus | None = None
    reason: str | None = None
    place: Number | None = None
    """Its position in the line, with status queued."""
    released: bool = False
    """Nobody runs it any more: it is dormant, or, where prompts wait, somebody else's to run."""
    ended: PromptEnd | None = None
    """A prompt that has."""
    cwd: str | None = None
    name: str | None = None
    mode_id: str | None = None
    agent_session_id: str | None = None
    continuity: Continuity | None = None
    agent_info: dict[str, JsonValue] | None = None
    capabilities: tuple[str, ...] | None = None
    modes: dict[str, JsonValue] | None = None
    config_options: tuple[dict[str, JsonValue], ...] | None = None
    usage: dict[str, JsonValue] | None = None


class OfClaim(Mutation):
    session_id: Id
    claim_token: int


class TakePrompt(OfClaim):
    steer: bool = False
    """Into the turn that runs: only a prompt that is to be delivered so."""


class TakenPrompt(Result):
    prompt: Prompt | None = None
    """None: nothing is to be sent."""


class ReadSessionHistory(Page):
    session_id: Id
    last_n: Limit | None = None
    """The newest entries only."""


ABOUT = ("cwd", "mode_id", "agent_session_id", "continuity", "agent_info", "capabilities", "modes", "config_options", "usage")


async def claim_session(given: ClaimSession, call: Call) -> Session:
    """Take a session to run its agent, or keep it for longer. A turn that a former holder left unfinished has failed."""
    session = await call.need(Session, given.session_id)
    if not session.live:
        raise Refused(f"The session is {session.status}: nobody has to run it.", status=session.status)
    if given.claim_token is not None:
        session = await held(session.id, given.claim_token, call)  # also when it has expired, as long as nobody else took it
        assert session.claim
        claim = session.claim.model_copy(update={"expires_at": later(call.now, given.lease_seconds)})
        return call.unit.put(session.model_copy(update={"claim": claim}))
    if session.claim and session.claimed_at(call.now) and session.claim.worker != given.worker:
        raise Refused(
            f"Another worker runs it until {session.claim.expires_at}.",
            holder=session.claim.worker, expiresAt=session.claim.expires_at,
        )  # fmt: skip
    taken = claimed(session, given.worker, given.lease_seconds, call)
    if taken.status == "ready":
        taken = taken.model_copy(update={"status": "connecting"})
    taken = await cancel_permissions(taken, call)
    await revoke_token(taken, call)
    return await _broken_off(taken, taken.active, call) if taken.active else call.unit.put(taken)


async def _broken_off(session: Session, number: int, call: Call) -> Session:
    """Its turn will not go on: the prompt and the tool calls that were open have failed."""
    told: list[dict[str, JsonValue]] = []
    after = numbered_key(session.id, max(session.entry_count - LAST, 0))
    for entry in await call.unit.find(SessionEntry, after, LAST, session_id=session.id):
        tool_call = entry.update if entry.update.get("sessionUpdate") == "tool_call" else {}
        if entry.prompt == number and tool_call and tool_call.get("status") not in ENDED:
            call.unit.put(entry.model_copy(update={"update": {**tool_call, "status": "failed"}}))
            told.append({"sessionUpdate": "tool_call_update", "toolCallId": tool_call.get("toolCallId"), "status": "failed"})
    session = await _ended(session, PromptEnd(number=number, status="failed", reason=STOPPED), call)
    idle: dict[str, JsonValue] = {"sessionUpdate": "state_update", "state": "idle", "reason": STOPPED}
    session = _entry(session, EntryChange(number=session.entry_count + 1, update=idle), number, call)
    return call.write(session, "progressed", updates=[*told, idle])


async def report_session(given: ReportSession, call: Call) -> Session:
    """Say what a session's agent did and how it stands."""
    session = await held(given.session_id, given.claim_token, call)
    changed = {name: value for name in ABOUT if (value := getattr(given, name)) is not None}
    if given.name and not session.name:
        changed["name"] = given.name
    if given.status:
        changed["place"] = given.place
    session = session.model_copy(update={**changed, "active_at": call.now})
    if "name" in changed:
        session = call.tell(session, "updated", changed=["name"])
    turn = session.active
    for entry in given.entries:
        session = await _changed(session, entry, turn, call)
    if given.ended:
        session = await _ended(session, given.ended, call)
    if given.updates:
        session = call.tell(session, "progressed", updates=[*given.updates])
    if given.status == "failed":
        session = await withdraw(session, given.reason or "The agent could not be started.", call, "failed")
    status = given.status
    if given.released or status == "failed":
        await revoke_token(session, call)
        session = session.model_copy(update={"claim": None, "state": "idle", "place": None})
        status = status or ("connecting" if session.queue else "dormant")
    if status and session.live and (given.released or given.place or status != session.status):
        return _moved(session, status, given.reason, call)
    return call.unit.put(session)


def _moved(session: Session, status: SessionStatus, reason: str | None, call: Call) -> Session:
    """Also to where it is already, if that has to be told: to whoever may run it, or of its place in the line."""
    if session.status != status:
        return moved(session, status, call, reason)
    data: dict[str, JsonValue] = {"place": session.place} if session.place else {}
    return call.write(session, status, **data)


async def take_prompt(given: TakePrompt, call: Call) -> TakenPrompt:
    """Take the next prompt to send it to the agent: it is sent at most once."""
    session = await held(given.session_id, given.claim_token, call)
    if not session.queue or bool(session.active) != given.steer or session.status != "ready":
        return TakenPrompt()
    number, *rest = session.queue
    prompt = await call.need(Prompt, numbered_key(session.id, number))
    if given.steer and prompt.delivery != "steer":
        return TakenPrompt()
    prompt = call.unit.put(prompt.model_copy(update={"status": "running", "started_at": call.now}))
    changed: dict[str, Any] = {"queue": tuple(rest)}
    if not given.steer:
        changed |= {"active": number, "cancelling": False, "state": "running"}
    call.write(session.model_copy(update={**changed, "active_at": call.now}), "prompt_taken", number=number, messageId=prompt.message_id)
    return TakenPrompt(prompt=prompt)


async def issue_session_token(given: OfClaim, call: Call) -> NewToken:
    """Give a session's agent a credential of its own for the hub. The one before lets nobody in any more, nor does this one once the
    session is given back."""
    if given.idempotency_key is not None:
        raise Invalid("issue_session_token takes no idempotencyKey: its secret is told once. Call it again for another one.")
    session = await held(given.session_id, given.claim_token, call)
    known, secret = await call.unit.get(Token, session.id), new_secret()
    token = Token(
        id=session.id, version=known.version if known else 0, name=f"session {session.id}", digest=digest_of(secret),
        subject=session.agent_id, tenant=call.caller.tenant, grants=(READ, WRITE), profile=COORDINATION,
    )  # fmt: skip
    return told_once(call.write(token, "created"), secret, call)


async def read_session_history(given: ReadSessionHistory, call: Call) -> Listing[SessionEntry]:
    """Read what happened in a session, the oldest first: messages, tool calls, plans. A long message goes on in the next entry."""
    session = await call.need(Session, given.session_id)
    if given.last_n is None:
        return await call.list(SessionEntry, given, session_id=session.id)
    first = max(session.entry_count - given.last_n, 0)
    return Listing(SessionEntry, await call.unit.bodies(SessionEntry, numbered_key(session.id, first), given.last_n, session_id=session.id))


async def _changed(session: Session, change: EntryChange, turn: int | None, call: Call) -> Session:
    if change.number > session.entry_count:
        return _entry(session, change, turn, call)
    known = await call.need(SessionEntry, numbered_key(session.id, change.number))
    update = {**known.update, **change.update} if change.patch else change.update
    call.unit.put(known.model_copy(update={"update": update}))
    return session


def _entry(session: Session, change: EntryChange, turn: int | None, call: Call) -> Session:
    entry = SessionEntry(
        workspace_id=session.workspace_id, session_id=session.id, number=change.number, prompt=turn, update=change.update
    )  # fmt: skip
    call.unit.put(entry)
    kind = str(change.update.get("sessionUpdate"))
    standing = {**session.standing, kind: change.number} if kind in STANDING else session.standing
    return session.model_copy(update={"entry_count": change.number, "standing": standing})


async def _ended(session: Session, end: PromptEnd, call: Call) -> Session:
    prompt = await call.need(Prompt, numbered_key(session.id, end.number))
    if not prompt.ended:
        said = {name: getattr(end, name) for name in ("status", "stop_reason", "reason", "usage")}
        call.unit.put(prompt.model_copy(update={**said, "ended_at": call.now}))
    if session.active != end.number:
        return session
    session = await cancel_permissions(session, call)
    return session.model_copy(update={"active": None, "cancelling": False, "state": "idle"})


OPERATIONS = (
    Operation(read_session_history, "sessions.read", profiles=frozenset({"coordination"})),
    Operation(claim_session, "session_claims.write", writes=True),
    Operation(issue_session_token, "session_claims.write", writes=True),
    Operation(take_prompt, "session_claims.write", writes=True),
    Operation(report_session, "session_claims.write", writes=True),
)
