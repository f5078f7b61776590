"""What the fixture tools have in common: their shape, their results, and what a client answered."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import MISSING_REQUIRED_CLIENT_CAPABILITY, CallToolRequestParams, InputResponseRequestParams

from hub.access import Caller
from hub.ports import Json

Context = ServerRequestContext[Any, Any]
CallerOf = Callable[[Context], Caller]
Run = Callable[[Context, CallToolRequestParams], Awaitable[HandlerResult]]

NOTHING: Json = {"type": "object", "properties": {}}
TINY_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
"""One red pixel."""
TINY_WAV = "UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQQAAACAgICA"
"""Four samples of silence."""
PAUSE = 0.05
"""Seconds between two notifications, as the suite asks for."""

CAPABILITY = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}
"""What a client must have declared to be asked."""


class Tool(NamedTuple):
    name: str
    description: str
    run: Run
    schema: Json = NOTHING


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def embedded(uri: str, words: str, kind: str = "text/plain") -> Json:
    return {"type": "resource", "resource": {"uri": uri, "mimeType": kind, "text": words}}


def image() -> Json:
    return {"type": "image", "data": TINY_PNG, "mimeType": "image/png"}


def told(words: str, error: bool = False) -> Json:
    """A tool's result of one text."""
    return complete(content=[text(words)], isError=error)


def complete(**fields: Any) -> Json:
    """A result that is no question (2026-07-28; the kernel takes the type away for clients before)."""
    return {"resultType": "complete", **fields}


def form(**properties: Json) -> Json:
    """A schema to be filled in; every property is required."""
    return {"type": "object", "properties": properties, "required": [*properties]}


def arguments(**properties: Json) -> Json:
    return form(**properties)


def supports(ctx: Context, capability: str) -> bool:
    declared = ctx.session.client_capabilities
    return getattr(declared, capability, None) is not None


def require(ctx: Context, *capabilities: str) -> None:
    """Raises the error that names what the client did not declare (2026-07-28 §basic/lifecycle)."""
    if missing := [one for one in capabilities if not supports(ctx, one)]:
        data: Json = {"requiredCapabilities": {one: {} for one in missing}}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, f"The client must support {', '.join(missing)}", data)


def ask(ctx: Context, requests: dict[str, Json], state: str | None = None) -> Json:
    """The result that asks the client first (2026-07-28, multi round-trip requests). `state` is sealed on its way out."""
    require(ctx, *dict.fromkeys(CAPABILITY[str(one["method"])] for one in requests.values()))
    return {"resultType": "input_required", "inputRequests": requests, **({"requestState": state} if state else {})}


def elicitation(message: str, **properties: Json) -> Json:
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": form(**properties)}}


def sampling(prompt: str, most: int) -> Json:
    messages = [{"role": "user", "content": text(prompt)}]
    return {"method": "sampling/createMessage", "params": {"messages": messages, "maxTokens": most}}


ROOTS: Json = {"method": "roots/list", "params": {}}


def answered(params: InputResponseRequestParams, key: str) -> Json | None:
    """What the client said to one request: of a form that was accepted its content, of others the whole; None for nothing."""
    response = (params.input_responses or {}).get(key)
    if response is None:
        return None
    document = response.model_dump(by_alias=True, mode="json", exclude_none=True)
    return document if "action" not in document else document.get("content") if document["action"] == "accept" else None
