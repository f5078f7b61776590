"""One session that this process runs, from its claim until nobody has to run it any more."""

import asyncio
import logging
from asyncio import CancelledError, create_task, get_running_loop
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Busy, Conflict, NotFound, Stale, Unavailable
from hub.domain.sessions import ContentBlock, Session
from hub.hosting import AgentHost, CannotRun, LiveAgent, Opening, Patience, TurnEnd
from hub.operations.base import Output
from hub.operations.session_claims import STOPPED, TakenPrompt
from hub.ports import Clock, Json
from hub.work.session_desks import Desk
from hub.work.session_places import Places

log = logging.getLogger("work")

FORGOTTEN = "The agent no longer knows what was said before: it could not take the session up again, so that it began a new one."
AGAIN = "The next prompt starts it again."
TRIES = 5
Told = dict[str, Any]
Tools = Callable[[Session], AbstractAsyncContextManager[Sequence[Json]]]
"""The MCP servers that a session's agent is given, for as long as it runs."""
Preface = Callable[[Session], Awaitable[str]]
"""What an agent is told before its first prompt; it is no part of the history."""


@dataclass(frozen=True)
class Terms:
    """How a worker runs sessions."""

    worker: str
    lease_seconds: int
    idle_seconds: float
    patience: Patience
    clock: Clock
    tools: Tools
    preface: Preface


class Lost(Exception):
    """The claim is over: somebody else may run the session."""


class LiveSession:
    def __init__(self, hub: Hub, caller: Caller, session_id: str, host: AgentHost, places: Callable[[str], Places], terms: Terms) -> None:
        self._hub, self._caller, self.id, self._host = hub, caller, session_id, host
        self._places, self._terms = places, terms
        self._news = asyncio.Event()
        self._desk: Desk | None = None
        self._stopping = self._asked_away = False
        self._prefaced = False
        self._why: str | None = None
        """Its process has ended."""
        self._turns = 0
        """Of the process that runs."""
        self._sent = asyncio.Event()
        """The agent has the prompt of the turn that runs."""
        self.token = 0
        """Of its claim; 0: it has none."""
        self.renewed = get_running_loop().time()
        """When the claim was known to last for a whole lease, by the loop's clock."""
        self.job: asyncio.Task[None] | None = None

    def heard(self) -> None:
        """Something happened to it."""
        self._news.set()

    def decided(self, permission_id: str) -> None:
        if self._desk:
            self._desk.decided(permission_id)

    def stop(self) -> None:
        """The hub stops."""
        self._stopping = True
        self._news.set()

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
            await self._claim(claimToken=self.token)
        except (NotFound, Stale):
            return False
        except Conflict:
            return True  # it is closed, or dormant: what runs of it is being ended
        self.renewed = began
        return True

    async def _claimed(self) -> Session | None:
        """None: it is somebody else's, or nobody has to run it."""
        known = await self._read()
        if known is None or not known.live:
            return None
        try:
            claimed = await self._claim()
        except (Conflict, NotFound):
            return None
        assert isinstance(claimed, Session)
        assert claimed.claim
        self.token, self.renewed = claimed.claim.token, get_running_loop().time()
        if known.status == "ready" and not claimed.queue:
            await self._report(released=True, reason=f"The hub that ran it has ended. {AGAIN}")
            return None
        return claimed

    def _wanted(self, session: Session) -> bool:
        """A process of it, now that there is none."""
        return session.live and not self._stopping and (session.status != "ready" or bool(session.queue))

    async def _lived(self, session: Session) -> Session | None:
        """With one process, if there is a place for it. Answers how the session stands then."""
        places = self._places(session.workspace_id)
        async with places.place(self._in_line):
            session = await self._must_read()
            if not session.live or self._stopping:
                return session
            if session.status != "connecting":
                await self._report(status="connecting")
            desk = self._desk = Desk(self._call, session, self.token, self._terms.clock, partial(self._terms.preface, session))
            desk.on_gone = self._news.set
            self._why, self._turns = None, 0
            try:
                await self._with_agent(session, desk, places)
                if desk.gone_because and not self._turns:
                    raise CannotRun(desk.gone_because)  # to start it again would lead nowhere
            except CannotRun as reason:
                await self._report(status="failed", reason=str(reason))
                raise Lost from None
            finally:
                self._why, self._desk = desk.gone_because or self._why, None
                await desk.close()
        return await self._read()

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
                await self._opened(session, agent, desk)
                await self._serve(agent, desk, places)
            finally:
                await asyncio.shield(create_task(agent.close()))

    async def _while_wanted(self, opening: "asyncio.Task[LiveAgent]") -> LiveAgent | None:
        """None: meanwhile nobody wants it any more."""
        while not opening.done():
            self._news.clear()
            session = await self._read()
            if session is None or not session.live or self._stopping:
                return None
            waiting = create_task(self._news.wait())
            await asyncio.wait([opening, waiting], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        return opening.result()

    async def _opened(self, session: Session, agent: LiveAgent, desk: Desk) -> None:
        opened = agent.opened
        self._prefaced = opened.continuity == "kept" and session.told
        desk.modes = opened.modes or desk.modes
        about = {
            "agentSessionId": opened.agent_session_id, "continuity": opened.continuity, "cwd": str(opened.cwd),
            "agentInfo": opened.agent_info, "capabilities": opened.capabilities, "modes": opened.modes,
            "configOptions": opened.config_options,
        }  # fmt: skip
        if opened.continuity == "lost":
            desk.say({"sessionUpdate": "notice", "level": "warning", "message": FORGOTTEN})
        await desk.flush()
        await self._report(status="ready", **{name: value for name, value in about.items() if value is not None})

    async def _serve(self, agent: LiveAgent, desk: Desk, places: Places) -> None:
        """Prompt after prompt, until the process has ended or should."""
        turn: asyncio.Task[None] | None = None
        chosen: Told = {}
        try:
            while True:
                self._news.clear()
                session = await self._must_read()
                if turn and turn.done():
                    turn.result()
                    turn = None
                if session.status != "ready" or self._stopping or (turn is None and self._over(session, desk)):
                    break
                chosen = await self._settings(session, agent, desk, chosen)
                if turn is None and session.queue:
                    self._sent.clear()
                    turn = create_task(self._turn(agent, desk))
                elif turn and session.cancelling:
                    await self._cancel(agent, turn)
                    continue
                elif turn and session.queue and "steer" in session.capabilities:
                    await self._steer(agent, desk)
                if not await self._something(turn, desk, places):
                    self._why = f"It was idle for {self._terms.idle_seconds:g} seconds."
                    break
        finally:
            if turn and not turn.done():
                await self._break_off(agent, turn)
        if turn is not None and turn.done() and not turn.cancelled():
            turn.result()

    def _over(self, session: Session, desk: Desk) -> bool:
        """The process, between two turns."""
        return bool(desk.gone_because or (self._asked_away and not session.queue))

    async def _something(self, turn: "asyncio.Task[None] | None", desk: Desk, places: Places) -> bool:
        """Wait for what is next. False: it did nothing for too long."""
        if turn is None:
            async with places.lent(self, self._give_up_place):
                return await self._news_within(self._terms.idle_seconds)
        waiting = create_task(self._news.wait())
        left = self._terms.patience.quiet - (get_running_loop().time() - desk.heard_at)
        await asyncio.wait([turn, waiting], timeout=None if desk.asks else max(left, 0.0), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not turn.done() and not desk.asks and get_running_loop().time() - desk.heard_at >= self._terms.patience.quiet:
            desk.gone(f"The agent gave no sign of life for {self._terms.patience.quiet:g} seconds, and was ended.")
            turn.cancel()
            await asyncio.wait([turn])
        return True

    async def _news_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        return self._news.is_set()

    def _give_up_place(self) -> None:
        self._asked_away = True
        self._news.set()

    async def _turn(self, agent: LiveAgent, desk: Desk) -> None:
        taken = await self._call("take_prompt", sessionId=self.id, claimToken=self.token)
        assert isinstance(taken, TakenPrompt)
        prompt = taken.prompt
        if prompt is None:
            return
        content = [*prompt.content]
        self._turns += 1
        desk.begin(content, prompt.message_id)
        if not self._prefaced and not _is_command(content):
            preface = await self._terms.preface(await self._must_read())
            content = [{"type": "text", "text": preface}, *content] if preface else content
            self._prefaced = True
        try:
            self._sent.set()
            end: TurnEnd | None = await agent.prompt(content)
            reason = STOPPED if self._stopping and end and end.stop_reason == "cancelled" else None
        except CannotRun as failure:
            end, reason = None, str(failure)
        except CancelledError:
            if task := asyncio.current_task():
                task.uncancel()
            end, reason = None, desk.gone_because or STOPPED
        await self._told_end(desk, prompt.number, end, reason)
        self._news.set()

    async def _told_end(self, desk: Desk, number: int, end: TurnEnd | None, reason: str | None) -> None:
        told: Told = {"sessionUpdate": "state_update", "state": "idle"} | ({"reason": reason} if reason else {})
        ended: Told = {"number": number, "status": "failed", "reason": reason}
        if end:
            status = "cancelled" if end.stop_reason == "cancelled" else "completed"
            ended |= {"status": status, "stopReason": end.stop_reason, "usage": end.usage}
            told |= {"stopReason": end.stop_reason} | ({"usage": end.usage} if end.usage else {})
        await desk.end(told, ended=ended)

    async def _cancel(self, agent: LiveAgent, turn: "asyncio.Task[None]") -> None:
        """A turn that does not end is broken off with its process. What is cancelled before it is told to the agent is told to it first."""
        sent = create_task(self._sent.wait())
        await asyncio.wait([turn, sent], return_when=asyncio.FIRST_COMPLETED)
        sent.cancel()
        await agent.cancel()
        _, running = await asyncio.wait([turn], timeout=self._terms.patience.cancel)
        if running and self._desk:
            self._desk.gone(f"The agent did not end its turn within {self._terms.patience.cancel:g} seconds, and was ended.")
            turn.cancel()
            await asyncio.wait([turn])

    async def _break_off(self, agent: LiveAgent, turn: "asyncio.Task[None]") -> None:
        """Nobody wants it any more: the agent gets the chance to stop by itself."""
        with suppress(CannotRun):
            await agent.cancel()
        _, running = await asyncio.wait([turn], timeout=min(self._terms.patience.cancel, 2.0))
        if running:
            turn.cancel()
            await asyncio.wait([turn])

    async def _steer(self, agent: LiveAgent, desk: Desk) -> None:
        taken = await self._call("take_prompt", sessionId=self.id, claimToken=self.token, steer=True)
        assert isinstance(taken, TakenPrompt)
        if (prompt := taken.prompt) is None:
            return
        steered = False
        with suppress(CannotRun):
            steered = await agent.steer(prompt.content)
        if steered:
            desk.say({"sessionUpdate": "user_message", "messageId": prompt.message_id, "content": [*prompt.content]})
        ended = {"number": prompt.number, "status": "completed" if steered else "failed"}
        if not steered:
            ended["reason"] = "The agent did not take it into its turn. Send it again with delivery queue."
        await self._report(ended=ended)

    async def _settings(self, session: Session, agent: LiveAgent, desk: Desk, chosen: Told) -> Told:
        """What was chosen since: told to the agent. One that it refuses is said in the history."""
        wanted: Told = {f"config/{id_}": value for id_, value in session.config.items()}
        if session.mode_id and session.mode_id != (session.modes or {}).get("currentModeId"):
            wanted["mode"] = session.mode_id
        for name, value in wanted.items():
            if chosen.get(name) == value:
                continue
            try:
                await self._set(agent, desk, name, value)
            except CannotRun as reason:
                desk.say({"sessionUpdate": "notice", "level": "error", "message": str(reason)})
        return wanted

    async def _set(self, agent: LiveAgent, desk: Desk, name: str, value: str | bool) -> None:
        if name == "mode":
            await agent.set_mode(str(value))
            await desk.update({"sessionUpdate": "current_mode_update", "currentModeId": value})
        elif (options := await agent.set_config_option(name.removeprefix("config/"), value)) is not None:
            await desk.update({"sessionUpdate": "config_option_update", "configOptions": [*options]})

    async def _in_line(self, position: int) -> None:
        session = await self._must_read()
        if not session.live or self._stopping:
            raise Lost
        await self._report(status="queued", place=position)

    async def _release(self) -> None:
        reason = "The hub stopped." if self._stopping else self._why
        if self._asked_away:
            reason = "It was idle, and another session needed its place."
        await self._report(released=True, reason=f"{reason} {AGAIN}" if reason else None)

    async def _must_read(self) -> Session:
        session = await self._read()
        if session is None or session.claim is None or session.claim.token != self.token:
            raise Lost
        return session

    async def _read(self) -> Session | None:
        return await self._hub.store.get(self._caller.tenant, Session, self.id)

    async def _claim(self, **given: Any) -> Output:
        terms = self._terms
        return await self._call("claim_session", sessionId=self.id, worker=terms.worker, leaseSeconds=terms.lease_seconds, **given)

    async def _call(self, operation: str, **given: Any) -> Output:
        return await self._hub.call(operation, given, self._caller)

    async def _report(self, **given: Any) -> None:
        """What was not done, or may not have been, is tried again: it says how things stand."""
        for attempt in range(TRIES):
            try:
                await self._call("report_session", sessionId=self.id, claimToken=self.token, **given)
                return
            except (Busy, Unavailable) as error:
                if attempt == TRIES - 1:
                    raise
                log.info("session %s cannot report just now: %s", self.id, error.message)
                await asyncio.sleep(0.1 * 4**attempt)


def _is_command(content: Sequence[ContentBlock]) -> bool:
    """One of the agent's own, which it knows only at the beginning of a prompt."""
    return str(content[0].get("text", "")).startswith("/")
