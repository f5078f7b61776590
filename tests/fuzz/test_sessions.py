"""Sessions, streams and waiting calls that come, cross each other, and go: once all clients are gone, nothing of them is left."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest import mock

import anyio
from hypothesis import given

from hub.access import LOCAL
from hub.ports import Json
from protocols.mcp import exchange
from tests.fuzz.expectations import check
from tests.fuzz.hubs import Served, over, run, serving
from tests.fuzz.messages import envelope
from tests.fuzz.profiles import cases
from tests.fuzz.programs import FIRST, PROGRAMS, Step
from tests.fuzz.values import TASK
from tests.fuzz.wire import PATIENCE, Answer, Request, read
from tests.protocols.mcp_messages import MODERN, initialize_params, message

BOTH, ALONE = b"application/json, text/event-stream", b"application/json"
WAIT: Json = {"name": "wait_for_task", "arguments": {"taskId": TASK, "timeoutSeconds": 60}}
QUICK: Json = {"name": "get_task", "arguments": {"taskId": TASK}}

IN_SESSION: dict[str, Callable[[Step], object]] = {
    "wait": lambda step: message("tools/call", WAIT, step.id),
    "wait with progress": lambda step: message("tools/call", {**WAIT, "_meta": {"progressToken": step.id}}, step.id),
    "quick": lambda step: message("tools/call", QUICK, step.id),
    "batch": lambda step: [message("ping", id_=5), message("tools/call", WAIT, step.id)],
    "subscribe": lambda step: message("resources/subscribe", {"uri": f"hub://tasks/{TASK}"}, step.id),
    "cancel": lambda step: {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": step.id}},
    "answer": lambda step: {"jsonrpc": "2.0", "id": f"hub-{step.which}", "result": {}},
}
"""What is posted in a session."""


@cases(0.1)
@given(PROGRAMS)
def test_any_course_of_events(program: list[Step]) -> None:
    with mock.patch.object(exchange, "HEARTBEAT", 0):
        run(course(program))


async def course(program: list[Step]) -> None:
    """Two sessions are open at the beginning. Every request that waits at all becomes a stream where its client takes one."""
    async with serving() as served:
        await Clients(served).initialize("2025-11-25")
        before = asyncio.all_tasks()
        clients = Clients(served)
        opening = [replace(FIRST, version=version) for version in ("2025-11-25", "2025-03-26")]
        for step in (*opening, *program):
            await clients.take(step)
            for _ in range(step.turns):
                await asyncio.sleep(0)
        await clients.leave()
        await over(before)
        assert len(served.sessions) == 1, "a session that nobody deleted is still there, and no other"


class Connection:
    """One request, and its answer as far as it came."""

    def __init__(self, port: int, request: Request) -> None:
        self.request, self._port = request, port
        self.answer: Answer | None = None
        self.task = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(self.request.encode())
            self.answer = await read(reader, lambda _: False)
        except asyncio.IncompleteReadError:
            pass  # the server hung up
        finally:
            writer.close()

    def leave(self) -> None:
        self.task.cancel()


class Clients:
    def __init__(self, served: Served) -> None:
        self._served = served
        self._sessions: list[bytes] = []
        self._connections: list[Connection] = []

    async def take(self, step: Step) -> None:
        session = self._sessions[step.which % len(self._sessions)] if self._sessions else b"none"
        accept = BOTH if step.streams else ALONE
        match step.what:
            case "initialize":
                self._sessions.append(await self.initialize(step.version))
            case "delete":
                self._send("DELETE", session)
            case "stream":
                self._send("GET", session, b"text/event-stream")
            case "resume":
                self._send("GET", session, b"text/event-stream", more=((b"Last-Event-ID", b"%d-0" % (step.which + 1)),))
            case "listen":
                self._alone("subscriptions/listen", {"notifications": {"resourcesListChanged": True}}, step, BOTH)
            case "wait alone":
                self._alone("tools/call", WAIT, step, accept)
            case "leave" if self._connections:
                self._connections[step.which % len(self._connections)].leave()
            case "change":
                await self._served.hub.call("update_task", {"taskId": TASK, "title": "changed"}, LOCAL)
            case what if what in IN_SESSION:
                self._post(session, IN_SESSION[what](step), accept)

    async def initialize(self, version: str) -> bytes:
        self._post(b"", message("initialize", initialize_params(version)), ALONE)
        connection = self._connections[-1]
        with anyio.fail_after(PATIENCE):
            await connection.task
        assert connection.answer
        return (connection.answer.header("Mcp-Session-Id") or "").encode()

    async def leave(self) -> None:
        """Every session is deleted, everybody hangs up; what was answered until then was right."""
        for session in self._sessions:
            self._send("DELETE", session)
            with anyio.fail_after(PATIENCE):
                await self._connections[-1].task
        for connection in self._connections:
            connection.leave()
        await asyncio.gather(*(one.task for one in self._connections), return_exceptions=True)
        for connection in self._connections:
            if connection.answer and connection.answer.status:
                check(connection.request, connection.answer, alone=False)

    def _post(self, session: bytes, body: object, accept: bytes) -> None:
        self._send("POST", session, accept, json.dumps(body).encode())

    def _alone(self, method: str, params: Json, step: Step, accept: bytes) -> None:
        """A request of 2026-07-28."""
        body: Any = message(method, {**params, "_meta": envelope(MODERN, {})}, step.id)
        named = ((b"Mcp-Name", params["name"].encode()),) if "name" in params else ()
        more = ((b"MCP-Protocol-Version", MODERN.encode()), (b"Mcp-Method", method.encode()), *named)
        self._send("POST", b"", accept, json.dumps(body).encode(), more)

    def _send(
        self, method: str, session: bytes, accept: bytes = b"", body: bytes = b"", more: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        headers = [(b"Host", b"localhost"), (b"Accept", accept), (b"Content-Type", b"application/json"), *more]
        if session:
            headers.append((b"Mcp-Session-Id", session))
        self._connections.append(Connection(self._served.port, Request(method, "/mcp", tuple(headers), body)))
