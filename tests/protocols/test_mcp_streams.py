"""MCP's streams over HTTP: what the hub says by itself, answers in parts, coming back for the rest, and ending the work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.types import CallToolRequestParams, CallToolResult, ElicitRequestedSchema, TextContent

from hub.access import LOCAL
from hub.app import Hub
from hub.ports import Json
from protocols.identity import CALLER
from protocols.mcp.door import McpDoor
from protocols.streams import Streams
from tests.core.support import ask, new_task
from tests.protocols.conftest import Http
from tests.protocols.mcp_messages import LEGACY, NEWER, enveloped, headers_for, initialize_params, message
from tests.protocols.refusals import session
from tests.protocols.requirements import meets
from tests.protocols.sse import Stream

TAKES_STREAMS = {"Accept": "application/json, text/event-stream"}


@asynccontextmanager
async def getting(http: Http, headers: dict[str, str], last: str | None = None) -> AsyncIterator[Stream]:
    resuming = {"Last-Event-ID": last} if last is not None else {}
    async with http.get("/mcp", headers={**headers, "Accept": "text/event-stream", **resuming}) as response:
        assert response.status == 200, await response.text()
        yield Stream(response)


@asynccontextmanager
async def posting(http: Http, body: Json, headers: dict[str, str]) -> AsyncIterator[Stream]:
    async with http.post("/mcp", json=body, headers={**TAKES_STREAMS, **headers}) as response:
        assert response.content_type == "text/event-stream", await response.text()
        yield Stream(response)


async def post(http: Http, body: Json, headers: dict[str, str]) -> Any:
    async with http.post("/mcp", json=body, headers=headers) as response:
        return await response.json() if await response.read() else None


async def subscribe(http: Http, headers: dict[str, str], *uris: str) -> None:
    for uri in uris:
        assert (await post(http, message("resources/subscribe", {"uri": uri}), headers))["result"] == {}


def updated(task: str) -> Json:
    return {"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": f"hub://tasks/{task}"}}


@meets("updates", "priming", "get")
async def test_a_change_of_a_subscribed_resource_is_told_on_the_sessions_stream(hub: Hub, http: Http) -> None:
    mine, other = await new_task(hub), await new_task(hub)
    async with session(http) as headers:
        await subscribe(http, headers, f"hub://tasks/{mine}")
        async with getting(http, headers) as stream:
            primed = await stream.frame()
            assert (primed.data, primed.event) == (None, None)
            await ask(hub, "update_task", taskId=other, title="Not followed")
            await ask(hub, "update_task", taskId=mine, title="Followed")
            [told] = await stream.frames(1)
            assert told.data == updated(mine)
            assert told.cursor > primed.cursor


@meets("priming")
async def test_an_older_client_gets_no_event_without_data(hub: Hub, http: Http) -> None:
    async with session(http, LEGACY) as headers, getting(http, headers) as stream:
        assert (await stream.frame()).comment is not None


@meets("update resumed", "updates")
async def test_what_changed_while_nobody_listened_is_told_afterwards(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    async with session(http) as headers:
        await subscribe(http, headers, f"hub://tasks/{task}")
        await ask(hub, "update_task", taskId=task, title="Before the stream")
        async with getting(http, headers) as stream:
            [_, first] = await stream.frames(2)
            await ask(hub, "update_task", taskId=task, title="On the stream")
            [second] = await stream.frames(1)
        await ask(hub, "update_task", taskId=task, title="After the stream")
        async with getting(http, headers, last=second.id) as stream:
            [_, third] = await stream.frames(2)
        async with getting(http, headers, last=first.id) as stream:
            [_, again, last] = await stream.frames(3)
        assert [again.id, last.id] == [second.id, third.id]
        assert {one.data["method"] for one in (first, second, third)} == {"notifications/resources/updated"}


@meets("updates")
async def test_an_unsubscribed_resource_is_not_told_and_a_strange_address_is_refused(hub: Hub, http: Http) -> None:
    left, kept = await new_task(hub), await new_task(hub)
    async with session(http) as headers:
        await subscribe(http, headers, f"hub://tasks/{left}", f"hub://tasks/{kept}")
        await post(http, message("resources/unsubscribe", {"uri": f"hub://tasks/{left}"}), headers)
        async with getting(http, headers) as stream:
            for task in (left, kept):
                await ask(hub, "update_task", taskId=task, title="Changed")
            assert (await stream.frames(2))[1].data == updated(kept)
        refused = await post(http, message("resources/subscribe", {"uri": "file:///etc/passwd"}), headers)
        assert refused["error"]["code"] == -32602


@meets("one stream")
async def test_a_new_stream_of_a_session_takes_over_from_the_old_one(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    async with session(http) as headers:
        await subscribe(http, headers, f"hub://tasks/{task}")
        async with getting(http, headers) as old:
            await old.frames(1)
            async with getting(http, headers) as new:
                await new.frames(1)
                with pytest.raises(EOFError):
                    await old.frame()
                await ask(hub, "update_task", taskId=task, title="Changed")
                assert (await new.frames(1))[0].data == updated(task)


@meets("updates")
async def test_a_list_that_grows_is_told_once_however_many_came(hub: Hub, http: Http) -> None:
    async with session(http) as headers:
        for _ in range(3):
            await new_task(hub)
        async with getting(http, headers) as stream:
            [_, told] = await stream.frames(2)
            assert told.data == {"jsonrpc": "2.0", "method": "notifications/resources/list_changed"}
            await new_task(hub)
            assert (await stream.frames(1))[0].cursor > told.cursor


def listen(**wanted: Any) -> tuple[Json, dict[str, str]]:
    body = enveloped(message("subscriptions/listen", {"notifications": wanted}, id_="sub"))
    return body, headers_for(body)


@meets("listen")
async def test_listening_acknowledges_first_and_tells_what_was_asked_for(hub: Hub, http: Http) -> None:
    task, other = await new_task(hub), await new_task(hub)
    uri, tag = f"hub://tasks/{task}", {"io.modelcontextprotocol/subscriptionId": "sub"}
    asked = {"resourceSubscriptions": [uri, "file:///x"], "promptsListChanged": True, "toolsListChanged": False}
    async with posting(http, *listen(**asked)) as stream:
        [acknowledged] = await stream.frames(1)
        assert acknowledged.data["method"] == "notifications/subscriptions/acknowledged"
        assert acknowledged.data["params"] == {"notifications": {"resourceSubscriptions": [uri]}, "_meta": tag}
        await new_task(hub)
        for one in (other, task, task):
            await ask(hub, "update_task", taskId=one, title="Changed")
        told = [frame.data for frame in await stream.frames(2)]
        assert [one["params"] for one in told] == [{"uri": uri, "_meta": tag}] * 2
        assert {frame["method"] for frame in told} == {"notifications/resources/updated"}


@meets("listen")
async def test_listening_to_lists(hub: Hub, http: Http) -> None:
    async with posting(http, *listen(resourcesListChanged=True)) as stream:
        assert (await stream.frames(1))[0].data["params"]["notifications"] == {"resourcesListChanged": True}
        await new_task(hub)
        assert (await stream.frames(1))[0].data["method"] == "notifications/resources/list_changed"


@meets("listen accept")
async def test_listening_needs_a_client_that_takes_streams(http: Http) -> None:
    body, headers = listen(resourcesListChanged=True)
    async with http.post("/mcp", json=body, headers={**headers, "Accept": "application/json"}) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (406, -32600)


@meets("cancelled")
async def test_a_withdrawn_request_ends_its_work(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    call = message("tools/call", {"name": "wait_for_task", "arguments": {"taskId": task}}, id_="7")
    async with session(http) as headers, asyncio.TaskGroup() as group:
        waiting = group.create_task(post(http, call, headers))
        await until_waiting(hub)
        withdrawn = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
        await post(http, withdrawn, headers)
        with anyio.fail_after(5):
            assert (await waiting)["error"]["code"] == -32800


async def until_waiting(hub: Hub) -> None:
    """Until a call looks at the log for more."""
    looked, beyond = asyncio.Event(), hub.store.beyond

    async def watched(cursor: int, patience: float) -> None:
        looked.set()
        await beyond(cursor, patience)

    hub.store.beyond = watched  # type: ignore[method-assign]
    with anyio.fail_after(5):
        await looked.wait()


class Rig:
    """A server with tools that say more than an answer, on the hub's own transport."""

    def __init__(self) -> None:
        self.go, self.begun, self.cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.server: Server[Any] = Server("rig", on_call_tool=self.call)

    async def call(self, ctx: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        try:
            match params.name:
                case "tell":
                    for step in (1, 2):
                        await ctx.session.report_progress(step, 2)
                case "ask":
                    schema: ElicitRequestedSchema = {"type": "object", "properties": {"name": {"type": "string"}}}
                    answer = await ctx.session.elicit_form("Who?", schema, ctx.request_id)
                    return said(f"{answer.action}: {answer.content}")
                case "leave":
                    assert ctx.close_sse_stream
                    await ctx.close_sse_stream()
                case "beside":
                    await ctx.session.send_resource_updated("test://x")
            self.begun.set()
            if params.name != "beside":
                await self.go.wait()
            return said("done")
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


def said(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)])


@web.middleware
async def everybody(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[CALLER] = LOCAL
    return await handler(request)


@pytest.fixture
async def rig() -> Rig:
    return Rig()


@pytest.fixture
async def rigged(hub: Hub, rig: Rig) -> AsyncIterator[Http]:
    streams = Streams()
    door = McpDoor(hub, streams, rig.server)
    app = web.Application(middlewares=[everybody])
    app.on_shutdown.append(streams.close)
    streams.on_close(door.close)
    app.router.add_route("*", "/mcp", door.handle)
    server = TestServer(app)
    await server.start_server()
    async with TestClient(server) as http:
        yield http


def call_of(name: str, token: str | None = None) -> Json:
    meta = {"_meta": {"progressToken": token}} if token else {}
    return message("tools/call", {"name": name, "arguments": {}, **meta}, id_=name)


@meets("progress", "priming")
@pytest.mark.parametrize("version", [LEGACY, NEWER])
async def test_progress_comes_before_the_answer_on_one_stream(rigged: Http, rig: Rig, version: str) -> None:
    async with session(rigged, version) as headers, posting(rigged, call_of("tell", "t"), headers) as stream:
        if version == NEWER:
            primed = await stream.frame()
            assert (primed.id, primed.data) == (f"{(primed.id or '').partition('-')[0]}-0", None)
        told = [frame.data["params"] for frame in await stream.frames(2)]
        assert told == [{"progressToken": "t", "progress": 1.0, "total": 2.0}, {"progressToken": "t", "progress": 2.0, "total": 2.0}]
        rig.go.set()
        assert (await stream.frames(1))[0].data["result"]["content"][0]["text"] == "done"
        with pytest.raises(EOFError):
            await stream.frame()


@meets("progress")
@pytest.mark.parametrize("accept", ["application/json", ""])
async def test_a_client_that_takes_no_stream_or_gave_no_token_gets_one_document(rigged: Http, rig: Rig, accept: str) -> None:
    rig.go.set()
    async with session(rigged) as headers:
        answer = await post(rigged, call_of("tell", "t"), {**headers, "Accept": accept})
        assert answer["result"]["content"][0]["text"] == "done"
        assert (await post(rigged, call_of("tell"), {**headers, **TAKES_STREAMS}))["id"] == "tell"


@meets("answer resumed")
async def test_an_answer_goes_on_without_its_client_and_is_there_when_it_comes_back(rigged: Http, rig: Rig) -> None:
    async with session(rigged) as headers:
        async with posting(rigged, call_of("tell", "t"), headers) as stream:
            [_, first] = await stream.frames(2)
        rig.go.set()
        async with getting(rigged, headers, last=first.id) as stream:
            [second, answer] = await stream.frames(2)
            assert second.data["params"]["progress"] == 2.0
            assert answer.data["result"]["content"][0]["text"] == "done"
        async with getting(rigged, headers, last=answer.id) as stream:
            assert (await stream.frame()).comment is not None
            with pytest.raises(EOFError):
                await stream.frame()
        assert not rig.cancelled.is_set()


@meets("polling")
async def test_the_server_lets_the_client_go_and_it_comes_back_for_the_rest(rigged: Http, rig: Rig) -> None:
    async with session(rigged) as headers:
        async with posting(rigged, call_of("leave"), headers) as stream:
            primed = await stream.frame()
            with pytest.raises(EOFError):
                await stream.frame()
        rig.go.set()
        async with getting(rigged, headers, last=primed.id) as stream:
            assert (await stream.frames(1))[0].data["id"] == "leave"


@meets("answer resumed")
@pytest.mark.parametrize("last", ["99-0", "x-y", "-", "1-", "1-٣"])
async def test_what_is_not_kept_any_more_is_told(http: Http, last: str) -> None:
    async with session(http) as headers:
        asking = {**headers, "Accept": "text/event-stream", "Last-Event-ID": last}
        async with http.get("/mcp", headers=asking) as response:
            assert response.status == 400
            assert "again" in (await response.json())["error"]


@meets("back channel")
async def test_a_servers_question_goes_on_the_stream_of_the_request_and_its_answer_is_posted(rigged: Http) -> None:
    async with session(rigged) as headers, posting(rigged, call_of("ask"), headers) as stream:
        [_, question] = await stream.frames(2)
        assert question.data["method"] == "elicitation/create"
        for id_ in ("nobody asked", question.data["id"]):
            answer = {"jsonrpc": "2.0", "id": id_, "result": {"action": "accept", "content": {"name": "Ada"}}}
            assert await post(rigged, answer, headers) is None
        [done] = await stream.frames(1)
        assert done.data["result"]["content"][0]["text"] == "accept: {'name': 'Ada'}"


@meets("back channel")
async def test_a_clients_refusal_to_answer_is_an_error_of_the_request(rigged: Http) -> None:
    async with session(rigged) as headers, posting(rigged, call_of("ask"), headers) as stream:
        [_, question] = await stream.frames(2)
        refusal = {"jsonrpc": "2.0", "id": question.data["id"], "error": {"code": -1, "message": "User rejected"}}
        await post(rigged, refusal, headers)
        assert (await stream.frames(1))[0].data["error"]["message"] == "User rejected"


@meets("back channel")
async def test_without_a_stream_or_a_session_a_server_cannot_ask(rigged: Http) -> None:
    async with session(rigged) as headers:
        assert "error" in await post(rigged, call_of("ask"), {**headers, "Accept": "application/json"})
    modern = enveloped(call_of("ask"))
    assert "error" in await post(rigged, modern, headers_for(modern))


@meets("updates")
async def test_what_a_server_says_beside_any_request_waits_for_the_stream(rigged: Http) -> None:
    async with session(rigged) as headers:
        await post(rigged, call_of("beside"), headers)
        async with getting(rigged, headers) as stream:
            assert (await stream.frames(1))[0].data["params"] == {"uri": "test://x"}
            await post(rigged, call_of("beside"), headers)
            await stream.frames(1)


@meets("cancelled")
async def test_a_deleted_session_ends_its_work_and_its_stream(rigged: Http, rig: Rig) -> None:
    async with rigged.post("/mcp", json=message("initialize", initialize_params(NEWER))) as response:
        headers = {"Mcp-Session-Id": response.headers["Mcp-Session-Id"]}
    async with getting(rigged, headers) as stream, posting(rigged, call_of("tell", "t"), headers):
        await rig.begun.wait()
        async with rigged.delete("/mcp", headers=headers) as response:
            assert response.status == 204
        with anyio.fail_after(5):
            await rig.cancelled.wait()
            assert (await stream.frame()).comment is not None
            with pytest.raises(EOFError):
                await stream.frame()


@meets("closing cancels", "progress")
async def test_in_the_newest_era_a_client_that_leaves_ends_the_work(rigged: Http, rig: Rig) -> None:
    body = enveloped(call_of("tell"))
    body["params"]["_meta"]["progressToken"] = 5
    async with posting(rigged, body, headers_for(body)) as stream:
        assert [frame.id for frame in await stream.frames(2)] == [None, None]
        assert not rig.cancelled.is_set()
    with anyio.fail_after(5):
        await rig.cancelled.wait()


@meets("closing cancels")
async def test_a_client_that_waits_for_one_document_and_leaves_ends_the_work(rigged: Http, rig: Rig) -> None:
    body = enveloped(call_of("wait"))
    waiting = asyncio.create_task(post(rigged, body, headers_for(body)))
    with anyio.fail_after(5):
        await rig.begun.wait()
        waiting.cancel()
        await rig.cancelled.wait()


@meets("tools changed")
async def test_a_registered_upstream_server_changes_the_list_of_tools(hub: Hub, http: Http) -> None:
    async with posting(http, *listen(toolsListChanged=True)) as stream:
        await stream.frames(1)
        await ask(hub, "create_mcp_server", name="Files", type="http", url="http://127.0.0.1:9/mcp")
        assert (await stream.frames(1))[0].data["method"] == "notifications/tools/list_changed"
