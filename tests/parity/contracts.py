"""Small contracts, and backends that keep to them or do not."""

from collections.abc import Iterator, Mapping
from typing import Any

from hub.ports import Json
from protocols.parity.contracts import Contract, contract_of
from protocols.rest.openapi import description

TEXT: Json = {"type": "string"}


def document(*, components: Json | None = None, version: str = "3.1.0", **paths: Json) -> Json:
    """`get_notes={...}` is GET /api/notes."""
    found: dict[str, Json] = {}
    for name, operation in paths.items():
        method, _, path = name.partition("_")
        found.setdefault(f"/api/{path.replace('__', '/')}", {})[method] = operation
    return {"openapi": version, "info": {"title": "t", "version": "1"}, "paths": found, "components": {"schemas": components or {}}}


def contract(**given: Any) -> Contract:
    return contract_of(document(**given), "a test's")


def answering(schema: Json | None = None, status: str = "200", media: str = "application/json", **rest: Any) -> Json:
    content = {} if schema is None else {"content": {media: {"schema": schema}}}
    return {"responses": {status: {"description": "d", **content}}, **rest}


def taking(schema: Json, **rest: Any) -> Json:
    return {**answering(), "requestBody": {"content": {"application/json": {"schema": schema}}}, **rest}


def object_of(*required: str, **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": [*required]}


def query(name: str, schema: Mapping[str, Any] = TEXT, required: bool = False) -> Json:
    return {"name": name, "in": "query", "required": required, "schema": dict(schema)}


def shown(findings: Iterator[Any]) -> list[str]:
    return [f"{one.where}: {one.kind}" for one in findings]


def described_hub() -> Contract:
    """The hub's own description, as a contract."""
    return contract_of(description(), "the hub's")
