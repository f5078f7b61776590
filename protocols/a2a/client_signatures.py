"""Whether a card is signed as it says: JWS (RFC 7515) over the card's canonical form (A2A 1.0 §8.4)."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import orjson

from hub.ports import Json
from protocols.a2a.canonical import canonical
from protocols.a2a.client_links import Trouble

KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""Of key, by the first two letters of the algorithms that are accepted: none with a shared secret."""
MOST = 10
"""Signatures that are looked at."""
FIELDS = (
    "name", "description", "supportedInterfaces", "provider", "version", "documentationUrl", "capabilities", "securitySchemes",
    "securityRequirements", "defaultInputModes", "defaultOutputModes", "skills", "iconUrl",
)  # fmt: skip
"""Of a card of 1.0. One that also serves 0.3 has more, which no signature of 1.0 covers."""
UNVERIFIED = "its card is not signed as it says, so it is not used"

Keys = Callable[[str | None], Awaitable[list[Json]]]
"""The JSON Web Keys of a `jku`, or of the place where keys are looked for without one. Raises Trouble."""


class Signature(NamedTuple):
    algorithm: str
    key_id: str | None
    keys_url: str | None
    protected: str
    """As it is signed: base64url of the header."""
    signature: bytes


async def verified(card: Json, keys: Keys) -> tuple[Json, bool]:
    """What of the card is signed, and whether it is at all. Raises Trouble when none of its signatures holds."""
    given = card.get("signatures")
    if not given:
        return card, False
    unsigned = {name: value for name, value in card.items() if name != "signatures"}
    signatures = [one for one in map(_read, given[:MOST]) if one] if isinstance(given, list) else []
    for signature in signatures:
        found = [key for key in await keys(signature.keys_url) if signature.key_id is None or key.get("kid") == signature.key_id]
        if found and (content := await asyncio.to_thread(_signed, unsigned, signature, found)) is not None:
            return content, True
    raise Trouble(UNVERIFIED, lasting=True)


def _read(given: Any) -> Signature | None:
    """None: it is none that could be verified."""
    try:
        protected, signature = given["protected"], given["signature"]
        header = orjson.loads(_decoded(protected))
        algorithm, key_id, url = header["alg"], header.get("kid"), header.get("jku")
        known = algorithm[:2] in KINDS and "crit" not in header and "b64" not in header
        return Signature(algorithm, key_id, url if isinstance(url, str) else None, protected, _decoded(signature)) if known else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _signed(card: Json, signature: Signature, keys: list[Json]) -> Json | None:
    """The form of the card over which this is the signature of one of these keys."""
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    for jwk in keys:
        if jwk.get("kty") != KINDS[signature.algorithm[:2]] or jwk.get("alg", signature.algorithm) != signature.algorithm:
            continue
        try:
            key = PyJWK(jwk, signature.algorithm)
        except PyJWTError:
            continue
        for form in _forms(card):
            said = f"{signature.protected}.{urlsafe_b64encode(canonical(form)).rstrip(b'=').decode()}"
            if key.Algorithm.verify(said.encode(), key.key, signature.signature):
                return form
    return None


def _forms(card: Json) -> Iterator[Json]:
    """How signers of today read the specification's rules of presence: as it stands, without what is empty, without every default."""
    for one in (card, {name: value for name, value in card.items() if name in FIELDS}):
        yield one
        yield _without(one, ("", [], {}, None))
        yield _without(one, ("", [], {}, None, False, 0))


def _without(value: Any, empty: tuple[object, ...]) -> Any:
    if isinstance(value, dict):
        made = {name: _without(one, empty) for name, one in value.items()}
        return {name: one for name, one in made.items() if not _is(one, empty)}
    if isinstance(value, list):
        return [_without(one, empty) for one in value]
    return value


def _is(value: object, empty: tuple[object, ...]) -> bool:
    """Python's False is its 0."""
    return any(type(value) is type(one) and value == one for one in empty)


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
