"""A2A under the web API's old addresses: what the frontend reads there is the hub's own tasks."""

from typing import Any

import pytest

from hub.access import Caller
from hub.app import Hub
from hub.ports import Json
from tests.core.support import ask, new_agent, new_task
from tests.protocols.a2a import Peer, taken
from tests.protocols.conftest import Http
from tests.protocols.sse import Stream

SAYING = {"message": {"messageId": "m1", "role": "user", "parts": [{"text": "Build it"}]}, "metadata": {}}


async def rpc(http: Http, method: str, params: Any = None, status: int = 200) -> Json:
    body = {"jsonrpc": "2.0", "id": 3, "method": method, "params": params or {}}
    async with http.post("/api/a2a/rpc", json=body) as response:
        assert response.status == status, await response.text()
        answer: Json = await response.json()
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", 3)
    return answer


async def result(http: Http, method: str, params: Any = None) -> Any:
    return (await rpc(http, method, params))["result"]


async def get(http: Http, path: str, status: int = 200) -> Any:
    async with http.get(f"/api/a2a/{path}") as response:
        assert response.status == status, await response.text()
        return await response.json()


async def post(http: Http, path: str, body: Any = None, status: int = 200) -> Any:
    async with http.post(f"/api/a2a/{path}", json=body) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def test_the_card_names_the_address_where_it_is_answered(http: Http) -> None:
    card = await get(http, "card")
    assert (card["protocolVersion"], card["preferredTransport"]) == ("0.3.0", "JSONRPC")
    assert card["url"].endswith("/api/a2a/rpc")
    said = {"kind": "message", "messageId": "m1", "role": "user", "parts": [{"kind": "text", "text": "hello"}]}
    task = await result(http, "message/send", {"message": said, "configuration": {"blocking": False}})
    assert task["kind"] == "task"
    assert (await result(http, "tasks/get", {"id": task["id"]}))["id"] == task["id"]
    body = {"jsonrpc": "2.0", "id": 3, "method": "tasks/resubscribe", "params": {"id": task["id"]}}
    async with http.post("/api/a2a/rpc", json=body) as response:
        assert (await Stream(response).frame()).data["result"]["id"] == task["id"]


async def test_a_message_becomes_a_task_of_the_workspace_at_once(hub: Hub, http: Http) -> None:
    workspace = (await ask(hub, "create_workspace", title="W"))["id"]
    task = (await result(http, "SendMessage", {**SAYING, "metadata": {"workspaceId": workspace}}))["task"]
    assert task["status"]["state"] == "submitted"
    assert task["metadata"] == {"workspaceId": workspace, "userPrompt": "Build it"}
    assert [(one["role"], one["parts"]) for one in task["history"]] == [("user", [{"text": "Build it"}])]
    assert (await ask(hub, "get_task", taskId=task["id"]))["workspaceId"] == workspace
    assert (await result(http, "GetTask", {"id": task["id"]}))["task"] == task
    assert (await Peer(http).ask("GetTask", {"id": task["id"]}))["status"]["state"] == "TASK_STATE_SUBMITTED"


async def test_a_message_without_an_id_is_another_one_each_time(http: Http) -> None:
    params = {"message": {"role": "user", "parts": [{"kind": "text", "text": "Build it"}]}}
    assert (await result(http, "SendMessage", params))["task"]["id"] != (await result(http, "SendMessage", params))["task"]["id"]


async def test_tasks_are_listed_by_workspace_and_state(hub: Hub, http: Http) -> None:
    workspace = (await ask(hub, "create_workspace", title="W"))["id"]
    mine, other = await new_task(hub, workspaceId=workspace), await new_task(hub)
    await ask(hub, "cancel_task", taskId=other)
    page = await get(http, f"tasks?workspaceId={workspace}")
    assert ([one["id"] for one in page["tasks"]], page["totalSize"], page["pageSize"], page["nextPageToken"]) == ([mine], 1, 50, "")
    assert [one["id"] for one in (await get(http, "tasks?status=canceled"))["tasks"]] == [other]
    assert [one["id"] for one in (await result(http, "ListTasks", {"status": "submitted"}))["tasks"]] == [mine]
    first = await get(http, "tasks?pageSize=1")
    second = await get(http, f"tasks?pageSize=1&pageToken={first['nextPageToken']}")
    assert {one["id"] for page in (first, second) for one in page["tasks"]} == {mine, other}
    assert (await get(http, "tasks?status=odd", 400))["type"] == "https://a2a-protocol.org/errors/invalid-params"


async def test_a_task_is_read_with_as_much_history_as_is_asked_for(http: Http) -> None:
    task = (await post(http, "message", SAYING))["task"]
    path = f"tasks/{task['id']}"
    assert "history" not in await get(http, path)
    assert [one["role"] for one in (await get(http, f"{path}?historyLength=1"))["history"]] == ["user"]
    assert (await get(http, "tasks/nowhere", 404))["title"] == "Task Not Found"
    assert (await get(http, f"{path}?historyLength=many", 400))["status"] == 400


async def test_a_task_is_cancelled_once(http: Http) -> None:
    task = (await post(http, "message?action=send", SAYING))["task"]
    assert (await post(http, f"tasks/{task['id']}?action=cancel"))["status"]["state"] == "canceled"
    refused = await post(http, f"tasks/{task['id']}", None, 409)
    assert refused.items() >= {"status": 409, "type": "https://a2a-protocol.org/errors/task-not-cancelable"}.items()
    assert (await rpc(http, "CancelTask", {"id": task["id"]}, 400))["error"]["code"] == -32002
    assert (await rpc(http, "CancelTask", {"id": "nowhere"}, 404))["error"]["code"] == -32001


async def test_streams_tell_the_task_and_what_happens_to_it(hub: Hub, http: Http) -> None:
    agent = await new_agent(hub)
    async with http.post("/api/a2a/message?action=stream", json={**SAYING, "metadata": {"agentId": agent}}) as response:
        stream = Stream(response)
        first = (await stream.frame()).data["task"]
        worker = await taken(hub, agent, first["id"])
        assert (await stream.frame()).data["statusUpdate"]["status"]["state"] == "working"
        async with http.get(f"/api/a2a/tasks/{first['id']}?action=subscribe") as other:
            assert (await Stream(other).frame()).data["task"]["status"]["state"] == "working"
        await worker.give("a")
        assert (await stream.frame()).data["artifactUpdate"]["artifact"]["parts"] == [{"text": "a"}]
        await worker.finish(summary="done")
        last = (await stream.frame()).data["statusUpdate"]["status"]
    assert (last["state"], last["message"]["role"]) == ("completed", "agent")
    refused = await get(http, f"tasks/{first['id']}?action=subscribe", 400)
    assert refused["type"] == "https://a2a-protocol.org/errors/unsupported-operation"


async def test_the_old_bridge_coordinates_agents(hub: Hub, http: Http) -> None:
    made = await result(http, "create_agent", {"name": "ann", "role": "CRAFTER"})
    assert made["success"]
    ann, bob = made["data"]["agentId"], await new_agent(hub, "bob")
    assert {one["name"] for one in (await result(http, "list_agents"))["data"]} == {"ann", "bob"}
    task = await new_task(hub)
    delegated = await result(http, "delegate_task", {"agentId": ann, "taskId": task, "callerAgentId": bob})
    assert delegated["data"]["assignedTo"] == ann
    sent = await result(http, "message_agent", {"fromAgentId": bob, "toAgentId": ann, "message": "hello"})
    assert sent["data"]["messageId"]
    [letter] = (await ask(hub, "read_inbox", agentId=ann))["letters"]
    assert letter["content"] == "hello"
    refused = await result(http, "delegate_task", {"agentId": "nobody", "taskId": task, "callerAgentId": bob})
    assert (refused["success"], "nobody" in refused["error"]) == (False, True)
    assert {"SendMessage", "list_agents", "message/send"} <= set((await result(http, "method_list"))["methods"])
    assert (await result(http, "initialize"))["protocolVersion"] == "0.3.0"


async def test_there_are_no_sessions(http: Http) -> None:
    assert await get(http, "sessions") == {"sessions": [], "count": 0}
    assert (await rpc(http, "session/prompt", {}, 400))["error"]["code"] == -32602
    for path, status in (("rpc", 400), ("rpc?sessionId=s1", 404)):
        async with http.get(f"/api/a2a/{path}") as response:
            assert (response.status, response.content_type) == (status, "text/plain")


@pytest.mark.parametrize(
    ("method", "params", "status", "code"),
    [
        ("SendMessage", {}, 400, -32602), ("SendMessage", {"message": {"role": "robot", "parts": [{"text": "a"}]}}, 400, -32602),
        ("SendMessage", {"message": {"role": "user", "parts": []}}, 400, -32602), ("GetTask", {"id": "nowhere"}, 404, -32001),
        ("GetTask", {}, 404, -32001), ("nothing", {}, 404, -32601), ("ListTasks", {"pageSize": "x"}, 400, -32602),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_and_nothing_is_kept(hub: Hub, http: Http, method: str, params: Json, status: int, code: int) -> None:
    assert (await rpc(http, method, params, status))["error"]["code"] == code
    assert (await ask(hub, "list_tasks"))["tasks"] == []


async def test_what_is_no_request_is_told(http: Http) -> None:
    async with http.post("/api/a2a/rpc", json=[1]) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (400, -32600)
    async with http.post("/api/a2a/rpc", data=b"{", headers={"Content-Type": "application/json"}) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (400, -32700)
    async with http.post("/api/a2a/message", data=b"text") as response:
        assert response.status == 415
    assert (await post(http, "message?action=odd", SAYING, 400))["detail"].startswith("action: ")
    assert (await post(http, "message", {"message": {"parts": "text"}}, 400))["status"] == 400
    async with http.get("/api/a2a/nothing") as response:
        assert response.status == 404


async def test_another_tenants_task_is_not_there(hub: Hub, http: Http) -> None:
    theirs = (await ask(hub, "create_task", Caller(tenant="other"), title="t", objective="o"))["id"]
    assert (await get(http, f"tasks/{theirs}", 404))["type"] == "https://a2a-protocol.org/errors/task-not-found"
    assert (await get(http, "tasks"))["tasks"] == []
