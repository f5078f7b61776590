"""What one process of a session does: prompt after prompt, until it has ended or should."""

import asyncio
from asyncio import CancelledError, create_task, get_running_loop
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import Any

from hub.domain.sessions import ContentBlock, Session
from hub.hosting import CannotRun, LiveAgent, Patience, TurnEnd
from hub.operations.session_claims import STOPPED, TakenPrompt
from hub.ports import Clock, Json
from hub.work.held_sessions import HeldSession
from hub.work.session_desks import Desk
from hub.work.session_places import Places

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


class Serving:
    def __init__(self, held: HeldSession, agent: LiveAgent, desk: Desk, places: Places, terms: Terms, prefaced: bool) -> None:
        """`prefaced`: the agent was told its preface in an earlier process."""
        self._held, self._agent, self._desk, self._places, self._terms = held, agent, desk, places, terms
        self._prefaced = prefaced
        self._asked_away = False
        """Another session needs its place."""
        self._ending = False
        """Its process is to end, whatever runs in it."""
        self._sent = asyncio.Event()
        """The agent has the prompt of the turn that runs."""
        self.turns = 0
        self.why: str | None = None
        """It has come to its end, as far as that is not the agent's doing."""

    async def run(self) -> None:
        """Prompt after prompt, until the process has ended or should."""
        turn: asyncio.Task[None] | None = None
        chosen: Told = {}
        try:
            while True:
                self._held.news.clear()
                session = await self._held.must_read()
                if turn and turn.done():
                    turn.result()
                    turn = None
                if turn and self._ending:
                    turn.cancel()
                    await asyncio.wait([turn])
                    continue
                if session.status != "ready" or self._held.stopping or (turn is None and self._over(session)):
                    break
                chosen = await self._settings(session, chosen)
                if turn is None and session.queue:
                    self._sent.clear()
                    turn = create_task(self._turn())
                elif turn and session.cancelling:
                    await self._cancel(turn)
                    continue
                elif turn and session.queue and "steer" in session.capabilities:
                    await self._steer()
                if not await self._something(turn):
                    self.why = f"It was idle for {self._terms.idle_seconds:g} seconds."
                    break
        finally:
            if turn and not turn.done():
                await self._break_off(turn)
        if turn is not None and turn.done() and not turn.cancelled():
            turn.result()

    def end(self, reason: str) -> None:
        """The process is to end now, and what runs in it has failed for this reason."""
        self._desk.gone(reason)
        self._ending = True

    async def memory(self) -> int:
        """Bytes."""
        return await self._agent.memory()

    def _over(self, session: Session) -> bool:
        """The process, between two turns."""
        if self._asked_away and not session.queue:
            self.why = "It was idle, and another session needed its place."
            return True
        return self._desk.gone_because is not None

    async def _something(self, turn: "asyncio.Task[None] | None") -> bool:
        """Wait for what is next. False: it did nothing for too long."""
        if turn is None:
            async with self._places.lent(self, self._give_up_place):
                return await self._news_within(self._terms.idle_seconds)
        waiting = create_task(self._held.news.wait())
        left = self._terms.patience.quiet - (get_running_loop().time() - self._desk.heard_at)
        await asyncio.wait([turn, waiting], timeout=None if self._desk.asks else max(left, 0.0), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not turn.done() and not self._desk.asks and get_running_loop().time() - self._desk.heard_at >= self._terms.patience.quiet:
            self.end(f"The agent gave no sign of life for {self._terms.patience.quiet:g} seconds, and was ended.")
        return True

    async def _news_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._held.news.wait()
        return self._held.news.is_set()

    def _give_up_place(self) -> None:
        self._asked_away = True
        self._held.news.set()

    async def _turn(self) -> None:
        taken = await self._held.call("take_prompt", sessionId=self._held.id, claimToken=self._held.token)
        assert isinstance(taken, TakenPrompt)
        prompt = taken.prompt
        if prompt is None:
            return
        content = [*prompt.content]
        self.turns += 1
        self._desk.begin(content, prompt.message_id)
        if not self._prefaced and not _is_command(content):
            preface = await self._terms.preface(await self._held.must_read())
            content = [{"type": "text", "text": preface}, *content] if preface else content
            self._prefaced = True
        try:
            self._sent.set()
            end: TurnEnd | None = await self._agent.prompt(content)
            reason = STOPPED if self._held.stopping and end and end.stop_reason == "cancelled" else None
        except CannotRun as failure:
            end, reason = None, str(failure)
        except CancelledError:
            if task := asyncio.current_task():
                task.uncancel()
            end, reason = None, self._desk.gone_because or STOPPED
        await self._told_end(prompt.number, end, reason)
        self._held.news.set()

    async def _told_end(self, number: int, end: TurnEnd | None, reason: str | None) -> None:
        told: Told = {"sessionUpdate": "state_update", "state": "idle"} | ({"reason": reason} if reason else {})
        ended: Told = {"number": number, "status": "failed", "reason": reason}
        if end:
            status = "cancelled" if end.stop_reason == "cancelled" else "completed"
            ended |= {"status": status, "stopReason": end.stop_reason, "usage": end.usage}
            told |= {"stopReason": end.stop_reason} | ({"usage": end.usage} if end.usage else {})
        await self._desk.end(told, ended=ended)

    async def _cancel(self, turn: "asyncio.Task[None]") -> None:
        """A turn that does not end is broken off with its process. What is cancelled before it is told to the agent is told to it first."""
        sent = create_task(self._sent.wait())
        await asyncio.wait([turn, sent], return_when=asyncio.FIRST_COMPLETED)
        sent.cancel()
        await self._agent.cancel()
        _, running = await asyncio.wait([turn], timeout=self._terms.patience.cancel)
        if running:
            self.end(f"The agent did not end its turn within {self._terms.patience.cancel:g} seconds, and was ended.")

    async def _break_off(self, turn: "asyncio.Task[None]") -> None:
        """Nobody wants it any more: the agent gets the chance to stop by itself."""
        with suppress(CannotRun):
            await self._agent.cancel()
        _, running = await asyncio.wait([turn], timeout=min(self._terms.patience.cancel, 2.0))
        if running:
            turn.cancel()
            await asyncio.wait([turn])

    async def _steer(self) -> None:
        taken = await self._held.call("take_prompt", sessionId=self._held.id, claimToken=self._held.token, steer=True)
        assert isinstance(taken, TakenPrompt)
        if (prompt := taken.prompt) is None:
            return
        steered = False
        with suppress(CannotRun):
            steered = await self._agent.steer(prompt.content)
        if steered:
            self._desk.say({"sessionUpdate": "user_message", "messageId": prompt.message_id, "content": [*prompt.content]})
        ended = {"number": prompt.number, "status": "completed" if steered else "failed"}
        if not steered:
            ended["reason"] = "The agent did not take it into its turn. Send it again with delivery queue."
        await self._held.report(ended=ended)

    async def _settings(self, session: Session, chosen: Told) -> Told:
        """What was chosen since: told to the agent. One that it refuses is said in the history."""
        wanted: Told = {}
        options = _option(session, "model", session.model)
        if session.modes is None:  # newer agents offer modes as an option
            options |= _option(session, "mode", session.mode_id)
        elif session.mode_id and session.mode_id != session.modes.get("currentModeId"):
            wanted["mode"] = session.mode_id
        wanted |= {f"config/{id_}": value for id_, value in (options | session.config).items()}
        for name, value in wanted.items():
            if chosen.get(name) == value:
                continue
            try:
                await self._set(name, value)
            except CannotRun as reason:
                self._desk.say({"sessionUpdate": "notice", "level": "error", "message": str(reason)})
        return wanted

    async def _set(self, name: str, value: str | bool) -> None:
        if name == "mode":
            await self._agent.set_mode(str(value))
            await self._desk.update({"sessionUpdate": "current_mode_update", "currentModeId": value})
        elif (options := await self._agent.set_config_option(name.removeprefix("config/"), value)) is not None:
            await self._desk.update({"sessionUpdate": "config_option_update", "configOptions": [*options]})


def _option(session: Session, category: str, value: str | None) -> Told:
    """The config option of a category that this value is chosen for, unless it has it."""
    options = [one for one in session.config_options or () if one.get("category") == category and one.get("currentValue") != value]
    return {str(options[0]["id"]): value} if value and options else {}


def _is_command(content: Sequence[ContentBlock]) -> bool:
    """One of the agent's own, which it knows only at the beginning of a prompt."""
    return str(content[0].get("text", "")).startswith("/")
