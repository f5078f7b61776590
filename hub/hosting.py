"""Running coding agents: what a session's worker needs of the wire on which they are spoken with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from hub.domain.permissions import Permission, PermissionOption
from hub.domain.sessions import ContentBlock, Continuity, Session, StopReason
from hub.domain.transcripts import Update


class CannotRun(Exception):
    """The agent could not be started, or does not go on. One sentence for whoever reads the session, with what to do about it."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for what an agent is waited for."""

    start: float = 60.0
    """Until it has introduced itself, and again until it is signed in."""
    open: float = 120.0
    """Until its session is there: what it said before may be replayed."""
    quiet: float = 3_600.0
    """In a turn without any sign of life, not counting the time in which it waits for somebody."""
    cancel: float = 10.0
    """Between the wish that its turn ends and its end; then its process is ended."""
    setting: float = 30.0
    """For a mode or an option to be set."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A permission request, as the hub keeps it."""

    title: str
    tool_call: dict[str, Any]
    options: Sequence[PermissionOption]
    tool_call_id: str | None = None
    tool_kind: str = "other"
    paths: Sequence[str] = ()
    command: str | None = None


class Opened(NamedTuple):
    """What an agent said when its session began."""

    agent_session_id: str
    continuity: Continuity
    capabilities: tuple[str, ...]
    cwd: Path
    agent_info: dict[str, Any] | None = None
    modes: dict[str, Any] | None = None
    config_options: tuple[dict[str, Any], ...] | None = None


class TurnEnd(NamedTuple):
    stop_reason: StopReason
    usage: dict[str, Any] | None = None


class SessionDesk(Protocol):
    """Where a live agent reports, in the order of its wire."""

    async def update(self, update: Update) -> None:
        """Something happened. Waits while too much of it is not yet kept."""

    async def ask(self, asked: Asked) -> Permission:
        """Answers the decision, however long that takes."""

    async def check_write(self, path: str) -> None:
        """Raises Refused while another agent holds this file, given relative to the session's folder."""

    def gone(self, reason: str) -> None:
        """The agent has ended by itself."""


class LiveAgent(Protocol):
    """An agent with one session. Whoever opened it closes it."""

    @property
    def opened(self) -> Opened: ...

    async def prompt(self, content: Sequence[ContentBlock]) -> TurnEnd:
        """One turn, until the agent says that it is over: all that it did in it has been told then. Raises CannotRun."""

    async def steer(self, content: Sequence[ContentBlock]) -> bool:
        """Into the turn that runs. False: the agent does not take it now."""

    async def cancel(self) -> None:
        """The agent is told to end the turn. It ends when `prompt` does."""

    async def set_mode(self, mode_id: str) -> None:
        """Raises CannotRun."""

    async def set_config_option(self, id_: str, value: str | bool) -> tuple[dict[str, Any], ...] | None:
        """Answers the options as they are then. Raises CannotRun."""

    async def memory(self) -> int:
        """Bytes that its process holds with whatever that started; 0: not known."""

    async def close(self) -> None:
        """Its process ends, and whatever that started."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How an agent's program is started."""

    command: str
    args: Sequence[str]
    env: Mapping[str, str] = field(repr=False)
    """The whole of its environment."""
    secrets: Sequence[str] = field(default=(), repr=False)
    """Values that are never shown, should the program print them."""
    mode: str | None = None
    """The mode to set in a new session, where nobody chose one and the agent offers it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a session is begun or gone on with."""

    session: Session
    forked_from: str | None = None
    mcp_servers: Sequence[dict[str, Any]] = field(default=())
    """As ACP has them: the hub's own, and those of whoever started the session."""


class AgentHost(Protocol):
    """Starts agents."""

    async def open(self, opening: Opening, desk: SessionDesk) -> LiveAgent:
        """What the agent tells of earlier turns is not reported to the desk. Raises CannotRun."""
