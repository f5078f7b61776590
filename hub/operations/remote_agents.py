"""Remote agents: agents elsewhere that speak A2A, as agents of the hub."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, JsonValue

from hub.domain.agents import AGENT_ID, Agent, AgentRole
from hub.domain.conversations import Conversation
from hub.domain.errors import Duplicate, Invalid, Refused
from hub.domain.model import Instant, new_id
from hub.domain.remote_agents import RUNNER, RemoteAgent, RemoteInterface, RemoteTask, place_of
from hub.domain.tasks import Task
from hub.operations.agents import DeleteAgent, delete_agent
from hub.operations.base import Call, Deleted, Id, Input, Mutation, Name, Operation, Page, Result, Text, expect_version
from hub.operations.outgoing import Secrets, expect_header, expect_reachable, expect_secrets_stay, origin_text, sealed
from hub.operations.tasks import expect_claim

Origins = Annotated[tuple[Name, ...], Field(max_length=20)]
Patience = Annotated[float, Field(ge=1, le=86_400)]
Card = dict[str, JsonValue]
EXAMPLE = "https://agents.example.com/.well-known/agent-card.json"
OWN_HEADERS = frozenset({
    "accept", "a2a-extensions", "a2a-version", "connection", "content-length", "content-type", "host", "if-none-match",
    "last-event-id", "transfer-encoding", "x-a2a-extensions",
})  # fmt: skip
"""The hub says these itself."""
MODES = {"inputModes": "defaultInputModes", "outputModes": "defaultOutputModes"}
"""What the agent's metadata tells of its card, under the names there."""
CALLED, TOLD = 400, 2_000
"""Characters of a card's name and description that become the agent's."""


class RegisterRemoteAgent(Mutation):
    url: Name
    """Of its card, or of the server that has it at /.well-known/agent-card.json."""
    id: Annotated[str, Field(pattern=f"^{AGENT_ID}$")] | None = None
    """An id of your own choice, which no other agent has; left out: a new one."""
    name: Name | None = None
    """Left out: what its card says."""
    role: AgentRole = "DEVELOPER"
    workspace_id: Id = "default"
    token: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    """Sent as Authorization: Bearer; kept as a secret."""
    headers: Secrets = {}
    """Sent with every request, like X-API-Key; the values are kept as secrets."""
    origins: Origins = ()
    """Origins beside the url's own, like https://api.example.com, that its card may name: secrets go nowhere else."""
    patience_seconds: Patience | None = None
    """How long it may be out of reach before its tasks fail; 120 unless given."""


class GetRemoteAgent(Input):
    agent_id: Id


class ListRemoteAgents(Page):
    workspace_id: Id = "default"


class UpdateRemoteAgent(Mutation):
    agent_id: Id
    url: Name | None = None
    token: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    headers: Secrets | None = None
    """Replaces all of them. A value that was read back (••••) stays as it is."""
    origins: Origins | None = None
    patience_seconds: Patience | None = None
    expected_version: int | None = None


class DeleteRemoteAgent(Mutation):
    agent_id: Id


class ReportRemoteAgent(Mutation):
    agent_id: Id
    url: Name
    """As it was when its card was read: what is said of another one is not taken."""
    card: Card | None = None
    """Left out: it is as it was."""
    card_url: Name | None = None
    etag: Text | None = None
    fresh_until: Instant | None = None
    interfaces: Annotated[tuple[RemoteInterface, ...], Field(max_length=50)] | None = None
    interface: RemoteInterface | None = None
    """The one to use. Left out, and no card either: it is out of reach."""
    signed: bool = False
    reason: Text | None = None


class RecordRemoteTask(Mutation):
    task_id: Id
    agent_id: Id
    claim_token: int | None = None
    again: bool = False
    """Its last run is over: begin another one."""
    remote_task_id: Id | None = None
    remote_context_id: Id | None = None
    sent: int | None = None
    question: Id | None = None
    asked: Text | None = None
    ended: bool = False


class GetRemoteTask(Input):
    task_id: Id


class RemoteAgents(Result):
    remote_agents: tuple[RemoteAgent, ...]
    next_cursor: str | None = None


async def register_remote_agent(given: RegisterRemoteAgent, call: Call) -> RemoteAgent:
    """Register an agent elsewhere by the URL of its A2A card: it becomes an agent of the hub, which tasks are given to like any
    other. Its card is read next: get_remote_agent tells when it is ready. Secret values are never shown again.
    """
    await call.workspace(given.workspace_id)
    id_ = given.id or new_id()
    if await call.unit.get(Agent, id_) or await call.unit.get(RemoteAgent, id_):
        raise Duplicate(f"There is an agent {id_!r} already. Take another id, or leave it out.")
    expect_reachable(given.url, call, EXAMPLE)
    remote = RemoteAgent(
        id=id_, url=given.url, workspace_id=given.workspace_id, headers=_sealed(_headers(given), {}, id_, call),
        origins=_origins(given.origins), named=given.name is not None,
    )  # fmt: skip
    if given.patience_seconds:
        remote = remote.model_copy(update={"patience_seconds": given.patience_seconds})
    name = given.name or given.url.partition("://")[2].partition("/")[0]
    agent = Agent(id=id_, name=name[:CALLED], role=given.role, workspace_id=given.workspace_id, metadata={"runner": RUNNER})
    if not await call.unit.get(Conversation, agent.id):  # one of that id was deleted, and what it said stays
        call.unit.put(Conversation(id=agent.id, workspace_id=agent.workspace_id))
    call.create(agent)
    return call.create(remote).shown()


async def get_remote_agent(given: GetRemoteAgent, call: Call) -> RemoteAgent:
    """Read how a remote agent is reached, whether it is ready and what its card says. Of a secret it tells only that it is set."""
    return (await call.need(RemoteAgent, given.agent_id)).shown()


async def list_remote_agents(given: ListRemoteAgents, call: Call) -> RemoteAgents:
    """List the workspace's remote agents."""
    await call.within(given.workspace_id)
    listing = await call.list(RemoteAgent, given, workspace_id=given.workspace_id)
    return RemoteAgents(remote_agents=tuple(one.shown() for one in listing.records()), next_cursor=listing.next_cursor)


async def update_remote_agent(given: UpdateRemoteAgent, call: Call) -> RemoteAgent:
    """Change how a remote agent is reached. Its card is read anew in any case, also when nothing is changed."""
    remote = await call.need(RemoteAgent, given.agent_id)
    expect_version(remote, given.expected_version)
    changed: dict[str, Any] = {"status": "connecting", "reason": None, "etag": None, "fresh_until": None}
    if given.url is not None:
        expect_reachable(given.url, call, EXAMPLE)
        changed["url"] = given.url
    if given.headers is not None or given.token is not None:
        changed["headers"] = _sealed(_headers(given), remote.headers, remote.id, call)
    changed |= {"origins": _origins(given.origins)} if given.origins is not None else {}
    changed |= {"patience_seconds": given.patience_seconds} if given.patience_seconds else {}
    expect_secrets_stay(remote.url, changed.get("url", remote.url), remote.headers, changed.get("headers", remote.headers))
    return call.update(remote, **changed).shown()


async def delete_remote_agent(given: DeleteRemoteAgent, call: Call) -> Deleted:
    """Forget a remote agent, its secrets and the agent that stands for it. What it said and did stays."""
    remote = await call.need(RemoteAgent, given.agent_id)
    if await call.unit.get(Agent, remote.id):
        return await delete_agent(DeleteAgent(agent_id=remote.id), call)
    call.delete(remote)
    return Deleted(id=remote.id)


async def report_remote_agent(given: ReportRemoteAgent, call: Call) -> RemoteAgent:
    """Say what came of reading a remote agent's card, or of using it. For the hub's own workers."""
    remote = await call.need(RemoteAgent, given.agent_id)
    if remote.url != given.url:
        raise Refused("It is registered with another url since. Read it again.")
    said: dict[str, Any] = {"interface": given.interface, "reason": given.reason}
    said["status"] = "ready" if given.interface else "unreachable"
    said |= {"fresh_until": given.fresh_until} if given.fresh_until else {}
    said |= {"interfaces": given.interfaces} if given.interfaces is not None else {}
    if given.card is not None:
        said |= {"card": given.card, "card_url": given.card_url, "etag": given.etag, "signed": given.signed}
        await _describe(remote, given.card, call)
    changed = {name: value for name, value in said.items() if getattr(remote, name) != value}
    if not changed:
        return remote.shown()
    if changed.keys() == {"fresh_until"}:
        return call.unit.put(remote.model_copy(update=changed)).shown()
    return call.write(remote.model_copy(update=changed), "connected" if given.interface else "lost", reason=given.reason).shown()


async def record_remote_task(given: RecordRemoteTask, call: Call) -> RemoteTask:
    """Keep what a remote agent's own task is, so that it is gone on with after a restart. For the hub's own workers."""
    task = await call.need(Task, given.task_id)
    expect_claim(task, given.claim_token)
    known = await call.unit.get(RemoteTask, task.id)
    place = place_of(given.agent_id, task.session_id, task.id)
    if known is None or known.agent_id != given.agent_id or given.again:
        run = known.run + 1 if known else 1
        fresh = RemoteTask(id=task.id, workspace_id=task.workspace_id, agent_id=given.agent_id, place=place, run=run)
        context = await _context(place, call)
        known = fresh.model_copy(update={"version": known.version if known else 0, "remote_context_id": context})
    said = {name: getattr(given, name) for name in ("remote_task_id", "remote_context_id", "sent", "question", "asked")}
    changed: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    changed |= {"ended": True} if given.ended else {}
    return call.unit.put(known.model_copy(update=changed))


async def get_remote_task(given: GetRemoteTask, call: Call) -> RemoteTask:
    """Read which task of a remote agent a task of the hub stands for."""
    return await call.need(RemoteTask, given.task_id)


async def _context(place: str, call: Call) -> str | None:
    """What the agent calls this context, if it was told of it before."""
    async for one in call.unit.every(RemoteTask, place=place):
        if one.remote_context_id:
            return one.remote_context_id
    return None


async def _describe(remote: RemoteAgent, card: Card, call: Call) -> None:
    """The agent is called as its card says, unless it was given a name."""
    agent = await call.unit.get(Agent, remote.id)
    if agent is None:
        return
    name, description = card.get("name"), card.get("description")
    changed: dict[str, Any] = {}
    if isinstance(name, str) and name.strip() and not remote.named:
        changed["name"] = name.strip()[:CALLED]
    about = {"description": description[:TOLD]} if isinstance(description, str) and description else {}
    about |= {to: ",".join(modes)[:TOLD] for to, name in MODES.items() if (modes := _texts(card.get(name)))}
    if about:
        changed["metadata"] = agent.metadata | about
    if any(getattr(agent, field) != value for field, value in changed.items()):
        call.update(agent, **changed)


def _texts(value: JsonValue) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _headers(given: RegisterRemoteAgent | UpdateRemoteAgent) -> dict[str, str]:
    headers = dict(given.headers or {})
    if given.token is not None:
        if any(name.lower() == "authorization" for name in headers):
            raise Invalid("token: give it, or the header Authorization, not both.")
        headers["Authorization"] = f"Bearer {given.token}"
    return headers


def _sealed(given: Mapping[str, str], stored: Mapping[str, str], id_: str, call: Call) -> dict[str, str]:
    for name, value in given.items():
        expect_header("headers", name, value, OWN_HEADERS)
    return sealed("headers", given, stored, (RemoteAgent, id_), call)


def _origins(given: tuple[str, ...]) -> tuple[str, ...]:
    """As they are compared. Raises Invalid."""
    made = []
    for one in given:
        if (place := origin_text(one)) is None:
            raise Invalid(f"origins: {one[:80]!r} is none. One is like https://api.example.com")
        made.append(place)
    return tuple(made)


OPERATIONS = (
    Operation(register_remote_agent, "remote_agents.write", writes=True),
    Operation(get_remote_agent, "remote_agents.read"),
    Operation(list_remote_agents, "remote_agents.read"),
    Operation(update_remote_agent, "remote_agents.write", writes=True),
    Operation(delete_remote_agent, "remote_agents.write", writes=True, destructive=True, repeatable=True),
    Operation(report_remote_agent, "remote_agents.write", writes=True, repeatable=True),
    Operation(record_remote_task, "tasks.write", writes=True),
    Operation(get_remote_task, "tasks.read"),
)
