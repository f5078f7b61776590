"""How a session with an agent begins (ACP 1 §initialization, §session setup): it introduces itself, then it has the session, new or old."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hub.domain.sessions import Continuity, Session
from hub.hosting import CannotRun, Patience
from hub.ports import Json
from hub.version import VERSION
from protocols.acp import v2
from protocols.acp.files import OFFERED
from protocols.jsonrpc.peer import Peer, RpcError

CLIENT: Json = {
    "protocolVersion": 1,
    "clientCapabilities": {
        "fs": {"readTextFile": OFFERED, "writeTextFile": OFFERED},
        "terminal": True,
        "session": {"configOptions": {"boolean": {}}},
    },
    "clientInfo": {"name": "trivium", "title": "Trivium", "version": VERSION},
}
NO_AGENT = "The program does not answer as an ACP agent does. Check the provider's command and arguments."
AUTH_REQUIRED = -32000
UNATTENDED = ("api-key", "api_key", "apikey", "env", "token")
"""In the id of a way to sign in that needs nobody: the agent has its key in its environment."""


class Introduction(NamedTuple):
    """What an agent says of itself."""

    version: int
    capabilities: tuple[str, ...]
    info: Json | None
    auth_methods: Sequence[Mapping[str, Any]]


class Begun(NamedTuple):
    agent_session_id: str
    continuity: Continuity
    result: Json


async def introduced(peer: Peer, patience: Patience) -> Introduction:
    """Raises CannotRun, and what the peer raises."""
    said, version = await _initialized(peer, patience)
    if not isinstance(able := said.get("agentCapabilities", {}), dict):
        raise CannotRun(NO_AGENT)
    info, methods = said.get("agentInfo"), said.get("authMethods")
    return Introduction(
        version, tuple(_capabilities(said, able)), info if isinstance(info, dict) else None,
        [one for one in methods if isinstance(one, dict)] if isinstance(methods, list) else (),
    )  # fmt: skip


async def _initialized(peer: Peer, patience: Patience) -> tuple[Json, int]:
    """Version 1, and 2 with agents that speak nothing else. By the shape of the answer: some say 2, and speak 1."""
    try:
        said = await peer.request("initialize", CLIENT, patience.start)
    except RpcError as refusal:
        try:
            said = await peer.request("initialize", v2.CLIENT, patience.start)
        except RpcError:
            raise CannotRun(f"The agent refused to begin: {refusal.message}") from None
    if not isinstance(said, dict):
        raise CannotRun(NO_AGENT)
    version = said.get("protocolVersion")
    if version == 1 or "agentCapabilities" in said:
        return said, 1
    if version != 2:
        raise CannotRun(f"The agent speaks version {version} of ACP, and the hub versions 1 and 2. Take another version of it.")
    return v2.introduction_of(said), 2


async def begun(
    peer: Peer, session: Session, forked_from: str | None, introduction: Introduction, place: Json, patience: Patience
) -> Begun:
    """The session, as it was before where the agent can; otherwise a new one. `place`: cwd and mcpServers. Raises CannotRun."""
    known, able = session.agent_session_id, introduction.capabilities
    for method in [f"session/{name}" for name in ("resume", "load") if known and name in able]:
        try:
            result = await peer.request(method, {"sessionId": known, **place}, patience.open)
            return Begun(str(known), "kept", result if isinstance(result, dict) else {})
        except RpcError:
            continue  # it has forgotten the session, or the way is not there after all
    if forked_from and known is None:
        return _begun(await _asked(peer, "session/fork", {"sessionId": forked_from, **place}, introduction, patience), "kept")
    result = await _asked(peer, "session/new", place, introduction, patience)
    return _begun(result, "lost" if session.told and session.entry_count else "new")


def _begun(result: Any, continuity: Continuity) -> Begun:
    id_ = result.get("sessionId") if isinstance(result, dict) else None
    if not isinstance(id_, str) or not id_:
        raise CannotRun("The agent began a session without an id. Take another version of it.")
    return Begun(id_, continuity, result)


async def _asked(peer: Peer, method: str, params: Json, introduction: Introduction, patience: Patience) -> Any:
    try:
        return await peer.request(method, params, patience.open)
    except RpcError as error:
        if error.code != AUTH_REQUIRED:
            raise CannotRun(f"The agent refused to begin a session: {error.message}") from None
    await _sign_in(peer, introduction, patience)
    try:
        return await peer.request(method, params, patience.open)
    except RpcError as error:
        raise CannotRun(f"The agent refused to begin a session, though it was signed in: {error.message}") from None


async def _sign_in(peer: Peer, introduction: Introduction, patience: Patience) -> None:
    """Without a person: with what the agent has in its environment."""
    methods = introduction.auth_methods
    unattended = [id_ for one in methods if any(word in (id_ := str(one.get("id"))).lower() for word in UNATTENDED)]
    for id_ in unattended:
        try:
            await peer.request("authenticate" if introduction.version == 1 else "auth/login", {"methodId": id_}, patience.start)
            return
        except RpcError:
            continue
    ways = ", ".join(str(one.get("name") or one.get("id")) for one in methods) or "it names no way"
    raise CannotRun(
        f"The agent wants somebody to sign in ({ways}). Start it in a terminal and sign in, or give it a key in its environment."
    )


def _capabilities(said: Json, able: Json) -> Sequence[str]:
    """Those of hub.domain.sessions.CAPABILITIES that it has: markers are true, or objects."""
    sessions, prompts, servers = (v2.object_of(able.get(name)) for name in ("sessionCapabilities", "promptCapabilities", "mcpCapabilities"))
    has = {
        "load": able.get("loadSession"), **{name: sessions.get(name) for name in ("resume", "fork", "close", "list", "delete")},
        "image": prompts.get("image"), "audio": prompts.get("audio"), "embedded_context": prompts.get("embeddedContext"),
        "mcp_http": servers.get("http"), "mcp_sse": servers.get("sse"),
        "steer": v2.object_of(v2.object_of(said.get("_meta")).get("steering")).get("supported"),
    }  # fmt: skip
    return [name for name, marker in has.items() if marker is True or isinstance(marker, dict)]
