"""The hub as an agent of ACP 1: one connection of one editor.

A session is the hub's own, whoever else works on it: what happens in it is in the log, and this tells the editor of it. When the editor
leaves, its sessions go on.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, cast

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import HubError
from hub.ports import Json
from hub.validation import validated
from hub.version import VERSION
from protocols.acp.choices import Choices
from protocols.acp.following import Following
from protocols.acp.prompts import Prompts
from protocols.acp.sessions import Sessions
from protocols.acp.shapes import (
    Initialize,
    ListSessions,
    NewSession,
    Nothing,
    OneSession,
    OpenSession,
    Params,
    PromptSession,
    SetConfigOption,
    SetMode,
)
from protocols.jsonrpc.peer import INVALID_REQUEST, METHOD_NOT_FOUND, MessageStream, Peer, RpcError
from protocols.wire import acp_code

log = logging.getLogger("acp")

PROTOCOL_VERSION = 1
INTRODUCTION: Json = {
    "protocolVersion": PROTOCOL_VERSION,
    "agentInfo": {"name": "trivium", "title": "Trivium", "version": VERSION},
    "agentCapabilities": {
        "loadSession": True,
        "promptCapabilities": {"image": True, "audio": True, "embeddedContext": True},
        "mcpCapabilities": {"http": True, "sse": False},
        "sessionCapabilities": {"list": {}, "resume": {}, "close": {}, "delete": {}, "fork": {}},
    },
    "authMethods": [],
    "_meta": {"steering": {"supported": True}},
}


class Start(NamedTuple):
    """How this editor's new sessions begin, where it says nothing else."""

    agent: str | None = None
    """An agent of the hub, or a provider; None: the first provider whose program is there."""
    workspace_id: str | None = None


class Method(NamedTuple):
    params: type[Params]
    handle: Callable[[Any], Awaitable[Json]]


class Agent:
    """What the editor asks and tells (Served)."""

    def __init__(self, stream: MessageStream, hub: Hub, caller: Caller, start: Start) -> None:
        self._peer = peer = Peer(stream, self)
        choices = Choices(hub, caller, start.agent)
        self._following = Following(hub, caller, peer, choices)
        sessions = Sessions(hub, caller, self._following, choices, start.workspace_id)
        self._prompts = prompts = Prompts(hub, caller, peer, self._following)
        self._initialized = False
        self._methods = {
            "initialize": Method(Initialize, self._initialize),
            "authenticate": Method(Nothing, self._authenticate),
            "session/new": Method(NewSession, sessions.new),
            "session/load": Method(OpenSession, sessions.load),
            "session/resume": Method(OpenSession, sessions.resume),
            "session/fork": Method(OpenSession, sessions.fork),
            "session/list": Method(ListSessions, sessions.list),
            "session/close": Method(OneSession, sessions.close),
            "session/delete": Method(OneSession, sessions.delete),
            "session/set_mode": Method(SetMode, sessions.set_mode),
            "session/set_config_option": Method(SetConfigOption, sessions.set_config_option),
            "session/prompt": Method(PromptSession, prompts.prompt),
            "_session/steering": Method(PromptSession, prompts.steer),
        }

    async def request(self, method: str, params: Json) -> Json:
        """Raises RpcError."""
        known = self._methods.get(method)
        if known is None:
            raise RpcError(METHOD_NOT_FOUND, f"There is no method {method[:80]!r}. The hub speaks ACP 1.")
        if not self._initialized and method != "initialize":
            raise RpcError(INVALID_REQUEST, "Send initialize first.")
        try:
            return await known.handle(validated(known.params, params))
        except HubError as error:
            raise RpcError(acp_code(error), error.message, error.details or None) from None

    async def notification(self, method: str, params: Json) -> None:
        """Those that are unknown mean nothing to the hub, as does the cancellation of a session that is not open."""
        if method == "session/cancel" and self._initialized:
            try:
                await self._prompts.cancel(cast(OneSession, validated(OneSession, params)))
            except HubError as error:
                log.info("an editor's cancellation came to nothing: %s", error.message)

    async def serve(self) -> None:
        """Until the stream ends."""
        try:
            await self._peer.run()
        finally:
            await self._following.close()

    async def close(self) -> None:
        await self._peer.close()

    async def _initialize(self, given: Initialize) -> Json:
        """Whatever version the editor would like: it leaves if it cannot speak this one."""
        self._initialized, self._following.booleans = True, given.booleans
        return INTRODUCTION

    async def _authenticate(self, given: Nothing) -> Json:
        """Who an editor is was known before: by the user who started the hub, or by its token."""
        return {}
