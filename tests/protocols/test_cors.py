"""Pages of other origins: which may read what the hub answers, and what they are told before they ask."""

from collections.abc import AsyncIterator
from dataclasses import replace

import anyio
import pytest

from hub.app import Hub
from tests.protocols.conftest import SETTINGS, Http, serving

PAGE = "https://app.example.com"
ASKING = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
ALLOW = "Access-Control-Allow-Origin"


@pytest.fixture
async def named(hub: Hub) -> AsyncIterator[Http]:
    """A hub whose operator named the page's origin. A token is needed."""
    async with serving(hub, replace(SETTINGS, allowed_origins=(PAGE,), auth="required")) as http:
        yield http


@pytest.mark.parametrize("path", ["/api/tasks", "/api/rpc", "/mcp", "/acp", "/a2a", "/agents/a", "/api/acp", "/api/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_named_page_may_ask_first_at_every_path_and_needs_no_token_for_that(named: Http, path: str, method: str) -> None:
    wanted = "authorization,content-type,Idempotency-Key,last-event-id,mcp-session-id,mcp-protocol-version,mcp-method,x-evil"
    asking = {**ASKING, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": wanted}
    async with named.options(path, headers=asking) as answer:
        assert (answer.status, await answer.read()) == (204, b"")
        assert answer.headers[ALLOW] == PAGE
        assert answer.headers["Vary"] == "Origin"
        assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
        assert answer.headers["Access-Control-Allow-Headers"].split(", ") == wanted.lower().split(",")[:-1]
        assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_page_of_the_web_may_reach_into_this_network_where_it_asks_for_that(named: Http) -> None:
    private = {**ASKING, "Access-Control-Request-Private-Network": "true"}
    assert (await named.options("/api/tasks", headers=private)).headers["Access-Control-Allow-Private-Network"] == "true"
    assert "Access-Control-Allow-Private-Network" not in (await named.options("/api/tasks", headers=ASKING)).headers


@pytest.mark.parametrize(("path", "status"), [("/api/health", 200), ("/api/tasks", 401), ("/nothing", 401), ("/api/docs", 200)])
async def test_a_named_page_reads_answers_and_refusals(named: Http, path: str, status: int) -> None:
    async with named.get(path, headers={"Origin": PAGE}) as answer:
        assert (answer.status, answer.headers[ALLOW], answer.headers["Vary"]) == (status, PAGE, "Origin")
        assert "Mcp-Session-Id" in answer.headers["Access-Control-Expose-Headers"].split(", ")


@pytest.mark.parametrize("path", ["/api/events", "/api/notes/events"])
async def test_a_named_page_reads_streams(hub: Hub, path: str) -> None:
    async with serving(hub, replace(SETTINGS, allowed_origins=(PAGE,))) as http:
        with anyio.fail_after(5):
            async with http.get(path, headers={"Origin": PAGE}) as stream:
                assert (stream.status, stream.headers[ALLOW], stream.headers["Vary"]) == (200, PAGE, "Origin")
                assert await stream.content.readline()


async def test_a_named_page_reads_the_id_of_its_mcp_session(hub: Hub) -> None:
    params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "page", "version": "1"}}
    request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    headers = {"Origin": PAGE, "Accept": "application/json, text/event-stream"}
    async with serving(hub, replace(SETTINGS, allowed_origins=(PAGE,))) as http, http.post("/mcp", json=request, headers=headers) as answer:
        assert (answer.status, answer.headers[ALLOW]) == (200, PAGE)
        assert answer.headers["Mcp-Session-Id"]


@pytest.mark.parametrize("origin", ["https://evil.example.com", "https://app.example.com:8443", "http://app.example.com", "null", ""])
async def test_no_other_origin_is_told_anything(named: Http, origin: str) -> None:
    for answer in (
        await named.options("/api/tasks", headers={**ASKING, "Origin": origin}), await named.get("/api/health", headers={"Origin": origin}),
    ):  # fmt: skip
        assert answer.status == 403
        assert not [name for name in answer.headers if name.startswith("Access-Control-")]


async def test_pages_of_this_machine_may_call_but_read_nothing_unless_they_are_named(named: Http, http: Http) -> None:
    for hub in (named, http):
        async with hub.get("/api/health", headers={"Origin": "http://localhost:3000"}) as answer:
            assert (answer.status, ALLOW in answer.headers) == (200, False)
    assert (await http.options("/api/tasks", headers={**ASKING, "Origin": "http://localhost:3000"})).status == 405


async def test_what_a_cache_keeps_depends_on_the_origin_also_where_none_asks(named: Http, http: Http) -> None:
    assert (await named.get("/api/health")).headers["Vary"] == "Origin"
    assert "Vary" not in (await http.get("/api/health")).headers
