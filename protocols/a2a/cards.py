"""Agent cards (specification 1.0 §4.4, §8): the hub's own, and one for each of its agents, made from its record.

An agent's metadata may say more of it: `description`, `skills` (a list of A2A skills as JSON, or names with commas between them),
`inputModes` and `outputModes` (media types with commas between them), `version`, `documentationUrl`, `iconUrl`.
"""

from collections import OrderedDict
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import orjson

from hub.app import Hub
from hub.domain.agents import Agent
from hub.domain.model import Instant, instant, utc_now
from hub.ports import Find, Json
from hub.version import VERSION
from protocols.a2a.modes import MODES, input_modes, named
from protocols.a2a.service import Asked
from protocols.a2a.signing import Signer
from protocols.a2a.v03_cards import union
from protocols.identity import SCOPES

BINDINGS = ("JSONRPC", "HTTP+JSON")
"""That every version has, at one address."""
MOST_KEPT = 1_000
MOST_AGENTS = 1_000
"""That the hub's extended card tells of."""
LONGEST_SKILLS = 100_000
PRESENT = ("documentationUrl", "iconUrl")
ABOUT = "A hub where agents work together. A message to it becomes a task of a workspace, or goes to the agent that its metadata names."
SKILL = {
    "id": "tasks", "name": "Tasks", "tags": ["tasks", "delegation"],
    "description": "Takes a task in, gives it to an agent, and tells how it goes. metadata.agentId names the agent, metadata.workspaceId "
    "the workspace; every agent has an address of its own under /agents/{agentId}.",
}  # fmt: skip
ROLES = {
    "ROUTA": "Plans work and gives it to others.", "CRAFTER": "Does the work.", "GATE": "Judges whether the work is done as asked.",
    "DEVELOPER": "Plans and does the work alone.",
}  # fmt: skip


class CardSettings(Protocol):
    @property
    def auth_required(self) -> bool: ...
    @property
    def oauth_issuer(self) -> str: ...
    @property
    def a2a_versions(self) -> tuple[str, ...]: ...
    @property
    def a2a_cards(self) -> str: ...
    @property
    def grpc_port(self) -> int | None: ...


class Served(NamedTuple):
    """A card as it is sent."""

    body: bytes
    etag: str
    modified: str
    """HTTP-date."""
    version: int
    """The agent's, of which it was made."""


class HubCards:
    def __init__(self, hub: Hub, settings: CardSettings) -> None:
        self._hub, self._settings = hub, settings
        self.signer = Signer(hub.vault) if hub.vault and settings.a2a_cards == "signed" else None
        self._kept: OrderedDict[tuple[str, str, str], Served] = OrderedDict()
        self._begun = instant(utc_now())

    async def served(self, asked: Asked) -> Served | None:
        """What whoever asks may see, with or without a token; None: there is no such agent. Made anew only when the agent changed."""
        agent = await self._agent(asked)
        if asked.agent_id and agent is None:
            return None
        place = (asked.caller.tenant, asked.agent_id or "", asked.base_url)
        known, version = self._kept.get(place), agent.version if agent else 0
        if known is None or known.version != version:
            known = self._made(agent, asked.base_url, known, agent.updated_at if agent else self._begun)
            self._kept[place] = known
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return known

    async def extended(self, asked: Asked) -> Json | None:
        """For those who may see the agents: the hub's own card names them all as its skills."""
        asked.caller.require("agents.read")
        agent = await self._agent(asked)
        if asked.agent_id and agent is None:
            return None
        card = self._card(agent, asked.base_url)
        if agent is None:
            bodies = await self._hub.store.find(asked.caller.tenant, Find(Agent, limit=MOST_AGENTS))
            card["skills"] = [*card["skills"], *(_skill_of(Agent.model_validate_json(body)) for body in bodies)]
        return self._finished(card, asked.base_url)

    async def _agent(self, asked: Asked) -> Agent | None:
        return await self._hub.store.get(asked.caller.tenant, Agent, asked.agent_id) if asked.agent_id else None

    def _made(self, agent: Agent | None, base_url: str, known: Served | None, changed: Instant) -> Served:
        """What did not change in the card has not changed, though the agent's record has."""
        card = self._card(agent, base_url)
        etag = f'"{sha256(orjson.dumps(card)).hexdigest()[:32]}"'
        version = agent.version if agent else 0
        if known and known.etag == etag:
            return known._replace(version=version)
        modified = format_datetime(datetime.fromisoformat(changed).astimezone(UTC), usegmt=True)
        return Served(orjson.dumps(self._finished(card, base_url)), etag, modified, version)

    def _finished(self, card: Json, base_url: str) -> Json:
        """Signed, if that is wanted; what 0.3 adds is under no signature."""
        signed = self.signer.signed(card, base_url) if self.signer else card
        return union(signed) if "0.3" in self._settings.a2a_versions else signed

    def _card(self, agent: Agent | None, base_url: str) -> Json:
        """No list and no object in it is empty: a reader that drops such ones signs the same."""
        said = agent.metadata if agent else {}
        card: Json = {
            "name": agent.name if agent else "Trivium", "description": said.get("description") or (ROLES[agent.role] if agent else ABOUT),
            "supportedInterfaces": self._interfaces(base_url, agent.id if agent else ""),
            "provider": {"organization": "Trivium", "url": base_url}, "version": said.get("version") or VERSION,
            "capabilities": {"streaming": True, "pushNotifications": True, "extendedAgentCard": True},
            "defaultInputModes": input_modes(agent), "defaultOutputModes": named(said.get("outputModes")) or MODES,
            "skills": _skills_of(agent) if agent else [SKILL],
        }  # fmt: skip
        card |= {name: said[name] for name in PRESENT if said.get(name)}
        return card | self._security() if self._settings.auth_required else card

    def _interfaces(self, base_url: str, agent_id: str) -> list[Json]:
        url, (newest, *older) = f"{base_url}/agents/{agent_id}" if agent_id else f"{base_url}/a2a", self._settings.a2a_versions
        made = [{"url": url, "protocolBinding": binding, "protocolVersion": newest} for binding in BINDINGS]
        if self._settings.grpc_port:
            tenant = {"tenant": agent_id} if agent_id else {}
            address = grpc_address(base_url, self._settings.grpc_port)
            made.append({"url": address, "protocolBinding": "GRPC", "protocolVersion": newest, **tenant})
        return [*made, *({"url": url, "protocolBinding": binding, "protocolVersion": one} for one in older for binding in BINDINGS)]

    def _security(self) -> Json:
        issuer = self._settings.oauth_issuer
        how = f", or an access token of {issuer}" if issuer else ""
        bearer = {"description": f"A token that `trivium tokens create` made{how}.", "scheme": "Bearer"}
        return {
            "securitySchemes": {"bearer": {"httpAuthSecurityScheme": bearer}},
            "securityRequirements": [{"schemes": {"bearer": {"list": [*SCOPES]}}}],
        }


def grpc_address(base_url: str, port: int) -> str:
    """At the host that the client knows: gRPC's addresses have no scheme."""
    host = urlsplit(base_url).hostname or ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _skills_of(agent: Agent) -> list[Json]:
    """Those that its metadata names; else one for what it is."""
    said = agent.metadata.get("skills", "")[:LONGEST_SKILLS]
    if said.lstrip().startswith("["):
        try:
            listed = orjson.loads(said)
        except ValueError:
            listed = []
        if skills := [_skill(one) for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str) and one["id"]]:
            return skills
    elif names := named(said):
        return [{"id": name, "name": name, "description": f"{agent.name}: {name}", "tags": [name]} for name in names]
    return [_skill_of(agent)]


def _skill(given: Json) -> Json:
    """As A2A wants it, whatever is missing."""
    texts = {name: given[name] for name in ("name", "description") if isinstance(given.get(name), str) and given[name]}
    lists = {name: [*map(str, given[name])] for name in ("tags", "examples", "inputModes", "outputModes") if given.get(name)}
    return {"id": given["id"], "name": given["id"], "description": given["id"], "tags": [given["id"]], **texts, **lists}


def _skill_of(agent: Agent) -> Json:
    return {
        "id": agent.id, "name": agent.name, "description": agent.metadata.get("description") or ROLES[agent.role],
        "tags": [agent.role.lower()],
    }  # fmt: skip
