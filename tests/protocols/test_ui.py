"""A frontend's static export beside the doors, and the hub's own page where there is none."""

import gzip
import os
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from yarl import URL

from hub.app import Hub
from hub.settings import Auth
from hub.version import VERSION
from protocols.ui import assets
from protocols.ui.tree import Found
from stores.memory import MemoryStore
from tests.protocols.conftest import SETTINGS, Http, serving

PAGES = {
    "index.html": "home", "index.txt": "home payload", "settings.html": "settings", "settings/agents.html": "agents",
    "settings/agents.txt": "agents payload", "settings/__next._tree.txt": "tree", "404.html": "nothing here", "a2a.html": "the A2A page",
    "a2a/__next._tree.txt": "the A2A tree", "docs/index.html": "docs", "logo.svg": "<svg/>",
    "robots.txt": "for robots",
    "workspace/__placeholder__.html": "workspace __placeholder__", "workspace/__placeholder__.txt": "payload __placeholder__",
    "workspace/__placeholder__/kanban.html": "kanban of __placeholder__, __placeholder__",
    "workspace/__placeholder__/kanban.txt": "kanban payload of __placeholder__",
    "workspace/__placeholder__/__next._tree.txt": "tree of __placeholder__",
    "workspace/__placeholder__/kanban/__next.workspace.$d$workspaceId.kanban.__PAGE__.txt": "piece of __placeholder__",
    "workspace/__placeholder__/sessions.html": "sessions of __placeholder__",
    "workspace/__placeholder__/sessions.txt": "sessions payload of __placeholder__",
    "workspace/__placeholder__/sessions/__placeholder__.html": "session __placeholder__",
    "workspace/__placeholder__/sessions/__placeholder__.txt": "session payload __placeholder__",
    "workspace/__placeholder__/sessions/__placeholder__/__next._tree.txt": "session tree __placeholder__",
    "workspace/__placeholder__/team.html": "teams of __placeholder__",
    "workspace/__placeholder__/team/__next._tree.txt": "teams tree",
    "workspace/__placeholder__/team/__placeholder__.html": "team in __placeholder__",
    "workspace/__placeholder__/codebases/__placeholder__/reposlide.html": "slides of __placeholder__",
    "canvas/__placeholder__.html": "canvas __placeholder__",
    "_next/static/chunks/app-0a1b.js": "console.log(1);" * 200,
    "_next/static/chunks/workspace/[workspaceId]/page.js": "page",
}  # fmt: skip
HTML, PAYLOAD = "text/html", "text/x-component"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PAGES.items():
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "out"


@pytest.fixture
async def ui(folder: Path) -> AsyncIterator[Http]:
    async with serving(Hub(MemoryStore()), replace(SETTINGS, ui=folder)) as http:
        yield http


async def get(http: Http, path: str, **headers: str) -> ClientResponse:
    """The path to the letter, and the body as it was sent."""
    url = URL(f"http://{http.host}:{http.port}{path}", encoded=True)
    return await http.session.get(url, headers={"Accept-Encoding": "identity", **headers}, auto_decompress=False)


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("/", HTML, "home"), ("/index.html", HTML, "home"), ("/index.txt", PAYLOAD, "home payload"), ("/settings", HTML, "settings"),
        ("/settings/", HTML, "settings"), ("/settings/agents", HTML, "agents"), ("/settings/agents?tab=1", HTML, "agents"),
        ("/settings/agents.txt?_rsc=1", PAYLOAD, "agents payload"), ("/settings/__next._tree.txt", PAYLOAD, "tree"),
        ("/robots.txt", "text/plain", "for robots"), ("/workspace/w1/sessions.txt", PAYLOAD, "sessions payload of __placeholder__"),
        ("/docs", HTML, "docs"), ("/logo.svg", "image/svg+xml", "<svg/>"), ("/a2a", HTML, "the A2A page"),
        ("/a2a/__next._tree.txt", PAYLOAD, "the A2A tree"),
        ("/_next/static/chunks/workspace/%5BworkspaceId%5D/page.js", "text/javascript", "page"),
        ("/workspace/w1", HTML, "workspace w1"), ("/workspace/w1.txt", PAYLOAD, "payload w1"),
        ("/workspace/w1/kanban", HTML, "kanban of w1, w1"), ("/workspace/w1/kanban?boardId=b", HTML, "kanban of w1, w1"),
        ("/workspace/w1/kanban.txt", PAYLOAD, "kanban payload of w1"), ("/workspace/w1/__next._tree.txt", PAYLOAD, "tree of w1"),
        ("/workspace/w1/kanban/__next.workspace.$d$workspaceId.kanban.__PAGE__.txt", PAYLOAD, "piece of w1"),
        ("/workspace/w1/kanban/__next.workspace.%24d%24workspaceId.kanban.__PAGE__.txt", PAYLOAD, "piece of w1"),
        ("/workspace/w1/sessions", HTML, "sessions of __placeholder__"), ("/workspace/w1/sessions/s1", HTML, "session __placeholder__"),
        ("/workspace/w1/sessions/s1.txt", PAYLOAD, "session payload __placeholder__"),
        ("/workspace/w1/sessions/s1/__next._tree.txt", PAYLOAD, "session tree __placeholder__"),
        ("/workspace/w1/team", HTML, "teams of w1"), ("/workspace/w1/team/__next._tree.txt", PAYLOAD, "teams tree"),
        ("/workspace/w1/team/t1", HTML, "team in w1"), ("/workspace/w1/codebases/c1/reposlide", HTML, "slides of w1"),
        ("/canvas/c1", HTML, "canvas __placeholder__"),
    ],
)  # fmt: skip
async def test_an_address_of_the_frontend_is_answered_with_the_file_that_it_means(ui: Http, path: str, kind: str, text: str) -> None:
    async with await get(ui, path) as answer:
        assert (answer.status, answer.content_type, await answer.text()) == (200, kind, text)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/settings/nothing", "/workspace/w1/nothing/at/all", "/workspace/w1/team/__next.nothing.txt", "/canvas/c1.txt",
        "/" + "x/" * 200, "/" + "x" * 5_000, "/_next/static/chunks/gone.js",
    ],
)  # fmt: skip
async def test_what_is_no_page_is_the_frontends_own_404_and_is_not_kept(ui: Http, path: str) -> None:
    async with await get(ui, path) as answer:
        assert (answer.status, await answer.text()) == (404, "nothing here")
        assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/settings/..%2f..%2fsecret.txt", "/%2e%2e%5csecret.txt",
        "/..\\secret.txt", "/secret.txt%00.html", "/%00", "//secret.txt", "/%2f..%2fsecret.txt", "/link.txt", "/links/secret.txt",
        "/workspace/../../secret.txt", "/workspace/%2e%2e/%2e%2e/secret.txt", "/loop.txt", "/file:///etc/passwd", "/%252e%252e/secret.txt",
        "/{absolute}", "/%2f{absolute}",
    ],
)  # fmt: skip
async def test_no_path_leads_out_of_the_folder(ui: Http, folder: Path, path: str) -> None:
    secret = folder.parent / "secret.txt"
    (folder / "link.txt").symlink_to(secret)
    (folder / "links").symlink_to(folder.parent, target_is_directory=True)
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    async with await get(ui, path.replace("{absolute}", str(secret))) as answer:
        assert answer.status == 404
        assert "secret" not in await answer.text()


@pytest.mark.parametrize("id_", ["<script>alert(1)</script>", '"-alert(1)-"', "a'b", "x y", "é", "a&b", "$(id)", "x" * 200])
async def test_an_id_that_could_be_markup_or_script_is_not_put_into_a_page(ui: Http, id_: str) -> None:
    quoted = URL.build(path=f"/workspace/{id_.replace('/', '%2F')}/kanban").raw_path.replace("%252F", "%2F")
    async with await get(ui, quoted) as answer:
        if answer.status == 200:
            assert await answer.text() == PAGES["workspace/__placeholder__/kanban.html"]
        else:
            assert await answer.text() == PAGES["404.html"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404), ("GET", "/api/nothing", 404), ("GET", "/api/settings", 404), ("GET", "/mcp/nothing", 404),
        ("GET", "/agents/nobody", 400), ("GET", "/.well-known/nothing", 404), ("PUT", "/api/health", 405),
        ("GET", "/a2a/tasks/nothing", 400), ("GET", "/acp/nothing", 404), ("POST", "/settings", 405),
    ],
)  # fmt: skip
async def test_the_paths_of_the_doors_stay_the_hubs(ui: Http, folder: Path, method: str, path: str, status: int) -> None:
    (folder / "api").mkdir()
    (folder / "api" / "settings.html").write_text("not the hub's")
    async with ui.request(method, path) as answer:
        assert answer.status == status
        assert answer.content_type.endswith("json")
        assert await answer.json()
    async with ui.get("/api/health") as answer:
        assert (await answer.json())["status"] == "ok"
    async with ui.post("/a2a", json={"jsonrpc": "2.0", "id": 1, "method": "nothing"}) as answer:
        assert (await answer.json())["error"]


async def test_a_page_is_asked_for_again_and_a_hashed_file_is_kept_for_a_year(ui: Http, folder: Path) -> None:
    async with await get(ui, "/settings") as page, await get(ui, "/_next/static/chunks/app-0a1b.js") as script:
        assert page.headers["Cache-Control"] == "no-cache"
        assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for known in ({"If-None-Match": page.headers["ETag"]}, {"If-None-Match": "*"}, {"If-Modified-Since": page.headers["Last-Modified"]}):
        async with await get(ui, "/settings", **known) as again:
            assert (again.status, await again.read()) == (304, b"")
            assert again.headers["ETag"] == page.headers["ETag"]
            assert again.headers["Cache-Control"] == "no-cache"
    (folder / "settings.html").write_text("other settings")
    async with await get(ui, "/settings", **{"If-None-Match": page.headers["ETag"]}) as again:
        assert (again.status, await again.text()) == (200, "other settings")


async def test_the_page_of_another_workspace_is_another_page(ui: Http) -> None:
    async with await get(ui, "/workspace/w1/kanban") as first, await get(ui, "/workspace/w2/kanban") as second:
        assert first.headers["ETag"] != second.headers["ETag"]
        assert await second.text() == "kanban of w2, w2"


async def test_text_is_compressed_once_and_the_forms_that_lie_beside_are_taken(
    ui: Http, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "/_next/static/chunks/app-0a1b.js"
    whole = PAGES[script[1:]].encode()
    for _ in range(2):
        async with await get(ui, script, **{"Accept-Encoding": "br, gzip"}) as answer:
            assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
            assert gzip.decompress(await answer.read()) == whole
        monkeypatch.setattr(gzip, "compress", lambda *_, **__: pytest.fail("it was compressed already"))
    monkeypatch.undo()
    (folder / f"{script[1:]}.br").write_bytes(b"brotli")
    os.utime(folder / script[1:], (1_000_000_000, 1_000_000_000))
    for accepted, encoding, body in (
        ("gzip, br", "br", b"brotli"), ("br;q=0, gzip", "gzip", None), ("gzip;q=0", None, whole), ("", None, whole),
    ):  # fmt: skip
        async with await get(ui, script, **{"Accept-Encoding": accepted}) as answer:
            assert answer.headers.get("Content-Encoding") == encoding
            assert answer.headers["Vary"] == "Accept-Encoding"
            read = await answer.read()
            assert read == body if body else gzip.decompress(read) == whole


async def test_a_folder_that_becomes_another_one_is_served_as_it_is_now(folder: Path) -> None:
    other = folder.with_name("other")
    other.mkdir()
    (other / "index.html").write_text("next")
    current = folder.with_name("current")
    current.symlink_to(folder, target_is_directory=True)
    async with serving(Hub(MemoryStore()), replace(SETTINGS, ui=current)) as http:
        assert await (await http.get("/")).text() == "home"
        current.unlink()
        current.symlink_to(other, target_is_directory=True)
        assert await (await http.get("/")).text() == "next"


async def test_head_tells_what_get_would_without_the_page(ui: Http) -> None:
    async with ui.head("/settings") as head, await get(ui, "/settings") as page:
        assert (head.status, await head.read()) == (200, b"")
        for name in ("Content-Length", "Content-Type", "ETag"):
            assert head.headers[name] == page.headers[name]


async def test_a_large_file_is_sent_without_being_held(ui: Http, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "LARGEST", 10)
    async with await get(ui, "/_next/static/chunks/app-0a1b.js") as answer:
        assert (answer.status, answer.content_type) == (200, "text/javascript")
        assert await answer.text() == PAGES["_next/static/chunks/app-0a1b.js"]


def test_what_is_held_is_bounded(folder: Path) -> None:
    kept = assets.Assets(most_bytes=100)
    for number in range(50):
        path = folder / f"{number}.txt"
        path.write_text("x" * 30)
        assert kept.read(Found(path)) is not None
    assert sum(asset.size for asset in kept._kept.values()) <= 100


async def test_pages_need_no_token_and_what_they_ask_for_does(folder: Path) -> None:
    async with serving(Hub(MemoryStore()), replace(SETTINGS, ui=folder, auth="required")) as http:
        for path in ("/", "/settings", "/workspace/w1/kanban", "/a2a", "/_next/static/chunks/app-0a1b.js"):
            assert (await http.get(path)).status == 200
        for path in ("/api/tasks", "/api/nothing", "/agents/nobody"):
            assert (await http.get(path)).status == 401


@pytest.mark.parametrize("auth", ["off", "required"])
async def test_without_a_frontend_the_hub_says_what_it_is_and_how_to_come_in(auth: Auth) -> None:
    async with serving(Hub(MemoryStore()), replace(SETTINGS, auth=auth)) as http:
        async with http.get("/") as answer:
            page = await answer.text()
            assert (answer.status, answer.content_type) == (200, "text/html")
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            here = f"http://{answer.url.authority}"
        assert not re.search(r"\bsrc\s*=|@import|url\(|<script|https?://(?!127\.0\.0\.1|localhost)", page)
        for told in (VERSION, f"{here}/mcp", f"{here}/acp", f"{here}/a2a", "trivium connect claude", 'href="/api/docs"'):
            assert told in page
        assert ("A token is needed" in page) == (auth == "required")
        assert (await http.get("/settings")).status == (404 if auth == "off" else 401)
