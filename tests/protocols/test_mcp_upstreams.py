"""The hub as a client of other MCP servers, which are real processes: their tools, what they answer, how they change."""

import re
from collections.abc import AsyncIterator
from typing import Any

import anyio
import orjson
import pytest
from mcp import Client

from hub.access import LOCAL
from hub.app import Hub
from hub.domain.errors import Invalid, UnknownOperation
from hub.domain.mcp_servers import McpServer
from protocols.mcp.upstreams import Upstreams, workspace_of
from protocols.mcp.upstreams.tools import of_server
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import ask
from tests.protocols.conftest import serving
from tests.protocols.mcp_messages import MODERN
from tests.protocols.requirements import meets
from tests.protocols.upstreams.running import OLD, SERVER, Running, called, fails, into, names, register, running, text, upstreams_of


@pytest.fixture
def hub() -> Hub:
    return Hub(MemoryStore(), vault=vault.ephemeral())


@pytest.fixture
async def upstreams(hub: Hub) -> AsyncIterator[Upstreams]:
    async with upstreams_of(hub) as made:
        yield made


@meets("upstream eras", "upstream tools", "upstream results")
async def test_tools_of_servers_of_both_eras_and_both_transports_are_called_through_the_hub(hub: Hub, upstreams: Upstreams) -> None:
    async with running(SERVER) as web, running(OLD) as old, running(OLD, "streams") as streams:
        places: dict[str, Running | str] = {"web": web, "program": SERVER, "old": old, "streams": streams, "pipe": OLD}
        for id_, where in places.items():
            await register(hub, id_, where)
        seen = await names(upstreams)
        assert len(seen) == len(set(seen))
        assert {name.partition("__")[0] for name in seen} == {"web", "program", "old", "streams", "pipe"}
        for id_ in ("web", "program"):
            assert (await called(upstreams, f"{id_}__echo", text="hi"))["structuredContent"]["text"] == "hi"
            assert (await called(upstreams, f"{id_}__fail"))["isError"] is True
        for id_ in ("old", "streams", "pipe"):
            result = await called(upstreams, f"{id_}__echo", structured=True, ping=True)
            assert result["_meta"] == {"mine": True}
            assert result["structuredContent"] == {"number": 1.0, "whole": 12345678901}
            assert "isError" not in result
        versions = {id_: (await upstreams.test(LOCAL, id_))["protocolVersion"] for id_ in ("web", "program", "old", "pipe")}
    assert versions == {"web": MODERN, "program": MODERN, "old": "2025-06-18", "pipe": "2025-06-18"}


@meets("upstream tools")
async def test_the_hubs_own_clients_see_the_tools_beside_the_hubs_and_call_them(hub: Hub) -> None:
    await register(hub, "program", SERVER)
    await register(hub, "pipe", OLD)
    for mode in ("legacy", MODERN):
        async with serving(hub) as http:
            with anyio.fail_after(30):
                async with Client(str(http.make_url("/mcp")), mode=mode) as client:
                    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
                    assert "create_task" in listed
                    echo = listed["program__echo"]
                    assert echo.description == "[program] Say it again."
                    assert echo.annotations
                    assert (echo.annotations.open_world_hint, echo.annotations.read_only_hint) == (True, True)
                    result = await client.call_tool("program__echo", {"text": "hi"})
                    assert result.structured_content
                    assert result.structured_content["text"] == "hi"
                    progress: list[Any] = []

                    assert not (await client.call_tool("program__count", {"to": 3}, progress_callback=into(progress))).is_error
                    assert progress == [(1, 3, "at 1"), (2, 3, "at 2"), (3, 3, "at 3")]
                    marked = await client.call_tool("pipe__echo", {})
                    assert marked.meta
                    assert marked.meta["mine"] is True


@meets("upstream tools")
def test_names_are_short_plain_and_each_there_once() -> None:
    server = McpServer(id="s", name="S", type="http", prefix="a-prefix-of-24-letters-x")
    originals = ["get_task", "getTask", "GetTask", "get.task", "ÄÖÜ", "日本", "x" * 128, "x" * 127 + "y", "_private", "-"]
    shape = {"type": "object"}
    shown = of_server(server, [{"name": name, "inputSchema": shape} for name in originals])
    assert len(shown) == len(originals)
    assert all(re.fullmatch("[a-z0-9_-]{1,60}", name) for name in shown)
    assert {tool.original for tool in shown.values()} == set(originals)
    assert shown["a-prefix-of-24-letters-x__get_task"].original == "get_task"
    more = of_server(server, [{"name": name, "inputSchema": shape} for name in [*originals, "another"]])
    assert shown.keys() < more.keys()
    odd: list[Any] = [{"name": "no_schema"}, {"name": "", "inputSchema": shape}, {"name": 7, "inputSchema": shape}, {"inputSchema": shape}]
    assert of_server(server, odd) == {}


@meets("upstream progress")
@pytest.mark.parametrize("where", ["http", "stdio"])
async def test_progress_is_passed_on(hub: Hub, upstreams: Upstreams, where: str) -> None:
    async with running(SERVER) as web:
        await register(hub, "s", web if where == "http" else SERVER)
        told: list[Any] = []
        result = orjson.loads(await upstreams.call(LOCAL, "s__count", {"to": 4}, into(told)))
        assert result["structuredContent"] == {"result": 4}
        assert told == [(at, 4, f"at {at}") for at in range(1, 5)]


@meets("upstream changes")
@pytest.mark.parametrize("where", ["old", "pipe", "web", "program"])
async def test_a_new_tool_of_a_server_is_seen(hub: Hub, upstreams: Upstreams, where: str) -> None:
    more = "more" if where in ("old", "pipe") else "get_more"
    async with running(OLD, "streams") as old, running(SERVER) as web:
        places: dict[str, Running | str] = {"old": old, "pipe": OLD, "web": web, "program": SERVER}
        await register(hub, "s", places[where])
        before = await names(upstreams)
        await text(upstreams, f"s__{more}")
        with anyio.fail_after(10):
            while (after := await names(upstreams)) == before:
                await anyio.lowlevel.checkpoint()
        [new] = set(after) - set(before)
        assert await text(upstreams, new)


@meets("upstream tools")
async def test_a_workspace_shows_its_own_servers_only(hub: Hub, upstreams: Upstreams) -> None:
    await ask(hub, "create_workspace", id="lab", title="Lab")
    await register(hub, "s", OLD, workspaceId="lab")
    assert await names(upstreams) == []
    assert "s__echo" in [tool["name"] for tool in await upstreams.tools(LOCAL, "lab")]
    assert workspace_of({"workspace": "a", "wsId": "b"}, {"Trivium-Workspace": "c"}) == "a"
    assert workspace_of({"wsId": "b"}, {"Trivium-Workspace": "c"}) == "b"
    assert workspace_of({}, {"Routa-Workspace-Id": "d"}) == "d"
    assert workspace_of({}, {}) == "default"


@meets("upstream test")
async def test_a_server_is_tried_and_the_report_says_what_to_do_next(hub: Hub, upstreams: Upstreams) -> None:
    async with running(OLD) as old:
        await register(hub, "good", old)
        good = await upstreams.test(LOCAL, "good")
        assert good.pop("milliseconds") >= 0
        assert good == {
            "id": "good", "name": "good", "prefix": "good", "ok": True, "protocolVersion": "2025-06-18",
            "serverInfo": {"name": "old", "version": "1"}, "tools": 4,
        }  # fmt: skip
        await register(hub, "sse", Running(OLD), type="sse")
    bad = await upstreams.test(LOCAL, "sse")
    assert bad["ok"] is False
    assert "streamable HTTP" in bad["error"]
    assert "update_mcp_server" in bad["nextStep"]


@meets("upstream test", "web tools")
async def test_the_web_api_tries_one_server_or_all_and_lists_their_tools(hub: Hub) -> None:
    await register(hub, "program", SERVER)
    await register(hub, "gone", "nobody")
    async with serving(hub) as http:
        async with http.get("/api/test-mcp", params={"id": "program"}) as response:
            one = await response.json()
        async with http.get("/api/test-mcp") as response:
            every = await response.json()
        async with http.get("/api/mcp/tools") as response:
            listed = {tool["name"] for tool in (await response.json())["tools"]}
        async with http.get("/api/test-mcp", params={"id": "nothing"}) as response:
            assert response.status == 404
    assert (one["ok"], one["servers"][0]["tools"] > 0) == (True, True)
    assert (every["ok"], {report["id"]: report["ok"] for report in every["servers"]}) == (False, {"program": True, "gone": False})
    assert {"program__echo", "create_task"} <= listed


@meets("upstream results")
async def test_what_a_server_refuses_is_told_in_its_own_words(hub: Hub, upstreams: Upstreams) -> None:
    await register(hub, "s", SERVER)
    error = await fails(upstreams, "s__nothing_like_it")
    assert isinstance(error, UnknownOperation)
    result = await called(upstreams, "s__echo", text=7)
    assert result["isError"] is True
    assert not isinstance(error, Invalid)
