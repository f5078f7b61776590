"""A token: what lets a caller in who is not at this machine. Its secret is told once and never stored."""

import re
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex
from typing import ClassVar, NamedTuple

from hub.domain.model import Instant, Record

PREFIX = "trv_"
"""By which a token is known among other bearer texts, also to those who look for leaked secrets."""
TENANT = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
TENANT_NAME = re.compile(TENANT)
SHAPE = re.compile(
    rf"{PREFIX}(?:({TENANT})_)?([0-9a-f]{{8}})([0-9a-f]{{4}})([0-9a-f]{{4}})([0-9a-f]{{4}})([0-9a-f]{{12}})_([0-9a-f]{{64}})"
)


class Token(Record):
    """Kept in the tenant of whoever made it; who uses it acts in `tenant`, which only an operator may make another one."""

    kind: ClassVar[str] = "token"
    plural: ClassVar[str] = "tokens"

    name: str
    digest: str
    """SHA-256 of the secret, in hex: the secret has 256 random bits, so nobody finds it from that."""
    subject: str
    tenant: str
    grants: tuple[str, ...]
    profile: str | None = None
    expires_at: Instant | None = None
    revoked_at: Instant | None = None

    def refusal_at(self, now: Instant) -> str | None:
        """Why it lets nobody in any more."""
        if self.revoked_at is not None:
            return f"was revoked at {self.revoked_at}"
        if self.expires_at is not None and self.expires_at <= now:
            return f"expired at {self.expires_at}"
        return None

    def is_of(self, secret: str) -> bool:
        """In the same time whether they differ early or late."""
        return compare_digest(self.digest, digest_of(secret))


class TokenText(NamedTuple):
    """What a caller sends, taken apart. It may be made up: only the secret proves anything."""

    tenant: str | None
    """In which the record is kept; None: the hub's own."""
    id: str
    secret: str

    @classmethod
    def read(cls, text: str) -> "TokenText | None":
        found = SHAPE.fullmatch(text)
        return cls(found[1], "-".join(found.groups()[1:6]), found[7]) if found else None

    def written(self) -> str:
        """`trv_<id>_<secret>`: the record is found by one read, whatever the tenant."""
        return f"{PREFIX}{f'{self.tenant}_' if self.tenant else ''}{self.id.replace('-', '')}_{self.secret}"


def new_secret() -> str:
    return token_hex(32)


def digest_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
