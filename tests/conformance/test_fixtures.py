"""The fixtures' server on the hub's own door. What each fixture does, the suite looks at itself."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from hub.access import LOCAL
from hub.app import Hub
from hub.domain.tasks import Task
from hub.ports import Json
from stores.memory import MemoryStore
from tests.protocols.conftest import SETTINGS, Http, serving
from tests.protocols.mcp_messages import META, enveloped, headers_for, message


@pytest.fixture
async def fixtures() -> AsyncIterator[Http]:
    async with serving(Hub(MemoryStore()), replace(SETTINGS, conformance=True)) as http:
        yield http


async def asked(http: Http, method: str, params: Json | None = None, extensions: Json | None = None) -> tuple[int, Any]:
    request = enveloped(message(method, params))
    request["params"]["_meta"][f"{META}clientCapabilities"] = {"extensions": extensions or {}}
    async with http.post("/mcp", json=request, headers=headers_for(request)) as response:
        return response.status, await response.json()


async def names(http: Http) -> list[str]:
    _, answer = await asked(http, "tools/list")
    return [tool["name"] for tool in answer["result"]["tools"]]


async def test_the_fixtures_are_there_only_when_they_are_asked_for(fixtures: Http) -> None:
    async with serving(Hub(MemoryStore())) as http:
        own = await names(http)
    served = await names(fixtures)
    assert served[0] == "test_simple_text"
    assert not {*own} & {*served}


async def test_a_tool_that_is_not_there_is_a_protocol_error_as_on_the_hub(fixtures: Http) -> None:
    async with serving(Hub(MemoryStore())) as http:
        own = await asked(http, "tools/call", {"name": "nothing", "arguments": {}})
    served = await asked(fixtures, "tools/call", {"name": "nothing", "arguments": {}})
    assert (served[0], served[1]["error"]["code"]) == (own[0], own[1]["error"]["code"]) == (400, -32602)


async def test_closing_the_hub_ends_the_jobs_and_leaves_their_tasks_as_they_are() -> None:
    hub, before = Hub(MemoryStore()), asyncio.all_tasks()
    async with serving(hub, replace(SETTINGS, conformance=True)) as http:
        call = {"name": "slow_compute", "arguments": {"seconds": 60}}
        _, answer = await asked(http, "tools/call", call, {f"{META}tasks": {}})
    assert asyncio.all_tasks() <= before
    task = await hub.call("get_task", {"taskId": answer["result"]["taskId"]}, LOCAL)
    assert isinstance(task, Task)
    assert task.status == "IN_PROGRESS"
