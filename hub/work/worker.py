"""The worker: it follows the log, claims the tasks of the agents that it can run, and runs them.

What becomes of a task is one rule. A claim lasts for a lease, and is renewed while the turn runs; each worker has a name of its own,
so no two run the same task. When a worker stops, it cancels its turns: a task whose agent is resumable goes back to PENDING, still its
agent's, and is run again from the beginning by whichever worker sees it; a task of any other agent has failed, and says why. When
a worker dies, its claims run out within a lease, another one (or its own successor) takes them over, and does the same.
"""

import asyncio
import logging
from asyncio import CancelledError, Semaphore, create_task, get_running_loop
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Protocol

import orjson

from hub.access import LOCAL_TENANT, READ, Caller
from hub.app import Hub
from hub.domain.errors import HubError
from hub.domain.model import instant, new_id, utc_now
from hub.domain.tasks import Task, TaskStatus
from hub.ports import AgentRunner, Clock, Filter, Logged, Offer
from hub.unit import UnitOfWork
from hub.work.runs import Place, Run
from hub.work.turning import Turning

log = logging.getLogger("work")

LEASE = 30
AT_ONCE = 1_000
IDLE = 1.0
"""Seconds between two looks at the log while there is nobody to work for."""
OPEN: tuple[TaskStatus, ...] = ("PENDING", "IN_PROGRESS")
FOR_AN_AGENT = frozenset({"task.created", "task.delegated", "task.updated"})
"""After these a task may be somebody's to do."""
SAID = frozenset({"task.message_added", "task.input_provided"})
HARMLESS = frozenset({"task.created", "task.claimed", "task.artifact_updated", "task.input_requested"}) | SAID
"""After any other event a claim may be over."""


class Listener(Protocol):
    """Works for the same tenant, and hears of its kinds of records by the worker, which follows the log for both."""

    @property
    def kinds(self) -> Sequence[str]: ...

    @property
    def busy(self) -> bool:
        """It wants to hear of them at once."""

    async def start(self, stir: Callable[[], None]) -> None:
        """From here on it hears of everything. It calls `stir` when it becomes busy."""

    def heard(self, event: Logged) -> bool:
        """True: a runner has other agents now."""

    async def aclose(self, patience: float) -> None: ...


class Worker:
    """Works for the agents of one tenant that its runners run, until it is closed."""

    def __init__(
        self, hub: Hub, runners: Sequence[AgentRunner], *, tenant: str = LOCAL_TENANT, lease_seconds: int = LEASE,
        at_once: int = AT_ONCE, clock: Clock = utc_now, beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
        listeners: Sequence[Listener] = (),
    ) -> None:  # fmt: skip
        """What runs `beside` it begins and ends with it."""
        self._hub, self._runners, self._tenant, self._clock = hub, runners, tenant, clock
        self._lease, self._beside, self._listeners = lease_seconds, beside, listeners
        self._stirred = asyncio.Event()
        self._name = new_id()
        self._turning = Turning(self._name, lease_seconds, clock)
        self._shared = Semaphore(at_once)
        self._places: dict[str, Place] = {}
        self._runs: dict[str, Run] = {}
        self._watched: dict[str, str] = {}
        """Tasks that somebody else holds, or that could not be claimed just now, each with its agent."""
        self._blocked: dict[str, dict[str, str]] = {}
        """By the task that they depend on."""
        self._loops: list[asyncio.Task[None]] = []
        self._besides: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        """From here on nothing that is given to its agents is missed."""
        cursor = await self._hub.store.latest()
        for listener in self._listeners:
            await listener.start(self._stirred.set)
        await self._look_for_agents()
        self._hub.offers[self._tenant] = self._offer
        self._loops = [create_task(self._follow(cursor)), create_task(self._keep_claims())]
        self._besides = [create_task(loop()) for loop in self._beside]

    async def aclose(self, patience: float = 5.0) -> None:
        """Cancel what runs, and give it back or say that it failed; wait for that so many seconds at most."""
        self._stopping = True
        self._hub.offers.pop(self._tenant, None)
        closing = [create_task(listener.aclose(patience)) for listener in self._listeners]
        for run in self._runs.values():
            run.end("stopping")
        jobs = [*closing, *(run.job for run in self._runs.values() if run.job)]
        if jobs:
            _, late = await asyncio.wait(jobs, timeout=patience)
            if late.difference(closing):
                log.warning("%d turns did not end in time; their claims run out within %d seconds", len(late), self._lease)
        ending = [*closing, *self._loops, *self._besides]
        for task in ending:
            task.cancel()
        if ending:
            await asyncio.wait(ending, timeout=patience)

    def _offer(self, agent_id: str) -> Offer | None:
        """To begin with a task of this agent as it is made, while there is a place."""
        place = self._places.get(agent_id)
        if place is None or place.own.locked() or place.shared.locked():
            return None
        return Offer(self._name, self._lease)

    async def _follow(self, cursor: int) -> None:
        """Go on from the same place whatever happens."""
        scanned: frozenset[str] = frozenset()
        while True:
            try:
                if new := self._places.keys() - scanned:
                    await self._look_for_tasks(new)
                scanned = frozenset(self._places)
                async for page in self._hub.follow(Caller(self._tenant, "hub", frozenset({READ})), cursor, self._wanted()):
                    await self._read(page.events)
                    cursor = page.cursor
                    if self._places.keys() != scanned:
                        break
                    if not self._places and not any(listener.busy for listener in self._listeners):
                        await self._rest()
            except HubError as error:
                log.warning("the log cannot be followed just now: %s", error.message)
                await asyncio.sleep(1)
            except Exception:
                log.exception("following the log failed")
                await asyncio.sleep(1)

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE):
                await self._stirred.wait()
        self._stirred.clear()

    def _wanted(self) -> Filter:
        kinds = {kind for runner in self._runners for kind in runner.kinds} | {kind for one in self._listeners for kind in one.kinds}
        return Filter(kinds=(*([Task.kind] if self._places else []), *sorted(kinds)) or (Task.kind,))

    async def _read(self, events: Sequence[Logged]) -> None:
        for event in events:
            kind = event.name.partition(".")[0]
            if listener := next((one for one in self._listeners if kind in one.kinds), None):
                if listener.heard(event):
                    await self._look_for_agents()
            elif kind != Task.kind:
                await self._look_for_agents()
            elif self._concerned(event):
                await self._heard(event.name, orjson.loads(event.body))

    def _concerned(self, event: Logged) -> bool:
        if event.name == "task.artifact_updated":
            return False
        return event.name in FOR_AN_AGENT or event.record_id in self._runs or event.record_id in self._blocked

    async def _heard(self, name: str, event: dict[str, Any]) -> None:
        task_id, agent_id = event["recordId"], event.get("agentId")
        if run := self._runs.get(task_id):
            if name in SAID:
                number = event["data"].get("number") if name == "task.message_added" and event["data"].get("role") == "user" else None
                run.heard(number)
            elif name not in HARMLESS:
                run.doubted = True
                if name in FOR_AN_AGENT and agent_id in self._places:
                    run.again = agent_id
                if run.token and not run.busy and not run.holds(await run.read()):
                    run.end("lost")
        elif name == "task.created" and agent_id in self._places:
            self._made(task_id, agent_id, event.get("data", {}))
        elif name in FOR_AN_AGENT and agent_id in self._places:
            self._take_up(task_id, agent_id)
        if name not in HARMLESS:
            for waiting, its_agent in self._blocked.pop(task_id, {}).items():
                self._take_up(waiting, its_agent)

    def _made(self, task_id: str, agent_id: str, data: dict[str, Any]) -> None:
        """Its claim may have been made with it: this worker's, or another one's."""
        if data.get("worker") in (None, self._name):
            self._take_up(task_id, agent_id, new=True, token=data.get("token", 0))
        else:
            self._watched[task_id] = agent_id

    async def _look_for_agents(self) -> None:
        found = {id_: (runner, terms) for runner in self._runners for id_, terms in (await runner.agents()).items()}
        for id_, (runner, terms) in found.items():
            known = self._places.get(id_)
            if known is None or (known.runner, known.terms) != (runner, terms):
                self._places[id_] = Place(runner, terms, Semaphore(terms.at_once), self._shared)
        for id_ in self._places.keys() - found.keys():
            del self._places[id_]

    async def _look_for_tasks(self, agents: set[str]) -> None:
        """Those that were given to them before the worker listened."""
        unit = UnitOfWork(self._hub.store, self._tenant, instant(self._clock()))
        for status in OPEN:
            async for task in unit.every(Task, status=status):
                if task.assigned_to in agents:
                    self._take_up(task.id, task.assigned_to)

    def _take_up(self, task_id: str, agent_id: str, new: bool = False, token: int = 0) -> None:
        place = self._places.get(agent_id)
        if task_id not in self._runs and place and not self._stopping:
            self._watched.pop(task_id, None)
            run = self._runs[task_id] = Run(self._hub, self._tenant, task_id, agent_id, place, token)
            run.job = create_task(self._work(run, new))

    async def _work(self, run: Run, new: bool) -> None:
        try:
            async with run.placed():
                waits_for = await self._turning.turn(run, new)
            if waits_for is not None:
                self._wait(run, waits_for)
        except CancelledError:
            if not run.over:
                raise
            if run.over == "stopping" and run.token:  # it came with its claim, and waited for its place
                await self._turning.stopped(run)
        except Exception:
            log.exception("working on task %s failed", run.task_id)
            self._watched[run.task_id] = run.agent_id
        finally:
            self._runs.pop(run.task_id, None)
            if run.over == "lost":
                self._watched[run.task_id] = run.agent_id
            if run.again:
                self._take_up(run.task_id, run.again)

    def _wait(self, run: Run, waits_for: Sequence[str]) -> None:
        """For these tasks; none: for whoever holds it, or for the store."""
        if not waits_for:
            self._watched[run.task_id] = run.agent_id
        for id_ in waits_for:
            self._blocked.setdefault(id_, {})[run.task_id] = run.agent_id

    async def _keep_claims(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            await asyncio.gather(*(self._renew(run) for run in [*self._runs.values()] if run.token))
            for task_id, agent_id in [*self._watched.items()]:
                self._take_up(task_id, agent_id)

    async def _renew(self, run: Run) -> None:
        loop = get_running_loop()
        began = loop.time()
        with suppress(HubError, TimeoutError):
            async with asyncio.timeout(self._lease / 6):
                kept = await self._turning.renewed(run)
            if not kept:
                return run.end("lost")
            run.renewed = began
        if loop.time() - run.renewed >= self._lease * 2 / 3:
            log.warning("the claim on task %s could not be renewed; its turn is given up", run.task_id)
            run.end("lost")
