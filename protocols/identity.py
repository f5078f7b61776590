"""Credentials -> Caller: the hub's own tokens, an authorization server's access tokens, or the person at this machine.

The boundary in `protocols/http.py` asks once for each request; every door then says `caller_of(request)`.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple, Protocol

from aiohttp import web

from hub.access import LOCAL, LOCAL_TENANT, READ, WRITE, Caller
from hub.addresses import HEALTH, MCP
from hub.app import Hub
from hub.domain.errors import Forbidden, HubError, Unauthenticated
from hub.domain.model import instant, utc_now
from hub.domain.tokens import PREFIX, Token, TokenText
from hub.ports import Clock

CALLER = web.RequestKey("caller", Caller)
FRESH = 1.0
"""Seconds for which a credential is not looked at again: so long a revoked one may still do."""
MOST = 10_000
"""Callers that are remembered."""
OPEN_PATHS = frozenset({"/", HEALTH, "/api/docs", "/api/openapi.json"})
GITHUB_EVENTS = "/api/webhooks/github"
"""What is posted there is let in by its signature: see `protocols/rest/github_events.py`."""
WELL_KNOWN = "/.well-known/"
AGENT_CARD = f"{WELL_KNOWN}agent-card.json"
"""Behind an agent's address, of A2A: seen with and without a token."""
METADATA = f"{WELL_KNOWN}oauth-protected-resource"
"""RFC 9728 §3. With the door's path behind it, it is about that door."""
SCOPES = (READ, WRITE)
"""What a client that knows nothing better asks an authorization server for."""
ANYONE = Caller(subject="anyone", grants=frozenset({"health.read"}))
NEXT_STEP = "Make one with `trivium tokens create --name NAME` where the hub runs, and send it as Authorization: Bearer TOKEN."


class InvalidToken(Unauthenticated):
    """Something was sent that lets nobody in (RFC 6750 §3.1); no matter whether it ever did."""


class AccessTokens(Protocol):
    """Those of an authorization server: `protocols/oauth.py`."""

    @property
    def resource_url(self) -> str:
        """The hub's address, which the tokens are made for."""

    async def caller(self, text: str) -> Caller:
        """Raises InvalidToken, and Busy when the authorization server does not answer."""


class Remembered(NamedTuple):
    caller: Caller
    since: float


def caller_of(request: web.BaseRequest) -> Caller:
    """Whom the boundary let in with this request."""
    return request[CALLER]


async def confirm(request: web.BaseRequest) -> None:
    """Raise InvalidToken if what let this request in no longer would. Streams ask before they tell something."""
    if credentials := request.get(CREDENTIALS):
        await credentials.confirm(request.headers)


async def caller_of_token(hub: Hub, text: str, clock: Clock = utc_now) -> Caller:
    """Whose token of the hub's own this is. Raises InvalidToken."""
    read = TokenText.read(text)
    token = await hub.store.get(read.tenant or LOCAL_TENANT, Token, read.id) if read else None
    if read is None or token is None or not token.is_of(read.secret):
        raise InvalidToken(f"The hub does not know this token. {NEXT_STEP}")
    if refusal := token.refusal_at(instant(clock())):
        raise InvalidToken(f"This token {refusal}. {NEXT_STEP}")
    return Caller(token.tenant, token.subject, frozenset(token.grants), token.profile, token.id)


class Credentials:
    """Who may come in, and as whom. `required`: nobody without a token, but for the open paths."""

    def __init__(self, hub: Hub, required: bool, access_tokens: AccessTokens | None = None, clock: Clock = utc_now) -> None:
        self._hub, self.required, self._access_tokens, self._clock = hub, required, access_tokens, clock
        self._remembered: dict[bytes, Remembered] = {}

    async def admit(self, request: web.BaseRequest) -> None:
        """Let the request in as somebody. Raises Unauthenticated, and what a store or an authorization server may fail with."""
        path = request.path
        signed = path == GITHUB_EVENTS and request.method == "POST"
        if signed or path in OPEN_PATHS or path.startswith(WELL_KNOWN) or (path.endswith(AGENT_CARD) and not self._text(request.headers)):
            request[CALLER] = ANYONE
            return
        request[CALLER] = await self.caller(request.headers)
        if self._text(request.headers):
            request[CREDENTIALS] = self

    async def caller(self, headers: Mapping[str, str]) -> Caller:
        """Whom these headers let in. Raises as `admit` does."""
        if text := self._text(headers):
            return await self._caller(text)
        if self.required:
            raise Unauthenticated(f"This hub asks for a token. {NEXT_STEP}")
        return LOCAL

    async def confirm(self, headers: Mapping[str, str]) -> None:
        if text := self._text(headers):
            await self._caller(text)

    def challenge(self, error: HubError, request: web.BaseRequest) -> dict[str, str]:
        """The header that tells a client which token would do (RFC 6750 §3, RFC 9728 §5.1)."""
        parts: dict[str, str] = {}
        if isinstance(error, Unauthenticated):
            parts = {"error": "invalid_token"} if isinstance(error, InvalidToken) else {}
            parts["scope"] = " ".join(SCOPES)
        elif isinstance(error, Forbidden) and CREDENTIALS in request and "grant" in error.details:
            parts = {"error": "insufficient_scope", "scope": str(error.details["grant"])}
        if not parts:
            return {}
        if self._access_tokens:
            about = MCP if request.path.rstrip("/") == MCP else ""
            parts["resource_metadata"] = f"{self._access_tokens.resource_url}{METADATA}{about}"
        return {"WWW-Authenticate": "Bearer " + ", ".join(f'{name}="{value}"' for name, value in parts.items())}

    def _text(self, headers: Mapping[str, str]) -> str | None:
        """The bearer text, if it is one that anybody here could know; any other is as good as none."""
        scheme, _, text = headers.get("Authorization", "").partition(" ")
        text = text.strip()
        if scheme.lower() == "bearer" and text and (text.startswith(PREFIX) or self._access_tokens or self.required):
            return text
        return None

    async def _caller(self, text: str) -> Caller:
        """The same object for the same caller, and from memory where it was known within the last second."""
        key, now = sha256(text.encode(errors="surrogateescape")).digest(), self._clock().timestamp()
        known = self._remembered.get(key)
        if known and known.since <= now < known.since + FRESH:
            return known.caller
        if text.startswith(PREFIX) or self._access_tokens is None:
            caller = await caller_of_token(self._hub, text, self._clock)
        else:
            caller = await self._access_tokens.caller(text)
        if known and known.caller == caller:
            caller = known.caller
        if len(self._remembered) >= MOST:
            self._remembered.clear()
        self._remembered[key] = Remembered(caller, now)
        return caller


CREDENTIALS = web.RequestKey("credentials", Credentials)
"""What let the request in, if it came with a token."""
