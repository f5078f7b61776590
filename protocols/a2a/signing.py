"""Signed cards (specification 1.0 §8.4): JWS (RFC 7515) with ES256 over the card's canonical form (RFC 8785).

The keys follow from the hub's secret key, so every node signs with the same one, and a hub that keeps an older secret key beside the
new one still publishes the older public key.
"""

from base64 import urlsafe_b64encode
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

import orjson

from hub.ports import Json, Vault
from protocols.a2a.canonical import canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

JWKS = "/.well-known/jwks.json"
PURPOSE = "a2a cards"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (FIPS 186-5): private keys lie between 0 and it."""
WIDTH = 32
"""Bytes of a coordinate, and of either half of a signature."""


class Signer:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def signed(self, card: Json, base_url: str) -> Json:
        """`base_url` is where the key is published. Raises Refused when the hub has no secret key."""
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
        from cryptography.hazmat.primitives.hashes import SHA256

        key = self._keys[0]
        header = {"alg": "ES256", "typ": "JOSE", "kid": _thumbprint(_public(key)), "jku": f"{base_url}{JWKS}"}
        protected = _encoded(orjson.dumps(header))
        der = key.sign(f"{protected}.{_encoded(canonical(card))}".encode(), ECDSA(SHA256()))
        signature = b"".join(half.to_bytes(WIDTH, "big") for half in decode_dss_signature(der))
        return {**card, "signatures": [{"protected": protected, "signature": _encoded(signature)}]}

    def published(self) -> Json:
        """The public keys, as a JSON Web Key Set (RFC 7517)."""
        publics = [_public(key) for key in self._keys]
        return {"keys": [{**public, "kid": _thumbprint(public), "use": "sig", "alg": "ES256"} for public in publics]}

    @cached_property
    def _keys(self) -> "list[EllipticCurvePrivateKey]":
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

        return [derive_private_key(int.from_bytes(raw, "big") % (ORDER - 1) + 1, SECP256R1()) for raw in self._vault.keys(PURPOSE)]


def _public(key: "EllipticCurvePrivateKey") -> dict[str, str]:
    point = key.public_key().public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": _encoded(point.x.to_bytes(WIDTH, "big")), "y": _encoded(point.y.to_bytes(WIDTH, "big"))}


def _thumbprint(public: dict[str, str]) -> str:
    """RFC 7638."""
    return _encoded(sha256(canonical(public)).digest())


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
