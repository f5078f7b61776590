"""Who calls, and what each grant opens."""

from dataclasses import dataclass

from hub.domain.errors import Forbidden

EVERYTHING = frozenset({"*"})
LOCAL_TENANT = "local"


@dataclass(frozen=True, slots=True)
class Caller:
    """A subject of a tenant. Grants are `<nouns>.<read|write>`; `*` opens everything."""

    tenant: str = LOCAL_TENANT
    subject: str = "local"
    grants: frozenset[str] = EVERYTHING
    profile: str | None = None
    """The part of the catalogue that its credential asks for; None: the door's default."""
    credential: str | None = None
    """Which token it came with, so that what one opened is not another's; None: none was asked for."""

    def require(self, grant: str) -> None:
        if grant not in self.grants and "*" not in self.grants:
            raise Forbidden(f"This needs the grant {grant!r}. Ask the operator of the hub for a token that has it.", grant=grant)


LOCAL = Caller()
"""The person at this machine."""
