"""Starting coding agents: a provider's program in a session's folder, spoken with over its standard input and output."""

import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from hub.domain.errors import HubError
from hub.domain.sessions import Session
from hub.hosting import CannotRun, Launch, LiveAgent, Opening, Patience, SessionDesk
from protocols.acp.files import Files
from protocols.acp.links import AgentLink, Workplace
from protocols.acp.terminals import Terminals
from protocols.processes import CannotStart
from protocols.programs import Program


class ProgramHost:
    """An AgentHost."""

    def __init__(
        self, launch: Callable[[Session], Awaitable[Launch]], own_folder: Path, allowed: Sequence[Path] = (),
        patience: Patience | None = None,
    ) -> None:  # fmt: skip
        """`own_folder`: where a session without a folder gets one. `allowed`: where the folders of the others lie; none: anywhere."""
        self._launch, self._own, self._allowed = launch, own_folder, [root.resolve() for root in allowed]
        self._patience = patience or Patience()

    async def open(self, opening: Opening, desk: SessionDesk) -> LiveAgent:
        session = opening.session
        cwd = self._folder(session)
        try:
            launch = await self._launch(session)
            program = await Program.start(launch.command, launch.args, env=launch.env, cwd=cwd, secrets=launch.secrets)
        except HubError as error:
            raise CannotRun(error.message) from None
        except CannotStart as error:
            raise CannotRun(f"The agent cannot be started: {error}.") from None
        workplace = Workplace(cwd, Files([cwd], desk.check_write), Terminals([cwd], launch.env), program.memory)
        link = await AgentLink.open(program, opening, desk, workplace, self._patience)
        if session.mode_id is None and launch.mode:
            await _set(link, launch.mode)
        return link

    def _folder(self, session: Session) -> Path:
        """Raises CannotRun."""
        if session.cwd is None:
            folder = self._own / session.id
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return folder
        folder = Path(session.cwd)
        if not folder.is_absolute():
            raise CannotRun(f"The folder {session.cwd!r} is not absolute. Give its whole path.")
        try:
            folder = folder.resolve(strict=True)
        except (OSError, RuntimeError):
            raise CannotRun(f"There is no folder {session.cwd!r}. Make it, or start the session in another one.") from None
        if self._allowed and not any(folder.is_relative_to(root) for root in (*self._allowed, self._own.resolve())):
            roots = ", ".join(map(str, self._allowed))
            raise CannotRun(f"The folder {session.cwd!r} is not one in which this hub runs agents (TRIVIUM_FOLDERS). Allowed: {roots}.")
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            raise CannotRun(f"{session.cwd!r} is no folder that the hub may use. Give another one.")
        return folder


async def _set(link: AgentLink, mode: str) -> None:
    """A mode that the agent does not offer, or refuses, is not missed."""
    modes = link.opened.modes or {}
    offered: Any = modes.get("availableModes")
    if (
        isinstance(offered, list)
        and mode != modes.get("currentModeId")
        and any(isinstance(one, dict) and one.get("id") == mode for one in offered)
    ):
        try:
            await link.set_mode(mode)
        except CannotRun:
            return
        link.opened = link.opened._replace(modes={**modes, "currentModeId": mode})
