"""Calls that a contract asks for and no story tells: those that must fail, and those of operations without a story."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from protocols.parity.contracts import JSON, Contract, Operation, shape_of
from protocols.parity.shapes import Side, alternatives, type_of
from protocols.parity.stories.base import OTHERS, Call
from protocols.parity.world import NAME

Key = tuple[str, str]
PLAIN: dict[str | None, Any] = {"string": "parity", "integer": 1, "number": 1, "boolean": False, "null": None, "array": []}
PROMISES = {"workspaceId": "{workspace}", "repoPath": "{repository}", "taskId": "{task}", "agentId": "{agent}", "sessionId": "{session}"}
"""Fields that mean something that the stories have made."""


def planned(contract: Contract, stories: Sequence[Call], endings: Sequence[Call]) -> list[Call]:
    """The stories, then everything else that can be asked while there is what they made, then the endings."""
    first: dict[Key, Call] = {}
    for call in (*stories, *endings):
        if call.expects is None and call.never is None:
            first.setdefault(_key(call), call)
    told = {_key(call) for call in (*stories, *endings)}
    operations = contract.operations.values()
    further = [_plain(contract, operation) for operation in operations if operation.key not in told]
    beside = [call for operation in operations if operation.key in first for call in _failing(operation, first[operation.key])]
    return _needed(contract, [*stories, *further, *beside, *endings])


def _needed(contract: Contract, calls: Sequence[Call]) -> list[Call]:
    """Those of the contract, and those that make what others need."""
    names: set[str] = set()
    kept: list[Call] = []
    for call in reversed(calls):
        if _key(call) in contract.operations or names & call.keep.keys():
            kept.append(call)
            names |= {*NAME.findall(f"{call.url} {call.body} {dict(call.headers)}")}
    return kept[::-1]


def _failing(operation: Operation, call: Call) -> Iterator[Call]:
    path, _, query = call.url.partition("?")
    rest = f"?{query}" if query else ""
    call = replace(call, keep={}, undo=None)
    if "404" in operation.responses and "{" in path:
        yield replace(call, url=re.sub(r"[^/]*{[^/]*", "{absent}", path) + rest, expects=404)
    if "400" in operation.responses and _needs(operation):
        if operation.body:
            yield replace(call, body={}, expects=400)
        else:
            yield replace(call, url=path, body=None, expects=400)


def _needs(operation: Operation) -> bool:
    """Whether something must be given."""
    schema = operation.body.schema if operation.body else None
    return (
        bool((schema or {}).get("required"))
        if operation.body
        else any(one.required for one in operation.parameters if one.place == "query")
    )


def _plain(contract: Contract, operation: Operation) -> Call:
    """With what must be given alone. What it would make nobody knows how to take away, so only a backend of our own is asked to."""
    path = re.sub(r"{(\w+)}", lambda name: PROMISES.get(name[1], name[0]), operation.path)
    query = "&".join(
        f"{one.name}={_value(contract, one.name, one.schema)}" for one in operation.parameters if one.place == "query" and one.required
    )
    body = operation.body and operation.body.media == JSON and _value(contract, "", operation.body.schema or {"type": "object"})
    own = None if operation.method == "GET" else OTHERS
    return Call(operation.method, f"{path}?{query}" if query else path, body or None, own=own, common=True)


def _value(contract: Contract, name: str, schema: dict[str, Any]) -> Any:
    if name in PROMISES:
        return PROMISES[name]
    side = alternatives(Side(contract, schema))[0]
    given = side.schema
    for word in ("example", "default", "const"):
        if word in given:
            return given[word]
    if given.get("enum"):
        return given["enum"][0]
    if type_of(given) == "object":
        return {one: _value(contract, one, given["properties"].get(one, {})) for one in given.get("required", ())}
    return PLAIN.get(type_of(given), "parity")


def _key(call: Call) -> Key:
    return call.method, shape_of(call.url.partition("?")[0])
