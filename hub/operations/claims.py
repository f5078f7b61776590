"""Claims: who works on a task, for how long, and who it is given to."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, JsonValue

from hub.domain.agents import Agent
from hub.domain.conversations import Conversation, Message, MessageRole
from hub.domain.errors import Refused
from hub.domain.model import later
from hub.domain.task_messages import Part
from hub.domain.tasks import Claim, Task, unclaimed
from hub.operations.base import Call, Id, Mutation, Operation, Text
from hub.operations.histories import stage_message, told
from hub.operations.tasks import expect_claim, ready_tasks

LeaseSeconds = Annotated[int, Field(ge=1, le=86_400)]
LEASE = 900
IN_WORK = {"status": "IN_PROGRESS", "column_id": "dev", "verification_verdict": None, "result": None, "failure": None}
"""A task that somebody works on; what came of it and was thought of it before is over."""


class ClaimTask(Mutation):
    brief: ClassVar[tuple[str, ...]] = ("agentId", "taskId", "workspaceId", "leaseSeconds")

    agent_id: Id
    task_id: Id | None = None
    """Left out: the most urgent ready task."""
    workspace_id: Id = "default"
    lease_seconds: LeaseSeconds = LEASE
    worker: Id | None = None
    """Which of the agent's workers claims: while its claim lasts, another of them is refused as another agent is."""


class RenewClaim(Mutation):
    task_id: Id
    claim_token: int
    lease_seconds: LeaseSeconds = LEASE


class ReleaseClaim(Mutation):
    task_id: Id
    claim_token: int


class DelegateTask(Mutation):
    agent_id: Id
    task_id: Id
    caller_agent_id: Id
    message: Text | None = None
    """Added to what the agent is told."""


async def claim_task(given: ClaimTask, call: Call) -> Task:
    """Take a task to work on it alone. Keep claim.token as claimToken for update_task and report_to_parent; claim it again
    before claim.expiresAt to keep it.
    """
    agent = await call.need(Agent, given.agent_id)
    task = await _claimable(given, call)
    if task.claim and task.claimed_at(call.now):
        claim = task.claim.model_copy(update={"expires_at": later(call.now, given.lease_seconds)})
        return call.unit.put(task.model_copy(update={"claim": claim}))
    taken = begun(task, agent, given.worker, given.lease_seconds, call)
    return call.write(taken, "claimed", agentId=agent.id, token=taken.claim_count)


async def renew_claim(given: RenewClaim, call: Call) -> Task:
    """Keep a claim for longer. Refused when somebody else has claimed the task since."""
    task = await call.need(Task, given.task_id)
    expect_claim(task, given.claim_token)
    assert task.claim is not None
    claim = task.claim.model_copy(update={"expires_at": later(call.now, given.lease_seconds)})
    return call.unit.put(task.model_copy(update={"claim": claim}))


async def release_claim(given: ReleaseClaim, call: Call) -> Task:
    """Give a task back unfinished: it can be claimed again at once."""
    task = await call.need(Task, given.task_id)
    expect_claim(task, given.claim_token)
    return call.write(unclaimed(task), "released", agentId=task.assigned_to, token=given.claim_token)


async def delegate_task(given: DelegateTask, call: Call) -> Task:
    """Give a task to another agent: it becomes that agent's, and the agent is told in its conversation."""
    agent, task = await call.need(Agent, given.agent_id), await call.need(Task, given.task_id)
    if task.claimed_at(call.now) and task.claim and task.claim.agent_id not in (agent.id, given.caller_agent_id):
        raise Refused(f"Agent {task.claim.agent_id!r} works on it until {task.claim.expires_at}. Wait, or ask it to release_claim.")
    expect_open(task)
    text = f"Task delegated: {task.title} (task {task.id})" + (f"\n\n{given.message}" if given.message else "")
    await tell(agent, "USER", text, call)
    if agent.status != "ACTIVE":
        call.update(agent, status="ACTIVE")
    changed: dict[str, Any] = {**IN_WORK, "assigned_to": agent.id, "claim": None}
    said: dict[str, JsonValue] = {}
    if given.message:
        message = stage_message(task, "user", (Part(text=given.message),), call, agent_id=given.caller_agent_id)
        changed, said = changed | {"message_count": message.number}, told(message)
    return call.write(task.model_copy(update=changed), "delegated", agentId=agent.id, callerAgentId=given.caller_agent_id, **said)


def begun(task: Task, agent: Agent, worker: str | None, lease_seconds: int, call: Call) -> Task:
    """The task in work, under a new claim of the agent's, who is active from now on."""
    if agent.status == "PENDING":
        call.update(agent, status="ACTIVE")
    token = task.claim_count + 1
    claim = Claim(agent_id=agent.id, token=token, expires_at=later(call.now, lease_seconds), worker=worker)
    return task.model_copy(update={"claim": claim, "claim_count": token, **IN_WORK, "assigned_to": agent.id})


async def tell(
    agent: Agent, role: MessageRole, content: str, call: Call, tool_name: str | None = None, tool_args: str | None = None
) -> Message:
    """Append a turn to the agent's conversation."""
    counter = await call.unit.get(Conversation, agent.id) or Conversation(id=agent.id, workspace_id=agent.workspace_id)
    counter = call.unit.put(counter.model_copy(update={"turns": counter.turns + 1}))
    message = Message(
        workspace_id=agent.workspace_id, agent_id=agent.id, turn=counter.turns, role=role,
        content=content, timestamp=call.now, tool_name=tool_name, tool_args=tool_args,
    )  # fmt: skip
    return call.create(message, agentId=agent.id, turn=counter.turns)


def expect_open(task: Task) -> None:
    if task.status in ("COMPLETED", "CANCELLED"):
        raise Refused(f"The task is {task.status}. set_task_status makes it PENDING again.", status=task.status)


def expect_running(task: Task) -> None:
    """Unlike expect_open it also refuses a task that failed: what it ended in stands until somebody takes it up again."""
    if task.ended:
        raise Refused(f"The task has ended: it is {task.status}. set_task_status makes it PENDING again.", status=task.status)


async def _claimable(given: ClaimTask, call: Call) -> Task:
    if given.task_id is None:
        ready = await ready_tasks(given.workspace_id, call)
        if not ready:
            raise Refused("No task is ready. create_task makes one; list_tasks shows what the others wait for.")
        return ready[0]
    task = await call.need(Task, given.task_id)
    if task.claim and task.claimed_at(call.now):
        if (task.claim.agent_id, task.claim.worker) == (given.agent_id, given.worker):
            return task
        raise Refused(
            f"Agent {task.claim.agent_id!r} holds it until {task.claim.expires_at}. Claim another task.",
            holder=task.claim.agent_id, expiresAt=task.claim.expires_at,
        )  # fmt: skip
    if not (task.claimable_at(call.now) or (task.status == "IN_PROGRESS" and task.assigned_to in (None, given.agent_id))):
        raise Refused(f"The task is {task.status}; only a PENDING one can be claimed.", status=task.status)
    waiting = [id_ for id_ in task.dependencies if not ((needed := await call.unit.get(Task, id_)) and needed.status == "COMPLETED")]
    if waiting:
        raise Refused(f"It depends on tasks that are not completed: {', '.join(waiting)}.", waitingFor=[*waiting])
    return task


OPERATIONS = (
    Operation(claim_task, "tasks.write", writes=True, profiles=frozenset({"core"})),
    Operation(renew_claim, "tasks.write", writes=True, profiles=frozenset({"coordination"})),
    Operation(release_claim, "tasks.write", writes=True, repeatable=True, profiles=frozenset({"coordination"})),
    Operation(delegate_task, "tasks.write", writes=True, profiles=frozenset({"coordination"})),
)
