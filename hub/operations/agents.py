"""Agents: who works here, and who is still there."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, JsonValue
from pydantic.alias_generators import to_camel

from hub.domain.agents import AGENT_ID, MAX_DELEGATION_DEPTH, Agent, AgentRole, AgentStatus, ModelTier, Presence
from hub.domain.conversations import Conversation
from hub.domain.errors import Refused
from hub.domain.model import Value, later
from hub.domain.remote_agents import RemoteAgent
from hub.domain.reservations import Reservation
from hub.domain.sessions import Session
from hub.domain.tasks import Task, TaskStatus, unclaimed
from hub.operations.base import Call, Deleted, Id, Input, Mutation, Name, Operation, Page, Result, changes
from hub.operations.session_steps import closed

AnyCaseStatus = Annotated[AgentStatus, BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)]


class CreateAgent(Mutation):
    brief: ClassVar[tuple[str, ...]] = ("name", "role", "workspaceId", "parentId")

    name: Name
    role: AgentRole
    workspace_id: Id = "default"
    model_tier: ModelTier = "SMART"
    parent_id: Id | None = None
    metadata: dict[str, str] = {}
    agent_id: Annotated[str, Field(pattern=f"^{AGENT_ID}$")] | None = None
    """An id of your own choice, which no other agent has; left out: a new one."""


class GetAgent(Input):
    agent_id: Id


class ListAgents(Page):
    brief: ClassVar[tuple[str, ...]] = ("workspaceId", "status", "cursor")

    workspace_id: Id = "default"
    role: AgentRole | None = None
    status: AgentStatus | None = None
    parent_id: Id | None = None


class UpdateAgent(Mutation):
    agent_id: Id
    name: Name | None = None
    status: AnyCaseStatus | None = None
    model_tier: ModelTier | None = None
    metadata: dict[str, str] | None = None
    """Merged into the metadata that is there."""


class HeartbeatAgent(Mutation):
    agent_id: Id
    ttl_seconds: Annotated[int, Field(ge=1, le=86_400)] = 120
    """Without another heartbeat the agent is shown as vanished after this time."""


class DeleteAgent(Mutation):
    agent_id: Id


class AssignedTask(Value):
    id: str
    title: str
    status: TaskStatus


class AgentView(Agent):
    """An agent as it is now."""

    agent_id: str
    presence: Presence
    message_count: int | None = None
    tasks: tuple[AssignedTask, ...] | None = None


class AgentViews(Result):
    agents: tuple[AgentView, ...]
    next_cursor: str | None = None


def run_by(agent: Agent) -> dict[str, JsonValue]:
    """What its events tell workers: who runs it, if the hub does."""
    return {"runner": runner} if (runner := agent.metadata.get("runner")) else {}


def view(agent: Agent, call: Call) -> AgentView:
    return AgentView(**agent.__dict__, agent_id=agent.id, presence=agent.presence_at(call.now))


async def create_agent(given: CreateAgent, call: Call) -> AgentView:
    """Register an agent: do this first, and use its id as agentId from then on. Then claim_task."""
    await call.workspace(given.workspace_id)
    fields = {name: getattr(given, name) for name in CreateAgent.model_fields if name not in ("idempotency_key", "agent_id")}
    agent = Agent(**fields, **({"id": given.agent_id} if given.agent_id else {}))
    if given.agent_id and await call.unit.get(Agent, agent.id):
        raise Refused(f"There is an agent {agent.id!r} already. update_agent changes it.", agentId=agent.id)
    if given.parent_id and (parent := await call.unit.get(Agent, given.parent_id)):
        depth = parent.delegation_depth + 1
        if depth > MAX_DELEGATION_DEPTH:
            raise Refused(f"Agents may stand at most {MAX_DELEGATION_DEPTH} deep under one another; {parent.id} is at {depth - 1}.")
        agent = agent.model_copy(update={"metadata": agent.metadata | {"delegationDepth": str(depth)}})
    if not (given.agent_id and await call.unit.get(Conversation, agent.id)):  # one of that id was deleted, and what it said stays
        call.unit.put(Conversation(id=agent.id, workspace_id=agent.workspace_id))
    return view(call.create(agent, **run_by(agent)), call)


async def get_agent(given: GetAgent, call: Call) -> AgentView:
    """Read an agent: its status, whether it is still there, its tasks."""
    agent = await call.need(Agent, given.agent_id)
    conversation = await call.unit.get(Conversation, agent.id)
    tasks = await call.unit.find(Task, workspace_id=agent.workspace_id, assigned_to=agent.id)
    assigned = tuple(AssignedTask(id=task.id, title=task.title, status=task.status) for task in tasks)
    return view(agent, call).model_copy(update={"message_count": conversation.turns if conversation else 0, "tasks": assigned})


async def list_agents(given: ListAgents, call: Call) -> AgentViews:
    """List the workspace's agents, and who of them is online."""
    await call.within(given.workspace_id)
    listing = await call.list(
        Agent, given, workspace_id=given.workspace_id, role=given.role, status=given.status, parent_id=given.parent_id
    )
    return AgentViews(agents=tuple(view(agent, call) for agent in listing.records()), next_cursor=listing.next_cursor)


async def update_agent(given: UpdateAgent, call: Call) -> AgentView:
    """Change an agent's name, status, model tier or metadata."""
    agent = await call.need(Agent, given.agent_id)
    changed = changes(given, Agent)
    if given.metadata is not None:
        changed["metadata"] = agent.metadata | given.metadata
    agent = agent.model_copy(update=changed)
    return view(call.write(agent, "updated", changed=[to_camel(name) for name in changed], **run_by(agent)), call)


async def heartbeat_agent(given: HeartbeatAgent, call: Call) -> AgentView:
    """Say that an agent is alive. Call it again before the time to live is over."""
    agent = await call.need(Agent, given.agent_id)
    seen = {"last_seen_at": call.now, "expires_at": later(call.now, given.ttl_seconds)}
    if agent.presence_at(call.now) == "online":
        return view(call.unit.put(agent.model_copy(update=seen)), call)
    return view(call.write(agent.model_copy(update=seen), "online"), call)


async def delete_agent(given: DeleteAgent, call: Call) -> Deleted:
    """Delete an agent. What it said and did stays; its reservations, claims and sessions end."""
    agent = await call.need(Agent, given.agent_id)
    for held in [one async for one in call.unit.every(Reservation, workspace_id=agent.workspace_id, agent_id=agent.id)]:
        call.unit.remove(held)
        call.emit(held, "released", path=held.path, agentId=agent.id)
    for task in [one async for one in call.unit.every(Task, workspace_id=agent.workspace_id, assigned_to=agent.id)]:
        if task.claim:
            call.write(unclaimed(task), "released", token=task.claim.token)
    for session in [one async for one in call.unit.every(Session, agent_id=agent.id)]:
        await closed(session, call)
    if remote := await call.unit.get(RemoteAgent, agent.id):
        call.delete(remote)
    call.delete(agent)
    return Deleted(id=agent.id)


OPERATIONS = (
    Operation(create_agent, "agents.write", writes=True, profiles=frozenset({"core"})),
    Operation(get_agent, "agents.read", profiles=frozenset({"coordination"})),
    Operation(list_agents, "agents.read", profiles=frozenset({"core", "kanban"})),
    Operation(update_agent, "agents.write", writes=True, repeatable=True),
    Operation(heartbeat_agent, "agents.write", writes=True, profiles=frozenset({"coordination"})),
    Operation(delete_agent, "agents.write", writes=True, destructive=True, repeatable=True),
)
