"""GitHub's REST API, as far as webhooks go: https://docs.github.com/rest/repos/webhooks."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from hub.addresses import Reach
from hub.domain.errors import NotFound, Unavailable
from hub.domain.webhooks import GithubHook
from hub.version import VERSION

if TYPE_CHECKING:
    from aiohttp import ClientResponse

PATIENCE = 15.0
"""Seconds for a whole answer."""
LARGEST = 1_000_000
LONGEST_REASON = 300
MOST_HOOKS = 100
"""That GitHub tells at once; it allows 20 for an event."""
ABOUT = "Check that the repository is there, and that the token may administer its webhooks."


class HttpGithubHooks:
    """It holds nothing between calls, which are few: each has a connection of its own."""

    def __init__(self, reach: Reach, api: str) -> None:
        self._reach, self._api = reach, api

    async def all(self, repo: str, token: str) -> Sequence[GithubHook]:
        _, told = await self._ask("GET", f"{repo}/hooks?per_page={MOST_HOOKS}", token)
        return [_hook(one) for one in told if isinstance(one, dict)] if isinstance(told, list) else []

    async def create(self, repo: str, token: str, secret: str, url: str, events: Sequence[str]) -> GithubHook:
        config = {"url": url, "content_type": "json", "secret": secret, "insecure_ssl": "0"}
        _, told = await self._ask("POST", f"{repo}/hooks", token, {"name": "web", "active": True, "events": [*events], "config": config})
        return _hook(told)

    async def delete(self, repo: str, token: str, id_: int) -> None:
        status, _ = await self._ask("DELETE", f"{repo}/hooks/{id_}", token, missing=True)
        if status == HTTPStatus.NOT_FOUND:
            raise NotFound("registered webhook", str(id_))

    async def _ask(
        self, method: str, path: str, token: str, body: Mapping[str, Any] | None = None, missing: bool = False
    ) -> tuple[int, Any]:  # fmt: skip
        """`missing`: 404 is an answer like others. Raises Unavailable."""
        from aiohttp import ClientError, ClientTimeout

        from protocols.outbound import client, failure

        headers = {
            "Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": f"trivium/{VERSION}", "Content-Type": "application/json",
        }  # fmt: skip
        url, data = f"{self._api}/repos/{path}", orjson.dumps(body) if body else None
        try:
            async with (
                client(self._reach) as session,
                session.request(
                    method, url, data=data, headers=headers, allow_redirects=False, timeout=ClientTimeout(total=PATIENCE)
                ) as response,
            ):
                return response.status, await _answer(response, missing)
        except (ClientError, OSError) as error:
            raise Unavailable(f"GitHub cannot be asked: {failure(error).reason}.") from None


async def _answer(response: "ClientResponse", missing: bool) -> Any:
    from protocols.outbound import body_of

    raw = await body_of(response, LARGEST)
    try:
        told = orjson.loads(raw) if raw else None
    except ValueError:
        told = None
    if response.status < HTTPStatus.MULTIPLE_CHOICES or (missing and response.status == HTTPStatus.NOT_FOUND):
        return told
    raise Unavailable(f"GitHub answered {response.status}{_reason(told)}. {ABOUT}")


def _reason(told: Any) -> str:
    """What GitHub says itself."""
    if not isinstance(told, dict):
        return ""
    errors = told.get("errors")
    more = [one.get("message") for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    said = [text for text in (told.get("message"), *more) if isinstance(text, str)]
    return f" ({'; '.join(said)[:LONGEST_REASON]})" if said else ""


def _hook(told: Any) -> GithubHook:
    """Raises Unavailable for what is none."""
    match told:
        case {"id": int(id_), "config": {"url": str(url)}}:
            events = told.get("events")
            named = tuple(one for one in events if isinstance(one, str)) if isinstance(events, list) else ()
            return GithubHook(id=id_, url=url, events=named, active=told.get("active") is not False)
    raise Unavailable("GitHub answered what is no webhook. Look at the repository's settings there.")
