"""A2A 0.3 over JSON-RPC and REST: the same tasks, said as its clients know them."""

import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any

import anyio
import pytest

from hub.app import Hub
from hub.ports import Json
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import ask, new_agent
from tests.protocols.a2a import Peer, meanwhile, next_task
from tests.protocols.a2a_03_requirements import ROWS
from tests.protocols.conftest import SETTINGS, Http, serving
from tests.protocols.requirements import meets, mismatches
from tests.protocols.sse import Stream

JSON = "application/json"


def saying(text: str = "hello", id_: str = "m1", configuration: Json | None = None, **message: Any) -> Json:
    said = {"kind": "message", "messageId": id_, "role": "user", "parts": [{"kind": "text", "text": text}], **message}
    return {"message": said, **({"configuration": configuration} if configuration is not None else {})}


AT_ONCE = {"blocking": False}


@pytest.fixture
def hub() -> Hub:
    """One that keeps secrets."""
    return Hub(MemoryStore(), vault=vault.ephemeral())


async def rpc(http: Http, method: str, params: Any = None, base: str = "/a2a", **headers: str) -> Json:
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params or {}}
    async with http.post(base, json=body, headers=headers) as response:
        assert (response.status, response.content_type) == (200, JSON), await response.text()
        answer: Json = await response.json()
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
    return answer


async def result(http: Http, method: str, params: Any = None, base: str = "/a2a", **headers: str) -> Any:
    answer = await rpc(http, method, params, base, **headers)
    assert "error" not in answer, answer
    return answer["result"]


async def code(http: Http, method: str, params: Any = None, **headers: str) -> int:
    return int((await rpc(http, method, params, **headers))["error"]["code"])


async def told(http: Http, method: str, params: Any, base: str = "/a2a") -> list[Json]:
    """All that a stream tells until its end."""
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    async with http.post(base, json=body) as response:
        assert response.content_type == "text/event-stream", await response.text()
        return await events(Stream(response))


async def events(stream: Stream) -> list[Json]:
    found: list[Json] = []
    with suppress(EOFError):
        while True:
            frame = await stream.frame()
            if frame.comment is None:
                found.append(frame.data.get("result", frame.data))
    return found


async def begun(http: Http, **message: Any) -> str:
    """A task that nobody works on."""
    return str((await result(http, "message/send", saying(configuration=AT_ONCE, **message)))["id"])


@meets("send", "same task")
async def test_a_message_begins_a_task_that_both_versions_read(hub: Hub, http: Http) -> None:
    agent = await new_agent(hub, metadata={"inputModes": "text/plain, application/json, image/*"})
    parts = [{"kind": "text", "text": "hello"}, {"kind": "file", "file": {"bytes": "AAE=", "mimeType": "image/png", "name": "a.png"}},
             {"kind": "data", "data": {"n": 1}, "metadata": {"m": 2}}]  # fmt: skip

    async def work() -> None:
        worker = await next_task(hub, agent)
        await worker.give("done")
        await worker.finish(summary="it is done")

    async with meanwhile(work()):
        with anyio.fail_after(5):
            task = await result(http, "message/send", saying(parts=parts), f"/agents/{agent}")
    assert (task["kind"], task["status"]["state"]) == ("task", "completed")
    assert task["status"]["message"]["parts"] == [{"kind": "text", "text": "it is done"}]
    assert [(one["kind"], one["role"], one["parts"]) for one in task["history"]] == [("message", "user", parts)]
    assert [one["parts"] for one in task["artifacts"]] == [[{"kind": "text", "text": "done"}]]
    new = await Peer(http).ask("GetTask", {"id": task["id"]})
    assert (new["status"]["state"], new["history"][0]["parts"][1]["raw"]) == ("TASK_STATE_COMPLETED", "AAE=")
    later = await Peer(http).send("from 1.0", "m2", immediately=True)
    assert (await result(http, "tasks/get", {"id": later["id"]}))["status"]["state"] == "submitted"


@meets("send at once", "get")
async def test_a_task_is_answered_at_once_and_its_history_read(hub: Hub, http: Http) -> None:
    id_ = await begun(http)
    for number in (2, 3):
        await result(http, "message/send", saying(f"more {number}", f"m{number}", AT_ONCE, taskId=id_))
    texts = ["hello", "more 2", "more 3"]
    for length, expected in ((None, texts), (0, texts), (2, texts[1:]), (9, texts)):
        asked = {"id": id_} if length is None else {"id": id_, "historyLength": length}
        task = await result(http, "tasks/get", asked)
        assert [one["parts"][0]["text"] for one in task["history"]] == expected
    assert await code(http, "tasks/get", {"id": id_, "historyLength": -1}) == -32602


@meets("stream")
async def test_a_stream_tells_the_task_its_pieces_and_the_end(hub: Hub, http: Http) -> None:
    agent = await new_agent(hub)

    async def work() -> None:
        worker = await next_task(hub, agent)
        await worker.give("a", "b", last=False)
        await worker.finish()

    async with meanwhile(work()):
        first, *updates = await told(http, "message/stream", saying(), f"/agents/{agent}")
    assert (first["kind"], first["status"]["state"]) == ("task", "submitted")
    pieces = [one for one in updates if one["kind"] == "artifact-update"]
    assert [one["artifact"]["parts"][0]["text"] for one in pieces] == ["a", "b"]
    statuses = [(one["status"]["state"], one["final"]) for one in updates if one["kind"] == "status-update"]
    assert statuses == [("working", False), ("completed", True)]


@meets("stream", "resubscribe")
async def test_a_question_is_the_last_of_a_stream_and_not_of_a_subscription(hub: Hub, http: Http) -> None:
    agent = await new_agent(hub)

    async def work() -> None:
        await (await next_task(hub, agent)).request("Which colour?")

    async with meanwhile(work()):
        first, *_, last = await told(http, "message/stream", saying(), f"/agents/{agent}")
    assert (last["status"]["state"], last["final"]) == ("input-required", True)
    assert last["status"]["message"]["parts"][0] == {"kind": "text", "text": "Which colour?"}
    body = {"jsonrpc": "2.0", "id": 7, "method": "tasks/resubscribe", "params": {"id": first["id"]}}
    async with http.post("/a2a", json=body) as response:
        stream = Stream(response)
        assert (await stream.frame()).data["result"]["status"]["state"] == "input-required"
        await result(http, "message/send", saying("blue", "m2", AT_ONCE, taskId=first["id"]))
        assert (await stream.frame()).data["result"]["final"] is False
        await result(http, "tasks/cancel", {"id": first["id"]})
        rest = await events(stream)
    assert [(one["status"]["state"], one["final"]) for one in rest] == [("canceled", True)]


@meets("stream error", "error codes")
@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("tasks/resubscribe", {"id": "nowhere"}, -32001), ("tasks/resubscribe", {}, -32602),
        ("message/stream", saying(taskId="nowhere"), -32001), ("message/stream", {"message": {}}, -32602),
    ],
)  # fmt: skip
async def test_what_goes_wrong_with_a_stream_is_told_in_it(http: Http, method: str, params: Json, expected: int) -> None:
    [only] = await told(http, method, params)
    assert (only["id"], only["error"]["code"]) == (7, expected)


@meets("cancel", "error codes")
async def test_errors_have_the_codes_of_0_3(http: Http) -> None:
    id_ = await begun(http)
    canceled = await result(http, "tasks/cancel", {"id": id_})
    assert (canceled["kind"], canceled["status"]["state"]) == ("task", "canceled")
    assert await code(http, "tasks/cancel", {"id": id_}) == -32002
    assert await code(http, "tasks/get", {"id": "nowhere"}) == -32001
    assert await code(http, "message/send", saying("more", "m2", taskId=id_)) == -32004
    assert await code(http, "tasks/list", {}) == -32601
    async with http.post("/a2a", data=b"{", headers={"Content-Type": JSON}) as response:
        assert (await response.json())["error"]["code"] == -32700


@meets("parameters")
@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        ("message/send", {}, "message"), ("message/send", saying(role="robot"), "message.role"),
        ("message/send", saying(parts=[{"text": "no kind"}]), "message.parts[0]"), ("message/send", saying(parts=[]), "message.parts"),
        ("message/send", saying(id_=""), "message.messageId"), ("tasks/get", {}, "id"), ("tasks/cancel", {"id": 3}, "id"),
        ("tasks/pushNotificationConfig/set", {"taskId": "t"}, "pushNotificationConfig"),
        ("tasks/pushNotificationConfig/delete", {"id": "t"}, "pushNotificationConfigId"),
    ],
)  # fmt: skip
async def test_what_is_malformed_is_named_and_nothing_is_kept(hub: Hub, http: Http, method: str, params: Json, field: str) -> None:
    error = (await rpc(http, method, params))["error"]
    assert (error["code"], error["message"].partition(":")[0]) == (-32602, field)
    assert await ask(hub, "list_tasks") == {"tasks": []}


@meets("push", "push first")
async def test_push_configurations_are_set_read_listed_and_deleted(http: Http) -> None:
    id_ = await begun(http)
    config = {"url": "https://example.com/hook", "authentication": {"schemes": ["Bearer"], "credentials": "secret"}}
    first = await result(http, "tasks/pushNotificationConfig/set", {"taskId": id_, "pushNotificationConfig": {"id": "a", **config}})
    assert (first["taskId"], first["pushNotificationConfig"]["url"]) == (id_, config["url"])
    assert first["pushNotificationConfig"]["authentication"]["schemes"] == ["Bearer"]
    await result(http, "tasks/pushNotificationConfig/set", {"taskId": id_, "pushNotificationConfig": {"id": "b", **config}})
    got = await result(http, "tasks/pushNotificationConfig/get", {"id": id_})
    assert got["pushNotificationConfig"]["id"] == "a"
    named = {"id": id_, "pushNotificationConfigId": "b"}
    assert (await result(http, "tasks/pushNotificationConfig/get", named))["pushNotificationConfig"]["id"] == "b"
    listed = await result(http, "tasks/pushNotificationConfig/list", {"id": id_})
    assert [one["pushNotificationConfig"]["id"] for one in listed] == ["a", "b"]
    for id_of in ("a", "b", "b"):
        gone = {"id": id_, "pushNotificationConfigId": id_of}
        assert await result(http, "tasks/pushNotificationConfig/delete", gone) is None
    assert await result(http, "tasks/pushNotificationConfig/list", {"id": id_}) == []
    assert await code(http, "tasks/pushNotificationConfig/get", {"id": id_}) == -32602


@meets("extended card", "card")
async def test_cards_are_read_by_clients_of_0_3(hub: Hub, http: Http) -> None:
    agent = await new_agent(hub)
    async with http.get(f"/agents/{agent}/.well-known/agent-card.json") as response:
        card = await response.json()
    assert (card["protocolVersion"], card["preferredTransport"]) == ("0.3.0", "JSONRPC")
    assert card["url"].endswith(f"/agents/{agent}")
    assert {one["transport"] for one in card["additionalInterfaces"]} == {"JSONRPC", "HTTP+JSON"}
    extended = await result(http, "agent/getAuthenticatedExtendedCard", base=f"/agents/{agent}")
    assert (extended["url"], extended["name"]) == (card["url"], card["name"])
    assert "supportedInterfaces" not in extended


@meets("card", "version")
async def test_without_0_3_there_is_neither_field_nor_door(hub: Hub) -> None:
    async with serving(hub, replace(SETTINGS, a2a_versions=("1.0",))) as http:
        async with http.get("/.well-known/agent-card.json") as response:
            card = await response.json()
        assert {"url", "protocolVersion", "preferredTransport", "additionalInterfaces"}.isdisjoint(card)
        assert {one["protocolVersion"] for one in card["supportedInterfaces"]} == {"1.0"}
        assert await code(http, "tasks/get", {"id": "t"}) == -32603
        async with http.get("/a2a/v1/tasks/t") as response:
            assert response.status == 400


@meets("version")
async def test_the_version_is_told_by_the_header_or_by_nothing(http: Http) -> None:
    for headers in ({}, {"A2A-Version": "0.3"}, {"A2A-Version": "0.3.0"}, {"A2A-Version": ""}):
        assert await code(http, "tasks/get", {"id": "nowhere"}, **headers) == -32001
    for version in ("1.0", "0.2", "nonsense"):
        assert await code(http, "tasks/get", {"id": "nowhere"}, **{"A2A-Version": version}) == -32603
    assert await code(http, "GetTask", {"id": "nowhere"}) == -32009


@meets("extensions header")
async def test_the_extensions_header_of_0_3_is_read(http: Http) -> None:
    assert (await result(http, "message/send", saying(configuration=AT_ONCE), **{"X-A2A-Extensions": "https://e.example/1"}))["id"]


async def rest(http: Http, method: str, path: str, body: Any = None, base: str = "/a2a") -> tuple[int, Json]:
    async with http.request(method, f"{base}/v1/{path}", json=body) as response:
        assert response.content_type == JSON, await response.text()
        return response.status, await response.json()


PROTO = {"message": {"messageId": "m1", "role": "ROLE_USER", "content": [{"text": "hello"}]}, "configuration": {}}


@meets("rest", "same task")
async def test_over_rest_the_same_is_said_in_protojson(hub: Hub, http: Http) -> None:
    status, sent = await rest(http, "POST", "message:send", PROTO)
    task = sent["task"]
    assert (status, task["status"]["state"]) == (200, "TASK_STATE_SUBMITTED")
    assert task["history"][0]["content"] == [{"text": "hello"}]
    assert (await result(http, "tasks/get", {"id": task["id"]}))["status"]["state"] == "submitted"
    path = f"tasks/{task['id']}"
    assert (await rest(http, "GET", f"{path}?historyLength=1"))[1]["id"] == task["id"]
    config = {"parent": path, "config_id": "c", "config": {"push_notification_config": {"url": "https://example.com/hook", "token": "t"}}}
    made = (await rest(http, "POST", f"{path}/pushNotificationConfigs", config))[1]
    assert (made["name"], made["pushNotificationConfig"]["id"]) == (f"{path}/pushNotificationConfigs/c", "c")
    assert (await rest(http, "GET", f"{path}/pushNotificationConfigs/c"))[1] == made
    assert (await rest(http, "GET", f"{path}/pushNotificationConfigs"))[1] == {"configs": [made]}
    assert await rest(http, "DELETE", f"{path}/pushNotificationConfigs/c") == (200, {})
    assert (await rest(http, "POST", f"{path}:cancel"))[1]["status"]["state"] == "TASK_STATE_CANCELLED"
    assert (await rest(http, "GET", "card"))[1]["protocolVersion"] == "0.3.0"


@meets("rest")
async def test_over_rest_streams_tell_protojson(hub: Hub, http: Http) -> None:
    agent = await new_agent(hub)

    async def work() -> None:
        worker = await next_task(hub, agent)
        await worker.give("a")
        await worker.request("Which?")

    async with meanwhile(work()), http.post(f"/agents/{agent}/v1/message:stream", json=PROTO) as response:
        first, *_, last = await events(Stream(response))
    assert last["statusUpdate"]["final"] is True
    id_ = first["task"]["id"]
    for method in ("GET", "POST"):
        async with http.request(method, f"/a2a/v1/tasks/{id_}:subscribe") as response:
            assert (await Stream(response).frame()).data["task"]["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"


@meets("rest errors", "rest paths")
async def test_over_rest_an_error_has_a_status_a_code_and_a_name(http: Http) -> None:
    status, error = await rest(http, "GET", "tasks/nowhere")
    assert (status, error["code"], error["type"]) == (404, -32001, "TaskNotFoundError")
    id_ = await begun(http)
    await rest(http, "POST", f"tasks/{id_}:cancel")
    status, error = await rest(http, "POST", f"tasks/{id_}:cancel")
    assert (status, error["code"], error["error"]) == (400, -32002, "TaskNotCancelableError")
    status, error = await rest(http, "POST", "message:send", {"message": {"content": [{"text": "a"}], "role": "robot"}})
    assert (status, error["code"], error["type"]) == (400, -32602, "InvalidParamsError")
    assert (await rest(http, "GET", f"tasks/{id_}?historyLength=many"))[0] == 400
    assert (await rest(http, "GET", "nothing/here"))[0] == 404
    assert (await rest(http, "GET", "message:send"))[0] == 405
    async with http.get("/a2a/v1/tasks/nowhere:subscribe") as response:
        assert (response.status, (await response.json())["code"]) == (404, -32001)


def test_every_requirement_of_0_3_has_a_test() -> None:
    assert mismatches(ROWS, sys.modules[__name__]) == []
