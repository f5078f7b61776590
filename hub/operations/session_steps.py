"""What operations on sessions have in common: the session in another status, under a claim, with its questions over."""

from pydantic import JsonValue

from hub.domain.errors import Refused, Stale
from hub.domain.model import Instant, later, numbered_key
from hub.domain.permissions import Permission, PermissionOption, PermissionStatus
from hub.domain.sessions import TRANSITIONS, Prompt, PromptStatus, Session, SessionClaim, SessionState, SessionStatus
from hub.domain.tokens import Token
from hub.operations.base import Call


async def held(session_id: str, token: int, call: Call) -> Session:
    """The session, as its worker has it. Raises Stale."""
    session = await call.need(Session, session_id)
    if session.claim is None or session.claim.token != token:
        raise Stale("The claim on this session is over: another worker has taken it, or may.", expected=token, current=session.claim_count)
    return session


def moved(session: Session, status: SessionStatus, call: Call, reason: str | None = None) -> Session:
    """The session in another status, written; nothing, if it is in it already. Raises Refused."""
    if session.status == status:
        return session
    if status not in TRANSITIONS[session.status]:
        raise Refused(f"The session is {session.status}, so it cannot become {status}.", status=session.status)
    changed = session.model_copy(update={"status": status, "reason": reason, "active_at": call.now})
    return call.write(changed, status, **({"reason": reason} if reason else {}))


def wake(session: Session, call: Call) -> Session:
    """Somebody shall run it."""
    return session if session.live else moved(offered(session, call), "connecting", call)


def offered(session: Session, call: Call) -> Session:
    """Claimed by a worker of this process, if it has one and nobody else holds it: it is this process that runs it then."""
    offer = None if session.claimed_at(call.now) else call.host()
    return claimed(session, offer.worker, offer.lease_seconds, call) if offer else session


def claimed(session: Session, worker: str, lease_seconds: int, call: Call) -> Session:
    token = session.claim_count + 1
    claim = SessionClaim(worker=worker, token=token, expires_at=later(call.now, lease_seconds))
    return session.model_copy(update={"claim": claim, "claim_count": token})


def standing(session: Session, state: SessionState, call: Call) -> Session:
    """The session in another state, which is told; it is the caller's to write."""
    if session.state == state:
        return session
    told: dict[str, JsonValue] = {"sessionUpdate": "state_update", "state": state}
    return call.tell(session.model_copy(update={"state": state}), "progressed", updates=[told])


async def revoke_token(session: Session, call: Call) -> None:
    """The credential of its agent, who runs no more, lets nobody in."""
    token = await call.unit.get(Token, session.id)
    if token and token.revoked_at is None:
        call.write(token.model_copy(update={"revoked_at": call.now}), "revoked")


async def closed(session: Session, call: Call) -> Session:
    """Nobody runs it, and what waits is not sent."""
    if session.status == "closed":
        return session
    session = await withdraw(session, "The session was closed.", call)
    return moved(await cancel_permissions(session, call), "closed", call)


async def withdraw(session: Session, reason: str, call: Call, status: PromptStatus = "cancelled") -> Session:
    """Its prompts that wait are not sent."""
    for number in session.queue:
        prompt = await call.need(Prompt, numbered_key(session.id, number))
        call.unit.put(prompt.model_copy(update={"status": status, "reason": reason, "ended_at": call.now}))
    return session.model_copy(update={"queue": ()})


async def cancel_permissions(session: Session, call: Call) -> Session:
    """What it asks needs no answer any more."""
    if session.asking:
        for one in [one async for one in call.unit.every(Permission, session_id=session.id, status="pending")]:
            call.write(decided(one, "cancelled", None, call.caller.subject, call.now), "cancelled", sessionId=session.id)
    return session.model_copy(update={"asking": 0})


def decided(permission: Permission, status: PermissionStatus, option: PermissionOption | None, by: str, now: Instant) -> Permission:
    changed = {"status": status, "option_id": option.option_id if option else None, "decided_by": by, "decided_at": now}
    return permission.model_copy(update=changed)
