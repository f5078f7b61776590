"""ACP 2, which is a draft, with agents that speak nothing else: what they say is put into the words of version 1, as the hub keeps it."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from hub.ports import Json
from hub.version import VERSION
from protocols.jsonrpc.peer import Closed, Peer

CLIENT: Json = {"protocolVersion": 2, "info": {"name": "trivium", "title": "Trivium", "version": VERSION}, "capabilities": {}}
WHOLE = {"agent_message": "agent_message_chunk", "agent_thought": "agent_thought_chunk"}
"""Messages as they stand, and the kinds of what is added to them."""
MOST_KNOWN = 500
"""Messages and tool calls whose content is known."""
MOST_ITEMS = 200
"""Of a tool call's content; older ones are left out."""


def introduction_of(said: Json) -> Json:
    """The response to initialize (§initialization). Resume, close and list belong to every agent."""
    session = object_of(object_of(said.get("capabilities")).get("session"))
    able = {
        "sessionCapabilities": {"resume": {}, "close": {}, "list": {}, "delete": session.get("delete"), "fork": session.get("fork")},
        "promptCapabilities": object_of(session.get("prompt")), "mcpCapabilities": object_of(session.get("mcp")),
    }  # fmt: skip
    return {"agentCapabilities": able, "agentInfo": said.get("info"), "authMethods": said.get("authMethods"), "_meta": said.get("_meta")}


def permission_of(params: Json) -> Json:
    """A permission request (§permissions): of a tool call, of a command, or of something else that its title tells."""
    subject = object_of(params.get("subject"))
    call = {"title": params.get("title"), **_present(object_of(subject.get("toolCall")))}
    if isinstance(command := subject.get("command"), str):
        call |= {"kind": "execute", "rawInput": {"command": command}, "toolCallId": subject.get("toolCallId")}
    return {**params, "toolCall": _present(call)}


class Turns:
    """What one agent tells of its session. A prompt is over when the agent says that it is idle (§prompt lifecycle)."""

    def __init__(self) -> None:
        self._over: asyncio.Future[Json] | None = None
        self._running = False
        self._said: OrderedDict[str, str] = OrderedDict()
        """The text of messages so far, by their ids."""
        self._contents: OrderedDict[str, list[Any]] = OrderedDict()
        """Of tool calls, by their ids."""

    async def prompt(self, peer: Peer, params: Json) -> Json:
        """How the turn ended, as version 1 answers a prompt. Raises what the peer raises."""
        self._over, self._running = asyncio.get_running_loop().create_future(), False
        await peer.request("session/prompt", params)
        return await self._over

    def closed(self, reason: str) -> None:
        """The connection is over."""
        if self._over and not self._over.done():
            self._over.set_exception(Closed(reason))

    def updates(self, update: Json) -> Iterator[Json]:
        """What happened, in the words of version 1."""
        match update.get("sessionUpdate"):
            case "state_update":
                self._stands(update)
            case "user_message":
                return
            case "agent_message" | "agent_thought" as kind:
                yield from self._whole(kind, update)
            case "agent_message_chunk" | "agent_thought_chunk":
                self._know(str(update.get("messageId")), _text(update.get("content")))
                yield update
            case "tool_call_update":
                if isinstance(content := update.get("content"), list):
                    _remember(self._contents, str(update.get("toolCallId")), [*content])
                yield update
            case "tool_call_content_chunk":
                yield self._more(update)
            case "plan_update" if isinstance(entries := object_of(update.get("plan")).get("entries"), list):
                yield {"sessionUpdate": "plan", "entries": entries}
            case _:
                yield update

    def _stands(self, update: Json) -> None:
        """Idle that nothing went before is how the session stood when the prompt came."""
        if update.get("state") != "idle":
            self._running = True
        elif self._over and not self._over.done() and (self._running or update.get("stopReason")):
            self._over.set_result({"stopReason": update.get("stopReason"), "usage": update.get("usage")})

    def _whole(self, kind: str, update: Json) -> Iterator[Json]:
        """What a message that was streamed has beyond that."""
        content, id_ = update.get("content"), str(update.get("messageId"))
        if not isinstance(content, list):
            return
        said, text = self._said.get(id_, ""), "".join(map(_text, content))
        if said and not text.startswith(said):
            yield update  # it stands otherwise than it was streamed
            return
        if rest := text[len(said) :]:
            self._know(id_, rest)
            yield {"sessionUpdate": WHOLE[kind], "messageId": id_, "content": {"type": "text", "text": rest}}
        for block in content if not said else ():
            if isinstance(block, dict) and block.get("type") != "text":
                yield {"sessionUpdate": WHOLE[kind], "messageId": id_, "content": block}

    def _more(self, update: Json) -> Json:
        id_ = str(update.get("toolCallId"))
        items = [*self._contents.get(id_, ()), update.get("content")][-MOST_ITEMS:]
        _remember(self._contents, id_, items)
        return {"sessionUpdate": "tool_call_update", "toolCallId": id_, "content": items}

    def _know(self, id_: str, text: str) -> None:
        _remember(self._said, id_, self._said.get(id_, "") + text)


def _remember(known: "OrderedDict[str, Any]", id_: str, value: Any) -> None:
    known[id_] = value
    if len(known) > MOST_KNOWN:
        known.popitem(last=False)


def _text(block: Any) -> str:
    return str(block.get("text", "")) if isinstance(block, dict) and block.get("type") == "text" else ""


def object_of(given: Any) -> Json:
    return given if isinstance(given, dict) else {}


def _present(given: Json) -> Json:
    return {name: value for name, value in given.items() if value is not None}
