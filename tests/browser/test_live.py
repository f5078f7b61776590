"""A change made through any door shows at once in every open page."""

import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

import pytest
from aiohttp import ClientSession
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import PAGE
from tests.cli.conftest import Trivium
from tests.protocols.a2a import sending
from tests.protocols.mcp_messages import enveloped, headers_for, message

CHANGES = 15
"""Made through each door, one after the other."""
SOON = 0.1
"""Seconds from the change's answer to what is shown, in the middle of all."""
Change = Callable[[ClientSession, Trivium, str], Awaitable[Any]]


async def through_rest(http: ClientSession, _: Trivium, title: str) -> None:
    async with http.post("/api/tasks", json={"title": title, "objective": "be seen", "workspaceId": "default"}) as answer:
        assert answer.status == 201


async def through_mcp(http: ClientSession, _: Trivium, title: str) -> None:
    call = enveloped(message("tools/call", {"name": "create_task", "arguments": {"title": title, "objective": "be seen"}}))
    async with http.post("/mcp", json=call, headers=headers_for(call)) as answer:
        assert (answer.status, '"isError":true' in await answer.text()) == (200, False)


async def through_a2a(http: ClientSession, _: Trivium, title: str) -> None:
    request = {"jsonrpc": "2.0", "id": "1", "method": "SendMessage", "params": sending(title, title, True)}
    async with http.post("/a2a", json=request, headers={"A2A-Version": "1.0"}) as answer:
        assert "task" in (await answer.json())["result"]


async def through_the_command_line(_: ClientSession, trivium: Trivium, title: str) -> None:
    assert (await trivium("tasks", "create", "--title", title, "--objective", "be seen")).code == 0


DOORS: dict[str, Change] = {"REST": through_rest, "MCP": through_mcp, "A2A": through_a2a, "CLI": through_the_command_line}


async def tab(context: BrowserContext, url: str) -> Page:
    page = await context.new_page()
    await page.goto(f"{url}/workspace/default/tasks")
    await expect(page.locator("#state")).to_have_text("connected")
    return page


async def shown_at(page: Page, title: str) -> float:
    """The page's own time: of the same clock."""
    return float(await page.locator("li", has_text=f"{title}:").get_attribute("data-at") or "nan") / 1_000


@pytest.mark.parametrize("door", DOORS)
async def test_a_change_shows_in_both_tabs_at_once(trivium: Trivium, context: BrowserContext, door: str) -> None:
    async with trivium.serving("serve", "--port", "0", "--ui", str(PAGE)) as serving, ClientSession(serving.ready["url"]) as http:
        tabs = [await tab(context, serving.ready["url"]) for _ in range(2)]
        taken: list[float] = []
        for number in range(CHANGES):
            await DOORS[door](http, trivium, f"{door} {number}")
            answered = time.time()
            taken += [max(0.0, await shown_at(page, f"{door} {number}") - answered) for page in tabs]
    told = f"{door}: {median(taken) * 1_000:.0f} ms in the middle, {max(taken) * 1_000:.0f} ms at most"
    print(told)  # noqa: T201 - pytest -s shows it
    assert median(taken) < SOON, told


async def test_a_page_finds_the_hub_again_after_it_was_gone(trivium: Trivium, context: BrowserContext) -> None:
    async with trivium.serving("serve", "--port", "0", "--ui", str(PAGE)) as serving:
        url = serving.ready["url"]
        page = await tab(context, url)
        await serving.stop()
    await expect(page.locator("#state")).to_have_text("disconnected")
    async with trivium.serving("serve", "--port", url.rpartition(":")[2], "--ui", str(PAGE)), ClientSession(url) as http:
        await expect(page.locator("#state")).to_have_text("connected")
        await through_rest(http, trivium, "back again")
        await expect(page.locator("li")).to_have_text(["back again: PENDING"])
