"""A session as one editor has it open."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from hub.domain.sessions import Prompt, Session
from hub.ports import Json
from protocols.acp.choices import Choice, config_options
from protocols.acp.renderings import updates


@dataclass(slots=True)
class Attached:
    session: Session
    """As it was last read."""
    since: int
    """Of the log: what happened up to here is in what was read when it was opened."""
    agents: Sequence[Choice]
    workspaces: Sequence[Json]
    booleans: bool
    said: set[str] = field(default_factory=set)
    """The ids of messages that this editor has sent: it shows them by itself."""
    waiting: dict[int, "asyncio.Future[Prompt | None]"] = field(default_factory=dict)
    """For prompts of this editor to end, by their numbers. None: the session was closed."""
    taken: set[int] = field(default_factory=set)
    """Those of them of which it was heard that the agent was told."""
    cancelled: set[int] = field(default_factory=set)
    """Those of them that the editor has cancelled."""
    asking: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    """Permission requests that the editor has not answered, by their ids."""
    planned: bool = False
    """The agent has told a plan in this turn."""
    told: list[Json] | None = None
    """The config options that the editor knows."""

    def options(self, **chosen: str | bool) -> list[Json]:
        self.told = config_options(self.session, self.agents, self.workspaces, self.booleans, chosen)
        return self.told

    def render(self, update: Json) -> list[Json]:
        """What the editor is told when this happens."""
        match update.get("sessionUpdate"):
            case "user_message" if update.get("messageId") in self.said:
                self.said.discard(str(update["messageId"]))
                return []
            case "state_update":
                self.planned = self.planned and update.get("state") != "idle"
                return []
            case "plan":
                self.planned = True
            case "config_option_update" if isinstance(options := update.get("configOptions"), list):
                self.session = self.session.model_copy(update={"config_options": tuple(options)})
                return self._options()
            case "current_mode_update":
                modes = {**(self.session.modes or {}), "currentModeId": update.get("currentModeId")}
                self.session = self.session.model_copy(update={"modes": modes})
                return [update, *self._options()]
        return [*updates(update)]

    def refresh(self, session: Session) -> list[Json]:
        """The session was read again: what of it the editor does not know."""
        mode = _mode(self.session)
        told = self.retitle(session)
        self.session = session
        if (new := _mode(session)) and new != mode:
            told.append({"sessionUpdate": "current_mode_update", "currentModeId": new})
        return told + self._options()

    def retitle(self, session: Session) -> list[Json]:
        """As `refresh`, but for its name alone: what was chosen of the agent's options is told when the agent says it."""
        if session.name in (None, self.session.name):
            return []
        self.session = self.session.model_copy(update={"name": session.name})
        return [{"sessionUpdate": "session_info_update", "title": session.name}]

    def _options(self) -> list[Json]:
        before = self.told
        return [] if self.options() == before else [{"sessionUpdate": "config_option_update", "configOptions": self.told}]


def _mode(session: Session) -> object:
    return (session.modes or {}).get("currentModeId")
