"""MCP messages as a client writes them by hand."""

from typing import Any

from hub.ports import Json

LEGACY, NEWER, MODERN = "2025-06-18", "2025-11-25", "2026-07-28"
META = "io.modelcontextprotocol/"
CLIENT = {"name": "test", "version": "1"}


def initialize_params(version: str = LEGACY) -> Json:
    return {"protocolVersion": version, "capabilities": {}, "clientInfo": CLIENT}


def message(method: str, params: Json | None = None, id_: Any = 1) -> Json:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params or {}}


def enveloped(request: Json, version: str = MODERN) -> Json:
    """A request of 2026-07-28: it says in itself what a handshake said before."""
    meta = {f"{META}protocolVersion": version, f"{META}clientCapabilities": {}, f"{META}clientInfo": CLIENT}
    return {**request, "params": {**request.get("params", {}), "_meta": meta}}


def headers_for(request: Json, version: str = MODERN) -> dict[str, str]:
    """The headers that repeat what the body says (2026-07-28 §basic/transports)."""
    named = {"Mcp-Name": request["params"]["name"]} if request["method"] == "tools/call" else {}
    return {"MCP-Protocol-Version": version, "Mcp-Method": request["method"], "Accept": "application/json, text/event-stream", **named}
