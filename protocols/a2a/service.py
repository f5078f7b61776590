"""The operations of A2A 1.0 (specification §3.1) over the hub's own: parameters and answers are ProtoJSON dicts.

Every binding and the older version translate to it. It raises A2AError, and Unauthenticated and Forbidden as they are.
"""

from collections.abc import AsyncGenerator
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from hub.access import Caller
from hub.app import Hub
from hub.domain.agents import Agent
from hub.domain.errors import HubError
from hub.domain.push_configs import PushConfig, PushVersion
from hub.domain.task_messages import TaskMessage, numbered_key
from hub.domain.tasks import Artifact, Task
from hub.operations.outputs import ChangedTasks, TaskState
from hub.operations.push_configs import PushConfigs
from hub.ports import Filter, Json
from protocols.a2a import errors, fields
from protocols.a2a.errors import ExtendedAgentCardNotConfigured, TaskNotCancelable, TaskNotFound, UnsupportedOperation
from protocols.a2a.modes import expect_taken, input_modes
from protocols.a2a.requests import How, listing_arguments, push_arguments, sending_arguments
from protocols.a2a.shapes import push_config_of, task_of
from protocols.a2a.states import SETTLED, STATES, TERMINAL
from protocols.a2a.streams import Following, Place
from protocols.a2a.updates import Update, update_of

UNTAKEN, TAKEN = 30.0, 300.0
"""Seconds that a blocking SendMessage waits for a task that nobody works on, and for one that somebody does."""
OWN = frozenset({"tasks.read"})
ENDED = "The task has ended. GetTask reads it; a message without taskId begins another."

Stream = AsyncGenerator[Update | None, None]
"""None: nothing happened for the time of a heartbeat. What is wrong with the request is raised by the first step."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and where."""

    caller: Caller
    agent_id: str | None = None
    """The agent that is asked; None: the hub itself."""
    base_url: str = ""
    """Under which the client reaches the hub."""
    extensions: frozenset[str] = frozenset()
    """Those that the client says it knows, by URI."""
    version: PushVersion = "1.0"
    """That it speaks."""
    last_event: Place | None = None
    """Of the last event that it has, if it comes back for the rest of a stream."""
    idempotency_key: str | None = None
    """Makes it safe to send a message again that belongs to no context yet."""


class Cards(Protocol):
    async def extended(self, asked: Asked) -> Json | None:
        """The card for those who are known to the hub; None: there is none."""


class Service:
    """Made once; whoever makes it closes it."""

    def __init__(self, hub: Hub, cards: Cards, untaken: float = UNTAKEN, taken: float = TAKEN) -> None:
        self._hub, self._cards, self._untaken, self._taken = hub, cards, untaken, taken
        self._following = Following(hub)

    async def close(self) -> None:
        await self._following.close()

    async def send(self, params: Json, asked: Asked) -> Json:
        """SendMessage (§3.1.1). Waits for the end or a question, unless `returnImmediately`; then the task as it is."""
        cursor = self._hub.store.heard
        task, _, how = await self._sent(params, asked, cursor)
        version = task.version
        if not how.immediately and STATES[task.state] not in SETTLED:
            version = await self._settled(task, cursor, asked)
        if known := self._remembered(task.id, version, asked):
            return {"task": task_of(*known, how.history)}
        state = await self._state(task.id, _own(asked), how.history)
        return {"task": _whole(state, how.history)}

    async def stream(self, params: Json, asked: Asked) -> Stream:
        """SendStreamingMessage (§3.1.2): the task, then what happens to it until it has ended or asks something."""
        cursor = self._hub.store.heard
        task, new, how = await self._sent(params, asked, cursor)
        if asked.last_event is not None:
            rest = self._rest(task, asked.last_event, asked, SETTLED)
        elif new and task.message_count == 1:
            rest = self._begun(task, cursor, asked)
        else:
            rest = self._followed(task.id, _own(asked), SETTLED, how.history)
        async with aclosing(rest):
            async for update in rest:
                yield update

    async def subscribe(self, params: Json, asked: Asked) -> Stream:
        """SubscribeToTask (§3.1.6): the task as it is now, then what happens to it until it has ended."""
        expect_tenant(params, asked)
        id_ = fields.required(params, "id")
        if asked.last_event is None:
            rest = self._followed(id_, asked, TERMINAL)
        else:
            rest = self._rest(await self._task(id_, asked), asked.last_event, asked, TERMINAL)
        async with aclosing(rest):
            async for update in rest:
                yield update

    async def get(self, params: Json, asked: Asked) -> Json:
        """GetTask (§3.1.3)."""
        expect_tenant(params, asked)
        last = fields.whole(params, "historyLength", 0)
        return _whole(await self._state(fields.required(params, "id"), asked, last), last)

    async def list_(self, params: Json, asked: Asked) -> Json:
        """ListTasks (§3.1.4), those that changed last first. Without `historyLength` their history is left out."""
        expect_tenant(params, asked)
        arguments = listing_arguments(params, asked.agent_id)
        last, output = fields.whole(params, "historyLength", 0) or 0, fields.truth(params, "includeArtifacts")
        page: ChangedTasks = await self._call("list_changed_tasks", arguments, asked)
        tasks = [await self._listed(task, last, output, asked) for task in page.tasks]
        return {"tasks": tasks, "nextPageToken": page.next_cursor or "", "pageSize": arguments["limit"], "totalSize": page.total}

    async def cancel(self, params: Json, asked: Asked) -> Json:
        """CancelTask (§3.1.5)."""
        expect_tenant(params, asked)
        task = await self._task(fields.required(params, "id"), asked)
        if not task.ended:
            task = await self._call("cancel_task", {"taskId": task.id}, asked)
            if task.state == "cancelled":
                return _whole(await self._state(task.id, _own(asked)))
        raise TaskNotCancelable(f"The task has ended: it is {STATES[task.state]}.")

    async def create_push_config(self, params: Json, asked: Asked) -> Json:
        """CreateTaskPushNotificationConfig (§3.1.7)."""
        expect_tenant(params, asked)
        task = await self._task(fields.required(params, "taskId"), asked)
        config: PushConfig = await self._call("create_push_config", {"taskId": task.id, **push_arguments(params, asked.version)}, asked)
        return push_config_of(config)

    async def get_push_config(self, params: Json, asked: Asked) -> Json:
        """GetTaskPushNotificationConfig (§3.1.8)."""
        expect_tenant(params, asked)
        config: PushConfig = await self._call("get_push_config", await self._config(params, asked), asked)
        return push_config_of(config)

    async def list_push_configs(self, params: Json, asked: Asked) -> Json:
        """ListTaskPushNotificationConfigs (§3.1.9)."""
        expect_tenant(params, asked)
        task = await self._task(fields.required(params, "taskId"), asked)
        found = {"limit": fields.whole(params, "pageSize", 1, 100), "cursor": fields.text(params, "pageToken")}
        arguments = {"taskId": task.id, **{name: value for name, value in found.items() if value}}
        page: PushConfigs = await self._call("list_push_configs", arguments, asked)
        answer: Json = {"configs": [push_config_of(config) for config in page.push_configs]}
        return {**answer, "nextPageToken": page.next_cursor} if page.next_cursor else answer

    async def delete_push_config(self, params: Json, asked: Asked) -> Json:
        """DeleteTaskPushNotificationConfig (§3.1.10). Deleting it again does no harm."""
        expect_tenant(params, asked)
        await self._call("delete_push_config", await self._config(params, asked), asked)
        return {}

    async def extended_card(self, params: Json, asked: Asked) -> Json:
        """GetExtendedAgentCard (§3.1.11)."""
        expect_tenant(params, asked)
        if (card := await self._cards.extended(asked)) is None:
            raise ExtendedAgentCardNotConfigured
        return card

    async def _sent(self, params: Json, asked: Asked, cursor: int) -> tuple[Task, bool, How]:
        """The task, whether it was begun by this message, behind the cursor, and how it is to be answered."""
        expect_tenant(params, asked)
        arguments, how = sending_arguments(params, asked.agent_id, asked.version)
        await self._expect_taken(arguments, asked)
        if asked.idempotency_key:
            arguments["idempotencyKey"] = asked.idempotency_key
        task: Task = await self._call("send_task_message", arguments, asked)
        if asked.idempotency_key and not await self._created(task, cursor, asked):  # it is the answer to an earlier request
            return (await self._state(task.id, _own(asked), 0)).task, False, how
        return task, task.version == 1 and "taskId" not in arguments, how

    async def _created(self, task: Task, cursor: int, asked: Asked) -> bool:
        """Whether the task was made behind the cursor."""
        page = await self._hub.store.news(cursor, asked.caller.tenant, Filter(kinds=(Task.kind,), record_id=task.id), 1)
        return any(logged.name == "task.created" for logged in page.events)

    async def _expect_taken(self, arguments: Json, asked: Asked) -> None:
        """By the agent, or by the hub itself."""
        if not any("mediaType" in part for part in arguments["parts"]):
            return
        agent_id = arguments.get("agentId")
        agent = await self._hub.store.get(asked.caller.tenant, Agent, agent_id) if agent_id else None
        expect_taken(arguments["parts"], input_modes(agent))

    async def _settled(self, task: Task, cursor: int, asked: Asked) -> int:
        """The version that it had then."""
        try:
            return await self._following.settled(asked.caller.tenant, task, cursor, self._untaken, self._taken)
        except HubError as error:
            raise errors.of(error) from None

    async def _begun(self, task: Task, cursor: int, asked: Asked) -> Stream:
        """From the task's very beginning, so that nothing is told in one with its state that happened since."""
        place = asked.caller.tenant, TaskMessage, numbered_key(task.id, 1)
        message = self._hub.remembered(*place) or await self._hub.store.get(*place)
        yield update_of({"task": task_of(task, [message] if message else [])}, cursor)
        async with aclosing(self._following.updates(asked.caller.tenant, task.id, Place(cursor), SETTLED, task)) as updates:
            async for update in updates:
                yield update

    async def _followed(self, id_: str, asked: Asked, ends: AbstractSet[str], last: int | None = None) -> Stream:
        """The task as it is, and what happens to it from then on. Of one that has ended, SendStreamingMessage tells that alone."""
        state = await self._state(id_, asked, last)
        if state.task.ended and ends is TERMINAL:
            raise UnsupportedOperation(ENDED)
        yield update_of({"task": _whole(state, last)}, state.cursor)
        if STATES[state.task.state] in ends:
            return
        async with aclosing(self._following.updates(asked.caller.tenant, id_, Place(state.cursor), ends, state.task)) as updates:
            async for update in updates:
                yield update

    async def _rest(self, task: Task, place: Place, asked: Asked, ends: AbstractSet[str]) -> Stream:
        """What a client missed that comes back, and on from there."""
        if place.cursor > await self._hub.store.latest():
            raise fields.wrong("Last-Event-ID", "it must be the id of an event of this stream")
        yield None  # it is connected, though nothing may have happened yet
        tenant, following = asked.caller.tenant, self._following
        rest = following.past(tenant, task.id, place) if task.ended else following.updates(tenant, task.id, place, ends)
        async with aclosing(rest):
            async for update in rest:
                yield update

    async def _listed(self, task: Task, last: int, output: bool, asked: Asked) -> Json:
        if not last and not output:
            return task_of(task, last=0)
        state = await self._state(task.id, asked, last)
        return task_of(state.task, state.messages, state.artifacts if output else (), last)

    async def _config(self, params: Json, asked: Asked) -> Json:
        """Which configuration is meant, of a task that the caller may see."""
        task = await self._task(fields.required(params, "taskId"), asked)
        return {"taskId": task.id, "pushConfigId": fields.required(params, "id")}

    async def _task(self, id_: str, asked: Asked) -> Task:
        """An agent's tasks are those that it was given; of others it knows nothing."""
        task: Task = await self._call("get_task", {"taskId": id_}, asked)
        return _expect_own(task, asked)

    def _remembered(self, id_: str, version: int, asked: Asked) -> tuple[Task, list[TaskMessage], list[Artifact]] | None:
        """The task with all of it at this version or a later one, if this process knows it."""
        recall = partial(self._hub.remembered, asked.caller.tenant)
        task = recall(Task, id_)
        if task is None or task.version < version:
            return None
        messages = [said for number in range(1, task.message_count + 1) if (said := recall(TaskMessage, numbered_key(id_, number)))]
        artifacts = [one for key, known in task.outputs.items() if (one := recall(Artifact, key)) and one.version == known]
        whole = (
            len(messages) == task.message_count and len(artifacts) == len(task.outputs) and not any(one.chunk_count for one in artifacts)
        )
        return (task, messages, artifacts) if whole else None

    async def _state(self, id_: str, asked: Asked, last: int | None = None) -> TaskState:
        arguments = {"taskId": id_} if last is None else {"taskId": id_, "historyLength": last}
        state: TaskState = await self._call("get_task_state", arguments, asked)
        _expect_own(state.task, asked)
        return state

    async def _call(self, operation: str, arguments: Json, asked: Asked) -> Any:
        try:
            return await self._hub.call(operation, arguments, asked.caller)
        except HubError as error:
            raise errors.of(error) from None


def expect_tenant(params: Json, asked: Asked) -> None:
    """A tenant is named by nobody but its own callers. Where all agents have one address, it is the agent that is asked."""
    if fields.text(params, "tenant") not in ("", asked.caller.tenant, asked.agent_id):
        raise errors.NoSuch("There is no such tenant for this caller. Leave `tenant` out, or give the card's.")


def _expect_own(task: Task, asked: Asked) -> Task:
    if asked.agent_id and task.assigned_to != asked.agent_id:
        raise TaskNotFound
    return task


def _own(asked: Asked) -> Asked:
    """Who gave a task is told how it goes, also without the grant to read others'."""
    return Asked(Caller(asked.caller.tenant, asked.caller.subject, OWN))


def _whole(state: TaskState, last: int | None = None) -> Json:
    return task_of(state.task, state.messages, state.artifacts, last)
