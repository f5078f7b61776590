"""Reading the card of another agent: where it is, whether it is signed as it says, and which of its interfaces the hub can use."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson
from aiohttp import ClientError, ClientSession

from hub.addresses import Reach, http_parts
from hub.domain.errors import Invalid
from hub.domain.remote_agents import RemoteInterface
from hub.operations.outgoing import origin_text
from hub.ports import Json
from hub.version import VERSION
from protocols.a2a.client_dialects import DIALECTS
from protocols.a2a.client_links import Trouble
from protocols.a2a.client_signatures import verified
from protocols.a2a.v03_cards import card_from_v03, is_v03
from protocols.outbound import FORBIDDEN, TooLong, body_of, callable_host, failure

WELL_KNOWN = "/.well-known/agent-card.json"
BEFORE = "/.well-known/agent.json"
"""Where agents of 0.2 had their cards, and some of 0.3 still have them."""
KEYS = "/.well-known/jwks.json"
"""Where keys are looked for when a signature does not say."""
LARGEST = 1_000_000
"""Bytes of a card, or of a set of keys."""
PATIENCE = 15.0
"""Seconds for one document."""
FRESH = (60.0, 86_400.0)
"""Seconds that a card is good for: at least, also when it does not say, and at most."""
MOST_INTERFACES = 50
REFUSED = "it refuses the hub's credentials (HTTP {}); update_remote_agent gives it others"


class Found(NamedTuple):
    """What stands at an address. No document: it is as it was."""

    url: str
    document: Json | None
    etag: str | None
    seconds: float
    """For how long it is good."""


class ReadCard(NamedTuple):
    found: Found
    card: Json
    """What of it counts: of a signed card what is signed."""
    interfaces: tuple[RemoteInterface, ...]
    """Those that the hub can use, the best first; at least one."""
    signed: bool


class CardReader(NamedTuple):
    """For the documents of one agent."""

    http: ClientSession
    reach: Reach
    url: str
    """As it is registered."""
    headers: Mapping[str, str]
    """Its secrets: they go to these origins and to no others."""
    origins: frozenset[str]

    async def card(self) -> ReadCard:
        """Raises Trouble."""
        for place in places(self.url):
            found = await self.document(place)
            if found and found.document is not None and "name" in found.document:
                return await self.read(found, found.document)
        raise Trouble(f"there is no card at {self.url}, nor at {WELL_KNOWN} of its server", lasting=True)

    async def read(self, found: Found, document: Json) -> ReadCard:
        card, signed = await verified(document, self._keys)
        usable = interfaces_of(card)
        if not usable:
            raise Trouble(f"its card names no interface that the hub speaks: {spoken()}", lasting=True)
        safe = tuple(one for one in usable if not self.headers or origin_text(one.url) in self.origins)
        if not safe:
            other = origin_text(usable[0].url)
            told = f"its card sends callers to {other}, and its secrets go there only when update_remote_agent has that among its origins"
            raise Trouble(told, lasting=True)
        return ReadCard(found, card, safe, signed)

    async def document(self, url: str, etag: str | None = None) -> Found | None:
        """The JSON object that is there; None when there is nothing of the kind. Raises Trouble. No redirection is followed."""
        if not callable_host(urlsplit(url).hostname, self.reach):
            raise Trouble(FORBIDDEN, lasting=True)
        sent = {"Accept": "application/json", "User-Agent": f"trivium/{VERSION}", **({"If-None-Match": etag} if etag else {})}
        if origin_text(url) in self.origins:
            sent = {**self.headers, **sent}
        try:
            async with asyncio.timeout(PATIENCE), self.http.get(url, headers=sent, allow_redirects=False) as answer:
                seconds = _seconds(answer.headers.get("Cache-Control", ""))
                if answer.status == 304 and etag:
                    return Found(url, None, etag, seconds)
                if answer.status in (401, 403):
                    raise Trouble(REFUSED.format(answer.status), lasting=True)
                if answer.status >= 500:
                    raise Trouble(f"it answered HTTP {answer.status}")
                document = orjson.loads(await body_of(answer, LARGEST)) if answer.status == 200 else None
                return Found(url, document, answer.headers.get("ETag"), seconds) if isinstance(document, dict) else None
        except TooLong:
            raise Trouble("what stands there is too long for a card", lasting=True) from None
        except (ClientError, OSError) as error:
            raise Trouble(failure(error).reason) from None
        except ValueError:
            return None

    async def _keys(self, url: str | None) -> list[Json]:
        place = url or f"{origin_text(self.url)}{KEYS}"
        if origin_text(place) not in self.origins:
            other = origin_text(place) or "nowhere"
            told = f"the key of its card's signature is at {other}, which is trusted only when update_remote_agent has it among its origins"
            raise Trouble(told, lasting=True)
        found = await self.document(place)
        keys: Any = found.document.get("keys") if found and found.document else None
        return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def places(url: str) -> list[str]:
    """Where the card may be, in the order in which it is looked for. A URL that says .json means itself."""
    if urlsplit(url).path.endswith(".json"):
        return [url]
    base, root = url.partition("?")[0].partition("#")[0].rstrip("/"), origin_text(url) or ""
    own = [f"{base}{WELL_KNOWN}", f"{root}{WELL_KNOWN}"] if urlsplit(base).path else [f"{base}{WELL_KNOWN}"]
    return [*own, url, f"{root}{BEFORE}"]


def interfaces_of(card: Json) -> tuple[RemoteInterface, ...]:
    """Those that the hub speaks, in its own order of preference, then in the card's."""
    listed: Any = card.get("supportedInterfaces")
    if not listed:
        try:
            listed = card_from_v03(card)["supportedInterfaces"]
        except Invalid:
            return ()
    found = [one for one in map(_interface, listed[:MOST_INTERFACES]) if one] if isinstance(listed, list) else []
    order = [*DIALECTS]
    return tuple(sorted(found, key=lambda one: order.index((one.binding, one.version))))


def spoken() -> str:
    return ", ".join(f"{binding} {version}" for binding, version in DIALECTS)


def _interface(given: Any) -> RemoteInterface | None:
    """None: the hub does not speak it, or it is none."""
    if not isinstance(given, dict) or not isinstance(url := given.get("url"), str) or http_parts(url) is None:
        return None
    said, tenant = str(given.get("protocolVersion") or ""), given.get("tenant")
    version = "0.3" if is_v03(said) else "1.0" if re.match(r"1(\.|$)", said) else said
    binding = str(given.get("protocolBinding"))
    known = (binding, version) in DIALECTS
    return RemoteInterface(url=url, binding=binding, version=version, tenant=tenant if isinstance(tenant, str) else "") if known else None


def _seconds(cache_control: str) -> float:
    age = re.search(r"max-age=(\d{1,9})", cache_control)
    return min(max(float(age[1]) if age else 0.0, FRESH[0]), FRESH[1])
