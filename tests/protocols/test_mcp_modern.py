"""MCP 2026-07-28 over HTTP, by hand: every request says all of itself, in its body and in its headers."""

import base64
import json
from typing import Any

import pytest

from hub.ports import Json
from hub.version import VERSION
from tests.protocols.conftest import Http
from tests.protocols.mcp_messages import META, MODERN, NEWER, enveloped, headers_for, message
from tests.protocols.requirements import meets

TOOL = {"name": "get_health", "arguments": {}}


async def asked(http: Http, request: Any, headers: Any) -> tuple[int, Any]:
    async with http.post("/mcp", data=json.dumps(request), headers=headers) as response:
        assert "Mcp-Session-Id" not in response.headers
        return response.status, await response.json() if await response.read() else None


async def modern(http: Http, method: str, params: Json | None = None, **more: str) -> tuple[int, Any]:
    request = enveloped(message(method, params))
    return await asked(http, request, JSON | headers_for(request) | more)


JSON = {"Content-Type": "application/json"}


@meets("discover", "modern results", "no sessions")
async def test_discover_tells_the_versions_and_what_there_is(http: Http) -> None:
    status, answer = await modern(http, "server/discover")
    result = answer["result"]
    assert status == 200
    assert result["supportedVersions"] == [MODERN]
    assert result["capabilities"].keys() == {"tools", "resources", "prompts", "completions", "extensions"}
    assert result["_meta"][f"{META}serverInfo"]["name"] == "trivium"
    assert "create_agent" in result["instructions"]


@meets("modern results", "caching", "no sessions")
@pytest.mark.parametrize(("method", "params"), [("tools/list", {}), ("tools/call", TOOL), ("server/discover", {})])
async def test_a_result_tells_its_type_and_the_server(http: Http, method: str, params: Json) -> None:
    _, answer = await modern(http, method, params)
    assert answer["result"]["resultType"] == "complete"
    info = answer["result"]["_meta"][f"{META}serverInfo"]
    assert (info["name"], info["version"]) == ("trivium", VERSION)
    if method == "tools/list":
        assert (answer["result"]["ttlMs"], answer["result"]["cacheScope"]) == (3_600_000, "public")


@meets("modern results")
async def test_a_failed_tool_is_a_complete_result_too(http: Http) -> None:
    status, answer = await modern(http, "tools/call", {"name": "get_task", "arguments": {"taskId": "nothing"}})
    assert (status, answer["result"]["resultType"], answer["result"]["isError"]) == (200, "complete", True)


@meets("envelope")
@pytest.mark.parametrize("method", ["tools/list", "tools/call", "server/discover"])
@pytest.mark.parametrize("missing", ["protocolVersion", "clientCapabilities", None])
async def test_a_request_without_its_envelope_is_refused(http: Http, method: str, missing: str | None) -> None:
    request = enveloped(message(method, TOOL))
    headers = JSON | headers_for(request)
    if missing:
        del request["params"]["_meta"][f"{META}{missing}"]
    else:
        del request["params"]["_meta"]
    status, answer = await asked(http, request, headers)
    assert (status, answer["error"]["code"]) == (400, -32602)
    assert "_meta" in answer["error"]["message"]


@meets("envelope")
async def test_a_client_need_not_tell_its_name(http: Http) -> None:
    request = enveloped(message("tools/list"))
    del request["params"]["_meta"][f"{META}clientInfo"]
    assert (await asked(http, request, JSON | headers_for(request)))[0] == 200


@meets("modern version")
async def test_a_version_that_is_not_supported_is_told_with_those_that_are(http: Http) -> None:
    request = enveloped(message("tools/list"), "2027-01-01")
    status, answer = await asked(http, request, JSON | headers_for(request, "2027-01-01"))
    assert (status, answer["error"]["code"]) == (400, -32022)
    assert answer["error"]["data"] == {"supported": [MODERN], "requested": "2027-01-01"}
    notification = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
    status, answer = await asked(http, notification, JSON | {"MCP-Protocol-Version": "2027-01-01"})
    assert (status, answer["error"]["code"]) == (400, -32022)


@meets("routing headers")
@pytest.mark.parametrize("name", ["Mcp-Method", "Mcp-Name"])
@pytest.mark.parametrize("value", [None, "other", "", "=?base64?!!!?="])
async def test_headers_that_do_not_repeat_the_body_are_refused(http: Http, name: str, value: str | None) -> None:
    request = enveloped(message("tools/call", TOOL))
    headers = JSON | headers_for(request)
    del headers[name]
    status, answer = await asked(http, request, headers if value is None else headers | {name: value})
    assert (status, answer["error"]["code"], answer["id"]) == (400, -32020, 1)


@meets("routing headers")
async def test_another_version_in_the_header_than_in_the_body_is_refused(http: Http) -> None:
    request = enveloped(message("tools/list"), "2027-01-01")
    status, answer = await asked(http, request, JSON | headers_for(request))
    assert (status, answer["error"]["code"]) == (400, -32020)


@meets("routing headers")
@pytest.mark.parametrize("name", ["Mcp-Method", "Mcp-Name", "MCP-Protocol-Version"])
async def test_a_header_that_stands_twice_is_refused(http: Http, name: str) -> None:
    """Two readers might take different ones."""
    request = enveloped(message("tools/call", TOOL))
    headers = [*(JSON | headers_for(request)).items(), (name, (headers_for(request))[name])]
    status, answer = await asked(http, request, headers)
    assert (status, answer["error"]["code"]) == (400, -32020)


@meets("routing headers")
async def test_a_name_may_be_written_in_base64(http: Http) -> None:
    encoded = base64.b64encode(b"get_health").decode()
    status, answer = await modern(http, "tools/call", TOOL, **{"Mcp-Name": f"=?base64?{encoded}?="})
    assert (status, answer["result"]["isError"]) == (200, False)


@meets("modern methods")
@pytest.mark.parametrize("method", ["initialize", "ping", "logging/setLevel", "resources/subscribe", "nobody/knows"])
async def test_an_unknown_method_is_404_and_the_handshake_is_one(http: Http, method: str) -> None:
    status, answer = await modern(http, method)
    assert (status, answer["error"]["code"], answer["id"]) == (404, -32601, 1)


@meets("modern methods", "unknown tool")
@pytest.mark.parametrize("params", [{"name": "nope", "arguments": {}}, {"name": "get_health", "arguments": []}])
async def test_a_call_that_cannot_be_made_is_invalid_params_and_400(http: Http, params: Json) -> None:
    status, answer = await modern(http, "tools/call", params)
    assert (status, answer["error"]["code"]) == (400, -32602)


@meets("modern accepted")
@pytest.mark.parametrize("method", ["notifications/cancelled", "notifications/nobody/knows"])
async def test_a_notification_is_accepted(http: Http, method: str) -> None:
    notification = {"jsonrpc": "2.0", "method": method, "params": {}}
    assert await asked(http, notification, JSON | {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}) == (202, None)


@meets("no sessions")
async def test_a_session_of_before_means_nothing(http: Http) -> None:
    assert (await modern(http, "tools/list", None, **{"Mcp-Session-Id": "whatever"}))[0] == 200


@meets("tools list")
async def test_the_tools_are_the_same_for_everybody_and_every_time(http: Http) -> None:
    lists = [(await modern(http, "tools/list"))[1]["result"]["tools"] for _ in range(3)]
    assert lists[0] == lists[1] == lists[2]


@meets("version header")
async def test_the_header_decides_the_era(http: Http) -> None:
    """With the version of a handshake the same body needs a session."""
    request = enveloped(message("tools/list"))
    headers = JSON | headers_for(request) | {"MCP-Protocol-Version": NEWER}
    status, answer = await asked(http, request, headers)
    assert (status, answer["error"]["code"]) == (400, -32600)
