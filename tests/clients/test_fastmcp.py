"""FastMCP's client (PyPI: fastmcp) against hubs that are processes: in both eras, over HTTP and over standard input and output.

It has no method to subscribe with: it gives out the SDK's session, on which one subscribes, and its message handler gets the updates.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal

import anyio
import pytest
from fastmcp import Client
from fastmcp.client.messages import MessageHandler
from fastmcp.client.transports import StdioTransport
from mcp.client.subscriptions import ResourceUpdated, listen
from mcp.shared.exceptions import MCPDeprecationWarning
from mcp_types import PromptReference, ResourceUpdatedNotification, TextContent, TextResourceContents

from tests.clients.hubs import PATIENCE, ROOT, Hubs
from tests.clients.stories import CREATED, ERAS, OLD, PROMPT, Ended, Found, address, check

everywhere = pytest.mark.parametrize("over", ["http", "stdio"])
every_era = pytest.mark.parametrize("era", ERAS)


class Heard(MessageHandler):
    def __init__(self) -> None:
        self.updates: asyncio.Queue[str] = asyncio.Queue()

    async def on_resource_updated(self, message: ResourceUpdatedNotification) -> None:
        await self.updates.put(message.params.uri)


@asynccontextmanager
async def connected(hubs: Hubs, over: Literal["http", "stdio"], era: str, heard: Heard) -> AsyncIterator[Client[Any]]:
    command, *arguments = hubs.stdio
    stdio = StdioTransport(command, arguments, {"PYTHONPATH": str(ROOT)}, str(ROOT), keep_alive=False)
    where: Any = hubs.mcp if over == "http" else stdio
    with anyio.fail_after(PATIENCE):
        async with Client(where, mode=era, message_handler=heard) as client:
            yield client


@asynccontextmanager
async def subscribed(client: Client[Any], heard: Heard, uri: str) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    if client.protocol_version == OLD:
        with pytest.warns(MCPDeprecationWarning):
            await client.session.subscribe_resource(uri)
        yield heard.updates.get
    else:
        async with listen(client.session, resource_subscriptions=[uri]) as events:

            async def updated() -> str:
                event = await anext(events)
                assert isinstance(event, ResourceUpdated)
                return event.uri

            yield updated


@everywhere
@every_era
async def test_it_lists_calls_reads_gets_and_completes(hubs: Hubs, era: str, over: Literal["http", "stdio"]) -> None:
    async with connected(hubs, over, era, Heard()) as client:
        called = await client.call_tool("create_task", CREATED)
        assert called.structured_content
        [read] = await client.read_resource(address(called.structured_content["id"]))
        first = (await client.get_prompt("start_working", PROMPT)).messages[0].content
        role = await client.complete(PromptReference(name="start_working"), {"name": "role", "value": "d"})
        assert isinstance(read, TextResourceContents)
        assert isinstance(first, TextContent)
        found = Found(
            version=str(client.protocol_version),
            tools=[tool.name for tool in await client.list_tools()],
            resources=[resource.uri for resource in await client.list_resources()],
            templates=[template.uri_template for template in await client.list_resource_templates()],
            prompts=[prompt.name for prompt in await client.list_prompts()],
            task=called.structured_content, read=read.text, prompt=first.text, completed=role.values,
        )  # fmt: skip
        assert called.data.id == found["task"]["id"], "it makes an object of the answer, by the output schema"
    check(found, ERAS[era])


@everywhere
@every_era
async def test_it_is_told_of_a_change_made_on_another_hub_and_of_progress(hubs: Hubs, era: str, over: Literal["http", "stdio"]) -> None:
    heard, task = Heard(), await hubs.new_task("Before")
    seconds: list[float] = []
    begun = asyncio.Event()

    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        seconds.append(progress)
        begun.set()

    async with connected(hubs, over, era, heard) as client, subscribed(client, heard, address(task)) as updated:
        waiting = asyncio.create_task(client.call_tool("wait_for_task", {"taskId": task}, progress_handler=progressed))
        await begun.wait()
        await hubs.complete(task)
        assert await updated() == address(task)
        answer = (await waiting).structured_content
    assert answer
    Ended(seconds, answer).check()
