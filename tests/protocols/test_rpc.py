"""JSON-RPC 2.0 at /api/rpc, requirement by requirement (https://www.jsonrpc.org/specification)."""

import sys
from typing import Any

import orjson
import pytest

from hub.app import Hub
from hub.operations import OPERATIONS
from protocols.jsonrpc.door import MOST_IN_A_BATCH
from protocols.rest.routes import METHODS
from tests.core.support import new_agent, new_task
from tests.protocols.conftest import Http
from tests.protocols.refusals import JSON
from tests.protocols.requirements import Requirement, meets, mismatches

ROWS = (
    Requirement("version", "§4", 'jsonrpc MUST be exactly "2.0"'),
    Requirement("method", "§4", "method is a string"),
    Requirement("id", "§4", "an id is a string, a number or null, and anything else is no request"),
    Requirement("id echo", "§5", "the response has the request's id; null where it could not be told"),
    Requirement("notification", "§4.1", "the server MUST NOT reply to a notification, errors included"),
    Requirement("params", "§4.2", "params are by position or by name, a structured value"),
    Requirement("names", "§4.2", "names must match exactly, case included"),
    Requirement("response", "§5", "result on success, error on failure, never both; jsonrpc is 2.0"),
    Requirement("error", "§5.1", "an error has an integer code and a message"),
    Requirement("parse error", "§5.1", "-32700 for what is no JSON"),
    Requirement("invalid request", "§5.1", "-32600 for JSON that is no request"),
    Requirement("unknown method", "§5.1", "-32601"),
    Requirement("invalid params", "§5.1", "-32602"),
    Requirement("own errors", "§5.1", "the server's own errors lie in -32000 to -32099"),
    Requirement("empty batch", "§6", "an empty array gets one error, not an array"),
    Requirement("batch", "§6", "an array of the responses, each with its id"),
    Requirement("bad batch", "§6", "each element that is no request gets its own error"),
    Requirement("batch of notifications", "§6", "nothing at all is answered, not an empty array"),
    Requirement("batch parse error", "§6", "a batch that is no JSON gets one error"),
    Requirement("batch limit", "hub", "a batch holds at most a hundred requests"),
    Requirement("methods", "web API", "GET /api/rpc/methods lists every method that is answered"),
    Requirement("web names", "web API", "the web API's names answer in the web API's shapes"),
)


async def asked(http: Http, body: Any) -> tuple[int, Any]:
    async with http.post("/api/rpc", data=body if isinstance(body, bytes) else orjson.dumps(body), headers=JSON) as response:
        text = await response.read()
        return response.status, orjson.loads(text) if text else None


def request(method: str = "get_health", id_: Any = 1, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "id": id_, **more}


TASK = {"title": "t", "objective": "o"}
HEALTH = {"jsonrpc": "2.0", "method": "get_health"}


@meets("response", "id echo")
@pytest.mark.parametrize("id_", [1, 0, -7, 2**53, 1.5, "a", "", "1", "ü", None])
async def test_an_answer_carries_the_id_of_its_request(http: Http, id_: Any) -> None:
    status, answer = await asked(http, request(id_=id_))
    assert status == 200
    assert answer.keys() == {"jsonrpc", "result", "id"}
    assert (answer["jsonrpc"], answer["id"], type(answer["id"])) == ("2.0", id_, type(id_))
    assert answer["result"]["status"] == "ok"


@meets("response", "error", "id echo", "unknown method")
@pytest.mark.parametrize("id_", [1, "a", None])
async def test_a_failure_has_a_code_a_message_and_the_id(http: Http, id_: Any) -> None:
    status, answer = await asked(http, request("foobar", id_))
    assert status == 200
    assert answer.keys() == {"jsonrpc", "error", "id"}
    assert (answer["error"]["code"], answer["id"]) == (-32601, id_)
    assert isinstance(answer["error"]["message"], str)
    assert answer["error"]["data"]["kind"] == "unknown_operation"


@meets("version", "invalid request", "id echo")
@pytest.mark.parametrize("version", ["1.0", 2.0, 2, "2", "", None, ["2.0"]])
async def test_another_version_is_an_invalid_request(http: Http, version: Any) -> None:
    status, answer = await asked(http, request() | {"jsonrpc": version})
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32600, 1)


@meets("version", "invalid request")
async def test_a_request_without_a_version_is_invalid(http: Http) -> None:
    status, answer = await asked(http, {"method": "get_health", "id": 1})
    assert (status, answer["error"]["code"]) == (400, -32600)


@meets("method", "invalid request", "id echo")
@pytest.mark.parametrize("method", [1, None, ["get_health"], {}, True])
async def test_a_method_that_is_no_text_is_an_invalid_request(http: Http, method: Any) -> None:
    status, answer = await asked(http, request(method))
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32600, 1)


@meets("id", "id echo", "invalid request")
@pytest.mark.parametrize("id_", [True, False, [], [1], {}])
async def test_an_id_of_another_type_is_an_invalid_request_and_not_echoed(http: Http, id_: Any) -> None:
    status, answer = await asked(http, request(id_=id_))
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32600, None)


@meets("invalid request", "id echo")
@pytest.mark.parametrize("body", [1, "x", True, None, {}, {"foo": "boo"}, {"id": 3}])
async def test_json_that_is_no_request_is_an_invalid_request(http: Http, body: Any) -> None:
    status, answer = await asked(http, body)
    assert (status, answer["error"]["code"]) == (400, -32600)
    assert answer["id"] == (3 if body == {"id": 3} else None)


@meets("parse error", "id echo")
@pytest.mark.parametrize("body", [b"", b"{", b'{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', b"\xff", b"nope"])
async def test_what_is_no_json_is_a_parse_error_with_the_id_null(http: Http, body: bytes) -> None:
    status, answer = await asked(http, body)
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32700, None)


@meets("notification")
@pytest.mark.parametrize(
    "notification",
    [
        HEALTH, {**HEALTH, "method": "foobar"}, {**HEALTH, "params": {"nope": 1}}, {**HEALTH, "params": [1]},
        {**HEALTH, "method": "get_task", "params": {"taskId": "nothing"}},
    ],
)  # fmt: skip
async def test_a_notification_gets_nothing_whatever_comes_of_it(http: Http, notification: Any) -> None:
    assert await asked(http, notification) == (204, None)


@meets("notification")
async def test_a_notification_is_acted_upon(hub: Hub, http: Http) -> None:
    assert await asked(http, {**HEALTH, "method": "create_workspace", "params": {"title": "w", "id": "w"}}) == (204, None)
    _, answer = await asked(http, request("get_workspace", params={"workspaceId": "w"}))
    assert answer["result"]["title"] == "w"


@meets("params", "invalid params")
async def test_params_by_position_are_refused_as_invalid_params(hub: Hub, http: Http) -> None:
    status, answer = await asked(http, request("create_task", params=["t", "o"]))
    assert (status, answer["error"]["code"], answer["id"]) == (200, -32602, 1)
    assert "by name" in answer["error"]["message"]


@meets("params", "invalid request")
@pytest.mark.parametrize("params", ["bar", 1, True, None])
async def test_params_that_are_no_structure_are_an_invalid_request(http: Http, params: Any) -> None:
    status, answer = await asked(http, request(params=params))
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32600, 1)


@meets("names", "invalid params")
@pytest.mark.parametrize("params", [{}, {"Title": "t", "objective": "o"}, TASK | {"workspace_id": "default"}, TASK | {"caller": 1}])
async def test_names_of_params_must_match_exactly(http: Http, params: dict[str, Any]) -> None:
    _, answer = await asked(http, request("create_task", params=params))
    assert answer["error"]["code"] == -32602
    assert answer["error"]["data"]["kind"] == "invalid"


@meets("own errors", "error")
@pytest.mark.parametrize(
    ("method", "params", "kind"),
    [
        ("get_task", {"taskId": "nothing"}, "not_found"),
        ("delete_workspace", {"workspaceId": "default"}, "conflict"),
    ],
)
async def test_the_hubs_own_errors_lie_in_the_servers_range_and_carry_the_document(http: Http, method: str, params: Any, kind: str) -> None:
    _, answer = await asked(http, request(method, params=params))
    assert -32099 <= answer["error"]["code"] <= -32000
    assert answer["error"]["data"]["kind"] == kind
    assert answer["error"]["data"]["error"] == answer["error"]["message"]


@meets("empty batch", "invalid request")
async def test_an_empty_batch_is_one_invalid_request(http: Http) -> None:
    status, answer = await asked(http, [])
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32600, None)


@meets("bad batch", "invalid request")
@pytest.mark.parametrize("batch", [[1], [1, 2, 3], [[]], [[HEALTH]], [None]])
async def test_each_element_that_is_no_request_gets_an_error_of_its_own(http: Http, batch: list[Any]) -> None:
    status, answers = await asked(http, batch)
    assert status == 200
    assert [(answer["error"]["code"], answer["id"]) for answer in answers] == [(-32600, None)] * len(batch)


@meets("batch", "bad batch", "notification")
async def test_a_mixed_batch_is_answered_element_by_element_without_its_notifications(hub: Hub, http: Http) -> None:
    batch = [
        request(id_="1"), {**HEALTH, "method": "create_task", "params": TASK}, {"foo": "boo"}, request("foobar", "5"),
        request("list_tasks", 9), request("create_task", 10, params=[]),
    ]  # fmt: skip
    status, answers = await asked(http, batch)
    assert status == 200
    assert [(answer["id"], answer.get("error", {}).get("code")) for answer in answers] == [
        ("1", None), (None, -32600), ("5", -32601), (9, None), (10, -32602),
    ]  # fmt: skip
    assert len(answers[3]["result"]["tasks"]) == 1


@meets("batch of notifications", "notification")
async def test_a_batch_of_notifications_gets_nothing_at_all(http: Http) -> None:
    assert await asked(http, [HEALTH, {**HEALTH, "method": "foobar"}, {**HEALTH, "params": [1]}]) == (204, None)


@meets("batch parse error", "parse error")
async def test_a_batch_that_is_no_json_gets_one_error(http: Http) -> None:
    status, answer = await asked(http, b'[{"jsonrpc": "2.0", "method": "get_health", "id": 1}, {"jsonrpc": "2.0", "method"')
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32700, None)


@meets("batch limit")
async def test_a_batch_over_the_limit_is_refused_whole_and_one_at_the_limit_is_served(hub: Hub, http: Http) -> None:
    create = request("create_task", params=TASK)
    before = await hub.store.latest()
    status, answer = await asked(http, [create] * (MOST_IN_A_BATCH + 1))
    assert (status, answer["error"]["code"], await hub.store.latest()) == (400, -32600, before)
    _, answers = await asked(http, [request(id_=number) for number in range(MOST_IN_A_BATCH)])
    assert [answer["id"] for answer in answers] == [*range(MOST_IN_A_BATCH)]


@meets("methods")
async def test_the_list_of_methods_is_the_catalogue_and_the_web_apis_names(http: Http) -> None:
    methods = (await (await http.get("/api/rpc/methods")).json())["methods"]
    assert methods == [*dict.fromkeys([*OPERATIONS, *METHODS])]
    for method in methods:
        _, answer = await asked(http, request(method, params={"noSuchField": 1}))
        assert answer["error"]["code"] == -32602


@meets("web names")
async def test_the_web_apis_methods_answer_in_the_web_apis_shapes(hub: Hub, http: Http) -> None:
    async def result(method: str, **params: Any) -> Any:
        answer = (await asked(http, request(method, params=params)))[1]
        return answer["result"] if "result" in answer else answer["error"]

    agent, task = await new_agent(hub), await new_task(hub)
    created = await result("agents.create", name="a", role="GATE", workspaceId="default")
    assert created["agentId"] == created["agent"]["id"]
    assert [one["id"] for one in (await result("agents.list", workspaceId="default"))["agents"]] == [agent, created["agentId"]]
    assert await result("agents.updateStatus", id=agent, status="active") == {"updated": True, "id": agent, "status": "ACTIVE"}
    assert (await result("agents.get", id=agent))["status"] == "ACTIVE"
    assert (await result("agents.delete", id=agent))["deleted"] is True
    assert (await result("tasks.get", id=task))["task"]["id"] == task
    assert await result("tasks.updateStatus", id=task, status="completed") == {"updated": True}
    assert [one["id"] for one in (await result("tasks.list", workspaceId="default"))["tasks"]] == [task]
    assert (await result("notes.get", workspaceId="default", noteId="spec"))["note"]["id"] == "spec"
    assert (await result("workspaces.get", id="default"))["workspace"]["id"] == "default"
    assert (await result("agents.get", id="nobody"))["code"] == -32004


def test_every_requirement_has_a_test_and_every_test_a_requirement() -> None:
    assert mismatches(ROWS, sys.modules[__name__]) == []
