"""An authorization server's keys: found through its metadata (RFC 8414, OpenID Connect Discovery), fetched when they are needed."""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout

from hub.addresses import is_loopback
from hub.domain.errors import Busy

if TYPE_CHECKING:
    from jwt import PyJWK

FRESH = 600.0
"""Seconds after which the keys are asked for again; a key that was taken back may do so long."""
STALE = 3_600.0
"""Seconds for which known keys go on to be used while the server does not answer."""
RETRY = 10.0
"""Seconds at least between two requests for the keys, however many unknown keys are named."""
TIMEOUT = ClientTimeout(total=5.0)
LARGEST = 1_000_000
"""Bytes of a document."""
FAMILIES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""The kinds of key for the signatures that are accepted, by the first two letters of the algorithm: none with a shared secret."""
SILENT = "The authorization server does not answer, so access tokens cannot be checked now. Nothing was done; come back later."

log = logging.getLogger("oauth")


class Issuer:
    """Nothing is asked of it before the first access token comes."""

    def __init__(self, url: str, clock: Callable[[], float] = monotonic) -> None:
        self.url, self._clock = url, clock
        self._keys: list[PyJWK] = []
        self._fetched = self._tried = float("-inf")
        self._silent = False
        self._fetching: asyncio.Task[None] | None = None
        self._http: ClientSession | None = None

    async def keys(self, id_: str | None) -> list["PyJWK"]:
        """Those of this id, or all when the token names none; empty when the issuer has no such key. Raises Busy."""
        if self._clock() - self._fetched > FRESH or not self._named(id_):
            await self._refresh()
        found = self._named(id_)
        if self._clock() - self._fetched > STALE or (self._silent and not found):
            raise Busy(SILENT)
        return found

    async def close(self) -> None:
        if self._fetching:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        if self._http:
            await self._http.close()

    def _named(self, id_: str | None) -> list["PyJWK"]:
        return [key for key in self._keys if id_ is None or key.key_id == id_]

    async def _refresh(self) -> None:
        """One request at a time, whoever waits for it; a caller that goes away does not end it."""
        if self._fetching is None or self._fetching.done():
            if self._clock() - self._tried < RETRY:
                return
            self._fetching = asyncio.create_task(self._fetch())
        await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        self._tried, self._silent = self._clock(), True
        uri = await self._keys_uri()
        document = await self._document(uri) if uri else None
        keys = await asyncio.to_thread(_usable, document) if document else []
        if keys:
            self._keys, self._fetched, self._silent = keys, self._clock(), False
        else:
            log.warning("%s gives no keys: access tokens cannot be checked", self.url)

    async def _keys_uri(self) -> str | None:
        for url in metadata_urls(self.url):
            if document := await self._document(url):
                uri = document.get("jwks_uri")
                if document.get("issuer") != self.url:
                    log.warning("%s calls itself %r: set oauth_issuer to that", self.url, document.get("issuer"))
                elif isinstance(uri, str) and (uri.startswith("https://") or is_loopback(uri)):
                    return uri
        return None

    async def _document(self, url: str) -> dict[str, Any] | None:
        """The JSON object that is there. It is where it should be, or nowhere: no redirection is followed."""
        self._http = self._http or ClientSession(timeout=TIMEOUT, headers={"Accept": "application/json"})
        body = bytearray()
        try:
            async with self._http.get(url, allow_redirects=False) as answer:
                if answer.status != 200:
                    return None
                async for chunk in answer.content.iter_any():
                    body += chunk
                    if len(body) > LARGEST:
                        return None
            document = orjson.loads(body)
        except (ClientError, TimeoutError, ValueError) as error:
            log.info("%s: %s", url, type(error).__name__)
            return None
        return document if isinstance(document, dict) else None


def metadata_urls(issuer: str) -> list[str]:
    """Where its metadata may be (RFC 8414 §3.1 and §5, OpenID Connect Discovery §4), in the order in which MCP asks for them."""
    parts = urlsplit(issuer)
    root, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    first = [f"{root}/.well-known/{name}{path}" for name in ("oauth-authorization-server", "openid-configuration")]
    return [*first, f"{root}{path}/.well-known/openid-configuration"] if path else first


def _usable(document: dict[str, Any]) -> list["PyJWK"]:
    """The public keys for signatures. Importing what they need takes a while, so this runs in a thread."""
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    keys = []
    for jwk in document.get("keys", ()):
        if isinstance(jwk, dict) and jwk.get("kty") in FAMILIES.values() and jwk.get("use", "sig") == "sig":
            try:
                keys.append(PyJWK(jwk))
            except PyJWTError:
                log.info("a key of a kind that is not known here is left out")
    return keys
