"""Forms: what the answer to a question has to look like, so simple that every client can show it as fields to fill in.

A form is a JSON Schema of one flat object, as MCP has it for an elicitation (2025-11-25 §client/elicitation).
"""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from hub.domain.errors import Invalid

FORM: dict[str, JsonValue] = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
"""The form of a question that brings none."""
ANY_ANSWER: dict[str, JsonValue] = {"type": "object", "properties": {"answer": {"type": "string"}}}
"""Of a question to which whoever asked takes what he takes: a text, or fields that nobody here knows of."""
TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "integer": int, "boolean": bool, "array": list}
MOST_FIELDS = 50


def expect_form(form: Mapping[str, Any]) -> None:
    """Raises Invalid unless it is an object whose fields are texts, numbers, truths or choices."""
    fields, required = form.get("properties"), form.get("required", [])
    if form.get("type") != "object" or not isinstance(fields, dict) or not 0 < len(fields) <= MOST_FIELDS:
        raise Invalid('schema: give {"type": "object", "properties": {…}} with 1 to 50 fields')
    for name, field in fields.items():
        kind = field.get("type") if isinstance(field, dict) else None
        if not isinstance(kind, str) or kind not in TYPES or (kind == "array" and not _choices(field)):
            raise Invalid(f"schema: the field {name[:80]!r} needs a type: string, number, integer, boolean, or an array of an enum")
    if not isinstance(required, list) or not all(isinstance(name, str) and name in fields for name in required):
        raise Invalid("schema: required must be names of its properties")


def expect_fitting(response: Mapping[str, Any], form: Mapping[str, Any]) -> None:
    """Raises Invalid when a required field is missing, or one has another type than the form says. More fields do no harm."""
    if missing := [name for name in form.get("required", ()) if response.get(name) is None]:
        raise Invalid(f"response: it lacks {', '.join(missing)}")
    for name, field in form["properties"].items():
        if (value := response.get(name)) is not None and not _fits(value, field):
            raise Invalid(f"response: {name} must be {_wanted(field)}")


def _fits(value: object, field: Mapping[str, Any]) -> bool:
    kind = field["type"]
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return False
    allowed = _choices(field)
    return not allowed or all(one in allowed for one in (value if isinstance(value, list) else [value]))


def _choices(field: Mapping[str, Any]) -> list[object]:
    """What may be chosen from; empty: anything."""
    holder = field.get("items") if field.get("type") == "array" else field
    if not isinstance(holder, dict):
        return []
    titled = holder.get("oneOf") or holder.get("anyOf")
    if isinstance(titled, list):
        return [one.get("const") for one in titled if isinstance(one, dict)]
    listed = holder.get("enum")
    return listed if isinstance(listed, list) else []


def _wanted(field: Mapping[str, Any]) -> str:
    choices = _choices(field)
    kind = f"a list of {choices}" if field["type"] == "array" else f"one of {choices}" if choices else f"of type {field['type']}"
    return kind[:400]
