"""Sessions: conversations with coding agents that the hub runs. Who holds a session's claim does what is asked of it here."""

from typing import Annotated, Any, ClassVar

import orjson
from pydantic import Field, JsonValue

from hub.domain.agents import AGENT_ID, MAX_DELEGATION_DEPTH, Agent, AgentRole
from hub.domain.conversations import Conversation
from hub.domain.errors import Invalid, Refused
from hub.domain.permissions import Permission
from hub.domain.sessions import Prompt, Session, SessionEntry, SessionServers, SessionStatus
from hub.domain.specialists import Specialist
from hub.domain.tokens import Token
from hub.operations.agents import run_by
from hub.operations.base import Call, Deleted, Id, Input, Listing, Mutation, Name, Operation, Page, Text
from hub.operations.session_steps import closed, moved, offered, wake
from hub.operations.specialists import GetSpecialist, get_specialist

SETTINGS = "session_settings.write"
"""To choose a mode, a model or an option: some let an agent do all that it wants, so that no agent may choose its own."""
RUN_BY_SESSION = "session"
"""`runner` in the metadata of an agent whose tasks are prompts of a session."""
BY_TASKS = "agent"
"""The provider of sessions with agents that take tasks: functions, and agents elsewhere."""
Folder = Annotated[str, Field(min_length=1, max_length=4_000)]


class StartSession(Mutation):
    brief: ClassVar[tuple[str, ...]] = ("provider", "agentId", "cwd", "name", "workspaceId", "specialistId")

    provider: Id | None = None
    """Which coding agent: an id that list_providers shows. Left out: the agent's."""
    agent_id: Annotated[str, Field(pattern=f"^{AGENT_ID}$")] | None = None
    """The agent of the hub whose session it is; left out: a new one."""
    workspace_id: Id | None = None
    """Left out: the agent's, or the default one."""
    cwd: Folder | None = None
    """The folder that it works in, absolute; left out: a new one of its own."""
    name: Name | None = None
    branch: Name | None = None
    role: AgentRole | None = None
    model: Name | None = None
    mode_id: Name | None = None
    specialist_id: Id | None = None
    system_prompt: Text | None = None
    """Told to the agent before the first prompt."""
    parent_session_id: Id | None = None
    mcp_servers: Annotated[tuple[dict[str, JsonValue], ...], Field(max_length=50)] = ()
    """Beside the hub's own, as ACP has them."""


class ListSessions(Page):
    brief: ClassVar[tuple[str, ...]] = ("workspaceId", "status", "cursor")

    workspace_id: Id | None = None
    agent_id: Id | None = None
    parent_session_id: Id | None = None
    status: SessionStatus | None = None


class GetSession(Input):
    session_id: Id


class UpdateSession(Mutation):
    session_id: Id
    name: Name | None = None
    mode_id: Name | None = None
    """One of the modes that the agent offers."""
    model: Name | None = None
    agent_id: Id | None = None
    """Another agent goes on with the session: it knows nothing of what was said before. Before the first prompt it may be one of
    another workspace, and the session goes there with it."""
    specialist_id: Id | None = None
    """With another agent: what it goes on as."""
    config: Annotated[dict[str, str | bool], Field(max_length=50)] | None = None
    """Values of config options that the agent offers, by the options' ids. The others stay."""


class OneSession(Mutation):
    session_id: Id


class ForkSession(Mutation):
    session_id: Id
    name: Name | None = None


async def start_session(given: StartSession, call: Call) -> Session:
    """Start a coding agent in a folder. It is there at once, with status connecting: prompt_session may follow without waiting."""
    if given.mode_id is not None:
        call.caller.require(SETTINGS)
    parent = await call.need(Session, given.parent_session_id) if given.parent_session_id else None
    given = await _specialised(given, parent, call) if given.specialist_id else given
    agent, provider = await _whose(given, parent, call)
    names = ("cwd", "name", "branch", "model", "mode_id", "specialist_id", "system_prompt", "parent_session_id")
    session = Session(
        workspace_id=agent.workspace_id, agent_id=agent.id, provider=provider, role=given.role or agent.role, active_at=call.now,
        **{name: getattr(given, name) for name in names},
    )  # fmt: skip
    if given.mcp_servers:
        sealed = call.seal(orjson.dumps(given.mcp_servers).decode(), SessionServers, session.id)
        call.unit.put(SessionServers(id=session.id, workspace_id=session.workspace_id, sealed=sealed))
    return _created(session, call)


async def list_sessions(given: ListSessions, call: Call) -> Listing[Session]:
    """List the sessions, oldest first: of a workspace, of an agent, or those that a session started."""
    where = {name: getattr(given, name) for name in ("workspace_id", "agent_id", "parent_session_id", "status")}
    return await call.list(Session, given, **where)


async def get_session(given: GetSession, call: Call) -> Session:
    """Read a session: whether its agent runs, what it does, which prompts wait."""
    return await call.need(Session, given.session_id)


async def update_session(given: UpdateSession, call: Call) -> Session:
    """Rename a session, or choose its mode, model or config options; the agent is told as soon as it runs."""
    session = await call.need(Session, given.session_id)
    if given.mode_id or given.model or given.config:
        call.caller.require(SETTINGS)
    changed: dict[str, Any] = {}
    if given.agent_id not in (None, session.agent_id):
        session = await _handed(session, await call.need(Agent, given.agent_id or ""), given.specialist_id, call)
    if given.name is not None:
        changed["name"] = given.name
    if given.mode_id is not None:
        expect_offered("modeId", given.mode_id, _ids(session.modes, "availableModes"))
        changed["mode_id"] = given.mode_id
    if given.model is not None:
        changed["model"] = given.model
    if given.config:
        options = {str(option.get("id")): option for option in session.config_options or ()}
        for id_, value in given.config.items():
            expect_offered("config", id_, {*options})
            expect_offered(f"config.{id_}", str(value), _values(options.get(id_, {}).get("options")))
        changed["config"] = session.config | given.config
    return call.update(session, **changed)


async def resume_session(given: OneSession, call: Call) -> Session:
    """Have a session's agent run again, with what it knew before as far as it can: continuity tells."""
    return wake(await call.need(Session, given.session_id), call)


async def disconnect_session(given: OneSession, call: Call) -> Session:
    """End a session's process. Its history and the prompts that wait stay; the next prompt, or resume_session, starts it again."""
    session = await call.need(Session, given.session_id)
    return moved(session, "dormant", call, "It was disconnected.") if session.live else session


async def close_session(given: OneSession, call: Call) -> Session:
    """Close a session: its process ends, prompts that wait are not sent. Its history stays; resume_session opens it again."""
    return await closed(await call.need(Session, given.session_id), call)


async def delete_session(given: OneSession, call: Call) -> Deleted:
    """Delete a session with its history, beyond recall. close_session keeps it."""
    session = await call.need(Session, given.session_id)
    for kind in (SessionEntry, Prompt, Permission):
        for record in [one async for one in call.unit.every(kind, session_id=session.id)]:
            call.unit.remove(record)
    for beside in (await call.unit.get(SessionServers, session.id), await call.unit.get(Token, session.id)):
        if beside:
            call.unit.remove(beside)
    call.delete(session)
    return Deleted(id=session.id)


async def fork_session(given: ForkSession, call: Call) -> Session:
    """Begin a new session with all that an agent knows in this one. Not every agent can."""
    session = await call.need(Session, given.session_id)
    if "fork" not in session.capabilities or session.agent_session_id is None:
        raise Refused("This agent cannot fork a session. start_session begins a new one.", capabilities=[*session.capabilities])
    kept = ("workspace_id", "agent_id", "provider", "cwd", "branch", "role", "model", "mode_id", "config", "specialist_id")
    fork = Session(
        **{name: getattr(session, name) for name in kept}, name=given.name or session.name,
        parent_session_id=session.id, forked_from=session.agent_session_id, active_at=call.now,
    )  # fmt: skip
    return _created(fork, call)


def _created(session: Session, call: Call) -> Session:
    above = {"parentSessionId": session.parent_session_id} if session.parent_session_id else {}
    return call.create(offered(session, call), provider=session.provider, agentId=session.agent_id, **above)


async def _handed(session: Session, agent: Agent, specialist_id: str | None, call: Call) -> Session:
    """To another agent: the process of the one before ends, and what was chosen of its settings is nothing to the new one."""
    if session.active:
        raise Refused("The session's agent is at work. Wait for it, or cancel_session, before another one goes on.")
    if agent.workspace_id != session.workspace_id:
        await _take_along(session, agent, call)
    if specialist_id:
        await _specialist(specialist_id, agent.workspace_id, call)
    if (provider := provider_of(agent)) is None:
        raise Invalid(f"agentId: agent {agent.id!r} has no provider, so that the hub cannot run it.")
    settings: dict[str, Any] = {
        "mode_id": None,
        "model": None,
        "config": {},
        "modes": None,
        "config_options": None,
        "capabilities": (),
        "agent_info": None,
    }
    handed = {"agent_id": agent.id, "provider": provider, "role": agent.role, "specialist_id": specialist_id}
    session = session.model_copy(update={**settings, **handed, "workspace_id": agent.workspace_id, "agent_session_id": None})
    return moved(session, "dormant", call, f"Agent {agent.id} goes on with the next prompt.") if session.live else session


async def _take_along(session: Session, agent: Agent, call: Call) -> None:
    """What belongs to a session goes with it to the agent's workspace. Raises Invalid once there is more than its beginning."""
    if session.prompt_count:
        raise Invalid(f"agentId: agent {agent.id!r} is of another workspace, and the session was prompted already.")
    await call.workspace(agent.workspace_id)
    entries: list[SessionEntry | SessionServers] = [one async for one in call.unit.every(SessionEntry, session_id=session.id)]
    servers = await call.unit.get(SessionServers, session.id)
    for record in [*entries, *([servers] if servers else [])]:
        call.unit.put(record.model_copy(update={"workspace_id": agent.workspace_id}))


def expect_offered(field: str, id_: str, offered: set[str]) -> None:
    if offered and id_ not in offered:
        raise Invalid(f"{field}: the agent does not offer {id_[:80]!r}. Allowed: {', '.join(sorted(offered)[:30])}.")


def _values(options: JsonValue) -> set[str]:
    """Of a config option that is a choice, whose options may stand in groups."""
    several = [one for one in options if isinstance(one, dict)] if isinstance(options, list) else []
    return {str(one["value"]) for one in several if "value" in one}.union(*(_values(one.get("options")) for one in several))


def _ids(modes: dict[str, JsonValue] | None, key: str) -> set[str]:
    offered = (modes or {}).get(key)
    return {str(one.get("id")) for one in offered if isinstance(one, dict)} if isinstance(offered, list) else set()


def provider_of(agent: Agent) -> str | None:
    """What runs its sessions; None: the hub cannot."""
    by_tasks = agent.metadata.get("runner") not in (None, RUN_BY_SESSION)
    return agent.metadata.get("provider") or (BY_TASKS if by_tasks else None)


async def _specialised(given: StartSession, parent: Session | None, call: Call) -> StartSession:
    """With what its specialist brings, where nothing else is said."""
    workspace_id = given.workspace_id or (parent.workspace_id if parent else "default")
    specialist = await _specialist(given.specialist_id or "", workspace_id, call)
    brings = {"role": specialist.role, "model": specialist.model}
    if given.agent_id is None:
        brings["provider"] = specialist.default_provider
    return given.model_copy(update={name: value for name, value in brings.items() if getattr(given, name) is None})


async def _specialist(id_: str, workspace_id: str, call: Call) -> Specialist:
    specialist = await get_specialist(GetSpecialist(specialist_id=id_, workspace_id=workspace_id), call)
    if not specialist.enabled:
        raise Refused(f"The specialist {specialist.id!r} is switched off. update_specialist with enabled=true switches it on.")
    return specialist


async def _whose(given: StartSession, parent: Session | None, call: Call) -> tuple[Agent, str]:
    """The agent, an old one or a new one, and its provider."""
    if given.agent_id and (agent := await call.unit.get(Agent, given.agent_id)):
        provider = given.provider or provider_of(agent)
        if provider is None:
            raise Invalid(f"provider: agent {agent.id!r} has none. Name one; list_providers shows them.")
        await call.workspace(agent.workspace_id)
        if given.workspace_id not in (None, agent.workspace_id):
            raise Invalid(f"workspaceId: agent {agent.id!r} is of the workspace {agent.workspace_id!r}. Leave it out.")
        return agent, provider
    if given.provider is None:
        raise Invalid("provider: name a coding agent, or an agent of the hub that has one. list_providers shows them.")
    workspace = await call.workspace(given.workspace_id or (parent.workspace_id if parent else "default"))
    agent = Agent(
        name=given.name or given.provider, role=given.role or "CRAFTER", workspace_id=workspace.id, status="ACTIVE",
        metadata={"provider": given.provider, "runner": RUN_BY_SESSION}, **({"id": given.agent_id} if given.agent_id else {}),
    )  # fmt: skip
    if parent and (above := await call.unit.get(Agent, parent.agent_id)):
        depth = above.delegation_depth + 1
        if depth > MAX_DELEGATION_DEPTH:
            raise Refused(f"Agents may stand at most {MAX_DELEGATION_DEPTH} deep under one another; {above.id} is at {depth - 1}.")
        agent = agent.model_copy(update={"parent_id": above.id, "metadata": agent.metadata | {"delegationDepth": str(depth)}})
    if not (given.agent_id and await call.unit.get(Conversation, agent.id)):
        call.unit.put(Conversation(id=agent.id, workspace_id=agent.workspace_id))
    return call.create(agent, **run_by(agent)), given.provider


OPERATIONS = (
    Operation(start_session, "sessions.write", writes=True, profiles=frozenset({"coordination"})),
    Operation(list_sessions, "sessions.read", profiles=frozenset({"coordination"})),
    Operation(get_session, "sessions.read", profiles=frozenset({"coordination"})),
    Operation(update_session, "sessions.write", writes=True, repeatable=True),
    Operation(resume_session, "sessions.write", writes=True, repeatable=True),
    Operation(disconnect_session, "sessions.write", writes=True, repeatable=True),
    Operation(close_session, "sessions.write", writes=True, repeatable=True, profiles=frozenset({"coordination"})),
    Operation(delete_session, "sessions.write", writes=True, destructive=True, repeatable=True),
    Operation(fork_session, "sessions.write", writes=True),
)
