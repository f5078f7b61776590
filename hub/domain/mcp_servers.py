"""Other MCP servers, whose tools the hub shows to its own clients."""

from typing import ClassVar, Literal

from hub.domain.model import Record

McpServerType = Literal["stdio", "http", "sse"]
"""A program of this machine, or an address that speaks streamable HTTP. `sse` is a name of before: it is tried as http."""
MASK = "••••"
"""In the place of a secret that is set: no answer ever tells it."""
BETWEEN = "__"
"""Stands between a server's prefix and its tool's own name; so it is in no prefix."""
LONGEST_PREFIX = 24


class McpServer(Record):
    kind: ClassVar[str] = "mcp_server"
    plural: ClassVar[str] = "servers"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "prefix")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",),)
    unique: ClassVar[tuple[tuple[str, ...], ...]] = (("prefix",),)

    name: str
    description: str | None = None
    type: McpServerType
    prefix: str
    """Its tools are called `<prefix>__<tool>`: one tenant has it once."""
    command: str | None = None
    args: tuple[str, ...] = ()
    url: str | None = None
    headers: dict[str, str] = {}
    """Sent with every request. The values are sealed."""
    env: dict[str, str] = {}
    """The program's variables, beyond a few harmless ones of the hub's. The values are sealed."""
    enabled: bool = True
    workspace_id: str = "default"
    connect_seconds: float = 60.0
    """Within which it has started, shaken hands and listed its tools."""
    call_seconds: float = 300.0
    """How long a tool may be silent; progress begins it anew."""

    def shown(self) -> "McpServer":
        """As a caller may see it."""
        return self.model_copy(update={"headers": dict.fromkeys(self.headers, MASK), "env": dict.fromkeys(self.env, MASK)})
