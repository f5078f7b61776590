"""What an HTTP request says beside its message: how its answer may look, and who asks for which part of the hub."""

from functools import lru_cache

from aiohttp import web

from protocols.identity import caller_of
from protocols.mcp.asking import Asker
from protocols.mcp.tools import chosen_profile
from protocols.mcp.upstreams import workspace_of

VERSION_HEADER = "MCP-Protocol-Version"


@lru_cache(256)
def accepts_json(accept: str | None) -> bool:
    """A client that says nothing takes anything."""
    return not accept or any(kind in accept.lower() for kind in ("application/json", "application/*", "*/*"))


@lru_cache(256)
def accepts_streams(accept: str | None) -> bool:
    """Only a client that says so: one that says nothing reads one document."""
    return accept is not None and any(kind in accept.lower() for kind in ("text/event-stream", "text/*", "*/*"))


def asker(request: web.Request) -> Asker:
    """Without what its client declares to be able to do."""
    caller = caller_of(request)
    profile = chosen_profile(request.query, request.headers, caller)
    return Asker(caller, profile, workspace_id=workspace_of(request.query, request.headers))
