"""JSON-RPC messages of both eras: as they should be, or with something wrong in them."""

from typing import Any

from hypothesis import strategies as st

from hub.ports import Json
from protocols.mcp.handshake import MOST_IN_BATCH
from protocols.mcp.listening import MOST
from protocols.mcp.tasks import EXTENSION
from tests.fuzz.values import JSON, TASK, TEXTS, URIS, tool_call
from tests.protocols.mcp_messages import CLIENT, META, MODERN

VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
IDS: tuple[Any, ...] = (
    1, 7, "7", "a", 0, -1, 2**53, 2**63, "", "\x00", "\u2028", None, True, 1.5, 1.0, [], {}, "\ud800", 10**30, "x" * 5_000,
)  # fmt: skip
URI = st.sampled_from(URIS)
CURSOR = st.none() | st.sampled_from(("", "0", "create_task", "zzz", "\x00", 7))
FORMS: st.SearchStrategy[Any] = st.sampled_from(
    ({}, {"elicitation": {}}, {"extensions": {EXTENSION: {}}}, {"elicitation": {"url": {}}}, 7, None, {"roots": []})
)
"""What a client declares to be able to do."""
ANSWERS: st.SearchStrategy[Json] = st.sampled_from(
    ({}, {"confirm": {"action": "accept", "content": {"confirm": True}}}, {"confirm": {"action": "accept", "content": 7}})
)
REFERENCES = st.sampled_from((
    {"type": "ref/prompt", "name": "review_task"}, {"type": "ref/resource", "uri": "hub://tasks/{taskId}"},
    {"type": "ref/resource", "uri": "hub://notes/{workspaceId}/{noteId}"}, {"type": "ref/prompt", "name": ""}, {"type": "other"}, 7,
))  # fmt: skip
FILTERS = st.fixed_dictionaries({}, optional={
    "resourcesListChanged": st.booleans(), "toolsListChanged": st.booleans(),
    "resourceSubscriptions": st.lists(URI, max_size=3) | st.just(["hub://tasks/t1"] * (MOST + 1)) | JSON,
    "taskIds": st.just([TASK, "nothing"]) | JSON,
})  # fmt: skip

PARAMS: dict[str, st.SearchStrategy[Any]] = {
    "ping": st.just({}),
    "server/discover": st.just({}),
    "tools/list": st.fixed_dictionaries({}, optional={"cursor": CURSOR}),
    "resources/list": st.fixed_dictionaries({}, optional={"cursor": CURSOR}),
    "resources/templates/list": st.fixed_dictionaries({}, optional={"cursor": CURSOR}),
    "resources/read": st.fixed_dictionaries({"uri": URI | TEXTS}),
    "resources/subscribe": st.fixed_dictionaries({"uri": URI}),
    "resources/unsubscribe": st.fixed_dictionaries({"uri": URI}),
    "prompts/list": st.fixed_dictionaries({}, optional={"cursor": CURSOR}),
    "prompts/get": st.fixed_dictionaries(
        {"name": st.sampled_from(("start_working", "hand_over_task", "review_task", "summarise_workspace", "", "x"))},
        optional={
            "arguments": st.dictionaries(st.sampled_from(("taskId", "workspaceId", "agentId")), st.just(TASK) | TEXTS | JSON, max_size=3)
        },
    ),
    "completion/complete": st.fixed_dictionaries(
        {"ref": REFERENCES, "argument": st.fixed_dictionaries({"name": st.sampled_from(("taskId", "noteId", "x")), "value": TEXTS}) | JSON},
        optional={"context": st.just({"arguments": {"workspaceId": "default"}}) | JSON},
    ),
    "tasks/get": st.fixed_dictionaries({"taskId": st.just(TASK) | JSON}),
    "tasks/update": st.fixed_dictionaries({"taskId": st.just(TASK), "inputResponses": ANSWERS | JSON}),
    "tasks/cancel": st.fixed_dictionaries({"taskId": st.just(TASK) | TEXTS}),
    "tasks/list": st.just({}),
    "logging/setLevel": st.fixed_dictionaries({"level": st.sampled_from(("debug", "loud"))}),
    "subscriptions/listen": st.fixed_dictionaries({"notifications": FILTERS}),
    "initialize": st.fixed_dictionaries(
        {"protocolVersion": st.sampled_from((*VERSIONS, MODERN, "x")) | JSON, "capabilities": FORMS, "clientInfo": st.just(CLIENT) | JSON}
    ),
    "notifications/initialized": st.just({}),
    "notifications/cancelled": st.fixed_dictionaries({"requestId": st.sampled_from(IDS)}),
    "notifications/progress": st.fixed_dictionaries({"progressToken": st.sampled_from(IDS), "progress": JSON}),
    "notifications/roots/list_changed": st.just({}),
    "sampling/createMessage": JSON, "roots/list": JSON, "nobody/knows": JSON, "": JSON, "\x00": JSON, "\ud800": JSON,
}  # fmt: skip
METHODS = tuple(PARAMS)


def envelope(version: Any, capabilities: Any) -> Json:
    return {f"{META}protocolVersion": version, f"{META}clientCapabilities": capabilities, f"{META}clientInfo": CLIENT}


@st.composite
def message(draw: st.DrawFn, method: str, params: st.SearchStrategy[Any], modern: bool) -> Json:
    """A request, or nearly one."""
    body: Json = {"jsonrpc": "2.0", "id": draw(st.sampled_from(IDS[:5]) | st.sampled_from(IDS)), "method": method, "params": draw(params)}
    if method.startswith("notifications/") and draw(st.integers(0, 4)):
        del body["id"]
    if isinstance(body["params"], dict):
        meta: Json = {"progressToken": draw(st.sampled_from(IDS))} if not draw(st.integers(0, 3)) else {}
        if modern:
            meta |= envelope(draw(st.just(MODERN) | JSON) if not draw(st.integers(0, 15)) else MODERN, draw(FORMS))
        more = {"requestState": draw(TEXTS), "inputResponses": draw(ANSWERS)} if not draw(st.integers(0, 7)) else {}
        body["params"] = {**body["params"], **({"_meta": meta} if meta else {}), **more}
    if not draw(st.integers(0, 5)):
        return draw(spoiled(body))
    return body


@st.composite
def spoiled(draw: st.DrawFn, body: Json) -> Json:
    """One of its members is gone, or is something else."""
    name = draw(st.sampled_from(("jsonrpc", "id", "method", "params", "_meta", "result", "error")))
    inside = isinstance(body.get("params"), dict) and (name == "_meta" or draw(st.booleans()))
    given = body["params"] if inside else body
    if inside and name != "_meta" and given:
        name = draw(st.sampled_from(tuple(given)))
    changed = {**given, name: draw(JSON)} if draw(st.booleans()) else {key: value for key, value in given.items() if key != name}
    return {**body, "params": changed} if inside else changed


def tool_calls(modern: bool) -> st.SearchStrategy[Json]:
    return message("tools/call", tool_call(), modern)


def other_requests(modern: bool) -> st.SearchStrategy[Json]:
    return st.sampled_from(METHODS).flatmap(lambda method: message(method, PARAMS[method], modern))


RESPONSES: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0")}, optional={"id": st.sampled_from((*IDS, "hub-1", "hub-2")), "result": JSON, "error": JSON}
)
"""To what nobody asked."""
IN_BATCHES = tool_calls(modern=False) | other_requests(modern=False) | RESPONSES | JSON
BATCHES = st.lists(IN_BATCHES, max_size=4) | st.just([{"jsonrpc": "2.0", "id": 1, "method": "ping"}] * (MOST_IN_BATCH + 1))
NOTIFICATIONS: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": st.sampled_from(METHODS)}, optional={"params": JSON}
)
