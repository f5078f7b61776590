"""Another A2A agent as the hub talks to it: the best of its interfaces, asked again where that is safe, and left alone when it is dead.

Asking again is safe for whatever reads, and for a message as well, because it goes again under the same messageId.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from time import monotonic
from typing import Any, TypeVar

from aiohttp import ClientSession

from hub.addresses import Reach
from hub.domain.model import instant, later, utc_now
from hub.domain.remote_agents import RemoteAgent, RemoteInterface
from hub.operations.outgoing import origin_text
from hub.ports import Json
from protocols.a2a.client_cards import CardReader, ReadCard
from protocols.a2a.client_links import Link, Misnamed, Refusal, Trouble

ANSWER = 60.0
"""Seconds for an answer that is no stream."""
PAUSES = (0.25, 30.0)
"""Seconds before asking again: the first time, and at most; doubled each time."""
POLLS = (0.25, 5.0)
"""Seconds between two looks at a task of an agent that does not stream, longer while nothing happens."""
OPENS = 3
"""Failures in a row after which an agent is left alone for a pause, whoever asks."""
NO_STREAMS = frozenset({"UNSUPPORTED_OPERATION", "METHOD_NOT_FOUND"})
"""What an agent answers that does not stream, whatever its card says."""

T = TypeVar("T")
Clock = Callable[[], float]
Tell = Callable[[RemoteAgent, bool, RemoteInterface | None], Awaitable[None]]
"""What is known of it now: whether its card was read anew, and the interface to use; none: it is out of reach."""


class Breaker:
    """Open while an agent is left alone. Then one request goes through, and what comes of it decides."""

    def __init__(self, clock: Clock = monotonic, pauses: tuple[float, float] = PAUSES) -> None:
        self._clock, self._pauses = clock, pauses
        self._failures, self._pause, self._until = 0, pauses[0], 0.0
        self._since: float | None = None
        self._trying = False

    @property
    def down(self) -> float:
        """Seconds since it worked last, if it has not since."""
        return 0.0 if self._since is None else self._clock() - self._since

    def wait(self) -> float:
        """Seconds until the next request may go; 0: it may now, and whoever asks sends it."""
        if self._failures < OPENS:
            return 0.0
        if self._trying:
            return self._pauses[0]
        if (left := self._until - self._clock()) > 0:
            return left
        self._trying = True
        return 0.0

    def worked(self) -> None:
        self._failures, self._pause, self._since, self._trying = 0, self._pauses[0], None, False

    def failed(self, trouble: Trouble) -> float:
        """Seconds after which to ask again."""
        self._failures, self._trying = self._failures + 1, False
        self._since = self._clock() if self._since is None else self._since
        pause = max(self._pause, min(trouble.wait, self._pauses[1]))
        self._until, self._pause = self._clock() + pause, min(self._pause * 2, self._pauses[1])
        return pause

    def let_go(self) -> None:
        """Whoever tried went away before it knew."""
        self._trying = False


class Peer:
    """One remote agent. `remote` is as it was read last; what changes is told."""

    def __init__(
        self, http: ClientSession, reach: Reach, remote: RemoteAgent, headers: Mapping[str, str], tell: Tell, breaker: Breaker,
        polls: tuple[float, float] = POLLS,
    ) -> None:  # fmt: skip
        origins = frozenset({origin_text(remote.url) or "", *remote.origins})
        self.remote, self._http, self._reach, self._headers = remote, http, reach, headers
        self._reader = CardReader(http, reach, remote.url, headers, origins)
        self._tell, self._breaker, self._polls = tell, breaker, polls
        self._misnamed: list[RemoteInterface] = []

    @property
    def streams(self) -> bool:
        capabilities = (self.remote.card or {}).get("capabilities")
        return isinstance(capabilities, dict) and capabilities.get("streaming") is True

    async def connect(self) -> None:
        """Read its card, if that is not done or long ago. Raises Trouble."""
        known, now = self.remote, instant(utc_now())
        if known.status == "ready" and known.fresh_until and now < known.fresh_until:
            return
        try:
            if known.card is not None and known.status != "connecting" and known.card_url and known.etag and known.interface:
                found = await self._reader.document(known.card_url, known.etag)
                if found and found.document is None:
                    await self._use(None, known.interface, known.reason, later(now, found.seconds))
                    return
            read = await self._reader.card()
        except Trouble as trouble:
            if known.status == "ready" and not trouble.lasting:
                return  # what is known of it may do: using it tells
            await self._use(None, None, trouble.reason, None)
            raise
        self._breaker.worked()
        self._misnamed.clear()
        await self._use(read, read.interfaces[0], None, later(now, read.found.seconds))

    async def ask(self, name: str, params: Json) -> Json:
        """Raises Trouble once it was out of reach for as long as it may be, and Refusal."""
        return await self._again(lambda link: link.ask(name, params, ANSWER))

    async def events(self, request: Json | None, task_id: str | None) -> AsyncGenerator[Json]:
        """What becomes of a message, or of a task that was begun before: StreamResponses without end, for the caller to leave.

        After each gap the task comes whole. Raises Trouble and Refusal.
        """
        streams = True
        if request is not None:
            async with aclosing(self._begun(request)) as begun:
                async for event in begun:
                    task_id = _task_of(event) or task_id
                    yield event
        pause = self._polls[0]
        seen: Json | None = None
        while task_id is not None:
            task = await self.ask("get", {"id": task_id})
            yield {"task": task}
            if streams and self.streams:
                try:
                    async with aclosing(self._link_events("subscribe", {"id": task_id})) as subscribed:
                        async for event in subscribed:
                            yield event
                except Refusal as refusal:
                    streams = refusal.reason not in NO_STREAMS
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self._polls[1]) if task == seen else self._polls[0]
            seen = task

    async def _begun(self, request: Json) -> AsyncGenerator[Json]:
        """By a stream where it streams. Without a word from it the message goes again."""
        at_once = {**request, "configuration": {**request.get("configuration", {}), "returnImmediately": True}}
        if not self.streams:
            yield await self.ask("send", at_once)
            return
        told = False
        while not told:
            try:
                async with aclosing(self._link_events("stream", request)) as events:
                    async for event in events:
                        told = True
                        yield event
            except Refusal as refusal:
                if told or refusal.reason not in NO_STREAMS:
                    raise
                yield await self.ask("send", at_once)
                return

    async def _link_events(self, name: str, params: Json) -> AsyncGenerator[Json]:
        """Of one stream, which may break: then it ends. Raises Refusal, and Trouble that lasts."""
        first = True
        link = await self._again(self._given)
        try:
            async with aclosing(link.stream(name, params)) as events:
                async for event in events:
                    if first:
                        self._breaker.worked()
                        first = False
                    yield event
            if first:
                raise Trouble("it ended a stream without a word")
        except Refusal:
            self._breaker.worked()
            raise
        except Trouble as trouble:
            await self._troubled(link, trouble)
        finally:
            self._breaker.let_go()

    async def _again(self, work: Callable[[Link], Awaitable[T]]) -> T:
        while True:
            link = await self._link()
            try:
                result = await work(link)
            except Refusal:
                self._breaker.worked()
                raise
            except Trouble as trouble:
                await self._troubled(link, trouble)
                continue
            except asyncio.CancelledError:
                self._breaker.let_go()
                raise
            if result is not link:
                self._breaker.worked()
            return result

    async def _given(self, link: Link) -> Link:
        return link

    async def _link(self) -> Link:
        """To the interface that is used now. Raises Trouble."""
        if self.remote.interface is None:
            raise Trouble(self.remote.reason or "its card was not read yet", lasting=True)
        link = Link(self._http, self.remote.interface, self._headers, self._reach)
        while wait := self._breaker.wait():
            if self._breaker.down > self.remote.patience_seconds:
                raise Trouble(f"{self.remote.reason or 'it is out of reach'}. It is tried again in {wait:.0f} seconds", lasting=True)
            await asyncio.sleep(wait)
        return link

    async def _troubled(self, link: Link, trouble: Trouble) -> None:
        """Wait, or take another interface. Raises it when neither helps."""
        if isinstance(trouble, Misnamed):
            self._breaker.worked()  # something is there
            self._misnamed.append(link.interface)
            other = next((one for one in self.remote.interfaces if one not in self._misnamed), None)
            await self._use(None, other, trouble.reason, None)
            if other is None:
                raise trouble
            return
        pause = self._breaker.failed(trouble)
        if trouble.lasting or self._breaker.down > self.remote.patience_seconds:
            await self._use(None, None, trouble.reason, None)
            raise trouble
        await asyncio.sleep(pause)

    async def _use(self, read: ReadCard | None, interface: RemoteInterface | None, reason: str | None, until: str | None) -> None:
        said: dict[str, Any] = {"reason": reason, "status": "ready" if interface else "unreachable"}
        said |= {"fresh_until": until} if until else {}
        said |= {"interface": interface} if interface else {}
        if read:
            said |= {"card": read.card, "card_url": read.found.url, "etag": read.found.etag}
            said |= {"interfaces": read.interfaces, "signed": read.signed}
        self.remote = self.remote.model_copy(update=said)
        await self._tell(self.remote, read is not None, interface)


def _task_of(event: Json) -> str | None:
    if task := event.get("task"):
        return str(task["id"])
    update = event.get("statusUpdate") or event.get("artifactUpdate") or {}
    return update.get("taskId") if isinstance(update.get("taskId"), str) else None
