"""Push notifications: which configurations have something to deliver, and when. How one is delivered stands in `push_deliveries`.

The log says what happened, the records up to where each receiver was told. A receiver that is slow or away holds up nobody: neither
the task, nor the others.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Self

import orjson

from hub.app import Hub
from hub.domain.errors import HubError
from hub.domain.model import Instant, instant, later, utc_now
from hub.domain.push_configs import PushConfig
from hub.domain.tasks import Task
from hub.ports import Clock, Filter, Find, Logged, PushRenderer, PushSender
from hub.work.push_deliveries import LEASE, Attempt, Courier, Key
from hub.work.tenants import STORED, stored_tenants

log = logging.getLogger("push")

AT_ONCE = 200
"""Configurations that are delivered at a time, one notification each."""
PATIENCE = 15.0
"""Seconds after which the log is read in any case, should another node's change have gone unheard."""
TOGETHER = 0.02
"""Seconds in which what happens is read together."""
TROUBLE = 5.0
"""Seconds before what failed within the hub is tried again."""
PARTING = 1.0
"""Seconds for giving up the leases; one that is not given up runs out."""
PAGE = 500

Sleep = Callable[[float], Awaitable[None]]


class Pushes:
    """Runs between `async with` and its end. What it has not delivered then, the next one delivers, here or on another node."""

    def __init__(
        self, hub: Hub, sender: PushSender, renderer: PushRenderer, *, clock: Clock = utc_now, sleep: Sleep = asyncio.sleep,
        lease: float = LEASE,
    ) -> None:  # fmt: skip
        self._hub, self._clock, self._sleep = hub, clock, sleep
        self._courier = Courier(hub, sender, renderer, clock, lease)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._cursors: dict[str, int] = {}
        self._watched: defaultdict[str, defaultdict[str, set[Key]]] = defaultdict(lambda: defaultdict(set))
        """By tenant and task."""
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._again: set[Key] = set()
        """Something happened to it while it was delivered."""
        self._waiting: dict[Key, asyncio.Future[None]] = {}
        self._following: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._following = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Deliver no more, and let other nodes have at once what this one delivered."""
        held = [key for tasks in self._watched.values() for keys in tasks.values() for key in keys]
        ending = [*self._running.values(), *([self._following] if self._following else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        with suppress(HubError, TimeoutError):
            async with asyncio.timeout(PARTING):
                await asyncio.gather(*(self._courier.release(key) for key in held))

    async def _follow(self) -> None:
        looked = -STORED
        while True:
            try:
                if monotonic() - looked >= STORED:
                    await self._adopt(await stored_tenants(self._hub))
                    looked = monotonic()
                await self._adopt(self._hub.tenants)
                await asyncio.gather(*map(self._read, self._cursors))
                await self._hub.store.beyond(min(self._cursors.values(), default=0), PATIENCE)
                await asyncio.sleep(TOGETHER)
            except HubError as error:
                log.info("the log cannot be followed: %s", error.message)
                await asyncio.sleep(TROUBLE)
            except Exception:
                log.exception("following the log failed")
                await asyncio.sleep(TROUBLE)

    async def _adopt(self, tenants: frozenset[str]) -> None:
        """Follow them from now on, and deliver what is due."""
        for tenant in tenants - self._cursors.keys():
            cursor, after = await self._hub.store.latest(), ""
            while bodies := await self._hub.store.find(tenant, Find(PushConfig, (("status", "active"),), after, PAGE)):
                configs = [PushConfig.model_validate_json(body) for body in bodies]
                for config in configs:
                    self._watch(Key(tenant, config.task_id, config.id))
                after = configs[-1].key
            self._cursors[tenant] = cursor

    async def _read(self, tenant: str) -> None:
        while True:
            kinds = (PushConfig.kind, Task.kind) if self._watched[tenant] else (PushConfig.kind,)
            page = await self._hub.store.news(self._cursors[tenant], tenant, Filter(kinds=kinds), PAGE)
            for logged in page.events:
                self._heard(tenant, logged)
            self._cursors[tenant] = page.cursor
            if len(page.events) < PAGE:
                return

    def _heard(self, tenant: str, logged: Logged) -> None:
        event = orjson.loads(logged.body)
        if logged.name.startswith(f"{Task.kind}."):
            for key in self._watched[tenant].get(event["recordId"], ()):
                self._wake(key, logged.cursor - 1)
            return
        key = Key(tenant, event["data"]["taskId"], event["recordId"])
        match logged.name.partition(".")[2]:
            case "deleted" | "disabled":
                self._forget(key)
            case _:
                self._watch(key)
                if waiting := self._waiting.get(key):
                    waiting.cancel()

    def _watch(self, key: Key) -> None:
        self._watched[key.tenant][key.task_id].add(key)
        self._wake(key, 0)

    def _forget(self, key: Key) -> None:
        keys = self._watched[key.tenant][key.task_id]
        keys.discard(key)
        if not keys:
            del self._watched[key.tenant][key.task_id]

    def _wake(self, key: Key, floor: int) -> None:
        if key in self._running:
            self._again.add(key)
        else:
            self._running[key] = asyncio.create_task(self._attend(key, floor))

    async def _attend(self, key: Key, floor: int) -> None:
        try:
            while True:
                self._again.discard(key)
                attempt = await self._attempt(key, floor)
                if attempt.retry_at:
                    await self._wait(key, attempt.retry_at)
                elif key not in self._again:
                    if attempt.over:
                        self._forget(key)
                    return
        finally:
            del self._running[key]

    async def _attempt(self, key: Key, floor: int) -> Attempt:
        try:
            async with self._slots:
                return await self._courier.deliver(key, floor)
        except HubError as error:
            log.info("push configuration %s of task %s waits: %s", key.id, key.task_id, error.message)
        except Exception:
            log.exception("push configuration %s of task %s waits", key.id, key.task_id)
        return Attempt(later(instant(self._clock()), TROUBLE))

    async def _wait(self, key: Key, until: Instant) -> None:
        """Until then, or until its configuration is changed."""
        seconds = (datetime.fromisoformat(until) - self._clock()).total_seconds()
        waiting = self._waiting[key] = asyncio.ensure_future(self._sleep(max(0.0, seconds)))
        try:
            await asyncio.wait((waiting,))
        finally:
            waiting.cancel()
            del self._waiting[key]
