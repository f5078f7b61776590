"""A model that is none, for agents that ask one: OpenAI's chat completions and Anthropic's messages, both as streams.

It does what the newest prompt says on a line of its own: `CALL suffix {arguments}` calls, once, the offered tool whose name ends
so; `SLOW` talks for half a minute, or until nobody listens any more. Anything else is greeted.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
from aiohttp import web

GREETING = ("Hello ", "from ", "the ", "fake ", "model.")
_CALL = re.compile(r"^CALL (\w+) (\{.*\})\s*$", re.M)
_SLOW = re.compile(r"^SLOW", re.M)
_SLOW_WORDS, _PAUSE = 600, 0.05
_CHAT_USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
_USAGE = {"input_tokens": 10, "output_tokens": 5, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


class Asked(NamedTuple):
    """One request, whichever its dialect."""

    prompts: list[str]
    """What the user said, oldest first."""
    tools: list[str]
    """Those that were offered. There are none where an agent asks for itself, such as for a session's title."""
    results: list[str]
    """What the tools answered since the newest prompt."""


class Reply(NamedTuple):
    words: Iterable[str] = GREETING
    tool: str = ""
    arguments: str = ""
    pause: float = 0.0
    """Seconds between two words."""


class FakeModel:
    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.app = web.Application(client_max_size=64 << 20)
        self.app.router.add_post("/v1/chat/completions", self._chat)
        self.app.router.add_post("/v1/messages", self._messages)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        reply = self._reply(_asked_in_chat(body))
        return await _stream(request, _chat_events(reply), reply.pause)

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        reply = self._reply(_asked_in_messages(body))
        return await _stream(request, _message_events(reply, body["model"]), reply.pause)

    def _reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        prompt = asked.prompts[-1] if asked.prompts else ""
        if not asked.tools or asked.results:
            return Reply()
        if call := _CALL.search(prompt):
            named = [name for name in asked.tools if name.lower().endswith(call[1].lower())]
            return Reply(tool=min(named, key=len), arguments=call[2]) if named else Reply([f"There is no {call[1]} among ", *asked.tools])
        return Reply((f"{number} " for number in range(_SLOW_WORDS)), pause=_PAUSE) if _SLOW.search(prompt) else Reply()


def _asked_in_chat(body: dict[str, Any]) -> Asked:
    prompts: list[str] = []
    results: list[str] = []
    for message in body["messages"]:
        if message["role"] == "user":
            prompts.append(_text(message["content"]))
            results.clear()
        elif message["role"] == "tool":
            results.append(_text(message["content"]))
    return Asked(prompts, [tool["function"]["name"] for tool in body.get("tools") or []], results)


def _asked_in_messages(body: dict[str, Any]) -> Asked:
    """A tool's result is a part of what the user says; a text beside it is no prompt."""
    prompts: list[str] = []
    results: list[str] = []
    for message in body["messages"]:
        if message["role"] != "user":
            continue
        content = message["content"]
        found = [_text(part.get("content", "")) for part in content if part["type"] == "tool_result"] if isinstance(content, list) else []
        if not found:
            prompts.append(_text(content))
            results.clear()
        results += found
    return Asked(prompts, [tool["name"] for tool in body.get("tools") or []], results)


def _text(content: str | list[dict[str, Any]]) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def _chat_events(reply: Reply) -> Iterator[tuple[str, Any]]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> tuple[str, Any]:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return "message", {
            "id": "chatcmpl-fake",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": "fake",
            "choices": choices,
            **more,
        }

    if reply.tool:
        function = {"name": reply.tool, "arguments": reply.arguments}
        yield chunk({"role": "assistant", "tool_calls": [{"index": 0, "id": _id("call"), "type": "function", "function": function}]})
        yield chunk({}, "tool_calls", usage=_CHAT_USAGE)
    else:
        for word in reply.words:
            yield chunk({"role": "assistant", "content": word})
        yield chunk({}, "stop", usage=_CHAT_USAGE)
    yield "message", "[DONE]"


def _message_events(reply: Reply, model: str) -> Iterator[tuple[str, Any]]:
    def event(type_: str, **fields: Any) -> tuple[str, Any]:
        return type_, {"type": type_, **fields}

    ending: dict[str, Any] = {"stop_reason": None, "stop_sequence": None}
    message = {"id": _id("msg"), "type": "message", "role": "assistant", "model": model, "content": [], "usage": _USAGE, **ending}
    yield event("message_start", message=message)
    if reply.tool:
        block = {"type": "tool_use", "id": _id("toolu"), "name": reply.tool, "input": {}}
        deltas: Iterable[dict[str, str]] = [{"type": "input_json_delta", "partial_json": reply.arguments}]
    else:
        block = {"type": "text", "text": ""}
        deltas = ({"type": "text_delta", "text": word} for word in reply.words)
    yield event("content_block_start", index=0, content_block=block)
    for delta in deltas:
        yield event("content_block_delta", index=0, delta=delta)
    yield event("content_block_stop", index=0)
    yield event("message_delta", delta={**ending, "stop_reason": "tool_use" if reply.tool else "end_turn"}, usage=_USAGE)
    yield event("message_stop")


def _id(prefix: str) -> str:
    return f"{prefix}_{uuid4().hex}"


async def _stream(request: web.Request, events: Iterable[tuple[str, Any]], pause: float) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for name, data in events:
        text = data if isinstance(data, str) else orjson.dumps(data).decode()
        await response.write(f"event: {name}\ndata: {text}\n\n".encode())
        await asyncio.sleep(pause)
    return response
