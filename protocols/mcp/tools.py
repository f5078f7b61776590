"""The catalogue as MCP tools: names, schemas and results, written as JSON once."""

from functools import cache
from typing import Any

from hub.domain.errors import Invalid
from hub.domain.model import Record
from hub.operations import OPERATIONS
from hub.operations.base import Operation, Profile
from hub.ports import Json

CORE, FULL = "core", "full"
PROFILES = (CORE, FULL)
INSTRUCTIONS = (
    "Trivium is the hub where coding agents share work. Begin with create_agent and keep the id. claim_task gives you work and a "
    "claim.token: send it as claimToken when you write, claim again before it expires, and end with report_to_parent. reserve_files "
    "before you edit. read_inbox now and then. The note 'spec' is the workspace's specification. Every tool that writes also takes "
    "idempotencyKey: a repeat with the same key does nothing twice. More tools are at the same address with ?profile=full."
)
DROPPED = {"title", "default", "maxLength", "minLength", "maxItems", "minItems", "additionalProperties", "format", "minimum", "maximum"}
"""What a model can do without: the hub checks it anyway, and says what is allowed."""


def profile_of(name: str | None) -> Profile:
    """The profile that a client asked for, `core` if for none. Raises Invalid."""
    if name is not None and name not in PROFILES:
        raise Invalid(f"There is no profile {name[:80]!r}. Allowed: {', '.join(PROFILES)}.")
    return name or CORE


@cache
def tools(profile: Profile) -> list[Json]:
    """The tools of a profile, in the catalogue's order (2025-11-25 §server/tools)."""
    return [_tool(row, profile) for row in OPERATIONS.values() if profile == FULL or profile in row.profiles]


def _tool(row: Operation, profile: Profile) -> Json:
    hints = {"readOnlyHint": True} if not row.writes else {"destructiveHint": row.destructive}
    return {
        "name": row.name, "description": row.description, "inputSchema": _input_schema(row, profile),
        "outputSchema": _output_schema(row), "annotations": {**hints, "openWorldHint": False},
    }  # fmt: skip


def _input_schema(row: Operation, profile: Profile) -> Json:
    schema = row.input.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    brief = row.input.brief if profile == CORE else ()
    properties = {
        name: _plain(one, definitions) for name, one in schema.get("properties", {}).items()
        if name != "idempotencyKey" and (not brief or name in brief)
    }  # fmt: skip
    required = [name for name in schema.get("required", ()) if name in properties]
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _output_schema(row: Operation) -> Json:
    """The outline of an answer: of a record its id and version, of a result what is always there.

    Whole schemas of all tools would fill a model's context, and an answer explains itself.
    """
    if row.lists:
        listed: Any = row.output
        return _outline({listed.plural: {"type": "array"}})
    schema = row.output.model_json_schema(by_alias=True, mode="serialization")
    fields = row.output.model_fields
    if issubclass(row.output, Record):
        return _outline({"id": {"type": "string"}, "version": {"type": "integer"}})
    always = [field.alias or name for name, field in fields.items() if field.is_required()]
    kinds = {name: _plain(schema["properties"][name], schema.get("$defs", {})).get("type") for name in always}
    return _outline({name: {"type": kind} for name, kind in kinds.items() if kind})


def _outline(properties: Json) -> Json:
    return {"type": "object", "properties": properties}


def _plain(schema: Json, definitions: Json) -> Json:
    """Without references, nulls and what a model can do without."""
    if "$ref" in schema:
        schema = {**definitions[schema["$ref"].rpartition("/")[2]], **{key: value for key, value in schema.items() if key != "$ref"}}
    if "anyOf" in schema:
        kept = [one for one in schema["anyOf"] if one.get("type") != "null"]
        if len(kept) == 1:
            schema = {**{key: value for key, value in schema.items() if key != "anyOf"}, **kept[0]}
            return _plain(schema, definitions)
    plain = {key: value for key, value in schema.items() if key not in DROPPED}
    if "items" in plain:
        plain["items"] = _plain(plain["items"], definitions)
    if "properties" in plain:
        plain["properties"] = {name: _plain(one, definitions) for name, one in plain["properties"].items()}
    return plain
