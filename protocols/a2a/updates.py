"""Facts of the log as the events of A2A's streams and pushes: status updates and artifact updates (specification 1.0 §4.2)."""

from collections import OrderedDict
from typing import NamedTuple

import orjson

from hub.app import Hub
from hub.domain.task_messages import TaskMessage, numbered_key
from hub.domain.tasks import Task, TaskState
from hub.ports import Json, Logged
from protocols.a2a.shapes import artifact_updates, message_of, outcome_of, question_of, status_update
from protocols.a2a.states import CANCELED, SETTLED, STATES, TERMINAL

MOST_KEPT = 16_000_000
"""Bytes of rendered events that are kept for the next who asks."""
ADDED, ASKED, DELETED = "task.message_added", "task.input_requested", "task.deleted"


class Update(NamedTuple):
    """One event of a stream."""

    event: Json
    """StreamResponse."""
    body: bytes
    """The same, rendered."""
    state: str | None = None
    """What the task is in with it; None for an artifact."""
    said: bool = True
    """It tells something beside the state."""
    id: str = ""
    """Where to come back to: the cursor of the log and, while more of the same fact follows, how much of it this was: `12.1`."""


class Happened(NamedTuple):
    """A fact of the log about a task."""

    cursor: int
    name: str
    task_id: str
    event: Json
    """hub.domain.events.Event"""

    @property
    def version(self) -> int:
        return int(self.event["version"])

    @property
    def state(self) -> str:
        """A task that is deleted is over."""
        state: TaskState = self.event.get("state", "working")
        return CANCELED if self.name == DELETED else STATES[state]


def happened(logged: Logged) -> Happened:
    return Happened(logged.cursor, logged.name, logged.record_id, orjson.loads(logged.body))


class Updates:
    """Renders each fact once, however many follow the task. Several tenants may share it: a cursor is of one fact alone."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._kept: OrderedDict[int, tuple[Update, ...]] = OrderedDict()
        self._size = 0

    async def of(self, tenant: str, fact: Happened) -> tuple[Update, ...]:
        known = self._kept.get(fact.cursor)
        if known is None:
            known = await rendered(self._hub, tenant, fact)
            if fact.cursor not in self._kept:
                self._keep(fact.cursor, known)
        return known

    def _keep(self, cursor: int, updates: tuple[Update, ...]) -> None:
        self._kept[cursor] = updates
        self._size += _size(updates)
        while self._size > MOST_KEPT:
            _, gone = self._kept.popitem(last=False)
            self._size -= _size(gone)


def _size(updates: tuple[Update, ...]) -> int:
    """What is told in nothing takes its room, too."""
    return 200 + sum(len(one.body) for one in updates)


def update_of(event: Json, cursor: int) -> Update:
    return Update(event, orjson.dumps(event), id=str(cursor))


async def rendered(hub: Hub, tenant: str, fact: Happened) -> tuple[Update, ...]:
    """What a fact is in a stream. One that only repeats the state is told to nobody who knows it."""
    context_id = fact.event.get("sessionId") or fact.task_id
    if fact.name == "task.artifact_updated":
        events = artifact_updates(fact.task_id, context_id, fact.event["data"])
        ids = [*(f"{fact.cursor}.{number}" for number in range(1, len(events))), str(fact.cursor)]
        return tuple(Update(event, orjson.dumps(event), id=id_) for event, id_ in zip(events, ids, strict=True))
    data = fact.event.get("data") or {}
    says = fact.name == ADDED and data["role"] == "agent"
    message = await _message(hub, tenant, fact, data, says) if says or fact.state in SETTLED else None
    status: Json = {"state": fact.state, "timestamp": fact.event["at"]}
    if message:
        status["message"] = message
    event = status_update(fact.task_id, context_id, status)
    return (Update(event, orjson.dumps(event), fact.state, says or fact.name == ASKED, str(fact.cursor)),)


async def _message(hub: Hub, tenant: str, fact: Happened, data: Json, says: bool) -> Json | None:
    """What comes with the status: what the agent says, asks, or ends with."""
    task = hub.remembered(tenant, Task, fact.task_id)
    if task is None or task.version < fact.version:
        task = await hub.store.get(tenant, Task, fact.task_id)
    if task is None:
        return None
    if says:
        message = await hub.store.get(tenant, TaskMessage, numbered_key(task.id, data["number"]))
        return message_of(message, task) if message else None
    if fact.state in TERMINAL:
        return outcome_of(task)
    asked = [one for one in task.input_requests if fact.name == ASKED and one.id == data["inputRequestId"]] or task.questions
    return question_of(asked[0], task) if asked else None
