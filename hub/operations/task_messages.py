"""What is said about a task: giving work by a message, going on with it, and the history."""

from typing import Annotated, ClassVar

from pydantic import Field

from hub.domain.agents import Agent
from hub.domain.errors import Invalid, NotFound, Refused
from hub.domain.forms import expect_fitting
from hub.domain.model import Value, new_id
from hub.domain.push_configs import PushVersion
from hub.domain.task_messages import Part, SentMessage, TaskMessage, text_of
from hub.domain.tasks import InputRequest, Task
from hub.operations.base import Call, Id, Listing, Mutation, Operation, Page
from hub.operations.claims import begun, expect_running
from hub.operations.histories import Metadata, stage_message, told
from hub.operations.push_configs import CreatePushConfig, GivenAuthentication, Secret, create_push_config
from hub.operations.tasks import expect_claim

Parts = Annotated[tuple[Part, ...], Field(min_length=1, max_length=100)]
LONGEST_TITLE = 120
MOST_AGENTS = 1_000
"""Of a workspace, among whom the one is looked for that a message goes to."""
UNTITLED = "A message without text"


class NewPushConfig(Value):
    """As in create_push_config, for the task of the message."""

    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    id: Id | None = None
    token: Secret | None = None
    authentication: GivenAuthentication | None = None
    protocol_version: PushVersion = "1.0"


class SendTaskMessage(Mutation):
    brief: ClassVar[tuple[str, ...]] = ("messageId", "parts", "taskId", "contextId", "agentId", "workspaceId", "metadata")

    message_id: Id
    """The sender's own id of the message: sending it again in the same context, or to the same task, finds the same task."""
    parts: Parts
    task_id: Id | None = None
    """The task to go on with; left out: a new one."""
    context_id: Id | None = None
    """What the task belongs to: a session, or what the first task of a conversation answered as sessionId. Left out: a new one, and an
    idempotencyKey is what makes sending it again safe."""
    agent_id: Id | None = None
    """Who is to do it; left out: whoever claims it."""
    routed: bool = False
    """Without an agentId: to the agent that the hub runs by itself, where its workspace has just one."""
    workspace_id: Id | None = None
    """Left out: the agent's, or the default one."""
    metadata: Metadata | None = None
    extensions: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    reference_task_ids: Annotated[tuple[Id, ...], Field(max_length=50)] = ()
    push_config: NewPushConfig | None = None
    """An address to be told of what happens to the task; both are there, or neither is."""


class AddTaskMessage(Mutation):
    task_id: Id
    parts: Parts
    message_id: Id | None = None
    agent_id: Id | None = None
    metadata: Metadata | None = None
    claim_token: int | None = None


class ListTaskMessages(Page):
    task_id: Id


async def send_task_message(given: SendTaskMessage, call: Call) -> Task:
    """Give an agent work by a message, or go on with a task of yours: a message to a task that asks something answers it.
    wait_for_task tells what comes of it.
    """
    expect_parts(given.parts)
    known = None
    if place := given.task_id or given.context_id:
        known = await call.unit.get_repeated(SentMessage, _sent_id(place, given, call))
        if known and (task := await call.unit.get(Task, known.task_id)):
            return task
    task = await (_gone_on(given, call) if given.task_id else _begun(given, call))
    sent = SentMessage(id=_sent_id(place or task.session_id or task.id, given, call), workspace_id=task.workspace_id, task_id=task.id)
    call.unit.put(sent.model_copy(update={"version": known.version}) if known else sent)
    if given.push_config:
        await create_push_config(CreatePushConfig(task_id=task.id, **given.push_config.__dict__), call)
    return task


async def add_task_message(given: AddTaskMessage, call: Call) -> Task:
    """Say something about a task that you work on, to whoever follows it. request_input asks; append_artifact gives results."""
    expect_parts(given.parts)
    task = await call.need(Task, given.task_id)
    expect_claim(task, given.claim_token)
    expect_running(task)
    message = stage_message(task, "agent", given.parts, call, given.message_id, given.agent_id, given.metadata)
    return call.write(task.model_copy(update={"message_count": message.number}), "message_added", **told(message))


async def list_task_messages(given: ListTaskMessages, call: Call) -> Listing[TaskMessage]:
    """List what was said about a task, the oldest first."""
    await call.need(Task, given.task_id)
    return await call.list(TaskMessage, given, task_id=given.task_id)


def expect_parts(parts: tuple[Part, ...]) -> None:
    if any(part.contents != 1 for part in parts):
        raise Invalid("parts: each has exactly one of text, raw, url and data")


async def _begun(given: SendTaskMessage, call: Call) -> Task:
    agent = await call.need(Agent, given.agent_id) if given.agent_id else None
    workspace = await call.workspace(given.workspace_id or (agent.workspace_id if agent else "default"))
    if agent is None and given.routed:
        agent = await _only_one(workspace.id, call)
    text = text_of(given.parts)
    title = next((line.strip() for line in text.splitlines() if line.strip()), UNTITLED)
    task = Task(
        title=title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…", objective=text or UNTITLED,
        workspace_id=workspace.id, assigned_to=agent.id if agent else None, session_id=given.context_id or new_id(),
        message_count=1, metadata=given.metadata, creation_source="agent",
    )  # fmt: skip
    _stage_sent(task.model_copy(update={"message_count": 0}), given, call)
    if agent is None:
        return call.create(task)
    if (offer := call.offer(agent)) is None:
        return call.create(task, agentId=agent.id)
    task = begun(task, agent, offer.worker, offer.lease_seconds, call)
    return call.create(task, agentId=agent.id, token=task.claim_count, worker=offer.worker)


async def _only_one(workspace_id: str, call: Call) -> Agent | None:
    """The workspace's agent that has a runner, if no other has one."""
    run = [agent for agent in await call.unit.find(Agent, limit=MOST_AGENTS, workspace_id=workspace_id) if "runner" in agent.metadata]
    return run[0] if len(run) == 1 else None


async def _gone_on(given: SendTaskMessage, call: Call) -> Task:
    task = await call.need(Task, given.task_id or "")
    if given.agent_id and task.assigned_to != given.agent_id:
        raise NotFound("task", task.id)
    if given.context_id and task.session_id != given.context_id:
        raise Invalid("contextId: the task belongs to another context. Leave it out, or give the task's own.")
    if task.ended:
        raise Refused(f"The task has ended: it is {task.status}. Send the message without its taskId to begin another.", status=task.status)
    message = _stage_sent(task, given, call)
    changed = task.model_copy(update={"message_count": message.number})
    if not task.questions:
        return call.write(changed, "message_added", **told(message))
    question = task.questions[0]
    answered = question.model_copy(update={"answered_at": call.now, "response": _response(question, given.parts)})
    requests = tuple(answered if one.id == question.id else one for one in task.input_requests)
    changed = changed.model_copy(update={"input_requests": requests})
    return call.write(changed, "input_provided", inputRequestId=question.id, declined=False, **told(message))


def _stage_sent(task: Task, given: SendTaskMessage, call: Call) -> TaskMessage:
    return stage_message(
        task, "user", given.parts, call, given.message_id, None, given.metadata, given.extensions, given.reference_task_ids
    )


def _response(question: InputRequest, parts: tuple[Part, ...]) -> Metadata:
    """The answer that a message is: its data as it is, or its text in the form's first field for texts. Raises Invalid."""
    data = next((part.data for part in parts if isinstance(part.data, dict)), None)
    fields: Metadata = question.form["properties"]  # type: ignore[assignment]
    first = next((name for name, field in fields.items() if isinstance(field, dict) and field.get("type") == "string"), None)
    response: Metadata = data if data is not None else {first: text_of(parts)} if first else {}
    expect_fitting(response, question.form)
    return response


def _sent_id(place: str, given: SendTaskMessage, call: Call) -> str:
    """The lengths keep the parts apart."""
    return "/".join(f"{len(one)}:{one}" for one in (call.caller.subject, place, given.message_id))


OPERATIONS = (
    Operation(send_task_message, "tasks.write", writes=True, profiles=frozenset({"coordination"})),
    Operation(add_task_message, "tasks.write", writes=True, profiles=frozenset({"coordination"})),
    Operation(list_task_messages, "tasks.read", profiles=frozenset({"coordination"})),
)
