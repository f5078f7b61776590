"""Whatever comes in: the documented error, nothing stored, nothing told of the inside, and the server goes on."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from hub.access import LOCAL
from hub.app import Hub
from hub.domain.errors import Kind
from hub.domain.tasks import Task
from hub.operations import OPERATIONS
from hub.operations.base import Call, Operation
from hub.operations.tasks import CreateTask
from hub.ports import Json
from protocols.wire import CODES
from stores.memory import MemoryStore
from tests.core.support import new_agent, new_task
from tests.protocols.conftest import Http, serving
from tests.protocols.mcp_messages import MODERN
from tests.protocols.refusals import JSON, SENDING, Send, nothing_happens, refusal, tells_nothing

every_door = pytest.mark.parametrize("send", SENDING.values(), ids=SENDING.keys())
DEEP = b"[" * 10_000 + b"]" * 10_000


@pytest.fixture
async def known(hub: Hub) -> Json:
    """Two tasks, one after the other, and one that was claimed twice."""
    first = await new_task(hub, "first")
    second = await new_task(hub, "second", dependencies=[first])
    agent = await new_agent(hub)
    claim = {"agentId": agent, "taskId": first}
    await hub.call("claim_task", claim, LOCAL)
    await hub.call("release_claim", {"taskId": first, "claimToken": 1}, LOCAL)
    await hub.call("claim_task", claim, LOCAL)
    return {"first": first, "second": second}


WRONG: list[tuple[str, str, Json, Kind]] = [
    ("a field is missing", "create_task", {"title": "t"}, "invalid"),
    ("a field is unknown", "create_task", {"title": "t", "objective": "o", "colour": "red"}, "invalid"),
    ("a field is of another type", "create_task", {"title": ["t"], "objective": "o"}, "invalid"),
    ("a text is too long", "create_task", {"title": "t" * 401, "objective": "o"}, "invalid"),
    ("a choice is unknown", "create_task", {"title": "t", "objective": "o", "priority": "soon"}, "invalid"),
    ("an id is unknown", "create_task", {"title": "t", "objective": "o", "workspaceId": "nowhere"}, "not_found"),
    ("a dependency is unknown", "create_task", {"title": "t", "objective": "o", "dependencies": ["nothing"]}, "not_found"),
    ("a record is unknown", "update_task", {"taskId": "nothing", "title": "t"}, "not_found"),
    ("a version is stale", "update_task", {"taskId": "second", "title": "t", "expectedVersion": 7}, "conflict"),
    ("a fencing token is stale", "update_task", {"taskId": "first", "title": "t", "claimToken": 1}, "conflict"),
    ("dependencies form a cycle", "update_task", {"taskId": "first", "dependencies": ["second"]}, "invalid"),
    ("a task depends on itself", "update_task", {"taskId": "first", "dependencies": ["first"]}, "invalid"),
]


@every_door
@pytest.mark.parametrize(("operation", "arguments", "kind"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
async def test_an_input_that_is_wrong_is_refused_with_its_kind(
    hub: Hub, http: Http, known: Json, send: Send, operation: str, arguments: Json, kind: Kind
) -> None:
    given = {name: known.get(value, value) if isinstance(value, str) else value for name, value in arguments.items()}
    given |= {"dependencies": [known.get(one, one) for one in given["dependencies"]]} if "dependencies" in given else {}
    async with nothing_happens(hub, http):
        refused = await send(http, operation, json.dumps(given).encode())
    assert refused.kind == kind
    expected = {"rest": (CODES[kind].http, None), "rpc": (200, CODES[kind].jsonrpc), "mcp": (200, None)}
    assert (refused.status, refused.code) == expected[next(name for name in expected if SENDING[name] is send or name == "mcp")]
    assert tells_nothing(refused.text)


async def test_an_unknown_operation_is_told_in_each_doors_own_way(hub: Hub, http: Http) -> None:
    async with nothing_happens(hub, http):
        told = {name: await send(http, "drop_tables", b"{}") for name, send in SENDING.items()}
    assert [(told[name].status, told[name].code) for name in SENDING] == [(404, None), (200, -32601), (400, -32602), (200, -32602)]


NO_JSON = {
    "half an object": b'{"title":',
    "words": b"title=t",
    "two documents": b"{} {}",
    "a comment": b"{/* */}",
    "ten thousand levels": b'{"title":"t","objective":"o","contextSearchSpec":{"deep":' + DEEP + b"}}",
    "a raw NUL": b'{"title":"a\x00b","objective":"o"}',
    "an escaped lone surrogate": b'{"title":"\\ud800","objective":"o"}',
    "a raw lone surrogate": b'{"title":"\xed\xa0\x80","objective":"o"}',
    "bytes that are no UTF-8": b'{"title":"\xff\xfe","objective":"o"}',
    "overlong UTF-8": b'{"title":"\xc0\x80","objective":"o"}',
    "not a number": b'{"title":"t","objective":"o","contextSearchSpec":{"n":NaN}}',
    "a number beyond all bounds": b'{"title":"t","objective":"o","contextSearchSpec":{"n":1e999}}',
    "a number of five thousand digits": b'{"title":"t","objective":"o","contextSearchSpec":{"n":' + b"9" * 5_000 + b"}}",
}


@every_door
@pytest.mark.parametrize("arguments", NO_JSON.values(), ids=NO_JSON.keys())
async def test_what_is_no_json_is_refused_as_that(hub: Hub, http: Http, send: Send, arguments: bytes) -> None:
    async with nothing_happens(hub, http):
        refused = await send(http, "create_task", arguments)
    assert refused.status == 400
    assert refused.kind == "invalid" or refused.code == -32700
    assert tells_nothing(refused.text)


NO_INPUT = {
    "an escaped NUL": b'{"title":"a\\u0000b","objective":"o"}',
    "an escaped NUL in a name": b'{"title":"t","objective":"o","contextSearchSpec":{"\\u0000":1}}',
    "two hundred and forty levels": b'{"title":"t","objective":"o","contextSearchSpec":{"n":' + b"[" * 240 + b"]" * 240 + b"}}",
    "a whole number of more than 64 bits": b'{"title":"t","objective":"o","position":18446744073709551616}',
    "a fraction for a whole number": b'{"title":"t","objective":"o","position":1.5}',
    "an array": b'[{"title":"t","objective":"o"}]',
    "text": b'"title"',
    "a number": b"7",
    "false": b"false",
    "an empty array": b"[]",
    "no fields": b"{}",
    "null": b"null",
}


@every_door
@pytest.mark.parametrize("arguments", NO_INPUT.values(), ids=NO_INPUT.keys())
async def test_json_that_is_no_input_is_refused_as_invalid(hub: Hub, http: Http, send: Send, arguments: bytes) -> None:
    async with nothing_happens(hub, http):
        refused = await send(http, "create_task", arguments)
    assert refused.kind == "invalid" or refused.code in (-32600, -32602)
    assert tells_nothing(refused.text)


@every_door
async def test_of_a_name_that_stands_twice_the_last_one_counts(hub: Hub, http: Http, send: Send) -> None:
    """As in JavaScript; the same through every door."""
    refused = await send(http, "create_task", b'{"title":"t","objective":"o","priority":"high","priority":"whenever"}')
    assert refused.kind == "invalid"
    with pytest.raises(AssertionError):
        await send(http, "create_task", b'{"title":"t","objective":"o","priority":"whenever","priority":"high"}')
    assert await hub.store.latest() == 2  # the default workspace and this task


OTHER_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", "")
BODIES = (b"", b"null", b"7", b"[]", b'"x"', b"{", DEEP, b"\xff", b"\xef\xbb\xbf{}")
PATHS = ("/api/tasks", "/api/rpc", "/mcp", "/api/mcp/tools")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:4]))
async def test_a_body_that_says_nothing_is_refused(hub: Hub, http: Http, path: str, body: bytes) -> None:
    headers = JSON | {"MCP-Protocol-Version": MODERN}
    async with nothing_happens(hub, http), http.post(path, data=body, headers=headers) as response:
        refused = refusal(response.status, await response.text())
    assert refused.status == 400
    assert refused.kind == "invalid" or refused.code in (-32700, -32600)
    assert tells_nothing(refused.text)


@pytest.mark.parametrize("path", PATHS)
async def test_a_body_over_the_limit_is_refused_whether_it_says_its_length_or_not(hub: Hub, http: Http, path: str) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        yield b'{"title":"'
        for _ in range(11):
            yield b"x" * 100_000
        yield b'"}'

    async with nothing_happens(hub, http):
        for data in (b'"' + b"x" * 1_000_001 + b'"', in_pieces()):
            async with http.post(path, data=data, headers=JSON) as response:
                refused = refusal(response.status, await response.text())
            assert (refused.status, refused.kind) == (413, "too_large")
            assert "1000000" in refused.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("content_type", OTHER_TYPES)
async def test_a_body_of_another_content_type_is_refused(hub: Hub, http: Http, path: str, content_type: str) -> None:
    """A page of another site may send forms without being asked; it may not send JSON."""
    headers = {"Content-Type": content_type}
    async with nothing_happens(hub, http), http.post(path, data=b'{"title":"t","objective":"o"}', headers=headers) as response:
        refused = refusal(response.status, await response.text())
    assert (refused.status, refused.kind) == (415, "unsupported_media")


@pytest.mark.parametrize("path", [*PATHS, "/api/events", "/api/openapi.json", "/api/docs", "/nowhere"])
@pytest.mark.parametrize(("headers", "status"), [({"Host": "evil.example.com"}, 421), ({"Origin": "https://evil.example.com"}, 403)])
async def test_a_forged_host_or_origin_is_refused_at_every_path(
    hub: Hub, http: Http, path: str, headers: dict[str, str], status: int
) -> None:
    async with nothing_happens(hub, http):
        for method in ("GET", "POST", "OPTIONS"):
            async with http.request(method, path, data=b'{"title":"t","objective":"o"}', headers=JSON | headers) as response:
                refused = refusal(response.status, await response.text())
            assert (refused.status, refused.kind) == (status, "forbidden")
            assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/tasks/%00", 400), ("/api/tasks/%ff", 404), ("/api/tasks/%ed%a0%80", 404), ("/api/tasks/..%2f..%2fetc%2fpasswd", 404),
        (f"/api/tasks/{'x' * 300}", 400), ("/api/tasks?workspaceId=%00", 400), ("/api/tasks?workspaceId=", 400),
        ("/api/tasks?limit=x", 400), ("/api/tasks?nope=1", 400), ("/api/notes/default/%00", 400), ("/api/agents?id=%00", 400),
        ("/api/tasks/'%20OR%201=1", 404), ("/nowhere", 404), ("/api", 404), ("/mcp?profile=nobody-knows", 400),
    ],
)  # fmt: skip
async def test_a_path_or_query_that_names_nothing_is_refused(hub: Hub, http: Http, path: str, status: int) -> None:
    async with nothing_happens(hub, http), http.get(URL(path, encoded=True)) as response:
        refused = refusal(response.status, await response.text())
    assert refused.status == status
    assert tells_nothing(refused.text)


@pytest.mark.parametrize("path", ["/api/health", "/api/events", "/api/rpc/methods", "/mcp", "/api/tasks/ready"])
async def test_a_method_that_a_path_does_not_take_is_told_which_ones_it_takes(hub: Hub, http: Http, path: str) -> None:
    async with nothing_happens(hub, http), http.put(path, json={}) as response:
        assert response.status == 405
        assert "PUT" not in response.headers["Allow"]
        assert response.headers["Allow"] in (await response.json())["error"]


@every_door
async def test_an_accident_inside_is_told_by_a_fixed_text(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    async def create_task(given: CreateTask, call: Call) -> Task:
        raise RuntimeError("SELECT secret FROM /srv/hub.py")

    broken = Hub(MemoryStore(), operations={**OPERATIONS, "create_task": Operation(create_task, "tasks.write", writes=True)})
    async with serving(broken) as http, nothing_happens(broken, http):
        refused = await send(http, "create_task", b'{"title":"t","objective":"o"}')
    assert refused.kind == "internal"
    assert tells_nothing(refused.text)
    assert "secret" not in refused.text
    assert "SELECT secret" in caplog.text


def test_words_from_inside_are_noticed() -> None:
    assert not tells_nothing('Traceback (most recent call last): File "x.py"')
    told: Any = {"error": "There is no task 'x'."}
    assert tells_nothing(json.dumps(told))
