"""MCP with tokens: the hub's own, and those of an authorization server, which the official client finds by itself."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from hub.app import Hub
from hub.ports import Json
from tests.core.support import ask
from tests.postgres import free_port
from tests.protocols.authorization_server import AuthorizationServer, Key, authorization_server
from tests.protocols.conftest import SETTINGS, Http, serving
from tests.protocols.mcp_messages import MODERN, NEWER, enveloped, headers_for, initialize_params, message
from tests.protocols.requirements import meets

REQUIRED = replace(SETTINGS, auth="required")
CREATE: Json = {"name": "create_task", "arguments": {"title": "t", "objective": "o"}}
LIST = {"name": "list_tasks", "arguments": {}}


@pytest.fixture(scope="module")
def server() -> Iterator[AuthorizationServer]:
    with authorization_server(Key.new("first")) as running:
        yield running


@pytest.fixture
async def guarded(hub: Hub) -> AsyncIterator[Http]:
    async with serving(hub, REQUIRED) as client:
        yield client


async def token(hub: Hub, **fields: Any) -> dict[str, str]:
    """The header of a new one."""
    made = await ask(hub, "create_token", **{"name": "ci"} | fields)
    return {"Authorization": f"Bearer {made['token']}"}


async def opened(http: Http, headers: dict[str, str]) -> dict[str, str]:
    """The headers of a session that these credentials opened, without them."""
    async with http.post("/mcp", json=message("initialize", initialize_params(NEWER)), headers=headers) as response:
        assert response.status == 200
        return {"Mcp-Session-Id": response.headers["Mcp-Session-Id"], "MCP-Protocol-Version": NEWER}


async def called(http: Http, params: Json, headers: dict[str, str], era: str = MODERN) -> tuple[int, str, Json]:
    """The status, the challenge and the answer to a tool call in either era."""
    call = message("tools/call", params)
    if era == MODERN:
        call = enveloped(call)
        headers = headers | headers_for(call)
    else:
        headers = headers | await opened(http, headers)
    async with http.post("/mcp", json=call, headers=headers) as response:
        return response.status, response.headers.get("WWW-Authenticate", ""), await response.json()


@meets("unauthorized")
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_a_client_without_a_token_is_told_what_it_needs(guarded: Http, method: str) -> None:
    body = message("initialize", initialize_params(NEWER)) if method == "POST" else None
    async with guarded.request(method, "/mcp", json=body) as response:
        assert (response.status, response.headers["WWW-Authenticate"]) == (401, 'Bearer scope="read write"')


@meets("unauthorized", "session owner")
async def test_the_id_of_a_session_lets_nobody_in(hub: Hub, guarded: Http) -> None:
    session = await opened(guarded, await token(hub))
    async with guarded.post("/mcp", json=message("ping"), headers=session) as response:
        assert response.status == 401


@meets("session owner", "session unknown")
async def test_a_session_is_used_with_the_token_that_opened_it_alone(hub: Hub, guarded: Http) -> None:
    mine, same_person = await token(hub, subject="ada"), await token(hub, subject="ada")
    session = await opened(guarded, mine)
    stream = session | {"Accept": "application/json, text/event-stream"}
    for other in (same_person, await token(hub, subject="eve"), await token(hub, tenant="blue")):
        async with guarded.post("/mcp", json=message("tools/call", LIST), headers=session | other) as response:
            assert response.status == 404
        async with guarded.get("/mcp", headers=stream | other) as response:
            assert response.status == 404
        assert (await guarded.delete("/mcp", headers=session | other)).status == 404
    async with guarded.post("/mcp", json=message("tools/call", LIST), headers=session | mine) as response:
        assert response.status == 200


@meets("session owner")
async def test_where_no_token_is_asked_for_a_session_still_belongs_to_who_opened_it(hub: Hub, http: Http) -> None:
    mine, nobodys = await opened(http, await token(hub)), await opened(http, {})
    for session, headers in ((mine, {}), (nobodys, await token(hub))):
        async with http.post("/mcp", json=message("ping"), headers=session | headers) as response:
            assert response.status == 404


@meets("insufficient scope")
@pytest.mark.parametrize("era", [NEWER, MODERN])
async def test_a_tool_that_the_token_does_not_open_is_403_with_the_scope_to_ask_for(hub: Hub, guarded: Http, era: str) -> None:
    reader = await token(hub, grants=["read"])
    assert (await called(guarded, LIST, reader, era))[0] == 200
    status, challenge, answer = await called(guarded, CREATE, reader, era)
    assert (status, challenge) == (403, 'Bearer error="insufficient_scope", scope="tasks.write"')
    assert answer["kind"] == "forbidden"
    assert (await ask(hub, "list_tasks"))["tasks"] == []


@meets("tenants")
@pytest.mark.parametrize("era", [NEWER, MODERN])
async def test_tenants_see_nothing_of_each_other_over_mcp(hub: Hub, guarded: Http, era: str) -> None:
    red, blue = await token(hub, tenant="red"), await token(hub, tenant="blue")
    made = (await called(guarded, CREATE, red, era))[2]["result"]["structuredContent"]
    assert (await called(guarded, LIST, blue, era))[2]["result"]["structuredContent"]["tasks"] == []
    found = (await called(guarded, {"name": "get_task", "arguments": {"taskId": made["id"]}}, blue, era))[2]["result"]
    assert found["isError"] is True
    listed = (await called(guarded, LIST, red, era))[2]["result"]["structuredContent"]["tasks"]
    assert [one["id"] for one in listed] == [made["id"]]


class Storage:
    """What the client keeps: in memory."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@meets("oauth")
@pytest.mark.parametrize("mode", ["legacy", MODERN])
@pytest.mark.parametrize("door", ["/mcp", "/api/mcp"])
async def test_the_official_client_finds_the_authorization_server_by_itself(
    hub: Hub, server: AuthorizationServer, mode: str, door: str
) -> None:
    """From our 401 to the metadata, the authorization server, a token for this hub, and the tools."""
    port, storage = free_port(), Storage()
    settings = replace(SETTINGS, port=port, oauth_issuer=server.url)
    async with serving(hub, settings, port=port):
        url = f"{settings.url}{door}"
        provider = ClientCredentialsOAuthProvider(url, storage, "agent", "secret", issuer=server.url)
        with anyio.fail_after(20):
            async with (
                create_mcp_http_client(auth=provider) as http,
                Client(streamable_http_client(url, http_client=http), mode=mode) as client,
            ):
                result = await client.call_tool("create_task", CREATE["arguments"])
    assert not result.is_error
    assert storage.tokens
    assert storage.tokens.scope == "read write"
    assert [event["by"] for event in (await ask(hub, "list_events", kinds=["task"]))["events"]] == ["agent"]


@meets("insufficient scope", "oauth")
async def test_the_official_client_asks_for_a_scope_that_it_turns_out_to_need(hub: Hub, server: AuthorizationServer) -> None:
    port, storage = free_port(), Storage()
    settings = replace(SETTINGS, port=port, oauth_issuer=server.url)
    storage.tokens = OAuthToken(access_token=server.token(f"{settings.url}/mcp", "tasks.read"), scope="tasks.read")
    async with serving(hub, settings, port=port):
        url = f"{settings.url}/mcp"
        provider = ClientCredentialsOAuthProvider(url, storage, "agent", "secret", issuer=server.url)
        with anyio.fail_after(20):
            async with (
                create_mcp_http_client(auth=provider) as http,
                Client(streamable_http_client(url, http_client=http), mode=MODERN) as client,
            ):
                result = await client.call_tool("create_task", CREATE["arguments"])
    assert not result.is_error
    assert storage.tokens.scope
    assert set(storage.tokens.scope.split()) == {"tasks.read", "tasks.write"}
