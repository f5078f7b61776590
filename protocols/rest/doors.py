"""The web API's addresses that speak a protocol of their own. They are described here only so far that a reader finds them."""

from typing import NamedTuple

from hub.ports import Json

EVENTS = "text/event-stream"


class Door(NamedTuple):
    method: str
    path: str
    name: str
    """Its operationId."""
    about: str
    query: tuple[str, ...] = ()
    body: tuple[str, ...] | None = None
    """The names in it, all of which may be left out; None: nothing is sent."""
    answer: str | None = "application/json"
    """Its media type; None: it is empty."""
    status: str = "200"
    properties: tuple[str, ...] = ()
    """Names that the answer always has."""


MESSAGE = ("jsonrpc", "id", "method", "params")
DOORS = (
    Door("POST", "/acp", "acp", "A request of ACP, in the web frontend's words", body=MESSAGE),
    Door("GET", "/acp", "acpEvents", "What happens in a session", ("sessionId", "probe", "lastEventId"), answer=EVENTS),
    Door("POST", "/mcp", "mcp", "A message of MCP", ("wsId", "sid", "profile"), MESSAGE),
    Door("GET", "/mcp", "mcpEvents", "What an MCP server says by itself", answer=EVENTS),
    Door("DELETE", "/mcp", "endMcpSession", "End a session of MCP", answer=None, status="204"),
    Door("GET", "/mcp/tools", "listTools", "The tools that MCP clients are shown", ("mode", "mcpProfile"), properties=("tools", "mode")),
    Door("POST", "/mcp/tools", "callTool", "Call a tool by its name", body=("name", "args", "mode", "mcpProfile")),
    Door("PATCH", "/mcp/tools", "setToolMode", "Choose the tools that are shown", body=("mode",), properties=("success", "mode")),
    Door("GET", "/test-mcp", "testMcpServers", "Connect to the registered MCP servers, and tell how that went", ("id",)),
    Door("POST", "/webhooks/github", "githubEvent", "An event from GitHub, signed with a webhook's secret", body=(), properties=("ok",)),
    Door("POST", "/rpc", "rpc", "JSON-RPC 2.0: every operation by its name", body=MESSAGE),
    Door("GET", "/rpc/methods", "listRpcMethods", "The methods of /api/rpc", properties=("methods",)),
    Door("GET", "/a2a/card", "a2aCard", "The hub's agent card"),
    Door("GET", "/a2a/sessions", "listA2aSessions", "The sessions of the old bridge; there are none", properties=("sessions", "count")),
    Door("POST", "/a2a/rpc", "a2aRpc", "A request of A2A, over JSON-RPC", body=MESSAGE),
    Door("GET", "/a2a/rpc", "a2aEvents", "Sessions of the old bridge; there are none", ("sessionId",), answer="text/plain", status="404"),
    Door("POST", "/a2a/message", "sendA2aMessage", "Send a message of A2A", ("action",), ("message", "metadata", "configuration")),
    Door(
        "GET", "/a2a/tasks", "listA2aTasks", "The tasks as A2A shows them", ("workspaceId", "contextId", "status", "pageSize"),
        properties=("tasks",),
    ),
    Door("GET", "/a2a/tasks/{id}", "getA2aTask", "A task as A2A shows it", ("historyLength", "action")),
    Door("POST", "/a2a/tasks/{id}", "cancelA2aTask", "Cancel a task over A2A", ("action",), ()),
)  # fmt: skip


def described_door(door: Door) -> Json:
    text: Json = {"type": "string"}
    path = [{"name": "id", "in": "path", "required": True, "schema": text}] if "{id}" in door.path else []
    query = [{"name": name, "in": "query", "required": False, "schema": text} for name in door.query]
    answer: Json = {"description": "Done"}
    if door.answer == EVENTS:
        answer["content"] = {EVENTS: {}}
    elif door.answer:
        shape = {"type": "object", "properties": {name: {} for name in door.properties}, "required": [*door.properties]}
        answer["content"] = {door.answer: {"schema": shape}}
    document: Json = {
        "operationId": door.name, "summary": f"{door.about}.", "tags": [door.path.split("/")[1]],
        "responses": {door.status: answer},
    }  # fmt: skip
    if path or query:
        document["parameters"] = [*path, *query]
    if door.body is not None:
        schema = {"type": "object", "properties": {name: {} for name in door.body}}
        document["requestBody"] = {"required": False, "content": {"application/json": {"schema": schema}}}
    return document
