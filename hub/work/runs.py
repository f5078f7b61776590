"""One task that a worker has taken up, from waiting for a place to the end of its turn."""

import asyncio
from asyncio import Semaphore, get_running_loop
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import JsonValue

from hub.access import READ, WRITE, Caller
from hub.app import Hub
from hub.domain.errors import NotFound
from hub.domain.task_messages import TaskMessage, numbered_key
from hub.domain.tasks import InputKind, InputRequest, Task
from hub.operations.base import Output
from hub.ports import AgentRunner
from hub.turns import Terms, Turn
from hub.unit import UnitOfWork

Over = Literal["", "lost", "stopping"]


@dataclass(frozen=True)
class Place:
    """Where an agent's turns take place: its runner, and how many of them at once, of its own and of all agents."""

    runner: AgentRunner
    terms: Terms
    own: Semaphore
    shared: Semaphore


class Run:
    """The desk that its turn reports to."""

    def __init__(self, hub: Hub, tenant: str, task_id: str, agent_id: str, place: Place, token: int = 0) -> None:
        self.hub, self.task_id, self.agent_id, self.place = hub, task_id, agent_id, place
        self.caller = Caller(tenant, agent_id, frozenset({READ, WRITE}))
        self.job: asyncio.Task[None] | None = None
        self.token = token
        """Of its claim; 0: it has none yet."""
        self.renewed = get_running_loop().time()
        """When the claim was known to last for a whole lease, by the loop's clock."""
        self.turn: Turn | None = None
        self.busy = False
        """It claims, or reports the end, which is not broken off."""
        self.over: Over = ""
        self.again = ""
        """The agent whose it may be to do next: it was given to that one meanwhile."""
        self.doubted = False
        """Something happened to it before the claim was known."""
        self._early: list[int] = []
        self._limit: asyncio.Timeout | None = None
        self._left: float | None = None
        self._held = False
        self._turning = asyncio.Lock()

    async def call(self, operation: str, **given: Any) -> Output:
        return await self.hub.call(operation, given, self.caller)

    async def read(self) -> Task | None:
        return await self.hub.store.get(self.caller.tenant, Task, self.task_id)

    def holds(self, task: Task | None) -> bool:
        """Whether it is still its agent's to do, under this claim."""
        if task is None or task.claim is None or task.ended:
            return False
        return task.claim.token == self.token and task.assigned_to == self.agent_id

    def end(self, over: Over) -> None:
        """Tell the function, where it waits."""
        if self.over or (self.busy and over == "lost"):
            return
        self.over = over
        if not self.busy and self.job:
            self.job.cancel()

    def heard(self, number: int | None) -> None:
        """Something happened to the task; the number is that of a new message to the agent."""
        if self.turn:
            self.turn.heard(number)
        elif number is not None:
            self._early.append(number)

    async def begin(self, task: Task) -> Turn:
        self.turn = Turn(task, self.agent_id, await self._history(task), self)
        for number in self._early:
            self.turn.heard(number)
        return self.turn

    async def _history(self, task: Task) -> list[TaskMessage]:
        keys = [numbered_key(task.id, number) for number in range(1, task.message_count + 1)]
        known = [one for key in keys if (one := self.hub.remembered(self.caller.tenant, TaskMessage, key))]  # no message ever changes
        if len(known) == len(keys):
            return known
        unit = UnitOfWork(self.hub.store, self.caller.tenant, task.updated_at)
        return [one async for one in unit.every(TaskMessage, task_id=task.id) if one.number <= task.message_count]

    @asynccontextmanager
    async def placed(self) -> AsyncIterator[None]:
        await self._take()
        try:
            yield
        finally:
            self._leave()

    @asynccontextmanager
    async def limited(self) -> AsyncIterator[asyncio.Timeout]:
        async with asyncio.timeout(self.place.terms.timeout_seconds) as self._limit:
            yield self._limit

    async def report(self, operation: str, **given: Any) -> None:
        await self.call(operation, taskId=self.task_id, claimToken=self.token, **given)

    async def ask(self, message: str, form: Mapping[str, JsonValue], kind: InputKind) -> InputRequest:
        given = {"message": message, "schema": dict(form), "kind": kind, "agentId": self.agent_id}
        task = await self.call("request_input", taskId=self.task_id, claimToken=self.token, **given)
        assert isinstance(task, Task)
        return task.input_requests[-1]

    async def question(self, id_: str) -> InputRequest:
        task = await self.read()
        found = next((one for one in task.input_requests if one.id == id_), None) if task else None
        if found is None:
            raise NotFound("input request", id_)
        return found

    async def message(self, number: int) -> TaskMessage:
        message = await self.hub.store.get(self.caller.tenant, TaskMessage, numbered_key(self.task_id, number))
        if message is None:
            raise NotFound("task message", str(number))
        return message

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        loop, limit = get_running_loop(), self._limit
        if self._left is None and limit and (when := limit.when()) is not None:
            self._left = when - loop.time()
            limit.reschedule(None)
        self._leave()
        yield
        async with self._turning:
            if not self._held:
                await self._take()
            if limit and self._left is not None:
                limit.reschedule(loop.time() + self._left)
                self._left = None

    async def _take(self) -> None:
        await self.place.own.acquire()
        try:
            await self.place.shared.acquire()
        except asyncio.CancelledError:
            self.place.own.release()
            raise
        self._held = True

    def _leave(self) -> None:
        if self._held:
            self._held = False
            self.place.shared.release()
            self.place.own.release()
