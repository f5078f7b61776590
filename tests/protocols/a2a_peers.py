"""Other A2A agents for the hub to call: a small server of all four dialects that does what the message says, and lies if it must."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from aiohttp import web

from hub.ports import Json
from protocols.a2a.v03 import event_to_v03, task_to_v03
from protocols.a2a.v03_proto import event_to_proto, send_from_proto, task_to_proto
from protocols.a2a.v03_requests import send_from_v03

DIALECTS = ("JSONRPC 1.0", "HTTP+JSON 1.0", "JSONRPC 0.3", "HTTP+JSON 0.3")
ERRORS = {-32001: (404, "TASK_NOT_FOUND"), -32002: (400, "TASK_NOT_CANCELABLE"), -32004: (400, "UNSUPPORTED_OPERATION")}
OVER = ("COMPLETED", "FAILED", "CANCELED", "REJECTED")
OLD = {"message/send": "send", "message/stream": "stream", "tasks/get": "get", "tasks/cancel": "cancel", "tasks/resubscribe": "subscribe"}
NEW = {
    "SendMessage": "send", "SendStreamingMessage": "stream", "GetTask": "get", "CancelTask": "cancel", "SubscribeToTask": "subscribe",
}  # fmt: skip


class Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Work:
    """One task of the agent."""

    def __init__(self, message: Json) -> None:
        self.id, self.context = uuid4().hex, message.get("contextId") or uuid4().hex
        self.status: Json = {"state": "TASK_STATE_SUBMITTED"}
        self.artifacts: dict[str, Json] = {}
        self.history, self.events = [message], list[Json]()
        self.answers: asyncio.Queue[Json] = asyncio.Queue()
        self._changed = asyncio.Event()
        self.job: asyncio.Task[None] | None = None

    @property
    def over(self) -> bool:
        return str(self.status["state"]).removeprefix("TASK_STATE_") in OVER

    @property
    def settled(self) -> bool:
        return self.over or str(self.status["state"]).endswith("_REQUIRED")

    def task(self) -> Json:
        made = {"id": self.id, "contextId": self.context, "status": self.status, "history": list(self.history)}
        copied: Json = json.loads(json.dumps({**made, "artifacts": list(self.artifacts.values())}))
        return copied

    def become(self, state: str, text: str = "") -> None:
        said = {"messageId": uuid4().hex, "role": "ROLE_AGENT", "parts": [{"text": text}]}
        self.status = {"state": f"TASK_STATE_{state}", **({"message": said} if text else {})}
        self._tell({"statusUpdate": {"taskId": self.id, "contextId": self.context, "status": self.status}})

    def chunk(self, id_: str, *parts: Json, append: bool = False, last: bool = False, **about: Any) -> None:
        artifact = {"artifactId": id_, **about, "parts": list(parts)}
        if append:
            self.artifacts[id_]["parts"] += parts
        else:
            self.artifacts[id_] = {**artifact, "parts": list(parts)}
        update = {"taskId": self.id, "contextId": self.context, "artifact": artifact, "append": append, "lastChunk": last}
        self._tell({"artifactUpdate": update})

    async def happens(self, after: int) -> None:
        while len(self.events) <= after:
            await self._changed.wait()

    def _tell(self, event: Json) -> None:
        self.events.append(json.loads(json.dumps(event)))
        self._changed.set()
        self._changed = asyncio.Event()


Behaviour = Callable[[Work, Json], Awaitable[None]]


async def behave(work: Work, message: Json) -> None:
    """What the first word of the message tells it."""
    word, _, rest = text_of(message).partition(" ")
    work.become("WORKING", "on it")
    match word:
        case "echo":
            work.chunk("echo", {"text": rest}, name="Echo", description="what was said")
            work.become("COMPLETED", "done")
        case "say":
            work.become("COMPLETED", rest)
        case "count":
            for at in range(int(rest)):
                work.chunk("count", {"text": f"{at} "}, append=at > 0, last=at == int(rest) - 1)
            work.become("COMPLETED")
        case "files":
            work.chunk("files", {"raw": "aGk=", "filename": "hi.txt", "mediaType": "text/plain"}, {"url": "https://example.com/x"})
            work.chunk("files", {"data": {"a": 1}, "metadata": {"m": True}}, append=True)
            work.become("COMPLETED")
        case "ask":
            work.become("INPUT_REQUIRED", rest)
            answer = await work.answers.get()
            work.become("WORKING")
            work.chunk("answer", *answer["parts"])
            work.become("COMPLETED")
        case "authorize":
            work.become("AUTH_REQUIRED", rest)
            await work.answers.get()
            work.become("COMPLETED", "thanks")
        case "wait":
            work.chunk("waited", {"text": "first "})
            told = await work.answers.get()
            work.chunk("waited", {"text": text_of(told)}, append=True)
            work.become("COMPLETED")
        case "fail" | "reject" | "cancel":
            work.become({"fail": "FAILED", "reject": "REJECTED", "cancel": "CANCELED"}[word], rest)


def text_of(message: Json) -> str:
    return " ".join(part["text"] for part in message["parts"] if "text" in part)


class A2APeer:
    """`url` is the server's own."""

    def __init__(self, *dialects: str, streaming: bool = True, token: str = "", signer: Callable[[Json], Json] | None = None) -> None:
        self.dialects, self.streaming, self.token, self.signer = dialects or ("JSONRPC 1.0",), streaming, token, signer
        self.url = ""
        self.card_text: str | None = None
        """In the place of its card."""
        self.extra: list[Json] = []
        """Interfaces that its card names first and that are not so."""
        self.works: dict[str, Work] = {}
        self.asked: list[tuple[str, Json]] = []
        self.headers: list[dict[str, str]] = []
        self.card_reads: list[int] = []
        self.cut_after: int | None = None
        """Events after which the next stream breaks."""
        self.behave: Behaviour = behave
        self.one_message = False
        self.keys: list[Json] = []
        self._known: dict[str, Work] = {}

    def card(self) -> Json:
        named = [{"url": self.url, "protocolBinding": one.split()[0], "protocolVersion": one.split()[1]} for one in self.dialects]
        card: Json = {
            "name": "Peer", "description": "does what it is told", "version": "1", "supportedInterfaces": [*self.extra, *named],
            "capabilities": {"streaming": self.streaming}, "defaultInputModes": ["text/plain"], "defaultOutputModes": ["text/plain"],
            "skills": [{"id": "s", "name": "Skill", "description": "", "tags": []}],
        }  # fmt: skip
        if all(one.endswith("0.3") for one in self.dialects):
            card.pop("supportedInterfaces")
            first, *others = named
            card |= {"protocolVersion": "0.3.0", "url": first["url"], "preferredTransport": first["protocolBinding"]}
            card["additionalInterfaces"] = [{"url": one["url"], "transport": one["protocolBinding"]} for one in others]
        return self.signer(card) if self.signer else card

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/agent-card.json", self._card)
        app.router.add_get("/.well-known/jwks.json", self._keys)
        app.router.add_post("/", self._jsonrpc)
        for prefix in ("", "/v1"):
            app.router.add_post(f"{prefix}/{{verb:message:(send|stream)}}", self._rest)
            app.router.add_get(f"{prefix}/tasks/{{id}}", self._rest)
            app.router.add_post(f"{prefix}/tasks/{{id}}:{{verb:cancel}}", self._rest)
            app.router.add_get(f"{prefix}/tasks/{{id}}:{{verb:subscribe}}", self._rest)
        app.on_cleanup.append(self._end)
        return app

    async def answer(self, name: str, params: Json) -> Json:
        self.asked.append((name, params))
        if name == "send":
            work = self._take(params["message"])
            if self.one_message:
                return {
                    "message": {"messageId": uuid4().hex, "role": "ROLE_AGENT", "contextId": work.context, "parts": [{"text": "at once"}]}
                }
            while not (work.settled or params.get("configuration", {}).get("returnImmediately")):
                await work.happens(len(work.events))
            return {"task": work.task()}
        work = self._find(params)
        if name == "cancel":
            if work.over:
                raise Refused(-32002)
            if work.job:
                work.job.cancel()
            work.become("CANCELED")
        return work.task()

    async def stream(self, name: str, params: Json) -> AsyncIterator[Json]:
        self.asked.append((name, params))
        if not self.streaming:
            raise Refused(-32004)
        work = self._take(params["message"]) if name == "stream" else self._find(params)
        if name == "subscribe" and work.over:
            raise Refused(-32004)
        cut, self.cut_after = self.cut_after, None
        at = len(work.events)
        yield {"task": work.task()}
        while not (at == len(work.events) and work.settled and work.answers.empty()):
            if cut is not None and at >= cut:
                raise ConnectionResetError
            await work.happens(at)
            yield work.events[at]
            at += 1

    def _take(self, message: Json) -> Work:
        if known := self._known.get(message["messageId"]):
            return known
        if task_id := message.get("taskId"):
            work = self._find({"id": task_id})
            if work.over:
                raise Refused(-32004)
            work.history.append(message)
            if work.settled:
                work.status = {"state": "TASK_STATE_WORKING"}
            work.answers.put_nowait(message)
        else:
            work = Work(message)
            self.works[work.id] = work
            work.job = asyncio.ensure_future(self.behave(work, message))
        self._known[message["messageId"]] = work
        return work

    def _find(self, params: Json) -> Work:
        if (work := self.works.get(params["id"])) is None:
            raise Refused(-32001)
        return work

    async def _card(self, request: web.Request) -> web.Response:
        body = self.card_text or json.dumps(self.card())
        etag = f'"{hash(body)}"'
        fresh = request.headers.get("If-None-Match") == etag
        self.card_reads.append(304 if fresh else 200)
        return web.Response(status=304) if fresh else web.Response(text=body, content_type="application/json", headers={"ETag": etag})

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response({"keys": self.keys})

    async def _jsonrpc(self, request: web.Request) -> web.StreamResponse:
        if refused := self._stranger(request):
            return refused
        body = await request.json()
        old = "/" in body["method"]
        name = (OLD if old else NEW).get(body["method"])
        version = "0.3" if old else "1.0"
        if name is None or f"JSONRPC {version}" not in self.dialects:
            return web.json_response(_envelope(body, error={"code": -32601, "message": "no such method"}))
        params = send_from_v03(body["params"]) if old and name in ("send", "stream") else body["params"]

        def said(event: Json) -> Json:
            return _envelope(body, result=event_to_v03(event) if old else event)

        try:
            if name in ("stream", "subscribe"):
                return await self._streamed(request, self.stream(name, params), said)
            answer = await self.answer(name, params)
        except Refused as refused_:
            return web.json_response(_envelope(body, error={"code": refused_.code, "message": "no"}))
        return web.json_response(said(answer) if name == "send" else _envelope(body, result=task_to_v03(answer) if old else answer))

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        if refused := self._stranger(request):
            return refused
        old = request.path.startswith("/v1")
        if f"HTTP+JSON {'0.3' if old else '1.0'}" not in self.dialects:
            return web.json_response({"detail": "Not Found"}, status=404)
        verb = request.match_info.get("verb", "get").removeprefix("message:")
        params: Json = {"id": request.match_info.get("id", "")}
        if verb in ("send", "stream"):
            params = send_from_proto(await request.json()) if old else await request.json()
        said = event_to_proto if old else _same
        try:
            if verb in ("stream", "subscribe"):
                return await self._streamed(request, self.stream(verb, params), said)
            answer = await self.answer(verb, params)
        except Refused as refused_:
            status, reason = ERRORS[refused_.code]
            info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "a2a-protocol.org"}
            return web.json_response({"error": {"code": status, "message": "no", "details": [info]}}, status=status)
        return web.json_response(said(answer) if verb == "send" else task_to_proto(answer) if old else answer)

    def _stranger(self, request: web.Request) -> web.Response | None:
        self.headers.append(dict(request.headers))
        known = not self.token or request.headers.get("Authorization") == f"Bearer {self.token}"
        return None if known else web.Response(status=401)

    async def _streamed(self, request: web.Request, events: AsyncIterator[Json], said: Callable[[Json], Json]) -> web.StreamResponse:
        first = await anext(events)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(_event(said(first)) + b": ping\n\n")
        try:
            async for event in events:
                await response.write(_event(said(event)))
        except ConnectionResetError:
            if request.transport:
                request.transport.abort()
        return response

    async def _end(self, _: web.Application) -> None:
        for work in self.works.values():
            if work.job:
                work.job.cancel()


class Serving:
    """A peer at a port, where it can go away and come back."""

    def __init__(self, peer: A2APeer) -> None:
        self.peer, self._port = peer, 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        self._runner = web.AppRunner(self.peer.application(), handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.peer.url = f"http://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None


@asynccontextmanager
async def served(*dialects: str, **settings: Any) -> AsyncIterator[Serving]:
    serving = Serving(A2APeer(*dialects, **settings))
    await serving.start()
    try:
        yield serving
    finally:
        await serving.stop()


@asynccontextmanager
async def peer_at_work(*dialects: str, **settings: Any) -> AsyncIterator[A2APeer]:
    async with served(*dialects, **settings) as serving:
        yield serving.peer


def _same(event: Json) -> Json:
    return event


def _envelope(body: Json, **said: Any) -> Json:
    return {"jsonrpc": "2.0", "id": body.get("id"), **said}


def _event(said: Json) -> bytes:
    return b"data: " + json.dumps(said).encode() + b"\n\n"
