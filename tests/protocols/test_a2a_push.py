"""Push notifications reach a real receiver in order, again and again until they are taken, and nobody else's address."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import orjson
import pytest
from aiohttp import ThreadedResolver
from aiohttp.abc import ResolveResult
from aiohttp.test_utils import TestServer
from aiohttp.web import Application, Request, Response

from hub.access import LOCAL_TENANT, Caller
from hub.addresses import Reach
from hub.app import Hub
from hub.domain.model import instant
from hub.domain.push_configs import PushConfig, push_key
from hub.ports import HubStore, Json, Vault
from hub.work.push import Pushes
from hub.work.push_deliveries import RETRIES
from protocols.a2a.push import HttpPushSender, PushWords
from stores import vault
from stores.memory import MemoryStore
from tests.conftest import open_database
from tests.core.support import Clock, ask, names_of_events, new_task
from tests.protocols.a2a_push_requirements import ROWS
from tests.protocols.conftest import serving
from tests.protocols.requirements import meets, mismatches

SECRET = "hush-hush-0123456789"


class Receiver:
    """Takes notifications, or answers as `statuses` says, one a notification."""

    def __init__(self) -> None:
        self.bodies: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.status = 200
        self.gate = asyncio.Event()
        self.gate.set()
        self._came = asyncio.Condition()
        self.url = ""

    async def handle(self, request: Request) -> Response:
        body = orjson.loads(await request.read())
        async with self._came:
            self.bodies.append(body)
            self.headers.append(dict(request.headers))
            self._came.notify_all()
        await self.gate.wait()
        status = self.statuses.pop(0) if self.statuses else self.status
        return Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else None)

    async def got(self, enough: Callable[[list[Json]], bool]) -> list[Json]:
        with anyio.fail_after(10):
            async with self._came:
                await self._came.wait_for(lambda: enough(self.bodies))
        return self.bodies

    async def count(self, number: int) -> list[Json]:
        return await self.got(lambda bodies: len(bodies) >= number)

    async def ended(self) -> list[Json]:
        return await self.got(lambda bodies: any(state(body) == "COMPLETED" for body in bodies))


class Time(Clock):
    """Every wait is over at once, and so much later. `stopped`: it waits for the test, unless there is nothing to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []
        self.stopped = False
        self.waiting = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.waiting.set()
        if self.stopped and seconds > 0:
            await asyncio.Event().wait()
        self.turn(seconds)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver, app = Receiver(), Application()
    app.router.add_post("/told", receiver.handle)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("/told"))
        yield receiver
        receiver.gate.set()


@pytest.fixture
def safe() -> Vault:
    return vault.ephemeral()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def hub(safe: Vault, time: Time) -> Hub:
    return Hub(MemoryStore(), time, vault=safe)


@asynccontextmanager
async def pushing(hub: Hub, time: Time, reach: Reach = "all", **how: Any) -> AsyncIterator[Pushes]:
    async with (
        HttpPushSender(reach, how.pop("timeout", 5.0)) as sender,
        Pushes(hub, sender, PushWords(hub), clock=time, sleep=time.sleep, **how) as pushes,
    ):
        yield pushes


async def told(hub: Hub, task: str, receiver: Receiver, id_: str = "c", **fields: Any) -> Any:
    return await ask(hub, "create_push_config", taskId=task, id=id_, url=receiver.url, **fields)


async def config(hub: Hub, task: str, id_: str = "c") -> Any:
    return await ask(hub, "get_push_config", taskId=task, pushConfigId=id_)


async def becomes(hub: Hub, task: str, status: str, id_: str = "c") -> Any:
    """The configuration, once its status is this."""
    with anyio.fail_after(10):
        while (found := await config(hub, task, id_))["status"] != status:
            await anyio.lowlevel.checkpoint()
    return found


async def chunks(hub: Hub, task: str, *texts: str) -> None:
    for number, text in enumerate(texts):
        given = {"artifactId": f"{task}-out", "chunks": [[{"text": text}]], "append": number > 0, "last": number == len(texts) - 1}
        await ask(hub, "append_artifact", taskId=task, **given)


def state(body: Json) -> str | None:
    """The state that a notification tells, without its prefix."""
    [(kind, told)] = body.items()
    return str(told["status"]["state"]).removeprefix("TASK_STATE_") if kind in ("task", "statusUpdate") else None


def texts(bodies: list[Json]) -> list[str]:
    return [part["text"] for body in bodies if "artifactUpdate" in body for part in body["artifactUpdate"]["artifact"]["parts"]]


@meets("order")
async def test_what_happens_to_a_task_is_sent_in_order_as_stream_responses(hub: Hub, time: Time, receiver: Receiver) -> None:
    task = await new_task(hub)
    async with pushing(hub, time):
        await told(hub, task, receiver)
        await ask(hub, "set_task_status", taskId=task, status="IN_PROGRESS")
        await ask(hub, "update_task", taskId=task, title="The same state")
        await chunks(hub, task, "one ", "two ", "three")
        await ask(hub, "finish_task", taskId=task, summary="Done.", output=[{"text": "result"}])
        bodies = await receiver.ended()
        done = await becomes(hub, task, "done")
    assert [state(body) for body in bodies] == ["WORKING", None, None, None, None, "COMPLETED"]
    assert texts(bodies) == ["one ", "two ", "three", "result"]
    assert bodies[-1]["statusUpdate"]["status"]["message"]["parts"] == [{"text": "Done."}]
    assert {headers["Content-Type"] for headers in receiver.headers} == {"application/a2a+json"}
    assert done["delivered"] == (await ask(hub, "get_task", taskId=task))["version"]


@meets("with the message")
async def test_a_receiver_that_comes_with_the_message_is_told_from_the_tasks_beginning_on(hub: Hub, time: Time, receiver: Receiver) -> None:
    config = {"id": "c", "url": receiver.url, "token": "t", "authentication": {"scheme": "Bearer", "credentials": SECRET}}
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "Paint the door"}]}
    params = {"message": message, "configuration": {"returnImmediately": True, "taskPushNotificationConfig": config}}
    async with serving(hub) as http, pushing(hub, time):
        call = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": params}
        answer = await (await http.post("/a2a", json=call, headers={"A2A-Version": "1.0"})).json()
        task = answer["result"]["task"]["id"]
        await chunks(hub, task, "blue")
        await ask(hub, "finish_task", taskId=task)
        await receiver.ended()
    assert texts(receiver.bodies) == ["blue"]
    assert receiver.headers[0]["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in str(answer)


@meets("authentication")
async def test_the_receiver_is_shown_the_credentials_that_it_was_promised(hub: Hub, time: Time, receiver: Receiver) -> None:
    task = await new_task(hub)
    async with pushing(hub, time):
        await told(hub, task, receiver, token="t-1", authentication={"scheme": "Bearer", "credentials": SECRET})
        await told(hub, task, receiver, "plain")
        await ask(hub, "finish_task", taskId=task)
        await receiver.count(2)
    shown = [(headers.get("Authorization"), headers.get("X-A2A-Notification-Token")) for headers in receiver.headers]
    assert sorted(shown, key=str) == [(f"Bearer {SECRET}", "t-1"), (None, None)]


@meets("whole task")
async def test_what_changed_before_is_told_as_the_whole_task_first(hub: Hub, time: Time, receiver: Receiver) -> None:
    task = await new_task(hub)
    await chunks(hub, task, "early")
    await told(hub, task, receiver, knownVersion=1)
    await told(hub, task, receiver, "late")
    async with pushing(hub, time):
        [first] = [*(await receiver.count(1))]
        await ask(hub, "finish_task", taskId=task)
        await becomes(hub, task, "done")
        await becomes(hub, task, "done", "late")
    assert first["task"]["artifacts"][0]["parts"] == [{"text": "early"}]
    assert [state(body) for body in receiver.bodies[1:]] == ["COMPLETED"] * 2


@meets("0.3")
async def test_a_receiver_of_the_older_version_is_told_the_whole_task(hub: Hub, time: Time, receiver: Receiver) -> None:
    task = await new_task(hub)
    await told(hub, task, receiver, protocolVersion="0.3")
    async with pushing(hub, time):
        await chunks(hub, task, "some", "more")
        await ask(hub, "finish_task", taskId=task)
        await becomes(hub, task, "done")
    assert {body["kind"] for body in receiver.bodies} == {"task"}
    assert receiver.bodies[-1]["status"]["state"] == "completed"
    assert receiver.headers[-1]["Content-Type"] == "application/json"


@meets("retries")
async def test_what_fails_is_sent_again_with_longer_and_longer_waits_and_nothing_overtakes_it(
    hub: Hub, time: Time, receiver: Receiver
) -> None:
    task = await new_task(hub)
    receiver.statuses = [500, 503, 404, 302, 200]
    async with pushing(hub, time):
        await told(hub, task, receiver)
        await chunks(hub, task, "one ", "two")
        await ask(hub, "finish_task", taskId=task)
        bodies = await receiver.ended()
        done = await becomes(hub, task, "done")
    assert texts(bodies) == ["one "] * 5 + ["two"]
    assert len(time.waits) == 4
    assert all(full / 2 <= wait <= full for wait, full in zip(time.waits, RETRIES, strict=False))
    assert (done["failures"], "nextAt" in done, "lastError" in done) == (0, False, False)


@meets("disabled")
async def test_a_receiver_that_never_takes_any_is_given_up_with_the_reason_and_can_be_resumed(
    hub: Hub, time: Time, receiver: Receiver
) -> None:
    task = await new_task(hub)
    receiver.status = 500
    async with pushing(hub, time):
        await told(hub, task, receiver)
        await chunks(hub, task, "one ", "two")
        given_up = await becomes(hub, task, "disabled")
        assert len(receiver.bodies) == len(RETRIES) + 1
        assert "15 deliveries failed in a row; the last one: it answered HTTP 500" in given_up["disabledReason"]
        assert "push_config.disabled" in await names_of_events(hub)
        assert len(time.waits) == len(RETRIES)
        receiver.bodies.clear()
        receiver.status = 204
        await ask(hub, "finish_task", taskId=task)
        resumed = await ask(hub, "resume_push_config", taskId=task, pushConfigId="c")
        assert (resumed["status"], resumed["failures"], "disabledReason" in resumed) == ("active", 0, False)
        await becomes(hub, task, "done")
    assert texts(receiver.bodies) == ["one ", "two"]
    assert state(receiver.bodies[-1]) == "COMPLETED"


@meets("disabled")
async def test_who_waits_for_the_next_try_need_not_when_it_is_resumed(hub: Hub, time: Time, receiver: Receiver) -> None:
    task = await new_task(hub)
    receiver.statuses, time.stopped = [500], True
    async with pushing(hub, time):
        await told(hub, task, receiver)
        await chunks(hub, task, "one")
        with anyio.fail_after(10):
            await time.waiting.wait()
        waiting = await config(hub, task)
        assert (waiting["failures"], waiting["lastError"]) == (1, "it answered HTTP 500")
        assert waiting["nextAt"] > instant(time())
        await ask(hub, "resume_push_config", taskId=task, pushConfigId="c")
        assert texts(await receiver.count(2)) == ["one", "one"]


@meets("never delays")
async def test_a_slow_receiver_holds_up_neither_the_task_nor_the_others(hub: Hub, time: Time, receiver: Receiver) -> None:
    task = await new_task(hub)
    slow, app = Receiver(), Application()
    slow.gate.clear()
    app.router.add_post("/told", slow.handle)
    async with TestServer(app) as server:
        slow.url = str(server.make_url("/told"))
        async with pushing(hub, time):
            await told(hub, task, slow, "slow")
            await told(hub, task, receiver)
            await chunks(hub, task, *map(str, range(20)))
            await slow.count(1)
            await ask(hub, "finish_task", taskId=task)
            await receiver.ended()
            assert len(slow.bodies) == 1
            slow.gate.set()
            await slow.ended()
    assert texts(slow.bodies) == texts(receiver.bodies) == [*map(str, range(20))]


@meets("time-out")
async def test_a_receiver_that_does_not_answer_in_time_has_failed(hub: Hub, time: Time, receiver: Receiver) -> None:
    task = await new_task(hub)
    receiver.gate.clear()
    time.stopped = True
    async with pushing(hub, time, timeout=0.1):
        await told(hub, task, receiver)
        await chunks(hub, task, "one")
        with anyio.fail_after(10):
            await time.waiting.wait()
        assert (await config(hub, task))["lastError"] == "it did not answer in time"


@meets("deleted")
async def test_nothing_is_sent_any_more_once_it_is_deleted_or_its_task_is(hub: Hub, time: Time, receiver: Receiver) -> None:
    tasks = [await new_task(hub) for _ in range(3)]
    async with pushing(hub, time):
        for task in tasks:
            await told(hub, task, receiver)
        await ask(hub, "delete_push_config", taskId=tasks[0], pushConfigId="c")
        await ask(hub, "delete_task", taskId=tasks[1])
        for task in (tasks[0], tasks[2]):
            await ask(hub, "finish_task", taskId=task)
        await becomes(hub, tasks[2], "done")
    assert {body["statusUpdate"]["taskId"] for body in receiver.bodies} == {tasks[2]}


@meets("tenants")
async def test_tenants_are_told_of_their_own_tasks(hub: Hub, time: Time, receiver: Receiver) -> None:
    blue = Caller(tenant="blue")
    mine = await new_task(hub)
    theirs = (await ask(hub, "create_task", blue, title="Theirs", objective="?"))["id"]
    async with pushing(hub, time):
        await told(hub, mine, receiver, token="mine")
        await ask(hub, "create_push_config", blue, taskId=theirs, id="c", url=receiver.url, token="theirs")
        await ask(hub, "finish_task", taskId=mine)
        await ask(hub, "finish_task", blue, taskId=theirs)
        await receiver.count(2)
    shown = {headers["X-A2A-Notification-Token"]: body["statusUpdate"]["taskId"]
             for headers, body in zip(receiver.headers, receiver.bodies, strict=True)}  # fmt: skip
    assert shown == {"mine": mine, "theirs": theirs}


@meets("private addresses")
@pytest.mark.parametrize(("reach", "address"), [("public", "127.0.0.1"), ("public", "10.0.0.1"), ("all", "169.254.169.254")])
async def test_a_name_that_turns_to_a_private_address_is_not_called(
    reach: Reach, address: str, time: Time, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(_: object, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    hub = Hub(MemoryStore(), time, reach=reach)
    task = await new_task(hub)
    time.stopped = True
    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    port = receiver.url.rpartition(":")[2]
    async with pushing(hub, time, reach):
        await ask(hub, "create_push_config", taskId=task, id="c", url=f"http://rebound.example.com:{port}")
        await ask(hub, "finish_task", taskId=task)
        with anyio.fail_after(10):
            await time.waiting.wait()
        assert "TRIVIUM_UPSTREAMS=all" in (await config(hub, task))["lastError"]
    assert receiver.bodies == []


@meets("private addresses")
async def test_an_address_that_was_allowed_once_is_not_called_when_it_no_longer_is(time: Time, receiver: Receiver) -> None:
    store = MemoryStore()
    hub, strict = Hub(store, time), Hub(store, time, reach="public")
    task = await new_task(hub)
    await told(hub, task, receiver)
    await ask(hub, "finish_task", taskId=task)
    time.stopped = True
    async with pushing(strict, time, "public"):
        with anyio.fail_after(10):
            await time.waiting.wait()
        assert "TRIVIUM_UPSTREAMS=all" in (await config(hub, task))["lastError"]
    assert receiver.bodies == []


@meets("secrets")
async def test_secrets_that_cannot_be_opened_are_a_failure_that_says_so(hub: Hub, time: Time, receiver: Receiver) -> None:
    task = await new_task(hub)
    await told(hub, task, receiver, token="t")
    await ask(hub, "finish_task", taskId=task)
    time.stopped = True
    async with pushing(Hub(hub.store, time, vault=vault.ephemeral()), time):
        with anyio.fail_after(10):
            await time.waiting.wait()
        assert "cannot be opened" in (await config(hub, task))["lastError"]
    assert receiver.bodies == []


on_both = pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
async def second(database: str) -> AsyncIterator[HubStore]:
    """The same database once more, as another node has it."""
    opened = await open_database(database)
    yield opened
    await opened.close()


@meets("durable")
@on_both
async def test_what_was_due_when_a_node_went_is_sent_by_the_next(
    store: HubStore, second: HubStore, safe: Vault, time: Time, receiver: Receiver
) -> None:
    hub = Hub(store, time, vault=safe)
    task = await new_task(hub)
    receiver.gate.clear()
    async with pushing(hub, time):
        await told(hub, task, receiver, token="t")
        await chunks(hub, task, "one ", "two ", "three")
        await receiver.count(1)
    receiver.gate.set()
    await ask(hub, "finish_task", taskId=task)
    async with pushing(Hub(second, time, vault=safe), time):
        await receiver.ended()
        await becomes(hub, task, "done")
    assert texts(receiver.bodies) == ["one ", "one ", "two ", "three"]
    assert time.waits == []


@meets("one node")
@on_both
async def test_of_two_nodes_only_one_delivers(store: HubStore, second: HubStore, time: Time, receiver: Receiver) -> None:
    time.stopped = True
    one, other = Hub(store, time), Hub(second, time)
    tasks = [await new_task(one) for _ in range(10)]
    async with pushing(one, time), pushing(other, time):
        for task in tasks:
            await told(one, task, receiver)
        for task in tasks:
            await chunks(other, task, "one ", "two ", "three")
            await ask(one, "finish_task", taskId=task)
        for task in tasks:
            await becomes(one, task, "done")
    for task in tasks:
        own = [body for body in receiver.bodies if task in str(body)]
        assert (texts(own), state(own[-1]), len(own)) == (["one ", "two ", "three"], "COMPLETED", 4)


@meets("one node")
@on_both
async def test_a_node_that_stands_still_is_replaced_when_its_lease_is_over_and_records_nothing_then(
    store: HubStore, second: HubStore, time: Time, receiver: Receiver
) -> None:
    still = Time()
    still.stopped = True
    one, other = Hub(store, still), Hub(second, time)
    task = await new_task(one)
    receiver.gate.clear()
    async with pushing(one, still):
        await told(one, task, receiver)
        await chunks(one, task, "one ", "two")
        await receiver.count(1)
        async with pushing(other, time):
            await receiver.count(2)
            held = await store.get(LOCAL_TENANT, PushConfig, push_key(task, "c"))
            assert held is not None
            assert (held.lease_count, held.delivered) == (2, 1)
            receiver.gate.set()
            await ask(one, "finish_task", taskId=task)
            await becomes(one, task, "done")
    assert texts(receiver.bodies) == ["one ", "one ", "two"]
    assert state(receiver.bodies[-1]) == "COMPLETED"


def test_every_requirement_has_a_test_and_every_test_a_requirement() -> None:
    assert mismatches(ROWS, sys.modules[__name__]) == []
