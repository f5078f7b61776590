"""A session's entries as the messages of a chat, in the shape of the web API's transcript."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import orjson

from hub.ports import Json
from protocols.web_sessions import present
from protocols.web_updates import text_of, tool_call

ROLES = {"user_message": "user", "agent_message": "assistant", "agent_thought": "thought"}
PRIORITIES, STATES = ("high", "medium", "low"), ("pending", "in_progress", "completed")


class Said(NamedTuple):
    """An update that stands in a history."""

    id: str
    at: str
    update: Json


def messages(history: Iterable[Said]) -> list[Json]:
    """A message that goes on in the next entry is one; what no chat shows is left out."""
    found: list[Json] = []
    last: object = None
    for said in history:
        kind = str(said.update.get("sessionUpdate"))
        this = (kind, id_) if kind in ROLES and (id_ := said.update.get("messageId")) else None
        if this and this == last:
            found[-1]["content"] += text_of(said.update)
        elif fields := _fields(kind, said.update):
            found.append({"id": said.id, "timestamp": said.at, **fields})
            last = this
    return found


def _fields(kind: str, update: Json) -> Json | None:
    if kind in ROLES:
        return {"role": ROLES[kind], "content": text_of(update)}
    build = OTHERS.get(kind)
    return build(update) if build else None


def _tool(update: Json) -> Json:
    call = tool_call(update)
    words = present({name: call.get(name) for name in ("title", "kind", "status", "toolCallId")})
    words = {name: _text(value) for name, value in words.items()}
    name = words.get("title") or words.get("kind") or "tool"
    raw_input, output = call.get("rawInput"), call.get("rawOutput")
    texts = [*([_text(output)] if output else []), *_texts(call.get("content"))]
    content = f"{name}\n\nOutput:\n" + "\n".join(texts) if texts else f"Input:\n{_text(raw_input)}" if raw_input else name
    return present({
        "role": "tool", "content": content, "toolName": name, "toolStatus": words.get("status", "running"),
        "toolCallId": words.get("toolCallId"), "toolKind": words.get("kind"),
        "toolRawInput": raw_input if isinstance(raw_input, dict) else None, "toolRawOutput": output,
    })  # fmt: skip


def _plan(update: Json) -> Json | None:
    given = update.get("entries")
    entries = [_plan_entry(one) for one in given if isinstance(one, dict) and "content" in one] if isinstance(given, list) else []
    text = "\n".join(f"[{one.get('status', 'pending')}] {one['content']}" for one in entries)
    return {"role": "plan", "content": text, "planEntries": entries} if entries else None


def _plan_entry(given: Json) -> Json:
    priority, status = given.get("priority"), given.get("status")
    known = {"priority": priority if priority in PRIORITIES else None, "status": status if status in STATES else None}
    return present({"content": str(given["content"]), **known})


def _usage(update: Json) -> Json:
    cost = update.get("cost")
    amount = cost if isinstance(cost, dict) else {}
    given = {"usageUsed": update.get("used"), "usageSize": update.get("size"), "costAmount": amount.get("amount")}
    numbers = {name: value for name, value in given.items() if isinstance(value, int | float)}
    return present({"role": "info", "content": "", **numbers, "costCurrency": amount.get("currency")})


def _state(update: Json) -> Json | None:
    """A turn's end, where it says why."""
    reason = update.get("reason")
    return {"role": "info", "content": str(reason)} if reason else None


OTHERS: dict[str, Callable[[Json], Json | None]] = {
    "tool_call": _tool, "plan": _plan, "usage_update": _usage, "state_update": _state,
}  # fmt: skip


def _texts(content: Any) -> list[str]:
    """Of a tool call's content, what is text."""
    inner = [one.get("content") for one in content if isinstance(one, dict)] if isinstance(content, list) else []
    return [str(block["text"]) for block in inner if isinstance(block, dict) and block.get("text")]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
