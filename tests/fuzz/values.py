"""JSON of every kind, and arguments that are nearly what an operation takes."""

from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from hub.operations import OPERATIONS
from hub.operations.base import Operation
from hub.ports import Json
from protocols.mcp.schemas import operation_input
from protocols.mcp.tools import CALL_OPERATION, FIND_TOOLS

TASK, AGENT, NOTE = "t1", "a1", "n1"
"""Records that every case finds in the workspace `default`."""
KNOWN = {"workspaceId": "default", "taskId": TASK, "agentId": AGENT, "noteId": NOTE, "sessionId": "s1"}
NASTY = (
    "", " ", "\x00", "\ud800", "\udfff x", "\U0001d11e", "a" * 401, "x" * 70_000, "../../etc/passwd", "%00", "{taskId}", "-0", "null",
    "9" * 400, "__proto__", "\u2028", "=?base64?AAAA?=", "\r\n\r\n", "\ufeff", "İ", "ß", "1e400", "2026-02-30T25:61:61Z",
)  # fmt: skip
URIS = (
    "hub://tasks/t1", "hub://tasks/t1/artifacts", "hub://tasks/%74%31", "hub://tasks/nothing", "hub://workspaces/default/tasks",
    "hub://workspaces", "hub://notes/default/n1", "hub://sessions/s1", "hub://", "hub://tasks/%ff", "hub://tasks/%00", "hub:///",
    "hub://tasks//", "HUB://TASKS/t1", "file:///etc/passwd", "http://[::1", "hub://tasks/t1?x#y", "not a uri", "hub://tasks/\ud800",
)  # fmt: skip
NUMBERS = (
    0, -1, 1, 2, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**400, -0.0, 0.5, 1.0, 1e308, 5e-324,
    float("nan"), float("inf"), float("-inf"),
)  # fmt: skip
TEXTS = st.sampled_from((*KNOWN.values(), *NASTY, *URIS)) | st.text(max_size=8)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.sampled_from(NUMBERS) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
STRINGS = st.sampled_from(("x", "default", TASK, AGENT, *NASTY[:6])) | st.text(max_size=8)
TOOLS = (*OPERATIONS, FIND_TOOLS, CALL_OPERATION)


def of_schema(schema: Json, name: str = "") -> st.SearchStrategy[Any]:
    """What it allows, more or less."""
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if "anyOf" in schema:
        return st.one_of([of_schema(one, name) for one in schema["anyOf"]])
    match schema.get("type"):
        case "string":
            return st.just(KNOWN[name]) if name in KNOWN else STRINGS
        case "integer" | "number":
            return st.integers(-1, 100)
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(of_schema(schema.get("items", {})), max_size=3)
        case "object" if "properties" in schema:
            return of_properties(schema)
        case "null":
            return st.none()
    return st.dictionaries(st.sampled_from(("a", "b")), JSON, max_size=2)


def of_properties(schema: Json) -> st.SearchStrategy[Json]:
    required = set(schema.get("required", ()))
    fields = {name: of_schema(one, name) for name, one in schema["properties"].items()}
    needed = {name: one for name, one in fields.items() if name in required}
    return st.fixed_dictionaries(needed, optional={name: one for name, one in fields.items() if name not in required})


@lru_cache(1_000)
def _of_operation(row: Operation) -> st.SearchStrategy[Json]:
    return of_properties(operation_input(row, short=False))


@st.composite
def arguments(draw: st.DrawFn, name: str) -> Any:
    """Of the tool: as they should be, or with one thing wrong, or anything."""
    if (row := OPERATIONS.get(name)) is None:
        return draw(st.fixed_dictionaries({}, optional={"query": TEXTS, "name": st.sampled_from(TOOLS), "arguments": JSON, "limit": JSON}))
    if (how := draw(st.integers(0, 9))) == 0:
        return _brief(row, draw(JSON))
    given = draw(_of_operation(row))
    if how > 6:
        given = {**given, draw(st.sampled_from((*operation_input(row, short=False)["properties"], "idempotencyKey", "x"))): draw(JSON)}
    return _brief(row, given)


def _brief(row: Operation, given: Any) -> Any:
    """Nobody waits for long."""
    return {**given, "timeoutSeconds": 0.01} if row.waits and isinstance(given, dict) else given


@st.composite
def tool_call(draw: st.DrawFn) -> Json:
    name = draw(st.sampled_from(TOOLS))
    given = draw(arguments(name))
    if name == CALL_OPERATION and draw(st.booleans()):
        inner = draw(st.sampled_from(tuple(OPERATIONS)))
        given = {"name": inner, "arguments": draw(arguments(inner))}
    return {"name": name, "arguments": given}
