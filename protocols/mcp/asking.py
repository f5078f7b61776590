"""Who asks, on any transport."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.access import Caller
from hub.operations.base import CORE, Profile
from hub.ports import Json

Progress = Callable[[float, float | None, str | None], Awaitable[None]]
"""Tell how far it is: progress, total, message. The progress must rise with each call (2025-11-25 §basic/utilities/progress)."""

Ask = Callable[[Json], Awaitable[Json]]
"""A form for a person, message and requestedSchema -> the ElicitResult. Raises MCPError."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who calls a tool, and what its connection can do."""

    caller: Caller
    profile: Profile = CORE
    extensions: frozenset[str] = frozenset()
    """Those that the client declared in its request (2026-07-28); empty in the handshake era."""
    progress: Progress | None = None
    """None: the client did not ask for it."""
    elicits: bool = False
    """It shows its user forms, and declared that in its request (2026-07-28)."""
    links: bool = True
    """Results may hold resource links: revisions before 2025-06-18 do not know them."""
    workspace_id: str = "default"
    """The workspace of its connection, whose MCP servers' tools it sees."""
    ask: Ask | None = None
    """Asks the person behind the client while the call waits (handshake era); None: that cannot be done."""
    state: str | None = None
    """The `requestState` of the result that asked for input; the client says what it got (2026-07-28)."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """Its `inputResponses`."""
