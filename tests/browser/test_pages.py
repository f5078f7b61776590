"""What a browser makes of the pages: those of a frontend, those of other origins, and the hub's own."""

from aiohttp import ClientSession
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import PAGE
from tests.cli.conftest import Trivium

FETCHED = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        return { status: answer.status, session: answer.headers.get("Mcp-Session-Id"), text: await answer.text() };
    } catch (error) {
        return { status: 0, session: null, text: String(error) };
    }
}"""
INITIALIZE = {
    "method": "POST", "headers": {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"},
    "body": '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},'
    '"clientInfo":{"name":"page","version":"1"}}}',
}  # fmt: skip


def complaints(page: Page) -> list[str]:
    """What the browser will have said of the page."""
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    return told


async def test_a_frontend_is_walked_through_as_it_was_built(trivium: Trivium, context: BrowserContext) -> None:
    async with trivium.serving("serve", "--port", "0", "--ui", str(PAGE)) as serving:
        page = await context.new_page()
        told = complaints(page)
        await page.goto(serving.ready["url"])
        await page.get_by_role("link", name="default").click()
        await expect(page.locator("h1")).to_have_text("Tasks of default")
        await expect(page.locator("#state")).to_have_text("connected")
        payload = await page.evaluate(FETCHED, ["/workspace/default/tasks.txt?_rsc=1", {}])
        assert (payload["status"], payload["text"]) == (200, '1:["tasks of default"]\n')
        assert told == []
        await page.goto(f"{serving.ready['url']}/nothing")
        await expect(page.locator("h1")).to_have_text("Not here")


async def test_no_address_makes_a_page_run_what_stands_in_it(trivium: Trivium, context: BrowserContext) -> None:
    async with trivium.serving("serve", "--port", "0", "--ui", str(PAGE)) as serving:
        page = await context.new_page()
        await context.add_init_script("window.run = () => { window.ran = true; }")
        for id_ in ("<script>run()</script>", '"onload="run()', "<img src=x onerror=run()>"):
            await page.goto(f"{serving.ready['url']}/workspace/{id_.replace('/', '%2F')}/tasks")
            await page.wait_for_load_state()
            assert await page.evaluate("window.ran") is None


async def test_a_page_of_a_named_origin_works_and_one_of_another_reads_nothing(trivium: Trivium, context: BrowserContext) -> None:
    async with trivium.serving("serve", "--port", "0", "--db", "memory:", "--ui", str(PAGE)) as frontend:
        origin = frontend.ready["url"]
        async with trivium.serving("serve", "--port", "0", "--allowed-origin", origin) as named, ClientSession(named.ready["url"]) as http:
            page = await context.new_page()
            await page.goto(f"{origin}/workspace/default/tasks?backend={named.ready['url']}")
            await expect(page.locator("#state")).to_have_text("connected")
            async with http.post("/api/tasks", json={"title": "far", "objective": "be seen"}):
                await expect(page.locator("li")).to_have_text(["far: PENDING"])
            opened = await page.evaluate(FETCHED, [named.ready["doors"]["mcp"], INITIALIZE])
            assert opened["status"] == 200
            assert opened["session"]
        async with trivium.serving("serve", "--port", "0", "--db", "memory:") as other:
            assert (await page.evaluate(FETCHED, [f"{other.ready['url']}/api/health", {}]))["status"] == 0
            assert (await page.evaluate(FETCHED, [other.ready["doors"]["mcp"], INITIALIZE]))["status"] == 0


async def test_the_hubs_own_page_loads_nothing_and_is_readable(trivium: Trivium, context: BrowserContext) -> None:
    async with trivium.serving("serve", "--port", "0", "--db", "memory:") as serving:
        page = await context.new_page()
        told, asked = complaints(page), list[str]()
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(serving.ready["url"])
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Trivium")
        await expect(page.get_by_text(serving.ready["doors"]["mcp"]).first).to_be_visible()
        await page.get_by_role("link", name="The web API").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Trivium API")
        assert all(url.startswith(serving.ready["url"]) for url in asked)
        assert [one for one in told if "favicon" not in one and "404" not in one] == []
