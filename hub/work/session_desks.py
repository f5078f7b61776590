"""Where a live agent reports: what it does becomes history a few times a second, what it asks waits for an answer."""

import asyncio
from asyncio import get_running_loop
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson

from hub.domain.errors import Busy, HubError, Unavailable
from hub.domain.permissions import Permission
from hub.domain.sessions import Session
from hub.domain.transcripts import Transcript, Update
from hub.hosting import Asked
from hub.operations.base import Output

PACE = 0.05
"""Seconds from one commit of a session's history to the next; the first piece of what comes waits for nothing."""
MOST_WAITING = 1_000_000
"""Of `_weight`, about bytes, that wait for the next commit; who brings more waits, too, so that one agent leaves room for the others."""
TRIES = 6
Call = Callable[..., Awaitable[Output]]


class Desk:
    """A SessionDesk, for one process of one session, under one claim."""

    def __init__(
        self, call: Call, session: Session, token: int, clock: Callable[[], datetime], preface: Callable[[], Awaitable[str]]
    ) -> None:  # fmt: skip
        """`preface`: what the agent is told before its first prompt."""
        self._call, self._clock, self._time, self._preface = call, clock, get_running_loop().time, preface
        self._held = {"sessionId": session.id, "claimToken": token}
        self._transcript = Transcript(session.entry_count, session.standing)
        self._about: dict[str, Any] = {}
        self.modes = session.modes
        """Those that the agent offers, with the one that it is in."""
        self._waiting = 0
        self._keeping: asyncio.Task[None] | None = None
        self._committing = asyncio.Lock()
        self._taken = asyncio.Event()
        """What waited has gone into a commit."""
        self._broken = False
        """What it was told could not be kept: the session is being ended."""
        self._asked: dict[str, asyncio.Future[None]] = {}
        self.heard_at = self._time()
        """When the agent last gave a sign of life, or got an answer."""
        self.gone_because: str | None = None
        self.on_gone: Callable[[], None] = lambda: None

    @property
    def asks(self) -> bool:
        """It waits for somebody's answer."""
        return bool(self._asked)

    async def update(self, update: Update) -> None:
        if self._broken:
            return
        self.heard_at = self._time()
        if update.get("sessionUpdate") == "session_info_update":
            update = await self._well_titled(update)
        self._transcript.add(update)
        self._notice(update)
        self._waiting += _weight(update)
        self._keep()
        if self._waiting >= MOST_WAITING:
            self._taken.clear()
            await self._taken.wait()

    async def ask(self, asked: Asked) -> Permission:
        await self.flush()
        given = {
            "title": asked.title, "toolCallId": asked.tool_call_id, "toolKind": asked.tool_kind, "paths": [*asked.paths],
            "command": asked.command, "toolCall": asked.tool_call,
            "options": [option.model_dump(by_alias=True) for option in asked.options],
        }  # fmt: skip
        permission = await self._call("request_permission", **self._held, **given)
        assert isinstance(permission, Permission)
        if permission.status == "pending":
            permission = await self._decided(permission)
        self.heard_at = self._time()
        return permission

    async def check_write(self, path: str) -> None:
        await self._call("check_file_write", **self._held, path=path)

    def gone(self, reason: str) -> None:
        self.gone_because = self.gone_because or reason
        self.on_gone()

    def decided(self, permission_id: str) -> None:
        """For the worker: it was answered, or need not be any more."""
        if (waiting := self._asked.get(permission_id)) and not waiting.done():
            waiting.set_result(None)

    def begin(self, content: list[dict[str, Any]], message_id: str) -> None:
        """A turn begins with this prompt."""
        self.heard_at = self._time()
        self._transcript.turn()
        self._transcript.say("user_message", content, message_id)
        self._transcript.add({"sessionUpdate": "state_update", "state": "running"})
        self._keep()

    def say(self, update: Update) -> None:
        """The hub has something to tell itself."""
        self._transcript.add(update)
        self._keep()

    async def end(self, told: Update, **ended: Any) -> None:
        """A turn has ended: that is kept together with the last that it did."""
        self._transcript.turn()
        self._transcript.add(told)
        await self._commit(**ended)

    async def flush(self) -> None:
        """All that was told is kept then."""
        await self._commit()

    async def close(self) -> None:
        """Nothing more is told; who asks waits no longer."""
        for waiting in self._asked.values():
            waiting.cancel()
        if self._keeping:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    async def _well_titled(self, update: Update) -> Update:
        """Some agents call a session by the beginning of its first prompt; the preface is no name of it."""
        title = update.get("title")
        if isinstance(title, str) and title and " ".join((await self._preface()).split()).startswith(title.rstrip(" .…")):
            return {name: value for name, value in update.items() if name != "title"}
        return update

    def _notice(self, update: Update) -> None:
        """What of it is about the session itself."""
        match update.get("sessionUpdate"):
            case "current_mode_update" if isinstance(mode := update.get("currentModeId"), str):
                self.modes = {**(self.modes or {}), "currentModeId": mode}
                self._about |= {"modes": self.modes, "modeId": mode}
            case "config_option_update" if isinstance(options := update.get("configOptions"), list):
                self._about["configOptions"] = options
            case "session_info_update" if isinstance(title := update.get("title"), str):
                self._about["name"] = title[:400]
            case "usage_update":
                self._about["usage"] = {name: value for name, value in update.items() if name != "sessionUpdate"}

    def _keep(self) -> None:
        if self._keeping is None or self._keeping.done():
            self._expect_kept()
            self._keeping = asyncio.create_task(self._keep_on())

    def _expect_kept(self) -> None:
        """Raises what it failed with."""
        if self._keeping and self._keeping.done():
            self._keeping.result()

    async def _keep_on(self) -> None:
        try:
            while self._transcript.waits:
                await self._commit()
                await asyncio.sleep(PACE)
        except HubError:
            self._broken = True
            self._taken.set()
            self.on_gone()
            raise

    async def _commit(self, **more: Any) -> None:
        """One after the other: each goes on from the entries of the one before."""
        async with self._committing:
            self._expect_kept()
            if self._transcript.waits or more:
                await self._report(**more)

    async def _report(self, **more: Any) -> None:
        news = self._transcript.take()
        about, self._about = self._about, {}
        self._waiting = 0
        self._taken.set()
        given = {"entries": [change._asdict() for change in news.changes], "updates": news.updates, **about, **more}
        for attempt in range(TRIES):
            try:
                await self._call("report_session", **self._held, **given)
                return
            except (Busy, Unavailable):
                if attempt == TRIES - 1:
                    raise
                await asyncio.sleep(0.1 * 2**attempt)

    async def _decided(self, permission: Permission) -> Permission:
        """Wait for the answer, or for the end of the time in which it may come."""
        waiting = self._asked[permission.id] = get_running_loop().create_future()
        try:
            while permission.status == "pending":
                left = (datetime.fromisoformat(permission.expires_at) - self._clock()).total_seconds()
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(left, 0.0)):
                        await waiting
                answered = await self._call("expire_permission", permissionId=permission.id)
                assert isinstance(answered, Permission)
                permission = answered
                if permission.status == "pending":
                    waiting = self._asked[permission.id] = get_running_loop().create_future()
        finally:
            del self._asked[permission.id]
        return permission


def _weight(update: Update) -> int:
    """Texts of a message become one; anything else is an entry, or changes one."""
    content = update.get("content")
    text = content.get("text") if isinstance(content, dict) and len(content) == 2 else None
    return 50 + len(text) if isinstance(text, str) else 1_000 + len(orjson.dumps(update))
