"""Handles on tasks: which calls answer one, who is told how it goes on, and the header that names it."""

import json

import pytest

from hub.access import LOCAL
from hub.app import Hub
from hub.ports import Filter, Json
from protocols.mcp.asking import Asker
from protocols.mcp.calls import Calls
from protocols.mcp.task_shapes import create_task_result
from protocols.mcp.tasks import EXTENSION, METHODS, begin, name_mismatch, notifications
from tests.core.support import ask, new_task
from tests.protocols.conftest import Http
from tests.protocols.mcp_messages import META, headers_for
from tests.protocols.mcp_tasks import ELICITING, asked, declaring, got, posted
from tests.protocols.requirements import meets
from tests.protocols.sse import Stream

WATCHER = Asker(LOCAL, extensions=frozenset({EXTENSION}), elicits=True)


@meets("tasks creation")
async def test_watching_a_task_is_a_handle_on_that_task(hub: Hub) -> None:
    task = await new_task(hub)
    handle = json.loads(await Calls(hub).call("wait_for_task", {"taskId": task}, WATCHER))
    assert (handle["resultType"], handle["taskId"], handle["status"], handle["ttlMs"]) == ("task", task, "working", None)
    assert not handle.keys() & {"result", "error", "inputRequests", "requestState", "task", "_meta"}
    await asked(hub, task)
    handle = json.loads(await Calls(hub).call("wait_for_task", {"taskId": task}, WATCHER))
    assert (handle["resultType"], handle["status"]) == ("task", "input_required")
    assert "inputRequests" not in handle


@meets("tasks creation")
async def test_a_client_that_declares_the_extension_is_given_the_handle(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    call = {"name": "wait_for_task", "arguments": {"taskId": task, "timeoutSeconds": 0.01}}
    _, answer = await posted(http, declaring(ELICITING, "tools/call", call))
    assert (answer["result"]["resultType"], answer["result"]["taskId"]) == ("task", task)
    _, answer = await posted(http, declaring({"elicitation": {}}, "tools/call", call))
    assert (answer["result"]["resultType"], answer["result"]["structuredContent"]["reason"]) == ("complete", "timeout")


@meets("tasks creation")
async def test_what_is_over_needs_no_handle(hub: Hub) -> None:
    task, waits = await new_task(hub), await new_task(hub)
    await ask(hub, "finish_task", taskId=task)
    for arguments in ({"taskId": task}, {"taskId": waits, "timeoutSeconds": 0}, {"taskId": waits, "until": "answered"}):
        result = json.loads(await Calls(hub).call("wait_for_task", arguments, WATCHER))
        assert "resultType" not in result
        assert result["structuredContent"]["task"]["id"] == arguments["taskId"]


@meets("tasks creation")
@pytest.mark.parametrize(
    "asker", [Asker(LOCAL), Asker(LOCAL, extensions=frozenset({EXTENSION})), Asker(LOCAL, elicits=True, extensions=frozenset({"x/y"}))]
)
async def test_who_could_not_follow_a_handle_is_given_the_answer(hub: Hub, asker: Asker) -> None:
    task = await new_task(hub)
    await asked(hub, task)
    result = json.loads(await Calls(hub).call("wait_for_task", {"taskId": task}, asker))
    assert result["structuredContent"]["reason"] == "input_required"


@meets("tasks creation")
@pytest.mark.parametrize("arguments", [{"taskId": "nothing"}, {"taskId": 1}, {}, {"taskId": "nothing", "more": 1}])
async def test_a_handle_that_cannot_be_made_is_an_error_that_a_model_can_mend(hub: Hub, arguments: Json) -> None:
    result = json.loads(await Calls(hub).call("wait_for_task", arguments, WATCHER))
    assert result["isError"] is True


@meets("tasks creation")
async def test_background_work_is_there_before_its_handle_is_given(hub: Hub, http: Http) -> None:
    task = await begin(hub, LOCAL, "work")
    handle = create_task_result(task)
    assert (handle["resultType"], handle["status"]) == ("task", "working")
    assert (await got(http, handle["taskId"]))["createdAt"] == handle["createdAt"]


@meets("tasks notifications")
async def test_a_notification_is_what_tasks_get_would_answer(hub: Hub, http: Http) -> None:
    task, other, gone = await new_task(hub), await new_task(hub), await new_task(hub)
    await ask(hub, "finish_task", taskId=task, summary="Done.")
    await ask(hub, "cancel_task", taskId=other)
    await ask(hub, "delete_task", taskId=gone)
    page = await hub.store.after(0, LOCAL.tenant, Filter(), 100)
    [(method, params)] = await notifications(hub, LOCAL, page.events, {task, gone}, None)
    shape = await got(http, task)
    assert method == "notifications/tasks"
    assert params == {name: value for name, value in shape.items() if name not in ("resultType", "_meta")}


@meets("tasks notifications")
async def test_a_listener_is_told_of_the_tasks_that_it_named(hub: Hub, http: Http) -> None:
    task, other = await new_task(hub), await new_task(hub)
    request = declaring(ELICITING, "subscriptions/listen", {"notifications": {"taskIds": [task, "nothing"]}})
    async with http.post("/mcp", json=request, headers=headers_for(request)) as response:
        stream = Stream(response)
        [acknowledged] = await stream.frames(1)
        assert acknowledged.data["params"]["notifications"] == {"taskIds": [task]}
        await asked(hub, other)
        question = await asked(hub, task)
        [asking] = await stream.frames(1)
        assert [*asking.data["params"]["inputRequests"]] == [question]
        await ask(hub, "cancel_task", taskId=task)
        [ended] = await stream.frames(1)
    assert ended.data["method"] == "notifications/tasks"
    assert (ended.data["params"]["taskId"], ended.data["params"]["status"]) == (task, "cancelled")
    assert ended.data["params"]["_meta"] == {f"{META}subscriptionId": 1}


@meets("tasks notifications", "tasks capability")
async def test_a_listener_that_does_not_declare_the_extension_is_told_to(hub: Hub, http: Http) -> None:
    request = declaring({}, "subscriptions/listen", {"notifications": {"taskIds": [await new_task(hub)]}})
    status, answer = await posted(http, request)
    assert (status, answer["error"]["code"]) == (400, -32021)


@meets("tasks headers")
@pytest.mark.parametrize("method", sorted(METHODS))
async def test_a_header_that_names_another_task_is_refused(hub: Hub, http: Http, method: str) -> None:
    request = declaring(ELICITING, method, {"taskId": await new_task(hub), "inputResponses": {}})
    for headers in ({}, {"Mcp-Name": "another"}):
        status, answer = await posted(http, request, **headers)
        assert (status, answer["error"]["code"]) == (400, -32020)


@meets("tasks headers")
def test_the_header_repeats_the_tasks_id() -> None:
    for method in METHODS:
        assert name_mismatch(method, {"taskId": "a"}, {"mcp-name": "a"}) is None
        assert name_mismatch(method, {"taskId": "ü"}, {"mcp-name": "=?base64?w7w=?="}) is None
        for headers in ({}, {"mcp-name": "b"}, {"mcp-name": ""}, {"mcp-name": "=?base64?!?="}):
            refused = name_mismatch(method, {"taskId": "a"}, headers)
            assert refused
            assert refused.code == -32020
    assert name_mismatch("tools/list", {}, {}) is None
