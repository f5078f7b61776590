"""The hub as an OAuth resource server: an authorization server's JWT access tokens let callers in (RFC 6750, 8707, 9068, 9728)."""

from typing import Any

import orjson
from aiohttp import web

from hub.access import LOCAL_TENANT, Caller
from hub.addresses import MCP
from hub.domain.tokens import TENANT_NAME
from protocols.identity import METADATA, SCOPES, InvalidToken
from protocols.issuers import FAMILIES, Issuer

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
"""What an access token may call itself; other tokens of the same issuer are none."""
LEEWAY = 10
"""Seconds that the clocks may differ."""
NEXT_STEP = "Get a new access token from the authorization server."


class OAuth:
    """`url` is the hub's own address, and a token is for it or for its MCP door, unless an `audience` is named."""

    def __init__(self, issuer: Issuer, url: str, audience: str = "", tenant_claim: str = "") -> None:
        self._issuer, self.resource_url, self._tenant_claim = issuer, url, tenant_claim
        meant = [audience] if audience else [url, f"{url}{MCP}"]
        self._audiences = [*meant, *(f"{one}/" for one in meant)]

    async def caller(self, text: str) -> Caller:
        """Raises InvalidToken, and Busy when the issuer's keys are needed and it does not answer."""
        claims = await self._claims(text)
        subject, client = claims.get("sub"), claims.get("client_id") or claims.get("azp")
        who = subject or client
        if not (isinstance(who, str) and who.isprintable() and len(who) <= 400):
            raise InvalidToken(f"The access token does not say whose it is. {NEXT_STEP}")
        credential = orjson.dumps([self._issuer.url, subject, client]).decode()
        return Caller(self._tenant(claims), who, frozenset(_scopes(claims)) - {"*"}, None, credential)

    async def metadata(self, request: web.Request) -> web.Response:
        """RFC 9728 §2, about the hub or about its MCP door."""
        document = {
            "resource": self.resource_url + request.path.removeprefix(METADATA),
            "authorization_servers": [self._issuer.url],
            "scopes_supported": SCOPES,
            "bearer_methods_supported": ["header"],
            "resource_name": "Trivium",
        }
        return web.Response(body=orjson.dumps(document), content_type="application/json")

    async def close(self, _: web.Application | None = None) -> None:
        await self._issuer.close()

    async def _claims(self, text: str) -> dict[str, Any]:
        """Of a token that the issuer signed for this hub and that holds now."""
        header = _header(text)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS or str(header.get("typ", "")).lower() not in TYPES:
            raise InvalidToken(f"The access token is of a kind that is not accepted. {NEXT_STEP}")
        id_ = header.get("kid")
        for key in await self._issuer.keys(id_ if isinstance(id_, str) else None):
            if key.key_type == FAMILIES[algorithm[:2]] and (claims := self._verified(text, key.key, algorithm)):
                return claims
        raise InvalidToken(f"The access token is not signed by its issuer. {NEXT_STEP}")

    def _verified(self, text: str, key: Any, algorithm: str) -> dict[str, Any] | None:
        """None if it was signed with another key."""
        import jwt

        try:
            claims: dict[str, Any] = jwt.decode(
                text, key, algorithms=[algorithm], audience=self._audiences, issuer=self._issuer.url, leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"]},
            )  # fmt: skip
        except jwt.InvalidSignatureError:
            return None
        except jwt.ExpiredSignatureError:
            raise InvalidToken(f"The access token is expired. {NEXT_STEP}") from None
        except jwt.InvalidAudienceError:
            raise InvalidToken(f"The access token is for another resource. Ask for one for {self.resource_url}{MCP}.") from None
        except jwt.PyJWTError:
            raise InvalidToken(f"The access token is not valid. {NEXT_STEP}") from None
        return claims

    def _tenant(self, claims: dict[str, Any]) -> str:
        if not self._tenant_claim:
            return LOCAL_TENANT
        tenant = claims.get(self._tenant_claim)
        if not isinstance(tenant, str) or not TENANT_NAME.fullmatch(tenant):
            raise InvalidToken(f"The access token names no tenant in its claim {self._tenant_claim!r}. {NEXT_STEP}")
        return tenant


def _header(text: str) -> dict[str, Any]:
    """Not to be trusted before the signature is."""
    import jwt

    try:
        return jwt.get_unverified_header(text)
    except jwt.PyJWTError:
        raise InvalidToken(f"This is no access token of the kind that is accepted, a JWT. {NEXT_STEP}") from None


def _scopes(claims: dict[str, Any]) -> list[str]:
    """A text with spaces (RFC 8693 §4.2) or a list: the hub's grants, among others that mean nothing here."""
    scopes = claims.get("scope", claims.get("scp", ()))
    if isinstance(scopes, str):
        return scopes.split()
    return [scope for scope in scopes if isinstance(scope, str)] if isinstance(scopes, list) else []
