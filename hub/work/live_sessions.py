"""One session that this process runs, from its claim until nobody has to run it any more."""

import asyncio
from asyncio import create_task, get_running_loop
from collections.abc import Callable
from functools import partial

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Conflict, NotFound, Stale
from hub.domain.sessions import Session
from hub.hosting import AgentHost, CannotRun, LiveAgent, Opening
from hub.work.held_sessions import HeldSession, Lost
from hub.work.serving import Serving, Terms
from hub.work.session_desks import Desk
from hub.work.session_places import Places

FORGOTTEN = "The agent no longer knows what was said before: it could not take the session up again, so that it began a new one."
AGAIN = "The next prompt starts it again."


class LiveSession:
    def __init__(self, hub: Hub, caller: Caller, session_id: str, host: AgentHost, places: Callable[[str], Places], terms: Terms) -> None:
        self._held = HeldSession(hub, caller, session_id)
        self._host, self._places, self._terms = host, places, terms
        self._desk: Desk | None = None
        self._serving: Serving | None = None
        self.workspace_id = ""
        """Once it has its claim."""
        self._why: str | None = None
        """Its last process has ended."""
        self.renewed = get_running_loop().time()
        """When the claim was known to last for a whole lease, by the loop's clock."""
        self.job: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        return self._held.id

    @property
    def claimed(self) -> bool:
        return self._held.token != 0

    def heard(self) -> None:
        """Something happened to it."""
        self._held.news.set()

    def decided(self, permission_id: str) -> None:
        if self._desk:
            self._desk.decided(permission_id)

    async def memory(self) -> int:
        """Bytes that its process holds."""
        return await self._serving.memory() if self._serving else 0

    def end(self, reason: str) -> None:
        """Its process ends now."""
        if self._serving:
            self._serving.end(reason)

    def stop(self) -> None:
        """The hub stops."""
        self._held.stopping = True
        self._held.news.set()

    async def run(self) -> bool:
        """Until nobody has to run it, or somebody else does: then the answer is False."""
        try:
            session = await self._claimed()
            if session is None:
                return False
            while session and self._wanted(session):
                session = await self._lived(session)
            await self._release()
        except (Lost, Conflict, NotFound):
            return False
        return True

    async def renew(self) -> bool:
        """False: the claim is over. Raises HubError when that is not known."""
        began = get_running_loop().time()
        try:
            await self._held.claim(self._terms.worker, self._terms.lease_seconds, claimToken=self._held.token)
        except (NotFound, Stale):
            return False
        except Conflict:
            return True  # it is closed, or dormant: what runs of it is being ended
        self.renewed = began
        return True

    async def _claimed(self) -> Session | None:
        """None: it is somebody else's, or nobody has to run it."""
        known = await self._held.read()
        if known is None or not known.live:
            return None
        try:
            claimed = await self._held.claim(self._terms.worker, self._terms.lease_seconds)
        except (Conflict, NotFound):
            return None
        assert claimed.claim
        self.workspace_id = claimed.workspace_id
        self._held.token, self.renewed = claimed.claim.token, get_running_loop().time()
        if known.status == "ready" and not claimed.queue:
            await self._held.report(released=True, reason=f"The hub that ran it has ended. {AGAIN}")
            return None
        return claimed

    def _wanted(self, session: Session) -> bool:
        """A process of it, now that there is none."""
        return session.live and not self._held.stopping and (session.status != "ready" or bool(session.queue))

    async def _lived(self, session: Session) -> Session | None:
        """With one process, if there is a place for it. Answers how the session stands then."""
        places = self._places(session.workspace_id)
        async with places.place(self._in_line):
            session = await self._held.must_read()
            if not session.live or self._held.stopping:
                return session
            if session.status != "connecting":
                await self._held.report(status="connecting")
            desk = self._desk = Desk(self._held.call, session, self._held.token, self._terms.clock, partial(self._terms.preface, session))
            desk.on_gone = self._held.news.set
            self._why = None
            try:
                await self._with_agent(session, desk, places)
            except CannotRun as reason:
                await self._held.report(status="failed", reason=str(reason))
                raise Lost from None
            finally:
                self._why, self._desk = desk.gone_because or self._why, None
                await desk.close()
        return await self._held.read()

    async def _with_agent(self, session: Session, desk: Desk, places: Places) -> None:
        async with self._terms.tools(session) as servers:
            opening = create_task(self._host.open(Opening(session, session.forked_from, servers), desk))
            try:
                agent = await self._while_wanted(opening)
            finally:
                if not opening.done():
                    opening.cancel()
                    await asyncio.wait([opening])
            if agent is None:
                return
            try:
                await self._opened(agent, desk)
                prefaced = agent.opened.continuity == "kept" and session.told
                serving = self._serving = Serving(self._held, agent, desk, places, self._terms, prefaced)
                await serving.run()
            finally:
                self._serving = None
                await asyncio.shield(create_task(agent.close()))
        self._why = serving.why
        if desk.gone_because and not serving.turns:
            raise CannotRun(desk.gone_because)  # to start it again would lead nowhere

    async def _while_wanted(self, opening: "asyncio.Task[LiveAgent]") -> LiveAgent | None:
        """None: meanwhile nobody wants it any more."""
        while not opening.done():
            self._held.news.clear()
            session = await self._held.read()
            if session is None or not session.live or self._held.stopping:
                return None
            waiting = create_task(self._held.news.wait())
            await asyncio.wait([opening, waiting], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        return opening.result()

    async def _opened(self, agent: LiveAgent, desk: Desk) -> None:
        opened = agent.opened
        desk.modes = opened.modes or desk.modes
        about = {
            "agentSessionId": opened.agent_session_id, "continuity": opened.continuity, "cwd": str(opened.cwd),
            "agentInfo": opened.agent_info, "capabilities": opened.capabilities, "modes": opened.modes,
            "configOptions": opened.config_options,
        }  # fmt: skip
        if opened.continuity == "lost":
            desk.say({"sessionUpdate": "notice", "level": "warning", "message": FORGOTTEN})
        await desk.flush()
        await self._held.report(status="ready", **{name: value for name, value in about.items() if value is not None})

    async def _in_line(self, position: int) -> None:
        session = await self._held.must_read()
        if not session.live or self._held.stopping:
            raise Lost
        await self._held.report(status="queued", place=position)

    async def _release(self) -> None:
        reason = "The hub stopped." if self._held.stopping else self._why
        await self._held.report(released=True, reason=f"{reason} {AGAIN}" if reason else None)
