"""Tools that answer by themselves: contents of every kind, notifications on the way, schemas to be kept as they are."""

import warnings

import anyio
from mcp.server.subscriptions import PromptsListChanged, SubscriptionBus, ToolsListChanged
from mcp.shared.exceptions import MCPDeprecationWarning
from mcp_types import CallToolRequestParams, LoggingLevel

from hub.ports import Json
from protocols.mcp.conformance.fixtures import (
    PAUSE,
    TINY_WAV,
    Context,
    Run,
    Tool,
    arguments,
    complete,
    embedded,
    image,
    require,
    text,
    told,
)  # fmt: skip

JSON_SCHEMA: Json = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef", "type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        },
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}  # fmt: skip
"""Everything that a list of tools must not lose on its way (SEP-1613, SEP-2106)."""
REGION = arguments(region={"type": "string", "x-mcp-header": "Region", "description": "Sent in the header Mcp-Param-Region too."})


def _always(*content: Json, error: bool = False) -> Run:
    async def run(ctx: Context, params: CallToolRequestParams) -> Json:
        return complete(content=[*content], isError=error)

    return run


async def _tell(ctx: Context, level: LoggingLevel, words: str) -> None:
    """A log message, if this client asked for such ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        sending = ctx.session.send_log_message(level, words, "conformance", ctx.request_id)
    await sending


async def _with_logging(ctx: Context, params: CallToolRequestParams) -> Json:
    await _tell(ctx, "info", "Tool execution started")
    await anyio.sleep(PAUSE)
    await _tell(ctx, "info", "Tool processing data")
    await anyio.sleep(PAUSE)
    await _tell(ctx, "info", "Tool execution completed")
    return told("Three log messages were sent.")


async def _with_progress(ctx: Context, params: CallToolRequestParams) -> Json:
    for progress in (0, 50, 100):
        await ctx.session.report_progress(progress, 100)
        if progress < 100:
            await anyio.sleep(PAUSE)
    return told("Progress was reported from 0 to 100.")


async def _reconnection(ctx: Context, params: CallToolRequestParams) -> Json:
    """The stream is closed while the tool runs: the client comes back for the result (SEP-1699)."""
    if ctx.close_sse_stream is not None:
        await ctx.close_sse_stream()
    await anyio.sleep(2 * PAUSE)
    return told("The result is there for who came back.")


async def _missing_capability(ctx: Context, params: CallToolRequestParams) -> Json:
    require(ctx, "sampling")
    return told("The client supports sampling.")


async def _region(ctx: Context, params: CallToolRequestParams) -> Json:
    return told(f"Region: {(params.arguments or {}).get('region')}")


def _trigger(bus: SubscriptionBus, event: ToolsListChanged | PromptsListChanged) -> Run:
    async def run(ctx: Context, params: CallToolRequestParams) -> Json:
        await bus.publish(event)
        return told("Who listens was told.")

    return run


def tools(bus: SubscriptionBus) -> tuple[Tool, ...]:
    """The first one takes no arguments: the suite calls whatever comes first."""
    mixed = embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json")
    return (
        Tool("test_simple_text", "One text.", _always(text("This is a simple text response for testing."))),
        Tool("test_image_content", "One image.", _always(image())),
        Tool("test_audio_content", "One sound.", _always({"type": "audio", "data": TINY_WAV, "mimeType": "audio/wav"})),
        Tool(
            "test_embedded_resource", "One embedded resource.",
            _always(embedded("test://embedded-resource", "This is an embedded resource content.")),
        ),
        Tool(
            "test_multiple_content_types", "A text, an image and a resource.",
            _always(text("Multiple content types test:"), image(), mixed),
        ),
        Tool("test_error_handling", "Always fails.", _always(text("This tool intentionally returns an error for testing"), error=True)),
        Tool("test_tool_with_logging", "Sends three log messages.", _with_logging),
        Tool("test_logging_tool", "Sends log messages, to who asks for them.", _with_logging),
        Tool("test_tool_with_progress", "Reports its progress three times.", _with_progress),
        Tool("test_reconnection", "Closes its stream before it has its result.", _reconnection),
        Tool("test_missing_capability", "Needs a client that supports sampling.", _missing_capability),
        Tool("test_trigger_tool_change", "Says that the list of tools changed.", _trigger(bus, ToolsListChanged())),
        Tool("test_trigger_prompt_change", "Says that the list of prompts changed.", _trigger(bus, PromptsListChanged())),
        Tool("json_schema_2020_12_tool", "Has a schema with much in it.", _always(text("Nothing is done.")), JSON_SCHEMA),
        Tool("test_x_mcp_header", "Has an argument that is a header too.", _region, REGION),
    )  # fmt: skip
