"""Editors on the official Python SDK, which checks the shape of all that it is told."""

import asyncio
from collections.abc import Callable
from typing import Any

import acp
import anyio
import orjson
from acp._transport import Transport
from acp.connection import StreamDirection, StreamEvent
from acp.schema import AllowedOutcome, DeniedOutcome, PermissionOption, RequestPermissionResponse, ToolCallUpdate

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.sessions import Session
from hub.ports import Filter, Json
from protocols.acp.agent import Agent, Start
from tests.jsonrpc.streams import MemoryStream, memory_pair


async def happened(hub: Hub, session_id: str, what: str, times: int = 1) -> None:
    """It has happened to a session so many times."""
    seen = 0
    with anyio.fail_after(10):
        async for page in hub.follow(LOCAL, 0, Filter(kinds=(Session.kind,), record_id=session_id)):
            seen += sum(event.name == f"session.{what}" for event in page.events)
            if seen >= times:
                return


class MemoryTransport:
    """A stream of messages as the SDK wants it."""

    def __init__(self, stream: MemoryStream) -> None:
        self._stream = stream
        self._messages = stream.receive()

    async def send(self, message: Json) -> None:
        await self._stream.send(orjson.dumps(message))

    async def receive(self) -> Json | None:
        async for message in self._messages:
            return dict(orjson.loads(message))
        return None

    async def close(self) -> None:
        await self._stream.close()


class Editor:
    """Keeps what came, in the order of the wire. Permission requests wait for `answer`."""

    def __init__(self, *streams: Any) -> None:
        self.wire: list[Json] = []
        self.understood = 0
        """Updates whose shape the SDK knows."""
        self.answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        """The id of an option; None: it is dismissed."""
        self._news = asyncio.Event()
        self.sdk = acp.connect_to_agent(self, *streams, use_unstable_protocol=True, observers=[self._saw])  # type: ignore[arg-type]

    async def ask(self, method: str, **params: Any) -> Any:
        """As it stands on the wire. Raises acp.RequestError."""
        with anyio.fail_after(10):
            return await self.sdk._conn.send_request(method, params)

    async def tell(self, method: str, **params: Any) -> None:
        await self.sdk._conn.send_notification(method, params)

    async def initialize(self, **capabilities: Any) -> Any:
        return await self.ask("initialize", protocolVersion=1, clientCapabilities=capabilities)

    async def new_session(self, cwd: str = "/tmp") -> str:
        return str((await self.ask("session/new", cwd=cwd, mcpServers=[]))["sessionId"])

    async def prompt(self, session_id: str, text: str) -> Any:
        return await self.ask("session/prompt", sessionId=session_id, prompt=[{"type": "text", "text": text}])

    def updates(self, session_id: str, *kinds: str) -> list[Json]:
        told = [one["params"] for one in self.wire if one.get("method") == "session/update"]
        several = [one["update"] for one in told if one["sessionId"] == session_id]
        return [one for one in several if not kinds or one["sessionUpdate"] in kinds]

    def texts(self, session_id: str, kind: str = "agent_message_chunk") -> list[str]:
        return [one["content"]["text"] for one in self.updates(session_id, kind)]

    def asked(self, method: str) -> list[Json]:
        return [one for one in self.wire if one.get("method") == method]

    async def until(self, seen: Callable[[], object]) -> None:
        with anyio.fail_after(10):
            while not seen():
                self._news.clear()
                await self._news.wait()

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        self.understood += 1
        self._news.set()

    async def request_permission(
        self, session_id: str, tool_call: ToolCallUpdate, options: list[PermissionOption], **_: Any
    ) -> RequestPermissionResponse:
        option_id = await asyncio.shield(self.answer)
        if option_id is None:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=option_id))

    def _saw(self, event: StreamEvent) -> None:
        if event.direction is StreamDirection.INCOMING:
            self.wire.append(event.message)
            self._news.set()


class Desk:
    """Editors beside each other, each over a connection of its own in memory."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._open: list[tuple[Editor, asyncio.Task[None]]] = []

    async def editor(self, caller: Caller = LOCAL, start: Start = Start(), **capabilities: Any) -> Editor:  # noqa: B008
        """Initialized."""
        here, there = memory_pair()
        serving = asyncio.create_task(Agent(there, self._hub, caller, start).serve())
        transport: Transport = MemoryTransport(here)
        editor = Editor(transport)
        self._open.append((editor, serving))
        await editor.initialize(**capabilities)
        return editor

    async def leave(self, editor: Editor) -> None:
        """Its end is closed, and the hub has seen that."""
        serving = next(serving for one, serving in self._open if one is editor)
        self._open.remove((editor, serving))
        await editor.sdk.close()
        with anyio.fail_after(5):
            await serving

    async def close(self) -> None:
        for editor, _ in [*self._open]:
            await self.leave(editor)
