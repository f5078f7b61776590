"""Push notifications towards their receivers (A2A 1.0 §4.3.3, §13.2): StreamResponses, or the whole task for 0.3."""

import asyncio
from typing import Self

import orjson
from aiohttp import ClientError, ClientSession
from yarl import URL

from hub.access import Caller
from hub.addresses import Reach
from hub.app import Hub
from hub.domain.push_configs import PushVersion
from hub.operations.outputs import TaskState
from hub.ports import Logged, Notification, Told
from hub.version import VERSION
from protocols.a2a.shapes import task_of
from protocols.a2a.states import STATES
from protocols.a2a.updates import Updates, happened
from protocols.a2a.v03 import task_to_v03
from protocols.outbound import FORBIDDEN, callable_host, client, failure

TIMEOUT = 15.0
"""Seconds for a notification, connecting included."""
TOKEN_HEADERS = ("X-A2A-Notification-Token", "A2A-Notification-Token")
"""The specification names none: these are what receivers look for."""
CONTENT_TYPES: dict[PushVersion, str] = {"1.0": "application/a2a+json", "0.3": "application/json"}

READ = frozenset({"tasks.read"})


class PushWords:
    """A PushRenderer. What an open stream would bring is what is told, and in the same words."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self._updates = hub, Updates(hub)

    async def event(self, tenant: str, logged: Logged, state: str | None) -> Told:
        fact = happened(logged)
        updates = await self._updates.of(tenant, fact)
        known = next((told for name, told in STATES.items() if name == state), None)
        news = [one for one in updates if one.said or one.state != known]
        says = any(one.state for one in news)
        return Told([one.body for one in news], fact.version, fact.cursor, fact.event.get("state") if says else None)

    async def whole(self, tenant: str, task_id: str, protocol_version: PushVersion) -> Told:
        found = await self._hub.call("get_task_state", {"taskId": task_id}, Caller(tenant, "hub", READ))
        assert isinstance(found, TaskState)
        task = task_of(found.task, found.messages, found.artifacts)
        body = orjson.dumps(task_to_v03(task) if protocol_version == "0.3" else {"task": task})
        return Told([body], found.task.version, found.cursor, found.task.state)


class HttpPushSender:
    """Calls only where the hub may, whatever a name stands for at that moment, and follows nobody elsewhere."""

    def __init__(self, reach: Reach, timeout: float = TIMEOUT) -> None:
        self._reach, self._timeout = reach, timeout
        self._http: ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http:
            await self._http.close()

    async def send(self, notification: Notification) -> str | None:
        url = URL(notification.url)
        if not callable_host(url.host, self._reach):
            return FORBIDDEN
        headers = {"Content-Type": CONTENT_TYPES[notification.protocol_version], "User-Agent": f"trivium/{VERSION}"}
        if notification.authorization:
            headers["Authorization"] = notification.authorization
        if notification.token:
            headers |= dict.fromkeys(TOKEN_HEADERS, notification.token)
        self._http = self._http or client(self._reach)
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._http.post(url, data=notification.body, headers=headers, allow_redirects=False) as response,
            ):
                return _refusal(response.status)
        except (ClientError, OSError) as error:
            return failure(error).reason


def _refusal(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"it sends callers to another address (HTTP {status}); give that one"
    return f"it answered HTTP {status}"
