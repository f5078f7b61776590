"""Following tasks (specification 1.0 §3.1.2, §3.1.6, §3.5.2): one reader of a tenant's log for all who follow a task of it.

What a follower has not taken yet is bounded: who lags behind reads the log from where it was. So nobody holds the work up, or
another follower, and leaving ends nothing but one's own stream.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from typing import NamedTuple

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Busy, HubError, Internal
from hub.domain.tasks import Task
from hub.feed import Signal
from hub.ports import Filter
from protocols.a2a.states import SETTLED, STATES, SUBMITTED
from protocols.a2a.updates import DELETED, Happened, Update, Updates, happened
from protocols.streams import HEARTBEAT

log = logging.getLogger("a2a")

CLOSING = "The hub is shutting down. Call again when it is back."
MOST_WAITING = 1_000
"""Facts that a follower may be behind before it is sent back to the log."""
LINGER = 60.0
"""Seconds for which a log is read on when nobody follows any more."""
PAGE = 200
TASKS = ("task",)


class Place(NamedTuple):
    """How far somebody read: a cursor of the log and, if that fact was told in part only, how many of its updates."""

    cursor: int
    part: int = 0

    @property
    def before(self) -> int:
        return self.cursor - 1 if self.part else self.cursor

    def rest(self, cursor: int, updates: Sequence[Update]) -> Sequence[Update]:
        """Those of a fact that were not told yet."""
        return updates[self.part :] if self.part and cursor == self.cursor else updates


class Follower:
    """A seat at a tail: what happened to the task since somebody looked last."""

    def __init__(self) -> None:
        self._facts: deque[Happened] = deque()
        self._news = Signal()
        self._failure: HubError | None = None
        self.lags = False
        """Facts were dropped: read the log."""

    def feed(self, fact: Happened) -> None:
        if len(self._facts) >= MOST_WAITING:
            self._facts.clear()
            self.lags = True
        self._facts.append(fact)
        self._news.wake()

    def fail(self, error: HubError) -> None:
        self._failure = error
        self._news.wake()

    async def next(self, patience: float) -> Happened | None:
        """None after `patience` seconds of silence. Raises what ended the tail."""
        if not self._facts and self._failure is None:
            await self._news.wait(patience)
        if self._facts:
            return self._facts.popleft()
        if self._failure:
            raise self._failure
        return None


class Tail:
    """Reads a tenant's log of tasks while somebody follows one, and a little longer."""

    def __init__(self, hub: Hub, tenant: str) -> None:
        self._hub, self._tenant = hub, tenant
        self._followers: defaultdict[str, set[Follower]] = defaultdict(set)
        self._reading: asyncio.Task[None] | None = None
        self._left = 0.0

    def join(self, task_id: str) -> Follower:
        """From now on each fact about the task is fed to it. What happened before is the caller's to read, afterwards."""
        if not self._reads:
            self._reading = asyncio.create_task(self._read(self._hub.store.heard))
        follower = Follower()
        self._followers[task_id].add(follower)
        return follower

    def leave(self, task_id: str, follower: Follower) -> None:
        followers = self._followers[task_id]
        followers.discard(follower)
        if not followers:
            del self._followers[task_id]
        self._left = asyncio.get_running_loop().time()

    async def close(self) -> None:
        if self._reading:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    @property
    def _reads(self) -> bool:
        return self._reading is not None and not self._reading.done()

    async def _read(self, cursor: int) -> None:
        error: HubError = Busy(CLOSING)
        try:
            await self._feed(cursor)
        except HubError as failure:
            error = failure
        except Exception:
            log.exception("following the tasks failed")
            error = Internal()
        finally:
            for followers in self._followers.values():
                for one in followers:
                    one.fail(error)

    async def _feed(self, cursor: int) -> None:
        loop = asyncio.get_running_loop()
        reader = Caller(self._tenant, "a2a", frozenset({"events.read"}))
        async for page in self._hub.follow(reader, cursor, Filter(kinds=TASKS), HEARTBEAT):
            for logged in page.events:
                if followers := self._followers.get(logged.record_id):
                    fact = happened(logged)
                    for follower in followers:
                        follower.feed(fact)
            if not self._followers and loop.time() - self._left > LINGER:
                return


class Following:
    """Everybody who follows a task, of any tenant. The caller has seen to it that they may."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self._updates = hub, Updates(hub)
        self._tails: dict[str, Tail] = {}
        self._closing = False

    async def close(self) -> None:
        """Who follows is told so, and whoever comes too late for that, too."""
        self._closing = True
        for tail in self._tails.values():
            await tail.close()

    async def settled(self, tenant: str, task: Task, after: int, untaken: float, taken: float) -> int:
        """Return when the task has ended or asks something, and in any case after so many seconds: fewer while nobody works on it.

        `task` is as it was behind the cursor; the answer is its version then. Raises what the store fails with.
        """
        tail, begun = self._tail(tenant), asyncio.get_running_loop().time()
        follower = tail.join(task.id)
        version, state = task.version, STATES[task.state]
        try:
            earlier = deque((await self._hub.store.news(after, tenant, Filter(kinds=TASKS, record_id=task.id), PAGE)).events)
            while state not in SETTLED:
                if earlier:
                    fact: Happened | None = happened(earlier.popleft())
                else:
                    left = begun + (untaken if state == SUBMITTED else taken) - asyncio.get_running_loop().time()
                    fact = await follower.next(left) if left > 0 else None
                    if fact is None:
                        break
                if fact and (fact.version > task.version or fact.name == DELETED):
                    version, state = fact.version, fact.state
        finally:
            tail.leave(task.id, follower)
        return version

    async def updates(
        self, tenant: str, task_id: str, after: Place, ends: AbstractSet[str], told: Task | None = None
    ) -> AsyncGenerator[Update | None, None]:
        """What happens to the task beyond the place, until it is in a state that ends the stream; None for each heartbeat's silence.

        `told` is the task as the follower knows it already: what it was before is left out.
        """
        version, state = (told.version, STATES[told.state]) if told else (0, None)
        async with aclosing(self._facts(tenant, task_id, after.before)) as facts:
            async for fact in facts:
                if fact is None:
                    yield None
                elif fact.version > version or fact.name == DELETED:
                    for update in after.rest(fact.cursor, await self._updates.of(tenant, fact)):
                        if update.state != state or update.said:
                            state = update.state or state
                            yield update
                    if state in ends:
                        return

    async def past(self, tenant: str, task_id: str, after: Place) -> AsyncGenerator[Update | None, None]:
        """What happened to the task beyond the place, up to now."""
        async with aclosing(self._logged(tenant, task_id, after.before)) as facts:
            async for fact in facts:
                for update in after.rest(fact.cursor, await self._updates.of(tenant, fact)):
                    yield update

    async def _facts(self, tenant: str, task_id: str, cursor: int) -> AsyncGenerator[Happened | None, None]:
        tail = self._tail(tenant)
        follower = tail.join(task_id)
        follower.lags = True  # by what happened before it joined
        try:
            while True:
                if follower.lags:
                    follower.lags = False
                    async for fact in self._logged(tenant, task_id, cursor):
                        cursor = fact.cursor
                        yield fact
                news = await follower.next(HEARTBEAT)
                if follower.lags or (news and news.cursor <= cursor):
                    continue
                if news:
                    cursor = news.cursor
                yield news
        finally:
            tail.leave(task_id, follower)

    async def _logged(self, tenant: str, task_id: str, cursor: int) -> AsyncGenerator[Happened, None]:
        wanted = Filter(kinds=TASKS, record_id=task_id)
        while True:
            page = await self._hub.store.news(cursor, tenant, wanted, PAGE)
            for logged in page.events:
                yield happened(logged)
            if page.cursor == cursor or not page.events:
                return
            cursor = page.cursor

    def _tail(self, tenant: str) -> Tail:
        if self._closing:
            raise Busy(CLOSING)
        return self._tails.setdefault(tenant, Tail(self._hub, tenant))
