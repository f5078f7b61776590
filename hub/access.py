"""Who calls, and what each grant opens."""

from dataclasses import dataclass

from hub.domain.errors import Forbidden

EVERYTHING = frozenset({"*"})
READ, WRITE = "read", "write"
"""Wide grants: all `*.read`; these and all `*.write` but those of the administration."""
ADMINISTRATION = frozenset({
    "tokens", "mcp_servers", "remote_agents", "session_claims", "session_settings", "permissions", "permission_policies", "providers",
    "skills", "specialists", "system", "git", "clones", "webhooks", "polling",
})  # fmt: skip
"""Nouns whose changes decide who may do what, what the hub runs or fetches, or what agents are told to be. `write` does not open
them: they are named, or `*` is."""
USE_TOOLS = "mcp_tools.write"
"""To see and call the tools of other MCP servers: the one grant that opens no operation."""
LOCAL_TENANT = "local"


@dataclass(frozen=True, slots=True)
class Caller:
    """A subject of a tenant. Grants are `<nouns>.<read|write>`, or wide: `read`, `write`, and `*`, which opens everything."""

    tenant: str = LOCAL_TENANT
    subject: str = "local"
    grants: frozenset[str] = EVERYTHING
    profile: str | None = None
    """The part of the catalogue that its credential asks for; None: the door's default."""
    credential: str | None = None
    """Which token it came with, so that what one opened is not another's; None: none was asked for."""

    def opens(self, grant: str) -> bool:
        grants = self.grants
        if "*" in grants or grant in grants:
            return True
        noun, _, what = grant.partition(".")
        if what == READ:
            return READ in grants or WRITE in grants
        return WRITE in grants and what == WRITE and noun not in ADMINISTRATION

    def covers(self, grant: str) -> bool:
        """Whether it may give this grant, wide or not, to another: everything that the grant opens is open to it."""
        return self.opens(grant) or (grant == READ and WRITE in self.grants)

    def require(self, grant: str) -> None:
        if not self.opens(grant):
            raise Forbidden(f"This needs the grant {grant!r}. Ask the operator of the hub for a token that has it.", grant=grant)


LOCAL = Caller()
"""The person at this machine."""
