"""What A2A refuses, with the specified error in each binding, and without anything stored."""

from typing import Any

import pytest

from hub.app import Hub
from hub.domain import errors as hub_errors
from hub.ports import Json
from hub.settings import Settings
from protocols.a2a import errors
from tests.core.support import ask, new_agent
from tests.protocols.a2a import JSONRPC, REST, VERSION, Peer, both_bindings, refused, sending, taken
from tests.protocols.conftest import Http, serving
from tests.protocols.requirements import meets

SPECIFIED = {
    errors.TaskNotFound: (-32001, "NOT_FOUND", 404, "TASK_NOT_FOUND"),
    errors.TaskNotCancelable: (-32002, "FAILED_PRECONDITION", 400, "TASK_NOT_CANCELABLE"),
    errors.PushNotificationNotSupported: (-32003, "FAILED_PRECONDITION", 400, "PUSH_NOTIFICATION_NOT_SUPPORTED"),
    errors.UnsupportedOperation: (-32004, "FAILED_PRECONDITION", 400, "UNSUPPORTED_OPERATION"),
    errors.ContentTypeNotSupported: (-32005, "INVALID_ARGUMENT", 400, "CONTENT_TYPE_NOT_SUPPORTED"),
    errors.InvalidAgentResponse: (-32006, "INTERNAL", 500, "INVALID_AGENT_RESPONSE"),
    errors.ExtendedAgentCardNotConfigured: (-32007, "FAILED_PRECONDITION", 400, "EXTENDED_AGENT_CARD_NOT_CONFIGURED"),
    errors.ExtensionSupportRequired: (-32008, "FAILED_PRECONDITION", 400, "EXTENSION_SUPPORT_REQUIRED"),
    errors.VersionNotSupported: (-32009, "FAILED_PRECONDITION", 400, "VERSION_NOT_SUPPORTED"),
    errors.JSONParse: (-32700, "INVALID_ARGUMENT", 400, "INVALID_REQUEST"),
    errors.InvalidRequest: (-32600, "INVALID_ARGUMENT", 400, "INVALID_REQUEST"),
    errors.MethodNotFound: (-32601, "NOT_FOUND", 404, "METHOD_NOT_FOUND"),
    errors.InvalidParams: (-32602, "INVALID_ARGUMENT", 400, "INVALID_PARAMS"),
    errors.InternalError: (-32603, "INTERNAL", 500, "INTERNAL_ERROR"),
}


@pytest.mark.parametrize("error", SPECIFIED)
@meets("error table")
def test_an_error_is_on_each_wire_what_the_specification_says(error: type[errors.A2AError]) -> None:
    made, row = error(), SPECIFIED[error]
    assert (made.code, made.status, made.http, made.reason) == row
    assert made.jsonrpc()["code"] == row[0]
    assert (made.rest()["error"]["status"], made.rest()["error"]["code"]) == row[1:3]


@pytest.mark.parametrize(
    ("error", "reason", "http"),
    [
        (hub_errors.NotFound("task", "a"), "TASK_NOT_FOUND", 404), (hub_errors.NotFound("agent", "a"), "NOT_FOUND", 404),
        (hub_errors.Invalid("a: wrong"), "INVALID_PARAMS", 400), (hub_errors.Refused("no"), "UNSUPPORTED_OPERATION", 400),
        (hub_errors.Conflict("meanwhile"), "ABORTED", 409), (hub_errors.TooLarge("big"), "TOO_LARGE", 413),
        (hub_errors.Busy("later"), "UNAVAILABLE", 503), (hub_errors.Unavailable("gone"), "UNAVAILABLE", 503),
        (hub_errors.Unsupported("never"), "UNSUPPORTED_OPERATION", 400), (hub_errors.Upstream("they failed"), "UNAVAILABLE", 503),
        (hub_errors.Internal(), "INTERNAL_ERROR", 500),
    ],
)  # fmt: skip
@meets("error table")
def test_every_way_of_the_hub_to_fail_has_an_error(error: hub_errors.HubError, reason: str, http: int) -> None:
    made = errors.of(error)
    assert (made.reason, made.http) == (reason, http)


MESSAGES: list[tuple[Json, str]] = [
    ({}, "message"),
    ({"message": "hello"}, "message"),
    ({"message": {"role": "ROLE_USER", "parts": [{"text": "a"}]}}, "message.messageId"),
    (sending(messageId=""), "message.messageId"),
    (sending(messageId=7), "message.messageId"),
    (sending(messageId="m" * 201), "messageId"),
    (sending(role=None), "message.role"),
    (sending(role="ROLE_AGENT"), "message.role"),
    (sending(role="user"), "message.role"),
    (sending(parts=[]), "message.parts"),
    (sending(parts={"text": "a"}), "message.parts"),
    (sending(parts=["a"]), "message.parts[0]"),
    (sending(parts=[{"text": "a"}, {}]), "message.parts[1]"),
    (sending(parts=[{"text": "a", "url": "b"}]), "message.parts[0]"),
    (sending(parts=[{"data": None}]), "message.parts[0]"),
    (sending(parts=[{"text": 3}]), "message.parts[0].text"),
    (sending(parts=[{"raw": "%%%"}]), "message.parts[0].raw"),
    (sending(parts=[{"text": "a", "mediaType": 3}]), "message.parts[0].mediaType"),
    (sending(parts=[{"text": "a", "metadata": []}]), "message.parts[0].metadata"),
    (sending(metadata="a"), "message.metadata"),
    (sending(extensions="a"), "message.extensions"),
    (sending(referenceTaskIds=[1]), "message.referenceTaskIds"),
    (sending(taskId=3), "message.taskId"),
    (sending(contextId=[]), "message.contextId"),
    ({**sending(), "metadata": []}, "metadata"),
    ({**sending(), "configuration": {"historyLength": -1}}, "configuration.historyLength"),
    ({**sending(), "configuration": {"historyLength": 2**40}}, "configuration.historyLength"),
    ({**sending(), "configuration": {"returnImmediately": "yes"}}, "configuration.returnImmediately"),
    ({**sending(), "configuration": {"taskPushNotificationConfig": {}}}, "configuration.taskPushNotificationConfig.url"),
]


@both_bindings
@pytest.mark.parametrize(("params", "field"), MESSAGES, ids=[f"{number} {field}" for number, (_, field) in enumerate(MESSAGES)])
@meets("malformed", "nothing stored")
async def test_a_malformed_message_is_refused_by_the_name_of_the_field(
    hub: Hub, http: Http, binding: str, params: Json, field: str
) -> None:
    peer = Peer(http, binding)
    for operation in ("SendMessage", "SendStreamingMessage"):
        refusal = await refused(peer.ask(operation, params))
        assert (refusal.reason, refusal.fields) == ("INVALID_PARAMS", [field])
    assert (await peer.ask("ListTasks"))["totalSize"] == 0


@both_bindings
@pytest.mark.parametrize(
    ("operation", "params", "field"),
    [
        ("ListTasks", {"pageSize": 0}, "pageSize"), ("ListTasks", {"pageSize": 101}, "pageSize"),
        ("ListTasks", {"pageSize": "many"}, "pageSize"), ("ListTasks", {"status": "DONE"}, "status"),
        ("ListTasks", {"pageToken": "x"}, "pageToken"),
        ("ListTasks", {"statusTimestampAfter": "yesterday"}, "statusTimestampAfter"), ("ListTasks", {"historyLength": -1}, "historyLength"),
        ("ListTasks", {"includeArtifacts": "yes"}, "includeArtifacts"), ("GetTask", {"id": "a", "historyLength": -1}, "historyLength"),
    ],
)  # fmt: skip
@meets("malformed")
async def test_a_wrong_parameter_is_refused_by_its_name(http: Http, binding: str, operation: str, params: Json, field: str) -> None:
    refusal = await refused(Peer(http, binding).ask(operation, params))
    assert (refusal.reason, refusal.fields) == ("INVALID_PARAMS", [field])


@meets("protojson")
async def test_names_of_the_proto_numbers_and_unknown_fields_are_read_as_protojson_says(hub: Hub, http: Http) -> None:
    message = {"role": 1, "message_id": "m1", "parts": [{"raw": "_-8", "media_type": "text/plain", "new": 1}], "context_id": "c", "new": {}}
    params = {"message": message, "configuration": {"return_immediately": True, "history_length": "1"}, "new": None, "metadata": None}
    task = (await Peer(http).ask("SendMessage", params))["task"]
    assert (task["contextId"], task["history"][0]["parts"]) == ("c", [{"raw": "/+8=", "mediaType": "text/plain"}])


@both_bindings
@meets("terminal message", "context mismatch", "client ids", "nothing stored")
async def test_a_message_that_does_not_fit_its_task_changes_nothing(hub: Hub, http: Http, binding: str) -> None:
    peer, agent = Peer(http, binding), await new_agent(hub)
    task = await peer.send(immediately=True, contextId="mine")
    for more, reason in (({"taskId": task["id"], "contextId": "other"}, "INVALID_PARAMS"), ({"taskId": "chosen-by-me"}, "TASK_NOT_FOUND")):
        assert (await refused(peer.ask("SendMessage", sending(id_="m2", **more)))).reason == reason
    await (await taken(hub, agent, task["id"])).finish()
    for operation in ("SendMessage", "SendStreamingMessage"):
        assert (await refused(peer.ask(operation, sending(id_="m3", taskId=task["id"])))).reason == "UNSUPPORTED_OPERATION"
    assert (await peer.ask("ListTasks"))["totalSize"] == 1
    assert len((await peer.ask("GetTask", {"id": task["id"]}))["history"]) == 1


@both_bindings
@meets("no agent")
async def test_an_agent_that_is_not_there_takes_nothing(http: Http, binding: str) -> None:
    assert (await refused(Peer(http, binding, "/agents/nobody").ask("SendMessage", sending()))).reason == "NOT_FOUND"


@both_bindings
@pytest.mark.parametrize(
    ("version", "speaks"),
    [("1.0", True), ("1.0.1", True), (" 1.0 ", True), ("", False), ("0.3", False), ("1.7", False), ("2.0", False), ("x", False)],
)
@meets("version")
async def test_a_version_is_spoken_or_refused(http: Http, binding: str, version: str, speaks: bool) -> None:
    peer = Peer(http, binding, headers={"A2A-Version": version})
    if speaks:
        assert (await peer.ask("ListTasks"))["totalSize"] == 0
    else:
        refusal = await refused(peer.ask("ListTasks"))
        assert (refusal.reason, refusal.code) == ("VERSION_NOT_SUPPORTED", -32009 if binding == JSONRPC else 400)


@meets("version")
async def test_the_version_may_stand_in_the_query(http: Http) -> None:
    for path in ("/a2a/tasks?A2A-Version=1.0", "/a2a/tasks?A2A-Version=9.0"):
        assert (await http.get(path)).status == (200 if path.endswith("1.0") else 400)


@meets("version")
async def test_a_hub_of_one_version_refuses_the_other(hub: Hub) -> None:
    body: Json = {"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": {"id": "x"}}
    for versions, code in ((("1.0",), -32603), (("1.0", "0.3"), -32001)):
        async with serving(hub, Settings(database="memory:", a2a_versions=versions)) as http:
            assert (await (await http.post("/a2a", json=body)).json())["error"]["code"] == code


async def posted(http: Http, body: bytes, path: str = "/a2a", content_type: str = "application/json") -> tuple[int, Any]:
    async with http.post(path, data=body, headers={**VERSION, "Content-Type": content_type}) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("body", "code", "id_"),
    [
        (b"", -32700, None), (b"{", -32700, None), (b"\xff", -32700, None), (b"[]", -32600, None), (b"3", -32600, None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ListTasks"}]', -32600, None), (b'{"id":1,"method":"ListTasks"}', -32600, 1),
        (b'{"jsonrpc":"2.0","id":1}', -32600, 1), (b'{"jsonrpc":"2.0","id":{},"method":"ListTasks"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":true,"method":"ListTasks"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":"a","method":"ListTasks","params":[]}', -32602, "a"),
        (b'{"jsonrpc":"2.0","id":"a","method":"Nothing"}', -32601, "a"), (b'{"jsonrpc":"2.0","id":"a","method":"send"}', -32601, "a"),
    ],
)  # fmt: skip
@meets("envelope")
async def test_what_is_no_request_is_answered_as_json_rpc_says(http: Http, body: bytes, code: int, id_: object) -> None:
    status, answer = await posted(http, body)
    assert (status, answer["error"]["code"], answer["id"]) == (200, code, id_)
    assert answer["error"]["data"][0]["reason"]


@meets("slash")
async def test_a_slash_behind_the_address_does_no_harm(http: Http) -> None:
    assert (await Peer(http, JSONRPC, "/a2a/").ask("ListTasks"))["totalSize"] == 0


@meets("content type")
async def test_a_body_of_another_type_is_refused(http: Http) -> None:
    for path in ("/a2a", "/a2a/message:send"):
        for content_type in ("text/plain", "application/xml", "multipart/form-data"):
            _, answer = await posted(http, b"{}", path, content_type)
            error = answer["error"]
            assert (error.get("data") or error["details"])[0]["reason"] == "CONTENT_TYPE_NOT_SUPPORTED"
        _, answer = await posted(http, b"{}", path, "application/a2a+json")
        assert answer["error"]["code"] in (-32600, 400)


@meets("media type")
async def test_a_client_gets_the_media_type_that_it_asks_for(http: Http) -> None:
    for accept, expected in (("application/a2a+json", "application/a2a+json"), ("*/*", "application/json")):
        for path in ("tasks", "tasks/none"):
            response = await http.get(f"/a2a/{path}", headers={**VERSION, "Accept": accept})
            assert response.content_type == expected


@meets("oversize")
async def test_a_body_that_is_too_large_is_refused_in_each_binding(hub: Hub) -> None:
    async with serving(hub, Settings(database="memory:", max_body_bytes=2_000)) as http:
        body = b'{"a":"%b"}' % (b"a" * 3_000)
        for path in ("/a2a", "/a2a/message:send"):
            status, answer = await posted(http, body, path)
            error = answer["error"]
            assert (status, (error.get("data") or error["details"])[0]["reason"]) == (413, "TOO_LARGE")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404), ("GET", "local/nothing", 404), ("GET", "tasks/a/b", 404), ("GET", "message:send", 405),
        ("DELETE", "tasks", 405), ("POST", "tasks/a", 405), ("GET", "tasks/a:cancel", 405), ("PUT", "tasks/a:subscribe", 405),
        ("PUT", "tasks/a/pushNotificationConfigs", 405), ("POST", "tasks/a/pushNotificationConfigs/b", 405), ("GET", "", 404),
    ],
)  # fmt: skip
@meets("paths")
async def test_what_no_path_means_is_told(http: Http, method: str, path: str, status: int) -> None:
    async with http.request(method, f"/a2a/{path}", headers=VERSION) as response:
        error = (await response.json())["error"]
        assert (response.status, error["code"], error["details"][0]["reason"]) == (status, status, "METHOD_NOT_FOUND")
        assert ("Allow" in response.headers) is (status == 405)


@meets("last event id")
async def test_an_id_that_no_stream_gave_is_refused(http: Http) -> None:
    peer = Peer(http, REST)
    task = await peer.send(immediately=True)
    for last in ("x", "-1", "9" * 20, "999999"):
        async with http.get(f"/a2a/tasks/{task['id']}:subscribe", headers={**VERSION, "Last-Event-ID": last}) as response:
            assert (response.status, (await response.json())["error"]["status"]) == (400, "INVALID_ARGUMENT")


@both_bindings
@pytest.mark.parametrize(
    ("modes", "part", "taken"),
    [
        ("", {"raw": "AA==", "mediaType": "application/x-unsupported"}, False), ("", {"url": "https://a", "mediaType": "image/png"}, False),
        ("", {"text": "a", "mediaType": "text/markdown"}, True), ("", {"data": {}, "mediaType": "application/ld+json"}, True),
        ("", {"raw": "AA==", "mediaType": "Text/Plain; charset=utf-8"}, True), ("", {"raw": "AA=="}, True),
        ("", {"raw": "AA==", "mediaType": "text/markdown"}, False), ("image/*", {"raw": "AA==", "mediaType": "image/png"}, True),
        ("image", {"raw": "AA==", "mediaType": "image/png"}, True), ("image/*", {"text": "a", "mediaType": "text/plain"}, False),
        ("*/*", {"raw": "AA==", "mediaType": "application/x-unsupported"}, True),
    ],
)  # fmt: skip
@meets("taken types", "nothing stored")
async def test_a_part_of_a_type_that_the_agent_does_not_take_is_refused(
    hub: Hub, http: Http, binding: str, modes: str, part: Json, taken: bool
) -> None:
    await ask(hub, "create_agent", agentId="picky", name="Picky", role="CRAFTER", metadata={"inputModes": modes} if modes else {})
    peer = Peer(http, binding, "/agents/picky")
    sent = peer.ask("SendMessage", sending(immediately=True, parts=[part]))
    if taken:
        assert (await sent)["task"]["history"]
        return
    refusal = await refused(sent)
    assert (refusal.reason, refusal.http) == ("CONTENT_TYPE_NOT_SUPPORTED", 200 if binding == JSONRPC else 400)
    assert (await peer.ask("ListTasks"))["totalSize"] == 0


@meets("taken types")
async def test_what_another_node_said_that_an_agent_takes_counts_at_once(hub: Hub, http: Http) -> None:
    await ask(hub, "create_agent", agentId="picky", name="Picky", role="CRAFTER")
    peer, image = Peer(http, base="/agents/picky"), {"raw": "AA==", "mediaType": "image/png"}
    assert (await refused(peer.ask("SendMessage", sending(immediately=True, parts=[image])))).reason == "CONTENT_TYPE_NOT_SUPPORTED"
    await ask(Hub(hub.store), "update_agent", agentId="picky", metadata={"inputModes": "image/*"})
    assert (await peer.ask("SendMessage", sending(immediately=True, parts=[image])))["task"]["history"]
