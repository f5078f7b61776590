"""The official SDK's client (PyPI: mcp) against hubs that are processes: in both eras, over HTTP and over standard input and output."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal, cast

import anyio
import pytest
from mcp import Client
from mcp.client.session import IncomingMessage
from mcp.client.stdio import StdioServerParameters
from mcp.client.subscriptions import ResourceUpdated, SubscriptionLost
from mcp.shared.exceptions import MCPDeprecationWarning
from mcp_types import ProgressNotification, PromptReference, ResourceUpdatedNotification, TextContent, TextResourceContents

from tests.clients.hubs import PATIENCE, ROOT, Hubs
from tests.clients.stories import CREATED, ERAS, NEW, OLD, PROMPT, Ended, Found, address, check
from tests.clients.wires import Wire

Over = Literal["http", "stdio"]
Updates = Callable[[], Awaitable[str]]
"""The URI of the next resource that has changed."""
everywhere = pytest.mark.parametrize("over", ["http", "stdio"])
every_era = pytest.mark.parametrize("era", ERAS)


class Heard:
    """What the server says by itself."""

    def __init__(self) -> None:
        self.updates: asyncio.Queue[str] = asyncio.Queue()
        self.progress: asyncio.Queue[object] = asyncio.Queue()
        """The token of each notification."""

    async def __call__(self, message: IncomingMessage) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            await self.updates.put(message.params.uri)
        elif isinstance(message, ProgressNotification):
            await self.progress.put(message.params.progress_token)


@asynccontextmanager
async def connected(server: str | list[str], era: str, heard: Heard | None = None) -> AsyncIterator[Client]:
    """To a hub's address, or to a command that is one."""
    where: Any = server
    if isinstance(server, list):
        where = StdioServerParameters(command=server[0], args=server[1:], cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    with anyio.fail_after(PATIENCE):
        async with Client(where, mode=era, message_handler=heard) as client:
            yield client


def server(hubs: Hubs, over: Over) -> str | list[str]:
    return hubs.mcp if over == "http" else hubs.stdio


@asynccontextmanager
async def subscribed(client: Client, heard: Heard, uri: str) -> AsyncIterator[Updates]:
    if client.protocol_version == OLD:
        with pytest.warns(MCPDeprecationWarning):  # the SDK says that 2026-07-28 has it no more
            await client.subscribe_resource(uri)
        yield heard.updates.get
    else:
        async with client.listen(resource_subscriptions=[uri]) as events:

            async def updated() -> str:
                event = await anext(events)
                assert isinstance(event, ResourceUpdated)
                return event.uri

            yield updated


async def wait_for(client: Client, task: str, told: Callable[[float], None]) -> dict[str, Any]:
    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        told(progress)

    result = await client.call_tool("wait_for_task", {"taskId": task}, progress_callback=progressed)
    assert not result.is_error
    return cast(dict[str, Any], result.structured_content)


@everywhere
@every_era
async def test_it_lists_calls_reads_gets_and_completes(hubs: Hubs, era: str, over: Over) -> None:
    async with connected(server(hubs, over), era) as client:
        called = await client.call_tool("create_task", CREATED)
        assert called.structured_content
        [read] = (await client.read_resource(address(called.structured_content["id"]))).contents
        first = (await client.get_prompt("start_working", PROMPT)).messages[0].content
        role = await client.complete(PromptReference(name="start_working"), {"name": "role", "value": "d"})
        assert isinstance(read, TextResourceContents)
        assert isinstance(first, TextContent)
        found = Found(
            version=client.protocol_version,
            tools=[tool.name for tool in (await client.list_tools()).tools],
            resources=[resource.uri for resource in (await client.list_resources()).resources],
            templates=[template.uri_template for template in (await client.list_resource_templates()).resource_templates],
            prompts=[prompt.name for prompt in (await client.list_prompts()).prompts],
            task=called.structured_content, read=read.text, prompt=first.text, completed=role.completion.values,
        )  # fmt: skip
    check(found, ERAS[era])


@everywhere
@every_era
async def test_it_is_told_of_a_change_made_on_another_hub(hubs: Hubs, era: str, over: Over) -> None:
    heard, task = Heard(), await hubs.new_task("Before")
    other = await hubs.new_task("Another")
    async with connected(server(hubs, over), era, heard) as client, subscribed(client, heard, address(task)) as updated:
        for title in ("Once", "Again"):
            await hubs.retitle(other, title)
            await hubs.retitle(task, title)
            assert await updated() == address(task)
            [read] = (await client.read_resource(address(task), cache_mode="bypass")).contents
            assert isinstance(read, TextResourceContents)
            assert f'"title":"{title}"' in read.text


@everywhere
@every_era
async def test_it_hears_progress_until_it_cancels_the_call_or_the_call_ends(hubs: Hubs, era: str, over: Over) -> None:
    heard, ended, left = Heard(), await hubs.new_task("Ends"), await hubs.new_task("Goes on")
    async with connected(server(hubs, over), era, heard) as client:
        withdrawn = await heard_first(client, heard, left)
        progress: list[float] = []
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(wait_for(client, ended, progress.append))
            assert withdrawn not in {await heard.progress.get() for _ in range(2)}
            await hubs.complete(ended)
        Ended(progress, waiting.result()).check()


async def heard_first(client: Client, heard: Heard, task: str) -> object:
    """Wait for the task up to the first progress, and cancel. The progress token; what the hub said before it knew is forgotten."""
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(wait_for(client, task, lambda progress: None))
        token = await heard.progress.get()
        waiting.cancel()
    assert waiting.cancelled()
    await client.list_prompts(cache_mode="bypass")
    while not heard.progress.empty():
        heard.progress.get_nowait()
    return token


async def test_in_the_handshake_era_a_lost_connection_loses_no_update_and_no_answer(hubs: Hubs) -> None:
    """The updates are on the GET stream, the answer is on the stream of its POST: each is taken up where it was lost."""
    heard, task = Heard(), await hubs.new_task("Before")
    async with Wire(hubs.mcp).open() as wire, connected(wire.url, "legacy", heard) as client:
        async with subscribed(client, heard, address(task)) as updated, asyncio.TaskGroup() as group:
            progress: list[float] = []
            waiting = group.create_task(wait_for(client, task, progress.append))
            await heard.progress.get()
            await hubs.retitle(task, "With a connection")
            assert await updated() == address(task)
            wire.cut()
            await hubs.complete(task)
            assert heard.updates.empty()
            wire.mend()
            assert await updated() == address(task)
        assert wire.sent.lower().count(b"last-event-id: ") == 2
        Ended(progress, waiting.result()).check()


async def test_in_the_newest_era_a_lost_connection_is_told_and_the_client_listens_anew(hubs: Hubs) -> None:
    """2026-07-28 resumes nothing: the client listens again, and reads what it follows."""
    task = await hubs.new_task("Before")
    async with Wire(hubs.mcp).open() as wire, connected(wire.url, NEW) as client:
        async with subscribed(client, Heard(), address(task)) as updated:
            wire.cut()
            wire.mend()
            with pytest.raises(SubscriptionLost):
                await updated()
        async with subscribed(client, Heard(), address(task)) as updated:
            await hubs.retitle(task, "Afterwards")
            assert await updated() == address(task)
