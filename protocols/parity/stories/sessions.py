"""Coding agents: which there are, sessions with one, and what they leave behind. The other protocols' addresses, too."""

from typing import Any

from protocols.parity.stories.base import INTERNET, PROGRAMS, call


def _asked(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


ACCEPT = {"Accept": "application/json, text/event-stream"}
MCP = ACCEPT | {"Mcp-Session-Id": "{mcp}"}
CLIENT = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "parity", "version": "1"}}
SAID = {"message": {"messageId": "parity-{tag}", "role": "user", "parts": [{"text": "Nothing is to be done."}]},
        "metadata": {"workspaceId": "{workspace}"}}  # fmt: skip
NEW = {"workspaceId": "{workspace}", "provider": "{provider}", "cwd": "{folder}", "name": "Parity"}
DOCKER = "it starts a container"

CALLS = (
    call("GET /api/providers", common=True),
    call("GET /api/providers?check=true&registry=true", common=True),
    call("GET /api/providers/models?provider={provider}"),
    call("POST /api/acp", _asked("initialize", protocolVersion=1)),
    call("POST /api/acp", _asked("session/new", **NEW), keep={"session": "result.sessionId"}, undo="DELETE /api/sessions/{session}"),
    call("POST /api/acp", _asked("session/prompt", sessionId="{session}", prompt=[{"type": "text", "text": "Say it again."}])),
    call("GET /api/acp?sessionId={session}"),
    call("GET /api/sessions?workspaceId={workspace}"),
    call("GET /api/sessions/{session}"),
    call("PATCH /api/sessions/{session}", {"name": "Parity, renamed"}),
    call("GET /api/sessions/{session}/history"),
    call("GET /api/sessions/{session}/transcript"),
    call("GET /api/sessions/{session}/context"),
    call("GET /api/traces?workspaceId={workspace}", keep={"trace": "traces.0.id"}),
    call("GET /api/traces/{trace}"),
    call("GET /api/traces/stats?workspaceId={workspace}"),
    call("POST /api/traces/export", {"sessionId": "{session}"}),
    call("GET /api/sessions/{session}/reposlide-result"),
    call("GET /api/sessions/{session}/reposlide-result/download"),
    call("GET /api/acp/registry", common=True),
    call("POST /api/acp/registry", {}, never=INTERNET),
    call("POST /api/acp/install", {}, never=PROGRAMS),
    call("DELETE /api/acp/install", {}, never=PROGRAMS),
    call("GET /api/acp/runtime", common=True),
    call("POST /api/acp/runtime", {}, never=PROGRAMS),
    call("GET /api/acp/warmup", common=True),
    call("POST /api/acp/warmup", {}, never=PROGRAMS),
    call("GET /api/acp/docker/status", common=True),
    call("GET /api/acp/docker/containers", common=True),
    call("POST /api/acp/docker/pull", {}, never=INTERNET),
    call("POST /api/acp/docker/container/start", {}, never=DOCKER),
    call("POST /api/acp/docker/container/stop", {}, never=DOCKER),
    call("POST /api/mcp", _asked("initialize", **CLIENT), headers=ACCEPT, keep={"mcp": "header Mcp-Session-Id"}),
    call("GET /api/mcp", headers={**MCP, "Accept": "text/event-stream"}),
    call("DELETE /api/mcp", headers=MCP),
    call("GET /api/mcp/tools", common=True),
    call("POST /api/mcp/tools", {"name": "list_agents", "args": {"workspaceId": "{workspace}"}}),
    call("POST /api/rpc", _asked("agents.list", workspaceId="{workspace}")),
    call("GET /api/rpc/methods", common=True),
    call("GET /api/a2a/card", common=True),
    call("GET /api/a2a/sessions", common=True),
    call("POST /api/a2a/rpc", _asked("method_list")),
    call("GET /api/a2a/rpc?sessionId={session}"),
    call("POST /api/a2a/message", SAID, keep={"message": "task.id"}),
    call("GET /api/a2a/tasks?workspaceId={workspace}"),
    call("GET /api/a2a/tasks/{message}"),
    call("POST /api/a2a/tasks/{message}?action=cancel", {}),
)  # fmt: skip
