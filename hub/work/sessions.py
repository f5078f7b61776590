"""The sessions of a tenant that this process runs: it claims those that somebody has to run, and runs their agents.

A claim lasts for a lease and is renewed while the session lives. When the worker stops, each session goes back: dormant, or another's
to run where prompts wait. When it dies, its claims run out; whoever takes a session over says which turn was left unfinished, and sends
what waits. No prompt is sent twice.
"""

import asyncio
import logging
from asyncio import create_task, get_running_loop
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import orjson

from hub.access import EVERYTHING, LOCAL_TENANT, Caller
from hub.app import Hub
from hub.domain.agents import Agent
from hub.domain.errors import HubError
from hub.domain.model import instant, new_id, utc_now
from hub.domain.permissions import Permission
from hub.domain.sessions import LIVE, Session, SessionStatus
from hub.hosting import AgentHost, Patience
from hub.ports import Clock, Json, Logged, Offer
from hub.unit import UnitOfWork
from hub.work.live_sessions import LiveSession
from hub.work.serving import Preface, Terms, Tools
from hub.work.session_places import Places

log = logging.getLogger("work")

LEASE = 30
IDLE = 1_800.0
MOST = 8
MEGABYTE = 1_000_000
PAGE = 500
RUN_BY_SESSION = '"runner":"session"'
"""In an agent's record, and in the data of its events."""
OWN = frozenset({"progressed", "prompt_taken"})
"""What only happens in a session because whoever runs it says so."""
WANTED = frozenset({"created", "connecting", "queued", "prompted"})
"""After these somebody may have to run a session."""


@asynccontextmanager
async def no_tools(session: Session) -> AsyncIterator[Sequence[Json]]:
    yield ()


async def no_preface(session: Session) -> str:
    return session.system_prompt or ""


class Sessions:
    """A Listener of its tenant's worker."""

    kinds: Sequence[str] = (Session.kind, Permission.kind, Agent.kind)

    def __init__(
        self, hub: Hub, host: AgentHost, *, tenant: str = LOCAL_TENANT, lease_seconds: int = LEASE, idle_seconds: float = IDLE,
        most: int = MOST, patience: Patience | None = None, clock: Clock = utc_now, tools: Tools = no_tools, preface: Preface = no_preface,
        root: str | None = None, megabytes: int = 0,
    ) -> None:  # fmt: skip
        """`most` agents run at once in a workspace, and hold so many `megabytes` at most; 0: as many as they want. With a `root` only
        that session is run, and those that come of it."""
        self._hub, self._host, self._tenant, self._most, self._clock = hub, host, tenant, most, clock
        self._caller = Caller(tenant, "hub", EVERYTHING)
        self._terms = Terms(new_id(), lease_seconds, idle_seconds, patience or Patience(), clock, tools, preface)
        self._megabytes = megabytes
        self._places: dict[str, Places] = {}
        self._lives: dict[str, LiveSession] = {}
        self._family = {root} if root else None
        """Of all sessions those that are run here; None: any."""
        self._watched: set[str] = set()
        """Sessions that somebody else holds."""
        self.agents: set[str] = set()
        """Whose tasks are prompts of a session."""
        self._keeping: asyncio.Task[None] | None = None
        self._stir: Callable[[], None] = lambda: None
        self._stopping = False

    @property
    def busy(self) -> bool:
        return bool(self._lives)

    async def start(self, stir: Callable[[], None]) -> None:
        self._stir = stir
        if self._family is None:
            self._hub.hosts[self._tenant] = self._offer
        await self._look()
        self._keeping = create_task(self._keep_claims())

    async def aclose(self, patience: float) -> None:
        """End the turns and the processes, and give the sessions back; wait for that so many seconds at most."""
        self._stopping = True
        self._hub.hosts.pop(self._tenant, None)
        for live in self._lives.values():
            live.stop()
        jobs = [live.job for live in self._lives.values() if live.job]
        if jobs:
            _, late = await asyncio.wait(jobs, timeout=patience)
            for job in late:
                job.cancel()
            if late:
                log.warning("%d sessions did not end in time; their claims run out within %d seconds", len(late), self._terms.lease_seconds)
                await asyncio.wait(late, timeout=patience)
        if self._keeping:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])

    def _offer(self) -> Offer:
        """To run a session that is made now, or woken."""
        self._stir()
        return Offer(self._terms.worker, self._terms.lease_seconds)

    async def _look(self) -> None:
        """For those that were to be run before the worker listened."""
        unit, after = UnitOfWork(self._hub.store, self._tenant, instant(self._clock())), ""
        while bodies := await unit.bodies(Agent, after, PAGE):
            self.agents.update(Agent.model_validate_json(body).id for body in bodies if RUN_BY_SESSION in body)
            after = Agent.model_validate_json(bodies[-1]).key
        statuses: tuple[SessionStatus, ...] = tuple(sorted(LIVE))
        for status in statuses:
            async for session in unit.every(Session, status=status):
                self._take_up(session.id)

    def heard(self, event: Logged) -> bool:
        kind, _, what = event.name.partition(".")
        if kind == Agent.kind:
            return self._agent_heard(event)
        if kind == Permission.kind:
            if what != "requested" and (live := self._lives.get(orjson.loads(event.body)["sessionId"])):
                live.decided(event.record_id)
        elif live := self._lives.get(event.record_id):
            if what not in OWN:
                live.heard()
        elif what in WANTED:
            if self._family and what == "created" and _parent(event) in self._family:
                self._family.add(event.record_id)
            self._take_up(event.record_id)
        return False

    def _agent_heard(self, event: Logged) -> bool:
        known = event.record_id in self.agents
        if event.name == "agent.deleted":
            self.agents.discard(event.record_id)
        elif RUN_BY_SESSION in event.body:
            self.agents.add(event.record_id)
        return known != (event.record_id in self.agents)

    def _take_up(self, session_id: str) -> None:
        if session_id in self._lives or self._stopping or (self._family is not None and session_id not in self._family):
            return
        live = LiveSession(self._hub, self._caller, session_id, self._host, self._places_of, self._terms)
        self._lives[session_id] = live
        live.job = create_task(self._run(live))

    async def _run(self, live: LiveSession) -> None:
        again = True
        try:
            again = not await live.run()
        except HubError as error:
            log.warning("session %s cannot be run just now: %s", live.id, error.message)
        except Exception:
            log.exception("running session %s failed", live.id)
        finally:
            del self._lives[live.id]
            if again:
                self._watched.add(live.id)
            elif not self._stopping:
                await self._see_to(live.id)

    async def _see_to(self, session_id: str) -> None:
        """Something may have happened to it just as it was given back."""
        with suppress(HubError):
            session = await self._hub.store.get(self._tenant, Session, session_id)
            if session and session.live:
                self._take_up(session_id)

    async def _keep_claims(self) -> None:
        while True:
            await asyncio.sleep(self._terms.lease_seconds / 3)
            await asyncio.gather(*(self._renew(live) for live in [*self._lives.values()] if live.claimed))
            if self._megabytes:
                await self._weigh(self._megabytes)
            watched, self._watched = self._watched, set()
            for session_id in watched:
                await self._see_to(session_id)

    async def _weigh(self, megabytes: int) -> None:
        """A workspace whose agents hold more than that has its largest one ended."""
        lives = [*self._lives.values()]
        sizes = dict(zip(lives, await asyncio.gather(*(live.memory() for live in lives)), strict=True))
        for workspace_id in {live.workspace_id for live in lives}:
            own = {live: size for live, size in sizes.items() if live.workspace_id == workspace_id}
            held = sum(own.values()) // MEGABYTE
            if held > megabytes:
                largest = max(own, key=lambda live: own[live])
                told = f"The agents of the workspace held {held} MB, more than {megabytes} (TRIVIUM_SESSIONS_MEMORY_MB)"
                largest.end(f"{told}, and this one, with {own[largest] // MEGABYTE} MB, was ended.")

    async def _renew(self, live: LiveSession) -> None:
        loop, lease = get_running_loop(), self._terms.lease_seconds
        kept = True
        with suppress(HubError, TimeoutError):
            async with asyncio.timeout(lease / 6):
                kept = await live.renew()
        if not kept or loop.time() - live.renewed >= lease * 2 / 3:
            log.warning("the claim on session %s is lost; its process is ended", live.id)
            if live.job:
                live.job.cancel()

    def _places_of(self, workspace_id: str) -> Places:
        return self._places.setdefault(workspace_id, Places(self._most))


def _parent(event: Logged) -> str | None:
    parent: str | None = orjson.loads(event.body).get("data", {}).get("parentSessionId")
    return parent
