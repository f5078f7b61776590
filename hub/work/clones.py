"""Bringing the clones of a tenant: each under a lease, with what git says of its progress told as it goes.

When the worker stops, a clone is another's to bring. When it dies, its lease runs out, and whoever takes the clone over begins anew, in a
folder of its own: what is at a clone's place was moved there whole.
"""

import asyncio
import logging
from asyncio import create_task, get_running_loop
from collections.abc import Callable, Sequence
from contextlib import suppress

from hub.access import LOCAL_TENANT, Caller
from hub.app import Hub
from hub.domain.clones import Clone, Progress, source_of
from hub.domain.errors import Busy, HubError, Internal, Unavailable
from hub.domain.model import instant, new_id, utc_now
from hub.operations.clone_claims import OPERATIONS
from hub.ports import Clock, Logged
from hub.unit import UnitOfWork

log = logging.getLogger("work")

LEASE = 30
AT_ONCE = 4
"""Clones that one process brings at a time; the others wait, or another process takes them."""
TELLING = 0.4
"""Seconds between two reports of how far a clone is."""
PARTING = 1.0
"""Seconds for giving up a lease; one that is not given up runs out."""
WANTED = frozenset({"clone.started", "clone.released"})
"""After these somebody has to bring it."""


class Clones:
    """A Listener of its tenant's worker."""

    kinds: Sequence[str] = (Clone.kind,)

    def __init__(self, hub: Hub, *, tenant: str = LOCAL_TENANT, lease_seconds: float = LEASE, clock: Clock = utc_now) -> None:
        self._hub, self._tenant, self._lease, self._clock = hub, tenant, lease_seconds, clock
        self._records = Hub(hub.store, clock, OPERATIONS)
        self._caller = Caller(tenant, "hub")
        self._worker = new_id()
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        """Those that were begun anew while the job for them ended."""
        self._watched: set[str] = set()
        """Those that somebody else brings, or that could not be brought just now."""
        self._stopping = False
        self._places = asyncio.Semaphore(AT_ONCE)
        self._keeping: asyncio.Task[None] | None = None
        self._stir: Callable[[], None] = lambda: None

    @property
    def busy(self) -> bool:
        return bool(self._jobs)

    async def start(self, stir: Callable[[], None]) -> None:
        self._stir = stir
        unit = UnitOfWork(self._hub.store, self._tenant, instant(self._clock()))
        async for clone in unit.every(Clone, status="running"):
            self._take_up(clone.id)
        self._keeping = create_task(self._keep_looking())

    def heard(self, event: Logged) -> bool:
        job = self._jobs.get(event.record_id)
        if event.name in WANTED:
            if job:
                self._again.add(event.record_id)
            self._take_up(event.record_id)
        elif event.name == "clone.failed" and job:
            job.cancel()  # somebody cancelled it; where this worker itself said so, its job has nothing left to do
        return False

    async def aclose(self, patience: float) -> None:
        """End what git does, and leave the clones to others."""
        self._stopping = True
        tasks = [*self._jobs.values(), *([self._keeping] if self._keeping else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=patience)

    def _take_up(self, clone_id: str) -> None:
        if clone_id not in self._jobs and not self._stopping and self._hub.repositories is not None:
            self._jobs[clone_id] = create_task(self._run(clone_id))
            self._stir()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            watched, self._watched = self._watched, set()
            for clone_id in watched:
                try:
                    clone = await self._hub.store.get(self._tenant, Clone, clone_id)
                except HubError:
                    self._watched.add(clone_id)
                    continue
                if clone and clone.status == "running":
                    self._take_up(clone_id)

    async def _run(self, clone_id: str) -> None:
        try:
            async with self._places:
                await self._bring(await self._call("claim_clone", clone_id, worker=self._worker, leaseSeconds=self._lease))
        except HubError as error:
            log.info("clone %s is not brought here just now: %s", clone_id, error.message)
            self._watched.add(clone_id)
        except Exception:
            log.exception("cloning %s failed", clone_id)
            self._watched.add(clone_id)
        finally:
            del self._jobs[clone_id]
            if clone_id in self._again:
                self._again.discard(clone_id)
                self._take_up(clone_id)

    async def _bring(self, clone: Clone) -> None:
        told = _Newest(clone.progress)
        git = create_task(self._git(clone, told))
        try:
            await self._accompany(clone, told, git)
            existed, error = git.result()
            if told.untold:
                await self._report(clone, told)
        except asyncio.CancelledError:
            await self._ended(git)
            with suppress(HubError, TimeoutError):
                async with asyncio.timeout(PARTING):
                    await self._call("release_clone", clone.id, number=clone.lease_count)
            raise
        finally:
            await self._ended(git)
        await self._call("end_clone", clone.id, number=clone.lease_count, existed=existed, error=error)

    async def _git(self, clone: Clone, told: "_Newest") -> tuple[bool, str | None]:
        """Whether it was there, and what went wrong."""
        assert self._hub.repositories
        try:
            source = source_of(clone.url)
            return await self._hub.repositories.clone(source, clone.lease_count, self._tenant, self._hub.reach, told.put), None
        except HubError as error:
            return False, error.message
        except Exception:
            log.exception("cloning %s failed", clone.id)
            return False, Internal().message

    async def _accompany(self, clone: Clone, told: "_Newest", git: "asyncio.Task[tuple[bool, str | None]]") -> None:
        """Until git is done, tell how far it is, a few times a second at most, and keep the lease. A HubError ends it: the lease is
        lost, or cannot be kept."""
        loop, renewed = get_running_loop(), get_running_loop().time()
        while not (await asyncio.wait([git], timeout=TELLING))[0]:
            due = loop.time() - renewed >= self._lease / 3
            if not told.further and not due:
                continue
            began = loop.time()
            try:
                await self._report(clone, told)
                renewed = began
            except (Busy, Unavailable):
                if loop.time() - renewed >= self._lease * 2 / 3:
                    raise

    async def _report(self, clone: Clone, told: "_Newest") -> None:
        of_lease = {"number": clone.lease_count, "leaseSeconds": self._lease}
        await self._call("report_clone", clone.id, **of_lease, progress=told.take())

    async def _ended(self, git: "asyncio.Task[tuple[bool, str | None]]") -> None:
        git.cancel()
        await asyncio.wait([git])

    async def _call(self, operation: str, clone_id: str, **given: object) -> Clone:
        clone = await self._records.call(operation, {"cloneId": clone_id, **given}, self._caller)
        assert isinstance(clone, Clone)
        return clone


class _Newest:
    """Of what git says of its progress only the newest counts."""

    def __init__(self, progress: Progress) -> None:
        self._told = self._newest = progress

    def put(self, progress: Progress) -> None:
        self._newest = progress

    @property
    def further(self) -> bool:
        """Worth an event: how fast it goes is not, which changes all the time."""
        return (self._newest.phase, self._newest.percent) != (self._told.phase, self._told.percent)

    @property
    def untold(self) -> bool:
        return self._newest != self._told

    def take(self) -> object:
        self._told = self._newest
        return self._told.model_dump(by_alias=True)
