"""Other servers that operations ask: the ACP registry and GitHub, as real servers that answer well, badly, late or not at all."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from aiohttp.web import Application, Request, Response, json_response

from hub.domain.errors import Forbidden, NotFound, Upstream
from hub.domain.github import RepositoryFile
from protocols.agent_registry import FRESH, PublicRegistry
from protocols.asking import Asking
from protocols.github import FRESH as FRESH_LIST
from protocols.github import GitHubApi
from protocols.skills_sh import SkillsSh
from tests.core.support import refusal
from tests.protocols.conftest import LIBRARY, NOBODY

ISSUE = {
    "id": 7, "number": 1, "title": "It leaks", "body": None, "html_url": "https://github.com/a/b/issues/1", "state": "open",
    "labels": [{"name": "bug"}], "assignees": [{"login": "ada"}], "updated_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
PULL = {**ISSUE, "id": 8, "number": 2, "draft": True, "merged_at": None, "head": {"ref": "fix"}, "base": {"ref": "main"}}
HOOK = {"id": 9, "config": {"url": "https://hub.example.com/"}, "events": ["push"], "active": True}


class Server:
    """Answers what it was told to, and remembers how it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str | None, Any]] = []
        self.answer: Callable[[Request], Response] = lambda _: json_response({})
        self.url = ""

    async def handle(self, request: Request) -> Response:
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.method, request.path_qs, request.headers.get("Authorization"), body))
        return self.answer(request)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    async with TestServer(app) as served:
        made.url = str(served.make_url("")).rstrip("/")
        yield made


def github(server: Server) -> GitHubApi:
    return GitHubApi(Asking("GitHub", server.url, "all"))


async def test_issues_and_pull_requests_are_told_apart(server: Server) -> None:
    server.answer = lambda request: json_response([ISSUE, {**PULL, "pull_request": {}}] if "issues" in request.path else [PULL])
    [issue] = await github(server).issues("a/b", "open", "t-1")
    [pull] = await github(server).pulls("a/b", "all", None)
    assert (issue.id, issue.number, issue.labels, issue.assignees) == ("7", 1, ("bug",), ("ada",))
    assert (pull.draft, pull.head_ref, pull.base_ref) == (True, "fix", "main")
    assert server.asked == [
        ("GET", "/repos/a/b/issues?state=open&per_page=100", "Bearer t-1", None),
        ("GET", "/repos/a/b/pulls?state=all&per_page=100", None, None),
    ]  # fmt: skip


async def test_a_list_is_asked_for_once_a_minute_for_each_token_unless_it_failed(server: Server) -> None:
    now = [0.0]
    api = GitHubApi(Asking("GitHub", server.url, "all"), lambda: now[0])
    server.answer = lambda _: json_response({"message": "rate limit"}, status=403)
    assert isinstance(await refusal(api.issues("a/b", "open", None)), Upstream)
    server.answer = lambda _: json_response([ISSUE])
    for _ in range(2):
        await api.issues("a/b", "open", None)
        await api.issues("a/b", "open", "t-1")
        await api.issues("a/b", "all", None)
    assert [token for _, _, token, _ in server.asked] == [None, None, "Bearer t-1", None]
    now[0] += FRESH_LIST
    await api.issues("a/b", "open", None)
    assert len(server.asked) == 5


async def test_of_a_repositorys_tree_files_are_listed_and_read(server: Server) -> None:
    tree = [
        {"type": "tree", "mode": "040000", "path": "a", "sha": "t"}, {"type": "blob", "mode": "120000", "path": "l", "sha": "l", "size": 1},
        {"type": "blob", "mode": "100644", "path": "a/b c.md", "sha": "b1", "size": 3}, {"type": "commit", "path": "sub"}, 7,
    ]  # fmt: skip
    server.answer = lambda request: json_response(
        {"tree": tree, "truncated": False} if "trees" in request.path else {"content": "YW\nJj\n", "encoding": "base64"}
    )
    api = github(server)
    assert await api.files("a/b", "feature/x", None) == [RepositoryFile(path="a/b c.md", sha="b1", size=3)]
    assert await api.content("a/b", "b1", "t-1") == b"abc"
    assert [path for _, path, _, _ in server.asked] == ["/repos/a/b/git/trees/feature%2Fx?recursive=1", "/repos/a/b/git/blobs/b1"]
    server.answer = lambda _: json_response({"message": "no content"})
    assert isinstance(await refusal(api.content("a/b", "b1", None)), Upstream)
    server.answer = lambda _: json_response({"message": "Not Found"}, status=404)
    assert isinstance(await refusal(api.files("a/b", "main", None)), NotFound)


async def test_of_what_skills_sh_finds_the_entries_that_are_understood_are_taken(server: Server) -> None:
    found = {"id": "a/b/tidy", "skillId": "tidy", "name": "tidy", "installs": 5, "source": "a/b"}
    server.answer = lambda _: json_response({"skills": [found, {"name": "?"}, None, {**found, "installs": None}, found], "count": 5})
    skills = await SkillsSh(Asking("skills.sh", server.url, "all")).search("tidy & co", 4)
    assert [(one.name, one.slug, one.source, one.installs) for one in skills] == [
        ("tidy", "a/b/tidy", "a/b", 5),
        ("tidy", "a/b/tidy", "a/b", 0),
    ]
    assert [path for _, path, _, _ in server.asked] == ["/api/search?q=tidy+%26+co&limit=4"]


async def test_hooks_are_listed_made_and_deleted(server: Server) -> None:
    server.answer = lambda request: {"GET": json_response([HOOK]), "POST": json_response(HOOK, status=201)}.get(
        request.method, Response(status=204)
    )
    api = github(server)
    [hook] = await api.hooks("a/b", "t")
    assert await api.create_hook("a/b", "t", hook.url, "s", ["push"]) == hook
    await api.delete_hook("a/b", "t", hook.id)
    config = {"url": hook.url, "content_type": "json", "secret": "s", "insecure_ssl": "0"}
    assert [(method, body) for method, _, _, body in server.asked] == [
        ("GET", None), ("POST", {"name": "web", "active": True, "events": ["push"], "config": config}), ("DELETE", None)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda _: json_response({"message": "Bad credentials"}, status=401), "GitHub refused with status 401: Bad credentials."),
        (lambda _: Response(status=302, headers={"Location": "http://127.0.0.1/"}), "GitHub refused with status 302."),
        (lambda _: Response(text="<html>"), "GitHub answered something else than JSON."),
        (lambda _: json_response({"a": 1}), "GitHub answered something else than a list."),
        (lambda _: Response(body=b"[" + b" " * 9_000_000 + b"]"), "GitHub cannot be asked: it sent a message that is too long."),
    ],
)  # fmt: skip
async def test_a_server_that_does_not_answer_well_is_told_of(server: Server, answer: Callable[[Request], Response], told: str) -> None:
    server.answer = answer
    failed = await refusal(github(server).issues("a/b", "open", None))
    assert isinstance(failed, Upstream)
    assert failed.message == told


async def test_nobody_is_asked_where_the_hub_may_not_call(server: Server) -> None:
    assert isinstance(await refusal(GitHubApi(Asking("GitHub", server.url, "public")).issues("a/b", "open", None)), Forbidden)
    assert isinstance(await refusal(GitHubApi(Asking("GitHub", NOBODY, "all")).issues("a/b", "open", None)), Upstream)
    assert server.asked == []


async def test_the_registry_is_asked_once_an_hour_unless_it_is_wanted_fresh(server: Server) -> None:
    text, now = (LIBRARY / "registry.json").read_text(), [0.0]
    server.answer = lambda _: Response(text=text, content_type="application/json")
    registry = PublicRegistry(f"{server.url}/v1/registry.json", "all", lambda: now[0])
    assert [entry.id for entry in (await registry.entries()).entries] == ["poet-agent"]
    await registry.entries()
    assert len(server.asked) == 1
    await registry.entries(fresh=True)
    now[0] += FRESH
    await registry.entries()
    assert [path for _, path, _, _ in server.asked] == ["/v1/registry.json"] * 3


async def test_a_registry_that_fails_leaves_what_was_known_and_says_why(server: Server) -> None:
    text = (LIBRARY / "registry.json").read_text()
    server.answer = lambda _: Response(text=text, content_type="application/json")
    registry = PublicRegistry(f"{server.url}/registry.json", "all")
    await registry.entries()
    server.answer = lambda _: Response(status=500)
    known = await registry.entries(fresh=True)
    assert [entry.id for entry in known.entries] == ["poet-agent"]
    assert known.problem == "The ACP registry refused with status 500."
    asked = len(server.asked)
    await registry.entries()
    assert len(server.asked) == asked


async def test_a_copy_that_is_no_registry_is_told_of(tmp_path: Path) -> None:
    for text, told in ((None, "cannot be read"), ("[]", "something else than its list"), ("{", "cannot be read")):
        place = tmp_path / "registry.json"
        if text is not None:
            place.write_text(text)
        known = await PublicRegistry(str(place), "all").entries()
        assert known.entries == ()
        assert told in (known.problem or "")
