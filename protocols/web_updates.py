"""What happens in a session in the web API's words: the updates that its chat handles."""

from collections.abc import Iterator

from hub.domain.sessions import text_of_blocks
from hub.ports import Json
from protocols.web_sessions import present

WHOLE = {"agent_message": "agent_message_chunk", "agent_thought": "agent_thought_chunk"}
"""Messages of an agent that come at once."""
TOOL_STATUS = {"in_progress": "running", "cancelled": "failed"}
TOOL_CALLS = ("tool_call", "tool_call_update")
TOKENS = {"input_tokens": "inputTokens", "output_tokens": "outputTokens"}


def shown(update: Json) -> Iterator[Json]:
    """None, one or several for an update of ACP. What is not known here goes on as it is, whatever an agent sent."""
    kind = update.get("sessionUpdate")
    if not isinstance(kind, str):
        return
    if kind in WHOLE:
        for block in blocks_of(update):
            yield present({"sessionUpdate": WHOLE[kind], "messageId": update.get("messageId"), "content": block})
    elif kind == "user_message":
        yield {**update, "content": {"type": "text", "text": text_of(update)}}
    elif kind in TOOL_CALLS:
        yield tool_call(update)
    elif kind == "state_update":
        if update.get("state") == "idle":
            yield from turn_end(update)
    else:
        yield update


def tool_call(update: Json) -> Json:
    status = str(update.get("status"))
    return {**update, "status": TOOL_STATUS[status]} if status in TOOL_STATUS else update


def turn_end(update: Json) -> Iterator[Json]:
    """An error first, where the turn ended with one."""
    reason = update.get("reason")
    if reason:
        yield {"sessionUpdate": "error", "error": {"message": reason}}
    stop = update.get("stopReason") or ("error" if reason else "end_turn")
    yield present({"sessionUpdate": "turn_complete", "stopReason": stop, "usage": tokens(update.get("usage"))})


def tokens(usage: object) -> Json | None:
    """As far as they are known."""
    said = present({name: usage.get(own) for name, own in TOKENS.items()}) if isinstance(usage, dict) else {}
    return said or None


def blocks_of(update: Json) -> tuple[Json, ...]:
    content = update.get("content")
    return tuple(block for block in content if isinstance(block, dict)) if isinstance(content, list) else ()


def text_of(update: Json) -> str:
    return text_of_blocks(blocks_of(update))
