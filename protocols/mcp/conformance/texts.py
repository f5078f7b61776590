"""Fixture resources, prompts and completions."""

import json
import re
from collections.abc import Callable
from typing import Any

from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CompleteRequestParams,
    EmptyResult,
    GetPromptRequestParams,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    SubscribeRequestParams,
    UnsubscribeRequestParams,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from hub.ports import Json
from protocols.mcp.conformance.fixtures import TINY_PNG, Context, answered, ask, complete, elicitation, embedded, image, text

RESOURCE_NOT_FOUND = -32002
"""Until 2025-11-25."""

RESOURCES: dict[str, Json] = {
    "test://static-text": {"mimeType": "text/plain", "text": "This is the content of the static text resource."},
    "test://static-binary": {"mimeType": "image/png", "blob": TINY_PNG},
    "test://watched-resource": {"mimeType": "text/plain", "text": "This resource can be subscribed to."},
}
TEMPLATE = "test://template/{id}/data"
CITIES = ("paris", "park", "party", "test")

Prompted = Callable[[dict[str, str]], list[Json]]
PROMPTS: dict[str, tuple[tuple[str, ...], Prompted]] = {
    "test_simple_prompt": ((), lambda given: [text("This is a simple prompt for testing.")]),
    "test_prompt_with_arguments": (
        ("arg1", "arg2"), lambda given: [text(f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'")],
    ),
    "test_prompt_with_embedded_resource": (
        ("resourceUri",),
        lambda given: [
            embedded(given["resourceUri"], "Embedded resource content for testing."),
            text("Please process the embedded resource above."),
        ],
    ),
    "test_prompt_with_image": ((), lambda given: [image(), text("Please analyze the image above.")]),
    "test_input_required_result_prompt": ((), lambda given: [text(f"Context: {given['context']}")]),
}  # fmt: skip
"""By name: the arguments, all required, and what they make."""
CONTEXT = elicitation("What context should the prompt use?", context={"type": "string"})


async def _list_resources(ctx: Context, params: PaginatedRequestParams) -> Json:
    listed = [
        {"uri": uri, "name": uri.removeprefix("test://"), "description": "A fixture.", "mimeType": body["mimeType"]}
        for uri, body in RESOURCES.items()
    ]
    return complete(resources=listed)


async def _list_templates(ctx: Context, params: PaginatedRequestParams) -> Json:
    one = {"uriTemplate": TEMPLATE, "name": "template", "description": "A fixture.", "mimeType": "application/json"}
    return complete(resourceTemplates=[one])


async def _read(ctx: Context, params: ReadResourceRequestParams) -> Json:
    uri = str(params.uri)
    if (body := RESOURCES.get(uri)) is None and (match := re.fullmatch(r"test://template/([^/]+)/data", uri)):
        filled = {"id": match[1], "templateTest": True, "data": f"Data for ID: {match[1]}"}
        body = {"mimeType": "application/json", "text": json.dumps(filled)}
    if body is None:
        code = RESOURCE_NOT_FOUND if ctx.protocol_version in HANDSHAKE_PROTOCOL_VERSIONS else INVALID_PARAMS
        raise MCPError(code, "Resource not found", {"uri": uri})
    return complete(contents=[{"uri": uri, **body}])


async def _subscribe(ctx: Context, params: SubscribeRequestParams | UnsubscribeRequestParams) -> EmptyResult:
    """No fixture ever changes."""
    return EmptyResult()


async def _list_prompts(ctx: Context, params: PaginatedRequestParams) -> Json:
    listed = [
        {"name": name, "description": "A fixture.", "arguments": [{"name": one, "required": True} for one in taken]}
        for name, (taken, _) in PROMPTS.items()
    ]
    return complete(prompts=listed)


async def _get_prompt(ctx: Context, params: GetPromptRequestParams) -> Json:
    if params.name not in PROMPTS:
        raise MCPError(INVALID_PARAMS, f"Unknown prompt: {params.name}")
    taken, made = PROMPTS[params.name]
    given: dict[str, Any] = dict(params.arguments or {})
    if missing := [one for one in taken if one not in given]:
        raise MCPError(INVALID_PARAMS, f"Missing arguments: {', '.join(missing)}")
    if params.name == "test_input_required_result_prompt":
        if (context := answered(params, "user_context")) is None:
            return ask(ctx, {"user_context": CONTEXT})
        given = {"context": context.get("context")}
    return complete(messages=[{"role": "user", "content": content} for content in made(given)])


async def _complete(ctx: Context, params: CompleteRequestParams) -> Json:
    values = [city for city in CITIES if city.startswith(params.argument.value)]
    return complete(completion={"values": values, "total": len(values), "hasMore": False})


def add_to(made: Server[Any]) -> None:
    made.add_request_handler("resources/list", PaginatedRequestParams, _list_resources)
    made.add_request_handler("resources/templates/list", PaginatedRequestParams, _list_templates)
    made.add_request_handler("resources/read", ReadResourceRequestParams, _read)
    made.add_request_handler("resources/subscribe", SubscribeRequestParams, _subscribe)
    made.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, _subscribe)
    made.add_request_handler("prompts/list", PaginatedRequestParams, _list_prompts)
    made.add_request_handler("prompts/get", GetPromptRequestParams, _get_prompt)
    made.add_request_handler("completion/complete", CompleteRequestParams, _complete)
