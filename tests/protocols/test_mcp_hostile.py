"""What a client may do on purpose or by accident, and what must neither break nor stay behind."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import anyio
import orjson
import pytest
from aiohttp import ClientResponse

from hub.access import LOCAL
from hub.app import Hub
from hub.domain.errors import Busy
from protocols import streams
from protocols.mcp import handshake, stdio
from protocols.mcp.asking import Asker
from protocols.mcp.calls import Calls
from protocols.mcp.exchange import Exchange
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import ask, new_task
from tests.protocols.conftest import SETTINGS, Http, serving
from tests.protocols.mcp_messages import MODERN, NEWER, enveloped, headers_for, initialize_params, message
from tests.protocols.refusals import session, tells_nothing
from tests.protocols.requirements import meets
from tests.protocols.test_mcp_streams import TAKES_STREAMS, getting, post, posting, until_waiting


@pytest.fixture
def hub() -> Hub:
    return Hub(MemoryStore(), vault=vault.ephemeral())


@pytest.fixture
async def http(hub: Hub) -> AsyncIterator[Http]:
    async with serving(hub) as client:
        yield client


def waiting_for(task: str, id_: Any = 7, **meta: Any) -> dict[str, Any]:
    return message("tools/call", {"name": "wait_for_task", "arguments": {"taskId": task, "timeoutSeconds": 60}, **meta}, id_)


async def ended(response: ClientResponse) -> None:
    with anyio.fail_after(5):
        await response.content.read()


def jobs() -> set[asyncio.Task[Any]]:
    """The work under way, without what the server and the client are busy with."""
    return {task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__qualname__", "").startswith("Exchange.")}


async def no_jobs() -> None:
    with anyio.fail_after(5):
        while left := jobs():
            await asyncio.wait(left)


@meets("same id", "cancelled")
@pytest.mark.parametrize("ids", [(7, 7), ("7", 7), ("a", "a")])
@pytest.mark.parametrize("how", ["withdrawn", "deleted"])
async def test_two_requests_of_one_id_both_end(hub: Hub, http: Http, ids: tuple[Any, Any], how: str) -> None:
    task = await new_task(hub)
    async with http.post("/mcp", json=message("initialize", initialize_params(NEWER))) as response:
        headers = {"Mcp-Session-Id": response.headers["Mcp-Session-Id"]}
    both = []
    for id_ in ids:
        both.append(asyncio.create_task(post(http, waiting_for(task, id_), headers)))
        await until_waiting(hub)
    if how == "deleted":
        assert (await http.delete("/mcp", headers=headers)).status == 204
    else:
        await post(http, {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": ids[0]}}, headers)
    with anyio.fail_after(5):
        answers = await asyncio.gather(*both)
    assert [(one["id"], one["error"]["code"]) for one in answers] == [(id_, -32800) for id_ in ids]
    await no_jobs()


@meets("same id")
async def test_a_request_that_is_withdrawn_before_it_began_is_never_begun(hub: Hub, http: Http) -> None:
    begun = False

    async def work() -> Any:
        nonlocal begun
        begun = True

    exchange = Exchange(7, Asker(LOCAL))
    task = exchange.start(work())
    exchange.withdraw()
    assert orjson.loads((await task).body)["error"]["code"] == -32800
    assert not begun


@meets("batch", "cancelled")
async def test_a_batch_of_a_session_that_ends_ends(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    async with http.post("/mcp", json=message("initialize", initialize_params("2025-03-26"))) as response:
        headers = {"Mcp-Session-Id": response.headers["Mcp-Session-Id"]}
    batch: Any = [waiting_for(task), message("ping", id_=8)]
    waiting = asyncio.create_task(post(http, batch, headers))
    await until_waiting(hub)
    assert (await http.delete("/mcp", headers=headers)).status == 204
    with anyio.fail_after(5):
        assert [one["id"] for one in await waiting] == [7, 8]


@meets("batch", "insufficient scope")
async def test_what_one_request_of_a_batch_may_not_do_spoils_no_other(hub: Hub) -> None:
    made = await ask(hub, "create_token", name="reader", grants=["tasks.read"])
    token = {"Authorization": f"Bearer {made['token']}"}
    create = message("tools/call", {"name": "create_task", "arguments": {"title": "t", "objective": "o"}}, 2)
    async with serving(hub, replace(SETTINGS, auth="required")) as http:
        async with http.post("/mcp", json=message("initialize", initialize_params("2025-03-26")), headers=token) as response:
            headers = {"Mcp-Session-Id": response.headers["Mcp-Session-Id"], **token}
        batch: Any = [message("ping", id_=1), create, message("ping", id_=3)]
        answers = await post(http, batch, headers)
    assert [(one["id"], "error" in one) for one in answers] == [(1, False), (2, True), (3, False)]


async def broken(_: Calls, name: str, arguments: Mapping[str, Any], asker: Asker) -> str:
    if asker.progress:
        await asker.progress(1, None, None)
    raise RuntimeError("SELECT secret")


@meets("accident")
@pytest.mark.parametrize("era", [NEWER, MODERN])
async def test_an_accident_ends_the_stream_that_was_open(
    hub: Hub, http: Http, era: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Calls, "call", broken)
    body = message("tools/call", {"name": "wait_for_task", "arguments": {}}, 5)
    body["params"]["_meta"] = {"progressToken": "t"}
    async with session(http) as headers:
        if era == MODERN:
            token, body = body["params"]["_meta"], enveloped(body)
            body["params"]["_meta"] |= token
            headers = headers_for(body)
        async with posting(http, body, headers) as stream:
            *_, answer = await stream.frames(2 if era == MODERN else 3)
            assert (answer.data["id"], answer.data["error"]["code"]) == (5, -32603)
            assert tells_nothing(str(answer.data))
            await ended(stream.response)
    assert "SELECT secret" in caplog.text


@meets("accident")
async def test_an_accident_before_a_stream_is_open_is_a_500_that_tells_nothing(
    http: Http, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Calls, "call", broken)
    body = message("tools/call", {"name": "wait_for_task", "arguments": {}})
    async with session(http) as headers, http.post("/mcp", json=body, headers=headers) as response:
        assert response.status == 500
        assert tells_nothing(await response.text())
    assert caplog.text.count("a request failed") == 1


@meets("accident", "get")
async def test_an_accident_while_changes_are_told_ends_the_stream(
    hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def changes(*_: object) -> AsyncIterator[Any]:
        raise RuntimeError("SELECT secret")
        yield

    monkeypatch.setattr(handshake, "changes", changes)
    async with session(http) as headers, getting(http, headers) as stream:
        await ended(stream.response)
    assert "SELECT secret" in caplog.text


@meets("accident", "get")
async def test_a_store_that_is_busy_ends_the_stream_and_the_client_comes_back(
    hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def after(*_: object) -> Any:
        raise Busy("The store is busy.")

    async with session(http) as headers:
        with monkeypatch.context() as patch:
            patch.setattr(hub.store, "after", after)
            async with getting(http, headers) as stream:
                await ended(stream.response)
        task = await new_task(hub)
        await post(http, message("resources/subscribe", {"uri": f"hub://tasks/{task}"}), headers)
        async with getting(http, headers) as stream:
            assert (await stream.frames(2))[1].data["method"].startswith("notifications/resources/")


@meets("confirm", "back channel")
@pytest.mark.parametrize("token", [None, "t"])
@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": -1, "message": "User rejected"}}, {"error": {"code": "x"}}, {"result": {"action": "accept", "content": "yes"}},
        {"result": {"action": "accept", "content": [True]}}, {"result": {"action": ["accept"]}}, {"result": "accept"}, {},
    ],
)  # fmt: skip
async def test_whatever_a_client_answers_to_a_question_it_gets_a_result(hub: Hub, http: Http, answer: Any, token: str | None) -> None:
    await ask(hub, "create_workspace", title="shop", id="shop")
    hello = message("initialize", {**initialize_params(NEWER), "capabilities": {"elicitation": {}}})
    async with http.post("/mcp?profile=full", json=hello) as response:
        headers = {"Mcp-Session-Id": response.headers["Mcp-Session-Id"]}
    meta = {"_meta": {"progressToken": token}} if token else {}
    call = message("tools/call", {"name": "delete_workspace", "arguments": {"workspaceId": "shop"}, **meta})
    async with posting(http, call, headers) as stream:
        [_, question] = await stream.frames(2)
        assert question.data["method"] == "elicitation/create"
        await post(http, {"jsonrpc": "2.0", "id": question.data["id"], **answer}, headers)
        [done] = await stream.frames(1)
    assert done.data["result"]["isError"] is True
    assert "Nothing was done" in done.data["result"]["content"][0]["text"]
    await ask(hub, "get_workspace", workspaceId="shop")


@meets("left behind")
async def test_work_that_fails_after_its_client_left_says_nothing(hub: Hub, http: Http, caplog: pytest.LogCaptureFixture) -> None:
    task = await new_task(hub)
    async with session(http) as headers:
        waiting = asyncio.create_task(post(http, waiting_for(task), headers))
        await until_waiting(hub)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert jobs()
        hub.store.silence()
        await no_jobs()
        gc.collect()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@meets("session delete", "get")
async def test_a_stream_that_begins_while_its_session_ends_ends(hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    async with http.post("/mcp", json=message("initialize", initialize_params(NEWER))) as response:
        headers = {"Mcp-Session-Id": response.headers["Mcp-Session-Id"]}
    latest = hub.store.latest

    async def and_delete() -> int:
        assert (await http.delete("/mcp", headers=headers)).status == 204
        return await latest()

    monkeypatch.setattr(hub.store, "latest", and_delete)
    async with getting(http, headers, last="0") as stream:
        await ended(stream.response)


@meets("session id")
async def test_an_open_session_is_not_initialized_again(http: Http) -> None:
    async with session(http) as headers:
        again = message("initialize", initialize_params("2024-11-05"))
        async with http.post("/mcp", json=again, headers=headers) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (400, -32600)
            assert "Mcp-Session-Id" in (await response.json())["error"]["message"]
        assert await post(http, message("ping"), headers) == {"jsonrpc": "2.0", "id": 1, "result": {}}


@meets("session id")
async def test_nobody_chooses_the_id_of_a_session(http: Http) -> None:
    for chosen in ("mine", "", "0" * 32):
        async with http.post("/mcp", json=message("initialize", initialize_params()), headers={"Mcp-Session-Id": chosen}) as response:
            assert response.status == 404


@meets("left behind", "listen")
async def test_a_listener_that_leaves_leaves_nothing(hub: Hub, http: Http) -> None:
    body = enveloped(message("subscriptions/listen", {"notifications": {"resourcesListChanged": True}}))
    async with posting(http, body, headers_for(body)) as stream:
        await stream.frames(1)
        assert jobs()
    await no_jobs()


@meets("left behind")
async def test_a_client_of_the_newest_era_that_leaves_a_waiting_call_leaves_nothing(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    body = enveloped(waiting_for(task))
    waiting = asyncio.create_task(post(http, body, {**TAKES_STREAMS, **headers_for(body)}))
    await until_waiting(hub)
    waiting.cancel()
    await no_jobs()


@meets("accident")
async def test_an_accident_in_the_midst_of_a_stream_ends_it_and_nothing_more_is_said(
    hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def confirm(_: object) -> None:
        raise RuntimeError("SELECT secret")

    async with session(http) as headers, getting(http, headers) as stream:
        await stream.frames(1)
        monkeypatch.setattr(streams, "confirm", confirm)
        await new_task(hub)
        with anyio.fail_after(5):
            assert await stream.response.content.read() == b""
        monkeypatch.undo()
    assert "SELECT secret" in caplog.text


class Client:
    """Of StdioPeer: what it was told."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[str] = asyncio.Queue()
        self.session = self

    async def send_notification(self, said: Any) -> None:
        self.told.put_nowait(said.method)


@meets("updates", "accident")
async def test_over_stdio_a_change_is_told_once_and_also_after_the_store_did_not_answer(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdio, "PAUSE", 0)
    peer, client, after, failed = stdio.StdioPeer(hub, "core", LOCAL), Client(), hub.store.after, asyncio.Event()
    context: Any = client
    wanted, same = await asyncio.gather(peer.wanted(context), peer.wanted(context))
    assert wanted is same

    async def busy(*_: object) -> Any:
        failed.set()
        raise Busy("The store is busy.")

    with anyio.fail_after(5):
        await new_task(hub)
        assert await client.told.get() == "notifications/resources/list_changed"
        monkeypatch.setattr(hub.store, "after", busy)
        await new_task(hub)
        await failed.wait()
        monkeypatch.setattr(hub.store, "after", after)
        assert await client.told.get() == "notifications/resources/list_changed"
    await peer.close()
    assert client.told.empty()
