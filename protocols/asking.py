"""Asking other servers in the name of a caller: within a time and a size, and only where the hub may call."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from hub.addresses import Reach
from hub.domain.errors import Forbidden, Upstream
from hub.ports import Json

SECONDS = 20.0
LARGEST = 8_000_000
"""Bytes of an answer."""
LONGEST_REASON = 300


class Asking:
    """A server that speaks JSON. Redirections are not followed: they could lead anywhere."""

    def __init__(self, name: str, base_url: str, reach: Reach) -> None:
        """`name`: what its users call it."""
        self._name, self._base, self._reach = name, base_url.rstrip("/"), reach

    async def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Json | None = None) -> Any:
        """What it answers; None: nothing. Raises Upstream, Forbidden."""
        from aiohttp import ClientError, ClientTimeout  # whoever asks nothing starts without it

        from protocols.outbound import FORBIDDEN, body_of, callable_host, client, failure

        url, data = f"{self._base}{path}", None if body is None else orjson.dumps(body)
        if not callable_host(urlsplit(url).hostname, self._reach):
            raise Forbidden(f"{self._name}: {FORBIDDEN}.")
        wanted: Any = {"headers": headers, "data": data, "timeout": ClientTimeout(total=SECONDS), "allow_redirects": False}
        try:
            async with client(self._reach) as session, session.request(method, url, **wanted) as response:
                status, said = response.status, await body_of(response, LARGEST)
        except (ClientError, OSError) as error:
            raise Upstream(f"{self._name} cannot be asked: {failure(error).reason}.") from None
        if status >= 300:
            raise Upstream(f"{self._name} refused with status {status}{_reason(said)}.", status=status)
        try:
            return orjson.loads(said) if said else None
        except orjson.JSONDecodeError:
            raise Upstream(f"{self._name} answered something else than JSON.") from None


def _reason(said: bytes) -> str:
    """What it says itself."""
    try:
        document = orjson.loads(said)
    except orjson.JSONDecodeError:
        return ""
    told = document if isinstance(document, dict) else {}
    errors = told.get("errors")
    more = [one.get("message") for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    texts = [text for text in (told.get("message"), *more) if isinstance(text, str) and text.isprintable()]
    return f": {'; '.join(texts)[:LONGEST_REASON]}" if texts else ""
