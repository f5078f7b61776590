"""Permissions: what agents ask before they do it, who answers, and which answers are given by policy."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue, model_validator

from hub.domain.errors import Invalid, Refused
from hub.domain.model import Instant, later
from hub.domain.permissions import PATIENCE, Effect, Permission, PermissionOption, PermissionPolicy, PermissionStatus, deciding
from hub.domain.reservations import Reservation, overlap
from hub.domain.sessions import Session
from hub.operations.base import Call, Deleted, Id, Input, Listing, Mutation, Name, Operation, Page, Result, Text
from hub.operations.session_steps import decided, held, standing

CHANGING = frozenset({"edit", "delete", "move"})
"""Kinds of tools that change the files that they name."""
MOST_OPTIONS = 20
Relative = Annotated[str, Field(min_length=1, max_length=4_000)]


class RequestPermission(Mutation):
    session_id: Id
    claim_token: int
    title: Text
    tool_call_id: Name | None = None
    tool_kind: Name = "other"
    paths: Annotated[tuple[Relative, ...], Field(max_length=100)] = ()
    command: Text | None = None
    tool_call: dict[str, JsonValue]
    options: Annotated[tuple[PermissionOption, ...], Field(min_length=1, max_length=MOST_OPTIONS)]


class ExpirePermission(Mutation):
    permission_id: Id


class CheckFileWrite(Input):
    session_id: Id
    claim_token: int
    path: Relative


class AnswerPermission(Mutation):
    permission_id: Id
    option_id: Name | None = None
    """One of the options that the agent offers; or say decision."""
    decision: Literal["allow", "deny"] | None = None
    always: bool = False
    """With decision: for requests like this one, too, as far as the agent offers that."""
    reason: Text | None = None

    @model_validator(mode="after")
    def _one_answer(self) -> "AnswerPermission":
        if (self.option_id is None) == (self.decision is None):
            raise ValueError("give either optionId or decision (allow or deny)")
        return self


class ListPermissions(Page):
    workspace_id: Id | None = None
    session_id: Id | None = None
    status: PermissionStatus | None = None


class GetPermission(Input):
    permission_id: Id


class SavePermissionPolicy(Mutation):
    brief: ClassVar[tuple[str, ...]] = ("effect", "workspaceId", "toolKind", "path", "command", "agentId")

    policy_id: Id | None = None
    """The policy to replace; left out: a new one."""
    workspace_id: Id = "default"
    effect: Effect
    agent_id: Id | None = None
    provider: Id | None = None
    tool_kind: Literal["read", "edit", "delete", "move", "search", "execute", "think", "fetch", "switch_mode", "other"] | None = None
    path: Relative | None = None
    """A glob, relative to the session's folder: src/**. One that begins with / is about what lies outside."""
    command: Text | None = None
    """A glob over the whole command, like npm test*."""
    patience_seconds: Annotated[int, Field(ge=1, le=604_800)] | None = None


class ListPermissionPolicies(Page):
    workspace_id: Id = "default"


class DeletePermissionPolicy(Mutation):
    policy_id: Id


class Writable(Result):
    writable: bool = True


async def request_permission(given: RequestPermission, call: Call) -> Permission:
    """Ask what an agent asks: a policy answers at once, or a person with answer_permission."""
    session = await held(given.session_id, given.claim_token, call)
    asked = {name: getattr(given, name) for name in ("title", "tool_call_id", "tool_kind", "paths", "command", "tool_call", "options")}
    permission = Permission(
        workspace_id=session.workspace_id, session_id=session.id, agent_id=session.agent_id, expires_at=later(call.now, PATIENCE), **asked
    )
    if session.cancelling:
        return call.create(decided(permission, "cancelled", None, "hub", call.now), sessionId=session.id)
    if given.tool_kind in CHANGING and (holder := await _holder(session, given.paths, call)):
        return call.create(_denied(permission, "hub", call.now, holder), sessionId=session.id)
    policies = [one async for one in call.unit.every(PermissionPolicy, workspace_id=session.workspace_id)]
    policy = deciding(permission, session.provider, policies)
    if policy and policy.effect != "ask":
        return call.create(_by_policy(permission, policy, call.now), sessionId=session.id)
    if policy and policy.patience_seconds:
        permission = permission.model_copy(update={"expires_at": later(call.now, policy.patience_seconds)})
    call.unit.put(standing(session.model_copy(update={"asking": session.asking + 1}), "requires_action", call))
    permission = call.unit.put(permission)
    call.emit(permission, "requested", sessionId=session.id, title=permission.title)
    return permission


async def expire_permission(given: ExpirePermission, call: Call) -> Permission:
    """Nobody has answered in time: the answer is no."""
    permission = await call.need(Permission, given.permission_id)
    if permission.status != "pending" or call.now < permission.expires_at:
        return permission
    option = permission.option_for(allow=False)
    expired = decided(permission, "expired", option, "hub", call.now).model_copy(update={"reason": "Nobody answered in time."})
    return await _answered(expired, call)


async def answer_permission(given: AnswerPermission, call: Call) -> Permission:
    """Answer what an agent asks before it does it. The first answer counts, through whichever door it comes."""
    permission = await call.need(Permission, given.permission_id)
    if permission.status != "pending":
        by = f" by {permission.decided_by}" if permission.decided_by else ""
        raise Refused(f"It is answered already: {permission.status}{by}.", status=permission.status, by=permission.decided_by)
    option = _chosen(given, permission)
    allowed = option.kind.startswith("allow") if option else False
    answered = decided(permission, "allowed" if allowed else "denied", option, call.caller.subject, call.now)
    return await _answered(answered.model_copy(update={"reason": given.reason}), call)


async def list_permissions(given: ListPermissions, call: Call) -> Listing[Permission]:
    """List what agents ask permission for, oldest first; status pending: what waits for an answer."""
    where = {"workspace_id": given.workspace_id, "session_id": given.session_id, "status": given.status}
    return await call.list(Permission, given, **where)


async def get_permission(given: GetPermission, call: Call) -> Permission:
    """Read what an agent asks: the tool call with its diff or command, the answers it offers, and the answer."""
    return await call.need(Permission, given.permission_id)


async def check_file_write(given: CheckFileWrite, call: Call) -> Writable:
    """Whether a session's agent may write a file, given relative to its folder: refused while another agent holds it."""
    session = await held(given.session_id, given.claim_token, call)
    if holder := await _holder(session, (given.path,), call):
        raise Refused(holder)
    return Writable()


async def save_permission_policy(given: SavePermissionPolicy, call: Call) -> PermissionPolicy:
    """Say how requests are answered without asking a person: allow, ask or deny. The most specific policy decides."""
    fields = {name: getattr(given, name) for name in SavePermissionPolicy.model_fields if name not in ("policy_id", "idempotency_key")}
    if given.effect == "allow" and not any(fields[name] for name in ("agent_id", "provider", "tool_kind", "path", "command")):
        raise Invalid("effect: name what is allowed: a toolKind, a path, a command, an agent or a provider.")
    await call.workspace(given.workspace_id)
    if given.policy_id is None:
        return call.create(PermissionPolicy(**fields))
    known = await call.need(PermissionPolicy, given.policy_id)
    if known.workspace_id != given.workspace_id:
        raise Invalid(f"workspaceId: the policy is of {known.workspace_id!r}.")
    return call.update(known, **fields)


async def list_permission_policies(given: ListPermissionPolicies, call: Call) -> Listing[PermissionPolicy]:
    """List a workspace's permission policies."""
    return await call.list(PermissionPolicy, given, workspace_id=await call.within(given.workspace_id))


async def delete_permission_policy(given: DeletePermissionPolicy, call: Call) -> Deleted:
    """Delete a permission policy: from now on its requests are asked."""
    policy = await call.need(PermissionPolicy, given.policy_id)
    call.delete(policy)
    return Deleted(id=policy.id)


def _denied(permission: Permission, by: str, now: Instant, reason: str) -> Permission:
    return decided(permission, "denied", permission.option_for(allow=False), by, now).model_copy(update={"reason": reason})


def _by_policy(permission: Permission, policy: PermissionPolicy, now: Instant) -> Permission:
    by, option = f"policy:{policy.id}", permission.option_for(allow=True)
    if policy.effect == "allow" and option:
        return decided(permission, "allowed", option, by, now)
    return _denied(permission, by, now, "A permission policy of the workspace does not allow it.")


def _chosen(given: AnswerPermission, permission: Permission) -> PermissionOption | None:
    """None: the agent offers no way to say no, and is told that the request is cancelled. Raises Invalid."""
    if given.option_id is not None:
        if chosen := next((one for one in permission.options if one.option_id == given.option_id), None):
            return chosen
        allowed = ", ".join(one.option_id for one in permission.options)
        raise Invalid(f"optionId: the agent does not offer {given.option_id[:80]!r}. Allowed: {allowed}.")
    allow = given.decision == "allow"
    if given.always:
        wanted = "allow_always" if allow else "reject_always"
        if always := next((one for one in permission.options if one.kind == wanted), None):
            return always
    option = permission.option_for(allow)
    if allow and option is None:
        raise Invalid("decision: the agent offers no way to allow it. Deny it, or give an optionId.")
    return option


async def _answered(permission: Permission, call: Call) -> Permission:
    session = await call.unit.get(Session, permission.session_id)
    if session and session.asking:
        session = session.model_copy(update={"asking": session.asking - 1})
        call.unit.put(session if session.asking else standing(session, "running" if session.active else "idle", call))
    return call.write(permission, permission.status, sessionId=permission.session_id)


async def _holder(session: Session, paths: tuple[str, ...], call: Call) -> str | None:
    """Who holds one of these files, as a sentence."""
    async for one in call.unit.every(Reservation, workspace_id=session.workspace_id):
        if one.agent_id == session.agent_id or not one.exclusive or one.expires_at <= call.now:
            continue
        if path := next((path for path in paths if not path.startswith("/") and overlap(one.path, path)), None):
            return f"{path} is reserved by agent {one.agent_id} until {one.expires_at} ({one.path}). Work elsewhere meanwhile, or ask it."
    return None


OPERATIONS = (
    Operation(list_permissions, "permissions.read", profiles=frozenset({"coordination"})),
    Operation(get_permission, "permissions.read"),
    Operation(answer_permission, "permissions.write", writes=True),
    Operation(save_permission_policy, "permission_policies.write", writes=True),
    Operation(list_permission_policies, "permission_policies.read"),
    Operation(delete_permission_policy, "permission_policies.write", writes=True, destructive=True, repeatable=True),
    Operation(request_permission, "session_claims.write", writes=True),
    Operation(expire_permission, "session_claims.write", writes=True),
    Operation(check_file_write, "session_claims.write"),
)
