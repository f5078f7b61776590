"""A coding agent with one session, on the other end of a two-way connection: the hub is its client (ACP 1)."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, cast, get_args

from hub.domain.errors import HubError
from hub.domain.sessions import ContentBlock, StopReason
from hub.hosting import CannotRun, Opened, Opening, Patience, SessionDesk, TurnEnd
from hub.ports import Json
from protocols.acp.asking import CANCELLED, asked_by, outcome
from protocols.acp.files import Files
from protocols.acp.opening import begun, introduced
from protocols.acp.terminals import Terminals
from protocols.acp.v2 import Turns, permission_of
from protocols.jsonrpc.peer import INVALID_PARAMS, METHOD_NOT_FOUND, Closed, MessageStream, Peer, RpcError

log = logging.getLogger("acp")

STOP_REASONS = get_args(StopReason)
CONVERSATION = frozenset({"user_message_chunk", "agent_message_chunk", "agent_thought_chunk", "tool_call", "tool_call_update", "plan"})
"""What an agent replays of a session that it takes up again: the hub has it already."""
EARLY = 200
"""Updates that may come before the session has its id."""
MOST_CALLS = 500
"""Tool calls whose fields are known, for permission requests that leave them out."""


class Workplace(NamedTuple):
    """Where an agent works."""

    cwd: Path
    files: Files
    terminals: Terminals
    memory: Callable[[], Awaitable[int]]
    """Bytes that its process holds."""


class AgentLink:
    """A LiveAgent."""

    opened: Opened

    def __init__(self, stream: MessageStream, desk: SessionDesk, workplace: Workplace, patience: Patience) -> None:
        self._desk, self._patience = desk, patience
        self._cwd, self._files, self._terminals, self._memory = workplace
        self._peer = Peer(stream, self)
        self._reading = asyncio.create_task(self._read())
        self._session_id: str | None = None
        self._early: list[Json] = []
        self._cancelled = self._closing = False
        self._turns: Turns | None = None
        """With an agent of version 2."""
        self._calls: OrderedDict[str, Json] = OrderedDict()

    @classmethod
    async def open(
        cls, stream: MessageStream, opening: Opening, desk: SessionDesk, workplace: Workplace, patience: Patience
    ) -> "AgentLink":
        """Raises CannotRun; then the stream is closed."""
        link = cls(stream, desk, workplace, patience)
        try:
            await link._begin(opening)
        except BaseException:
            await link.close()
            raise
        return link

    async def prompt(self, content: Sequence[ContentBlock]) -> TurnEnd:
        self._cancelled = False
        try:
            params = {"sessionId": self._session_id, "prompt": [*content]}
            ended = await (self._turns.prompt(self._peer, params) if self._turns else self._peer.request("session/prompt", params))
        except RpcError as error:
            if self._cancelled:  # some answer an error instead of the stop reason
                return TurnEnd("cancelled")
            raise CannotRun(f"The agent failed: {error.message}") from None
        except Closed as closed:
            self._desk.gone(f"The agent has ended: {closed}")  # its process may take a while to: no prompt is for it any more
            raise CannotRun(f"The agent has ended in the middle of it: {closed}") from None
        ended = ended if isinstance(ended, dict) else {}
        reason, usage = ended.get("stopReason"), ended.get("usage")
        stop = cast(StopReason, reason) if reason in STOP_REASONS else "end_turn"
        return TurnEnd(stop, usage if isinstance(usage, dict) else None)

    async def steer(self, content: Sequence[ContentBlock]) -> bool:
        answer = await self._ask("_session/steering", {"sessionId": self._session_id, "prompt": [*content]}, "took no part of it")
        return isinstance(answer, dict) and answer.get("outcome") in ("injected", "startedNewTurn")

    async def cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            with suppress(Closed):
                await self._peer.notify("session/cancel", {"sessionId": self._session_id})

    async def set_mode(self, mode_id: str) -> None:
        await self._ask("session/set_mode", {"sessionId": self._session_id, "modeId": mode_id}, f"refused the mode {mode_id[:80]!r}")

    async def set_config_option(self, id_: str, value: str | bool) -> tuple[Json, ...] | None:
        type_ = "boolean" if isinstance(value, bool) else "id" if self._turns else None
        params = {"sessionId": self._session_id, "configId": id_, "value": value, **({"type": type_} if type_ else {})}
        answer = await self._ask("session/set_config_option", params, f"refused the option {id_[:80]!r}")
        options = answer.get("configOptions") if isinstance(answer, dict) else None
        return tuple(one for one in options if isinstance(one, dict)) if isinstance(options, list) else None

    async def memory(self) -> int:
        return await self._memory()

    async def close(self) -> None:
        self._closing = True
        await self._peer.close()
        await asyncio.wait([self._reading])
        await self._terminals.close()

    # What the agent asks and tells.

    def request(self, method: str, params: Json) -> Awaitable[Any]:
        if params.get("sessionId") != self._session_id or self._session_id is None:
            _refuse(INVALID_PARAMS, "sessionId: it is no session of this connection")
        match method:
            case "session/request_permission":
                return self._permission(params)
            case "fs/read_text_file":
                return self._files.read(params)
            case "fs/write_text_file":
                return self._files.write(params)
            case "terminal/create":
                return self._terminals.create(params)
            case "terminal/output":
                return self._terminals.output(params)
            case "terminal/wait_for_exit":
                return self._terminals.wait_for_exit(params)
            case "terminal/kill":
                return self._terminals.kill(params)
            case "terminal/release":
                return self._terminals.release(params)
        _refuse(METHOD_NOT_FOUND, "Method not found")

    async def notification(self, method: str, params: Json) -> None:
        if method != "session/update" or not isinstance(update := params.get("update"), dict):
            return
        if self._session_id is None:
            if update.get("sessionUpdate") not in CONVERSATION and len(self._early) < EARLY:
                self._early.append(params)
        elif params.get("sessionId") == self._session_id:
            await self._heard(update)

    async def _heard(self, update: Json) -> None:
        for one in self._turns.updates(update) if self._turns else (update,):
            await self._updated(one)

    async def _updated(self, update: Json) -> None:
        kind = update.get("sessionUpdate")
        if not isinstance(kind, str) or kind == "user_message_chunk":
            return  # what it was told stands in the history already
        if kind in ("tool_call", "tool_call_update") and isinstance(id_ := update.get("toolCallId"), str):
            self._calls[id_] = {**self._calls.pop(id_, {}), **update}
            if len(self._calls) > MOST_CALLS:
                self._calls.popitem(last=False)
        await self._desk.update(update)

    async def _permission(self, params: Json) -> Json:
        params = permission_of(params) if self._turns else params
        given = params.get("toolCall")
        id_ = given.get("toolCallId") if isinstance(given, dict) else None
        known = self._calls.get(id_, {}) if isinstance(id_, str) else {}
        asked = asked_by(params, {name: value for name, value in known.items() if name != "sessionUpdate"}, self._files.relative)
        if asked is None:
            _refuse(INVALID_PARAMS, "options: give at least one, each with optionId, name and kind")
        if self._cancelled:
            return CANCELLED
        try:
            permission = await self._desk.ask(asked)
        except HubError as error:
            log.warning("a permission request is answered as cancelled: %s", error.message)
            return CANCELLED
        if permission.status == "cancelled":  # an agent that hears of this first goes on
            await self.cancel()
        return outcome(permission)

    async def _begin(self, opening: Opening) -> None:
        try:
            introduction = await introduced(self._peer, self._patience)
            self._turns = Turns() if introduction.version == 2 else None
            able = introduction.capabilities
            place: Json = {"cwd": str(self._cwd), "mcpServers": [one for one in opening.mcp_servers if _takes(one, able)]}
            session = await begun(self._peer, opening.session, opening.forked_from, introduction, place, self._patience)
        except Closed as closed:
            raise CannotRun(f"The agent has ended before its session began: {closed}") from None
        except TimeoutError:
            raise CannotRun(f"The agent did not begin in time ({self._patience.start:g} and {self._patience.open:g} seconds).") from None
        self._session_id = session.agent_session_id
        modes, options = session.result.get("modes"), session.result.get("configOptions")
        self.opened = Opened(
            session.agent_session_id, session.continuity, able, self._cwd, introduction.info, modes if isinstance(modes, dict) else None,
            tuple(one for one in options if isinstance(one, dict)) if isinstance(options, list) else None,
        )  # fmt: skip
        early, self._early = self._early, []
        for params in early:
            if params.get("sessionId") == self._session_id:
                await self._heard(params["update"])

    async def _read(self) -> None:
        reason = await self._peer.run()
        if self._turns:
            self._turns.closed(reason)
        if not self._closing:
            self._desk.gone(f"The agent has ended: {reason}")

    async def _ask(self, method: str, params: Json, refused: str) -> Any:
        try:
            return await self._peer.request(method, params, self._patience.setting)
        except RpcError as error:
            raise CannotRun(f"The agent {refused}: {error.message}") from None
        except TimeoutError:
            raise CannotRun(f"The agent {refused}: it did not answer within {self._patience.setting:g} seconds.") from None
        except Closed as closed:
            raise CannotRun(f"The agent has ended: {closed}") from None


def _takes(server: Json, capabilities: Sequence[str]) -> bool:
    """Every agent takes programs; servers over HTTP only those that say so."""
    type_ = server.get("type")
    return type_ not in ("http", "sse") or f"mcp_{type_}" in capabilities


def _refuse(code: int, message: str) -> NoReturn:
    raise RpcError(code, message)
