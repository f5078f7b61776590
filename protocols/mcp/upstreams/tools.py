"""The tools of another server as the hub shows them: named after it, and marked as reaching beyond the hub."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256

from mcp.shared.inbound import X_MCP_HEADER_KEY, find_invalid_x_mcp_header, x_mcp_header_map
from mcp_types import Tool as ToolModel
from pydantic import ValidationError

from hub.domain.mcp_servers import BETWEEN, McpServer
from hub.ports import Json

LONGEST = 60
"""Characters of a name: what the clients that take least of them take."""
MOST = 500
"""Tools of one server."""
PLAIN = re.compile("[a-z0-9_-]+")
SHOWN = ("title", "description", "inputSchema", "outputSchema", "annotations", "icons", "_meta")


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    """As the hub's clients call it."""
    original: str
    shown: Json
    """A Tool of the protocol."""
    read_only: bool
    mirrored: Mapping[tuple[str, ...], str]
    """Arguments that go into headers, too (2026-07-28 §server/tools, x-mcp-header)."""


def of_server(server: McpServer, listed: Iterable[Json]) -> dict[str, Tool]:
    """By name, in the server's order. One that is not as the protocol has it is left out: it would spoil the whole list."""
    usable = {tool["name"]: tool for tool in listed if _usable(tool)}
    kept = dict(list(usable.items())[:MOST])
    names = _names(server.prefix, kept)
    return {names[original]: _tool(server, names[original], tool) for original, tool in kept.items()}


def _usable(tool: Json) -> bool:
    try:
        ToolModel.model_validate(tool)
    except ValidationError:
        return False
    return bool(tool["name"]) and find_invalid_x_mcp_header(tool["inputSchema"]) is None


def _tool(server: McpServer, name: str, tool: Json) -> Tool:
    given = tool.get("annotations") or {}
    mirrored = x_mcp_header_map(tool["inputSchema"])
    shown = {key: tool[key] for key in SHOWN if tool.get(key) is not None}
    shown["description"] = f"[{server.name}] {tool.get('description') or tool.get('title') or tool['name']}"
    shown["inputSchema"] = {**_unmirrored(tool["inputSchema"], mirrored), "type": "object"}
    shown["annotations"] = {**given, "openWorldHint": True}
    if (shown.get("outputSchema") or {}).get("type") != "object":  # clients of the handshake era take nothing else
        shown.pop("outputSchema", None)
    return Tool(name, tool["name"], {"name": name, **shown}, given.get("readOnlyHint") is True, mirrored)


def _unmirrored(schema: Json, mirrored: Mapping[tuple[str, ...], str]) -> Json:
    """Between the hub's clients and the hub nothing goes into headers."""
    if not mirrored:
        return schema
    copied = deepcopy(schema)
    for path in mirrored:
        node = copied
        for step in path:
            node = node["properties"][step]
        del node[X_MCP_HEADER_KEY]
    return copied


def _names(prefix: str, originals: Iterable[str]) -> dict[str, str]:
    """Each name once. One that can stay as it is does, so that a new tool never takes the name of another one."""
    room = LONGEST - len(prefix) - len(BETWEEN)
    names = {original: original for original in originals if PLAIN.fullmatch(original) and len(original) <= room}
    taken = set(names)
    for original in sorted(set(originals) - taken):
        name = re.sub("[^a-z0-9_-]+", "_", re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", original).lower())
        if name in taken or len(name) > room or not name.strip("_"):
            name = f"{name[: room - 9]}_{sha256(original.encode()).hexdigest()[:8]}"
        names[original] = name
        taken.add(name)
    return {original: f"{prefix}{BETWEEN}{name}" for original, name in names.items()}
