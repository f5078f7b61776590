"""GitHub's REST API, as far as the hub reads and writes it: https://docs.github.com/rest"""

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import quote

from hub.domain.errors import NotFound, Upstream
from hub.domain.github import Issue, Pull, RepositoryFile
from hub.domain.webhooks import GithubHook
from hub.upstreams import IssueState
from protocols.asking import Asking

MOST = 100
"""Of a list: GitHub's own largest page."""
FRESH = 60.0
"""Seconds for which a list is not asked for again: pages ask often, and GitHub counts."""
KEPT = 30
"""Lists."""


class GitHubApi:
    """A GitHub."""

    def __init__(self, asking: Asking, clock: Callable[[], float] = monotonic) -> None:
        self._asking, self._clock = asking, clock
        self._recent: dict[tuple[str, str | None], tuple[float, list[dict[str, Any]]]] = {}

    async def issues(self, repository: str, state: IssueState, token: str | None) -> Sequence[Issue]:
        """GitHub lists pull requests among them."""
        found = await self._recently(f"/repos/{repository}/issues?state={state}&per_page={MOST}", token)
        return [Issue(**_common(one)) for one in found if "pull_request" not in one]

    async def pulls(self, repository: str, state: IssueState, token: str | None) -> Sequence[Pull]:
        found = await self._recently(f"/repos/{repository}/pulls?state={state}&per_page={MOST}", token)
        return [
            Pull(
                **_common(one), draft=bool(one.get("draft")), merged_at=one.get("merged_at"),
                head_ref=str(_of(one, "head").get("ref", "")), base_ref=str(_of(one, "base").get("ref", "")),
            )
            for one in found
        ]  # fmt: skip

    async def files(self, repository: str, ref: str, token: str | None) -> Sequence[RepositoryFile]:
        try:
            said = await self._asking.ask("GET", f"/repos/{repository}/git/trees/{quote(ref, safe='')}?recursive=1", _headers(token))
        except Upstream as error:
            if error.details.get("status") == HTTPStatus.NOT_FOUND:
                raise NotFound("public repository or branch on GitHub", f"{repository} {ref}") from None
            raise
        if _of(said).get("truncated"):
            raise Upstream(f"GitHub does not list all files of {repository}: there are too many. Clone it instead.")
        return [file for one in _of(said).get("tree") or () if (file := _file(one))]

    async def content(self, repository: str, sha: str, token: str | None) -> bytes:
        said = await self._asking.ask("GET", f"/repos/{repository}/git/blobs/{quote(sha, safe='')}", _headers(token))
        try:
            return b64decode(_of(said)["content"])
        except (KeyError, TypeError, ValueError):
            raise Upstream("GitHub answered something else than a file's content.") from None

    async def hooks(self, repository: str, token: str) -> Sequence[GithubHook]:
        return [_hook(one) for one in await self._list(f"/repos/{repository}/hooks?per_page={MOST}", token)]

    async def create_hook(self, repository: str, token: str, url: str, secret: str, events: Sequence[str]) -> GithubHook:
        config = {"url": url, "content_type": "json", "secret": secret, "insecure_ssl": "0"}
        asked = {"name": "web", "active": True, "events": [*events], "config": config}
        return _hook(await self._asking.ask("POST", f"/repos/{repository}/hooks", _headers(token), asked))

    async def delete_hook(self, repository: str, token: str, hook_id: int) -> None:
        try:
            await self._asking.ask("DELETE", f"/repos/{repository}/hooks/{hook_id}", _headers(token))
        except Upstream as error:
            if error.details.get("status") == HTTPStatus.NOT_FOUND:
                raise NotFound("registered webhook", str(hook_id)) from None
            raise

    async def _recently(self, path: str, token: str | None) -> list[dict[str, Any]]:
        """What it answered to the same token just now, if it did."""
        until, known = self._recent.get((path, token), (0.0, []))
        if self._clock() < until:
            return known
        found = await self._list(path, token)
        if len(self._recent) >= KEPT:
            self._recent.clear()
        self._recent[path, token] = self._clock() + FRESH, found
        return found

    async def _list(self, path: str, token: str | None) -> list[dict[str, Any]]:
        said = await self._asking.ask("GET", path, _headers(token))
        if not isinstance(said, list):
            raise Upstream("GitHub answered something else than a list.")
        return [one for one in said if isinstance(one, dict)]


def _headers(token: str | None) -> dict[str, str]:
    common = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "trivium"}
    return {**common, "Authorization": f"Bearer {token}"} if token else common


def _file(one: Any) -> RepositoryFile | None:
    """None for folders, links and other repositories."""
    match one:
        case {"type": "blob", "mode": "100644" | "100755", "path": str(path), "sha": str(sha), "size": int(size)}:
            return RepositoryFile(path=path, sha=sha, size=size)
    return None


def _common(one: Mapping[str, Any]) -> dict[str, Any]:
    names = {"labels": "name", "assignees": "login"}
    listed = {field: tuple(str(_of(item).get(name, "")) for item in one.get(field) or ()) for field, name in names.items()}
    return {
        "id": str(one.get("id", "")), "number": int(one.get("number", 0)), "title": str(one.get("title", "")), "body": one.get("body"),
        "url": str(one.get("html_url", "")), "state": str(one.get("state", "")), "updated_at": str(one.get("updated_at", "")), **listed,
    }  # fmt: skip


def _hook(one: Any) -> GithubHook:
    """Raises Upstream for what is none."""
    match one:
        case {"id": int(id_), "config": {"url": str(url)}}:
            return GithubHook(id=id_, url=url, events=tuple(map(str, one.get("events") or ())), active=one.get("active") is not False)
    raise Upstream("GitHub answered what is no webhook. Look at the repository's settings there.")


def _of(one: Any, name: str | None = None) -> Mapping[str, Any]:
    """A JSON object, or the one under a name in it; else an empty one."""
    found = one if name is None else one.get(name)
    return found if isinstance(found, dict) else {}
