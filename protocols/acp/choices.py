"""What an editor's user may choose for a session: who works in it, in which workspace, and the agent's own options."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from pydantic import JsonValue

from hub.access import Caller
from hub.app import Hub
from hub.domain.agents import Agent
from hub.domain.errors import Forbidden, NotFound, Refused
from hub.domain.sessions import Session
from hub.domain.specialists import Specialist
from hub.operations.sessions import RUN_BY_SESSION, provider_of
from hub.ports import Json
from protocols.acp.renderings import modes_of

AGENT, WORKSPACE, MODE = "agent", "workspace", "mode"
"""The hub's own options. One of the agent's that has such an id is not shown, a mode apart: that one is the agent's to offer."""
COORDINATOR = "routa"
"""The specialist that gives the work to others."""
MOST = 50
LOOKED = 1_000
"""Agents and providers that are looked through."""
NOBODY = (
    "There is no coding agent that the hub can run. Install one, like `npm install -g opencode-ai`, and see `trivium providers list`; "
    "or name an agent of the hub with `trivium acp --agent ID`."
)


class Choice(NamedTuple):
    """Somebody who may work in a session."""

    value: str
    name: str
    agent_id: str | None = None
    """An agent of the hub; None: a new one, for this session."""
    provider: str | None = None
    specialist_id: str | None = None

    @property
    def start(self) -> Json:
        """What start_session is told of it."""
        given = {"agentId": self.agent_id, "provider": self.provider, "specialistId": self.specialist_id}
        return {name: value for name, value in given.items() if value} | ({"role": "ROUTA"} if self.specialist_id else {})

    def is_of(self, session: Session) -> bool:
        if self.agent_id:
            return self.agent_id == session.agent_id
        return (self.provider, self.specialist_id) == (session.provider, session.specialist_id)


class Choices:
    """Those that a caller has. What is asked for by name comes first."""

    def __init__(self, hub: Hub, caller: Caller, named: str | None = None) -> None:
        self._hub, self._caller, self._named = hub, caller, named
        self._wanted = (named, f"agent:{named}", f"provider:{named}") if named else ()

    async def agents(self, workspace_id: str) -> list[Choice]:
        providers = [Choice(f"provider:{id_}", name, None, id_) for id_, name in await self._providers()]
        coordinates = providers and await self._has_coordinator(workspace_id)
        coordinator = [Choice("coordinator", "Coordinator", None, providers[0].provider, COORDINATOR)] if coordinates else []
        agents = [_of(agent) for agent in await self._run_by_hub(workspace_id)]
        several = [*providers, *coordinator, *agents]
        return sorted(several, key=lambda choice: choice.value not in self._wanted)

    async def first(self, workspace_id: str) -> Choice:
        """Who works where nobody was chosen. Raises Refused, saying what to do."""
        several = await self.agents(workspace_id)
        if not several:
            raise Refused(NOBODY)
        if self._wanted and several[0].value not in self._wanted:
            raise Refused(f"There is no agent {self._named!r}. Allowed: {', '.join(one.value for one in several)}.")
        return several[0]

    async def workspaces(self) -> list[Json]:
        listed = await self._listed("workspaces", limit=MOST)
        return [{"value": one["id"], "name": one["title"]} for one in listed if one["status"] == "active"]

    async def _run_by_hub(self, workspace_id: str) -> list[Agent]:
        """Not those that were made for one session, but for the one that is asked for by name."""
        listed = await self._listed("agents", workspaceId=workspace_id, limit=LOOKED)
        several = [Agent.model_validate(one) for one in listed if "runner" in one["metadata"]]
        return [one for one in several if one.id == self._named or one.metadata["runner"] != RUN_BY_SESSION][:MOST]

    async def _has_coordinator(self, workspace_id: str) -> bool:
        try:
            found = await self._hub.call("get_specialist", {"specialistId": COORDINATOR, "workspaceId": workspace_id}, self._caller)
        except (Forbidden, NotFound):
            return False
        return isinstance(found, Specialist) and found.enabled

    async def _providers(self) -> list[tuple[str, str]]:
        """Those whose program is there."""
        return [(one["id"], one["name"]) for one in await self._listed("providers", limit=LOOKED) if one["status"] == "available"]

    async def _listed(self, plural: str, **given: object) -> list[Json]:
        """None of what the caller may not see."""
        try:
            listed = await self._hub.call(f"list_{plural}", given, self._caller)
        except Forbidden:
            return []
        several: list[Json] = orjson.loads(listed.to_json())[plural]
        return several


def _of(agent: Agent) -> Choice:
    return Choice(f"agent:{agent.id}", agent.name, agent.id, provider_of(agent))


def config_options(session: Session, agents: Sequence[Choice], workspaces: Iterable[Json], booleans: bool, chosen: Json) -> list[Json]:
    """All that can be chosen, with what counts now. `chosen` is what was chosen just now, and the agent has not said yet."""
    named = next((one for one in agents if one.is_of(session)), None)
    who = [{"value": one.value, "name": one.name} for one in agents]
    if named is None:
        who.append({"value": session.provider, "name": session.provider})
    where = [one for one in workspaces if not session.prompt_count or one["value"] == session.workspace_id]
    options = [_select(AGENT, "Agent", named.value if named else session.provider, who)]
    options += [_select(WORKSPACE, "Workspace", session.workspace_id, where)] if where else []
    of_agent = [{**one} for one in session.config_options or () if one.get("id") not in (AGENT, WORKSPACE)]
    if (modes := modes_of(session)) and not any(one.get("category") == MODE for one in of_agent):
        offered = [{"value": one["id"], "name": one.get("name") or one["id"]} for one in modes["availableModes"]]
        options.append(_select(MODE, "Mode", chosen.get(MODE, modes["currentModeId"]), offered) | {"category": MODE})
    for option in of_agent:
        if option.get("id") in chosen:
            option["currentValue"] = chosen[str(option["id"])]
    return [*options, *(one for one in of_agent if one.get("type") == "select" or booleans)]


def _select(id_: str, name: str, current: JsonValue, options: list[Any]) -> Json:
    return {"id": id_, "name": name, "type": "select", "currentValue": current, "options": options}
