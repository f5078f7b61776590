"""Asking over A2A, in either binding, and playing the agent that answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from hub.access import LOCAL
from hub.app import Hub
from hub.ports import Filter, Json
from protocols.a2a.errors import DOMAIN, ERROR_INFO
from tests.core.support import ask
from tests.protocols.conftest import Http
from tests.protocols.sse import Stream

VERSION = {"A2A-Version": "1.0"}
WAYS: dict[str, tuple[str, str]] = {
    "SendMessage": ("POST", "message:send"), "SendStreamingMessage": ("POST", "message:stream"), "GetTask": ("GET", "tasks/{id}"),
    "ListTasks": ("GET", "tasks"), "CancelTask": ("POST", "tasks/{id}:cancel"), "SubscribeToTask": ("GET", "tasks/{id}:subscribe"),
    "CreateTaskPushNotificationConfig": ("POST", "tasks/{taskId}/pushNotificationConfigs"),
    "GetTaskPushNotificationConfig": ("GET", "tasks/{taskId}/pushNotificationConfigs/{id}"),
    "ListTaskPushNotificationConfigs": ("GET", "tasks/{taskId}/pushNotificationConfigs"),
    "DeleteTaskPushNotificationConfig": ("DELETE", "tasks/{taskId}/pushNotificationConfigs/{id}"),
    "GetExtendedAgentCard": ("GET", "extendedAgentCard"),
}  # fmt: skip
JSONRPC, REST = "JSONRPC", "HTTP+JSON"
both_bindings = pytest.mark.parametrize("binding", [JSONRPC, REST])


class Refused(Exception):
    """An error answer: its HTTP status, its code (JSON-RPC) or gRPC status (HTTP+JSON), the reason in its ErrorInfo."""

    def __init__(self, http: int, error: Json) -> None:
        super().__init__(error["message"])
        [info, *more] = error["data"] if "data" in error else error["details"]
        assert (info["@type"], info["domain"]) == (ERROR_INFO, DOMAIN)
        self.http, self.code, self.status, self.reason = http, error["code"], error.get("status"), info["reason"]
        self.fields = [one["field"] for detail in more for one in detail["fieldViolations"]]


@dataclass
class Peer:
    """A client of the hub, or of one agent."""

    http: Http
    binding: str = JSONRPC
    base: str = "/a2a"
    headers: dict[str, str] = field(default_factory=lambda: dict(VERSION))

    async def ask(self, operation: str, params: Json | None = None) -> Any:
        """Raises Refused."""
        async with self._request(operation, params or {}, {}) as response:
            assert response.content_type == "application/json", await response.text()
            answer = await response.json()
        if "error" in answer:
            raise Refused(response.status, answer["error"])
        assert response.status == 200
        if self.binding == REST:
            return answer
        assert (answer["jsonrpc"], answer["id"]) == ("2.0", "1")
        return answer["result"]

    @asynccontextmanager
    async def streaming(self, operation: str, params: Json, last: str | None = None) -> AsyncIterator["Events"]:
        """Raises Refused when there is no stream."""
        async with self._request(operation, params, {"Last-Event-ID": last} if last else {}) as response:
            if response.content_type != "text/event-stream":
                raise Refused(response.status, (await response.json())["error"])
            yield Events(Stream(response), self.binding)

    async def send(self, text: str = "hello", id_: str = "m1", immediately: bool = False, **message: Any) -> Json:
        answer = await self.ask("SendMessage", sending(text, id_, immediately, **message))
        task: Json = answer["task"]
        return task

    def _request(self, operation: str, params: Json, headers: dict[str, str]) -> Any:
        headers = {**self.headers, **headers}
        if self.binding == JSONRPC:
            body = {"jsonrpc": "2.0", "id": "1", "method": operation, "params": params}
            return self.http.post(self.base, json=body, headers=headers)
        method, path = WAYS[operation]
        given = {name: value for name, value in params.items() if f"{{{name}}}" not in path}
        url = f"{self.base}/{path.format(**params)}"
        if method == "POST":
            return self.http.post(url, json=given, headers=headers)
        query = {name: orjson.dumps(value).decode() if isinstance(value, bool) else str(value) for name, value in given.items()}
        return self.http.request(method, url, params=query, headers=headers)


class Events:
    def __init__(self, stream: Stream, binding: str) -> None:
        self.stream, self._binding = stream, binding
        self.last = ""
        """The id to come back with."""

    async def next(self) -> tuple[str, Json]:
        """The next event: which of the StreamResponse's four it is, and it. Raises EOFError at the end."""
        while (frame := await self.stream.frame()).comment is not None:
            pass
        self.last = frame.id or self.last
        response = frame.data if self._binding == REST else frame.data["result"]
        [(name, event)] = response.items()
        return name, event

    async def rest(self) -> list[tuple[str, Json]]:
        found = []
        with suppress(EOFError):
            while True:
                found.append(await self.next())
        return found


def sending(text: str = "hello", id_: str = "m1", immediately: bool = False, **message: Any) -> Json:
    said = {"role": "ROLE_USER", "messageId": id_, "parts": [{"text": text}], **message}
    return {"message": said, **({"configuration": {"returnImmediately": True}} if immediately else {})}


async def refused(call: Awaitable[object]) -> Refused:
    with pytest.raises(Refused) as raised:
        await call
    return raised.value


@dataclass
class Worker:
    """What an agent does with a task, step by step, as a runner would."""

    hub: Hub
    task_id: str
    token: int

    async def say(self, text: str) -> None:
        await ask(self.hub, "add_task_message", taskId=self.task_id, parts=[{"text": text}], claimToken=self.token)

    async def give(self, *chunks: str, append: bool = False, last: bool = True, id_: str = "") -> str:
        given = {"chunks": [[{"text": one}] for one in chunks], "append": append, "last": last, **({"artifactId": id_} if id_ else {})}
        return str((await ask(self.hub, "append_artifact", taskId=self.task_id, claimToken=self.token, **given))["id"])

    async def request(self, message: str, kind: str = "input", **more: Any) -> None:
        await ask(self.hub, "request_input", taskId=self.task_id, message=message, kind=kind, claimToken=self.token, **more)

    async def finish(self, **how: Any) -> None:
        await ask(self.hub, "finish_task", taskId=self.task_id, claimToken=self.token, **how)


async def taken(hub: Hub, agent_id: str, task_id: str) -> Worker:
    task = await ask(hub, "claim_task", agentId=agent_id, taskId=task_id)
    return Worker(hub, task_id, task["claim"]["token"])


async def next_task(hub: Hub, agent_id: str, after: int = 0) -> Worker:
    """Take the first task that is given to the agent beyond the cursor, as soon as there is one."""
    async for page in hub.follow(LOCAL, after, Filter(kinds=("task",))):
        for logged in page.events:
            event = orjson.loads(logged.body)
            if logged.name == "task.created" and event.get("agentId") == agent_id:
                return await taken(hub, agent_id, event["recordId"])
    raise AssertionError("the log has no end")


@asynccontextmanager
async def meanwhile(work: Awaitable[object]) -> AsyncIterator[None]:
    """Done beside the block, and it must have gone well."""
    task = asyncio.ensure_future(work)
    try:
        yield
    except BaseException:
        task.cancel()
        raise
    await task
