"""MCP's streamable HTTP, by hand: what the transport promises, in both eras."""

import asyncio
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.ports import Json
from hub.version import VERSION
from protocols.mcp import sessions
from protocols.mcp.asking import Asker
from protocols.mcp.session import Session
from protocols.mcp.sessions import Sessions
from protocols.mcp.surface import Surface
from tests.core.support import new_agent
from tests.protocols.conftest import Http
from tests.protocols.mcp_messages import LEGACY, MODERN, NEWER, enveloped, headers_for, initialize_params, message
from tests.protocols.mcp_requirements import ROWS
from tests.protocols.refusals import session
from tests.protocols.requirements import meets, mismatches

TOOL = {"name": "get_health", "arguments": {}}


async def asked(http: Http, body: Any, headers: dict[str, str] | None = None, path: str = "/mcp") -> tuple[int, Any]:
    async with http.post(path, json=body, headers=headers) as response:
        return response.status, await response.json() if await response.read() else None


@meets("negotiation", "server info", "session id", "content type")
@pytest.mark.parametrize(
    ("wanted", "given"), [(LEGACY, LEGACY), (NEWER, NEWER), ("2024-11-05", "2024-11-05"), (MODERN, NEWER), ("1999-01-01", NEWER)]
)
async def test_a_handshake_agrees_on_a_version(http: Http, wanted: str, given: str) -> None:
    async with http.post("/mcp", json=message("initialize", initialize_params(wanted))) as response:
        result = (await response.json())["result"]
        assert (response.status, response.content_type) == (200, "application/json")
        assert response.headers["Mcp-Session-Id"].isascii()
        assert response.headers["Mcp-Session-Id"].isprintable()
    assert result["protocolVersion"] == given
    assert (result["serverInfo"]["name"], result["serverInfo"]["version"]) == ("trivium", VERSION)
    assert "tools" in result["capabilities"]
    assert "create_agent" in result["instructions"]


@meets("initialize refused")
@pytest.mark.parametrize("params", [{}, {"protocolVersion": 5}, {"protocolVersion": NEWER}, [], None])
async def test_a_handshake_that_fails_opens_no_session(http: Http, params: Any) -> None:
    async with http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}) as response:
        assert (await response.json())["error"]["code"] in (-32600, -32602)
        assert "Mcp-Session-Id" not in response.headers


@meets("session id", "session delete", "session unknown", "ping")
async def test_a_session_is_used_until_it_is_deleted(http: Http) -> None:
    async with session(http) as headers, session(http, LEGACY) as others:
        assert headers["Mcp-Session-Id"] != others["Mcp-Session-Id"]
        assert await asked(http, message("ping", id_="p"), headers) == (200, {"jsonrpc": "2.0", "id": "p", "result": {}})
        assert (await asked(http, message("tools/call", TOOL), headers))[1]["result"]["structuredContent"]["status"] == "ok"
    status, answer = await asked(http, message("ping", id_="p"), headers)
    assert (status, answer["error"]["code"], answer["id"]) == (404, -32602, "p")
    assert "not found" in answer["error"]["message"]
    assert (await http.delete("/mcp", headers=headers)).status == 404


@meets("session required", "session unknown")
@pytest.mark.parametrize("method", ["ping", "tools/list", "tools/call", "notifications/initialized"])
async def test_without_a_session_there_is_only_initialize(http: Http, method: str) -> None:
    status, answer = await asked(http, message(method, TOOL))
    assert (status, answer["error"]["code"]) == (400, -32600)
    assert (await asked(http, message(method, TOOL), {"Mcp-Session-Id": "ü"}))[0] == 404
    assert (await asked(http, message("initialize", initialize_params()), {"Mcp-Session-Id": "gone"}))[0] == 404
    assert (await http.delete("/mcp")).status == 400


@meets("session owner")
async def test_a_session_is_nobody_elses(hub: Hub) -> None:
    opened = Sessions()
    mine = Session(Surface(hub).server("core"), Asker(LOCAL))
    await opened.add(mine)
    assert opened.get(mine.id, LOCAL) is mine
    assert opened.get(mine.id, Caller(subject="somebody else")) is None


@meets("session room", "idle")
async def test_sessions_that_are_idle_for_an_hour_make_room_first(hub: Hub) -> None:
    now = 0.0
    opened, made = Sessions(lambda: now), Surface(hub).server("core")
    old, used = Session(made, Asker(LOCAL)), Session(made, Asker(LOCAL))
    for one in (old, used):
        await opened.add(one)
    now = sessions.IDLE
    assert opened.get(used.id, LOCAL)
    now += 1
    assert opened.get(old.id, LOCAL) is None
    assert len(opened) == 2
    await opened.add(Session(made, Asker(LOCAL)))
    assert opened.get(used.id, LOCAL)
    assert len(opened) == 2


@meets("session room", "session unknown")
async def test_there_are_only_so_many_sessions_and_the_least_used_goes(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST", 3)
    opened = []
    for _ in range(5):
        async with http.post("/mcp", json=message("initialize", initialize_params())) as response:
            opened.append({"Mcp-Session-Id": response.headers["Mcp-Session-Id"]})
        assert (await asked(http, message("ping"), opened[0]))[0] == 200
    assert [(await asked(http, message("ping"), one))[0] for one in opened] == [200, 404, 404, 200, 200]


@meets("get")
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_the_newest_era_has_no_sessions_to_get_or_delete(http: Http, method: str) -> None:
    async with http.request(method, "/mcp", headers={"MCP-Protocol-Version": MODERN}) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"


@meets("get", "session required", "session unknown")
async def test_the_stream_of_a_session_is_for_those_who_take_streams(http: Http) -> None:
    async with session(http) as headers:
        for said, status in ((headers, 406), ({"Mcp-Session-Id": "gone"}, 404), ({}, 400)):
            async with http.get("/mcp", headers={"Accept": "application/json", **said}) as response:
                assert response.status == status
                assert "error" in await response.json()


ACCEPTED = (
    None, "", "*/*", "application/*", "application/json", "application/json, text/event-stream", "APPLICATION/JSON", "text/html, */*;q=0.1",
)  # fmt: skip


@meets("accept")
@pytest.mark.parametrize("accept", ACCEPTED)
async def test_a_client_that_takes_json_is_answered(http: Http, accept: str | None) -> None:
    async with session(http) as headers:
        said = {} if accept is None else {"Accept": accept}
        async with http.post("/mcp", json=message("ping"), headers=headers | said, skip_auto_headers=["Accept"]) as response:
            assert response.status == 200


@meets("accept")
@pytest.mark.parametrize("accept", ["text/event-stream", "text/html", "application/xml"])
async def test_a_client_that_does_not_take_json_is_told(http: Http, accept: str) -> None:
    status, answer = await asked(http, message("initialize", initialize_params()), {"Accept": accept})
    assert (status, answer["error"]["code"]) == (406, -32600)


@meets("accepted")
@pytest.mark.parametrize(
    "body",
    [
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}},
        {"jsonrpc": "2.0", "method": "notifications/nobody/knows", "params": {"a": []}},
        {"jsonrpc": "2.0", "method": "notifications/progress", "params": []},
        {"jsonrpc": "2.0", "id": 4, "result": {}},
        {"jsonrpc": "2.0", "id": 4, "error": {"code": 1, "message": "no"}},
    ],
)
async def test_what_wants_no_answer_is_accepted_without_one(http: Http, body: Json) -> None:
    async with session(http) as headers:
        assert await asked(http, body, headers) == (202, None)


@meets("one message")
@pytest.mark.parametrize("body", [[], [message("ping")], [message("ping"), message("ping")], {}, {"id": 1, "method": "ping"}, 7, "ping"])
async def test_a_body_that_is_not_one_message_is_refused(http: Http, body: Any) -> None:
    async with session(http) as headers:
        status, answer = await asked(http, body, headers)
        assert (status, answer["error"]["code"], answer["id"]) == (400, -32600, None)


@meets("batch")
async def test_the_one_version_with_batches_answers_each_request_in_its_order(http: Http) -> None:
    async with session(http, "2025-03-26") as headers:
        notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        call = message("tools/call", TOOL, id_="c")
        status, answers = await asked(http, [message("ping", id_=7), notification, call, 5, message("initialize", id_=8)], headers)
        assert status == 200
        assert [answer["id"] for answer in answers] == [7, "c", None, 8]
        assert answers[1]["result"]["structuredContent"]["status"] == "ok"
        assert [answer["error"]["code"] for answer in answers[2:]] == [-32600, -32600]
        assert await asked(http, [notification, notification], headers) == (202, None)
        for body in ([], [message("ping")] * 101):
            assert (await asked(http, body, headers))[0] == 400


@meets("ids")
@pytest.mark.parametrize("id_", [0, 1, -1, 2**53, "", "a", "ü"])
async def test_an_id_comes_back_as_it_is(http: Http, id_: Any) -> None:
    async with session(http) as headers:
        for request in (message("ping", id_=id_), message("tools/call", TOOL, id_)):
            answer = (await asked(http, request, headers))[1]
            assert (answer["id"], type(answer["id"]), "result" in answer) == (id_, type(id_), True)


@meets("ids")
@pytest.mark.parametrize("id_", [None, 1.5, True, [], {}])
async def test_an_id_of_another_type_is_refused(http: Http, id_: Any) -> None:
    async with session(http) as headers:
        status, answer = await asked(http, message("ping", id_=id_), headers)
        assert (status, answer["error"]["code"], answer["id"]) == (400, -32600, None)
    request = enveloped(message("tools/list", id_=id_))
    assert (await asked(http, request, headers_for(request)))[0] == 400


@meets("version header")
async def test_a_version_that_nobody_knows_is_refused(http: Http) -> None:
    async with session(http) as headers:
        assert (await asked(http, message("ping"), headers | {"MCP-Protocol-Version": "1999-01-01"}))[0] == 400
        assert (await asked(http, message("ping"), {"Mcp-Session-Id": headers["Mcp-Session-Id"]}))[0] == 200


@meets("session id")
async def test_calls_of_one_session_run_side_by_side(hub: Hub, http: Http) -> None:
    agent = await new_agent(hub)
    async with session(http) as headers:
        call = {"name": "append_message", "arguments": {"agentId": agent, "role": "USER", "content": "c"}}
        answers = await asyncio.gather(*(asked(http, message("tools/call", call, number), headers) for number in range(20)))
    assert sorted(answer["id"] for _, answer in answers) == [*range(20)]
    assert sorted(answer["result"]["structuredContent"]["turn"] for _, answer in answers) == [*range(1, 21)]


@meets("addresses")
@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/api/mcp", "/api/mcp/"])
async def test_the_door_has_four_addresses(http: Http, path: str) -> None:
    assert (await asked(http, message("initialize", initialize_params()), path=path))[0] == 200
    request = enveloped(message("tools/call", TOOL))
    assert (await asked(http, request, headers_for(request), path))[1]["result"]["isError"] is False


def test_every_requirement_has_a_test_and_every_test_a_requirement() -> None:
    names = sorted(file.stem for file in Path(__file__).parent.glob("test_mcp*.py"))
    assert mismatches(ROWS, *(import_module(f"tests.protocols.{name}") for name in names)) == []
