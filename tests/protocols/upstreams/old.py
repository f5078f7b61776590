"""An MCP server of the handshake era by hand: `python -m tests.protocols.upstreams.old stdio`, or `http PORT [streams]`.

It knows no server/discover, forgets sessions when it is told to, answers in documents or streams, and tells of new tools.
"""

import asyncio
import json
import os
import sys
from typing import Any
from uuid import uuid4

from aiohttp import web

Json = dict[str, Any]
TOOLS = ("echo", "forget", "more", "silent")
STREAM = {"Content-Type": "text/event-stream"}


class Old:
    def __init__(self, streams: bool = False) -> None:
        self._streams = streams
        self._tools = list(TOOLS)
        self._withdrawn: list[Any] = []
        self._replies = 0
        self.sessions: dict[str, asyncio.Queue[Json]] = {}

    def hear(self, message: Json, session: str) -> Json | None:
        """The answer; None where there is none, or never one."""
        id_, method, params = message.get("id"), message.get("method"), message.get("params", {})
        if method is None:
            self._replies += 1
        elif method == "notifications/cancelled":
            self._withdrawn.append(params["requestId"])
        if id_ is None or method is None or params.get("name") == "silent":
            return None
        result = self._result(method, params, session)
        if result is None:
            return {"jsonrpc": "2.0", "id": id_, "error": {"code": -32601, "message": f"no {method}"}}
        return {"jsonrpc": "2.0", "id": id_, "result": result}

    def _result(self, method: str, params: Json, session: str) -> Json | None:
        if method == "initialize":
            info, capabilities = {"name": "old", "version": "1"}, {"tools": {"listChanged": True}}
            return {"protocolVersion": "2025-06-18", "capabilities": capabilities, "serverInfo": info}
        if method == "tools/list":
            hints = {"readOnlyHint": True}
            return {"tools": [{"name": name, "inputSchema": {"type": "object"}, "annotations": hints} for name in self._tools]}
        if method == "tools/call":
            result: Json = {"content": [{"type": "text", "text": self._did(params["name"], session)}], "_meta": {"mine": True}}
            structured = {"structuredContent": {"number": 1.0, "whole": 12345678901}}
            return result | (structured if params["arguments"].get("structured") else {})
        return None

    def _did(self, name: str, session: str) -> str:
        if name == "forget":
            self.sessions.clear()
        elif name == "more":
            self._tools.append("new")
            for told in self.sessions.values():
                told.put_nowait({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
        return f"{name} in {session} of {os.getpid()}; withdrawn: {self._withdrawn}; replies: {self._replies}"

    async def post(self, request: web.Request) -> web.StreamResponse:
        message = await request.json()
        session = request.headers.get("Mcp-Session-Id", "")
        if message.get("method") == "initialize":
            session = uuid4().hex
            self.sessions[session] = asyncio.Queue()
        elif session not in self.sessions:
            return web.json_response({"error": "no such session"}, status=404 if session else 400)
        answer = self.hear(message, session)
        if answer is None and "id" in message and "method" in message:
            await asyncio.Event().wait()
        if answer is None:
            return web.Response(status=202)
        headers = {"Mcp-Session-Id": session}
        if not self._streams:
            return web.json_response(answer, headers=headers)
        response = web.StreamResponse(headers=STREAM | headers)
        await response.prepare(request)
        if "ping" in message.get("params", {}).get("arguments", ()):
            await response.write(b": hello\n\n" + _event({"jsonrpc": "2.0", "id": 1, "method": "ping"}))
        await response.write(_event(answer))
        return response

    async def get(self, request: web.Request) -> web.StreamResponse:
        told = self.sessions.get(request.headers.get("Mcp-Session-Id", ""))
        if told is None:
            return web.Response(status=404)
        response = web.StreamResponse(headers=STREAM)
        await response.prepare(request)
        while True:
            await response.write(b"id: 1\r\n" + _event(await told.get()))

    async def delete(self, request: web.Request) -> web.Response:
        self.sessions.pop(request.headers.get("Mcp-Session-Id", ""), None)
        return web.Response(status=204)


def _event(message: Json) -> bytes:
    return b"data: " + json.dumps(message).encode() + b"\n\n"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def http(old: Old, port: int) -> None:
    app = web.Application()
    app.router.add_routes([web.post("/mcp", old.post), web.get("/mcp", old.get), web.delete("/mcp", old.delete)])
    web.run_app(app, host="127.0.0.1", port=port, print=_say, access_log=None, handler_cancellation=True)


def stdio(old: Old) -> None:
    told = old.sessions["pipe"] = asyncio.Queue()
    _say("this is no message")
    for line in sys.stdin:
        if answer := old.hear(json.loads(line), "pipe"):
            _say(json.dumps(answer))
        while not told.empty():
            _say(json.dumps(told.get_nowait()))


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        stdio(Old())
    else:
        http(Old("streams" in sys.argv), int(sys.argv[2]))
