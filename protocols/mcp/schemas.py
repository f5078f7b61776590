"""The schemas of the tools: what a model must know of an input, and the outline of an answer."""

from typing import Any

from pydantic.alias_generators import to_camel

from hub.domain.model import Record
from hub.operations.base import Input, Operation
from hub.ports import Json

OFFSET = "offset"
"""The argument with which every tool that reads goes on with a long answer; it is MCP's own, no operation knows it."""
DROPPED = {"title", "default", "maxLength", "minLength", "maxItems", "minItems", "additionalProperties", "format", "minimum", "maximum"}
"""What a model can do without: the hub checks it anyway, and says what is allowed."""


def reads_on(row: Operation) -> bool:
    """Whether a long answer of it is read in parts, by `offset`."""
    return not row.writes and bool(row.input.model_fields) and OFFSET not in row.input.model_fields


def operation_input(row: Operation, short: bool) -> Json:
    """Short: with the fields that the input calls brief."""
    schema = input_schema(row.input, row.input.brief if short else ())
    if reads_on(row):
        schema["properties"][OFFSET] = {"type": "integer"}
    return schema


def input_schema(model: type[Input], brief: tuple[str, ...] = ()) -> Json:
    model.model_rebuild()
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    properties = {
        name: _plain(one, definitions) for name, one in schema.get("properties", {}).items()
        if name != "idempotencyKey" and (not brief or name in brief)
    }  # fmt: skip
    required = [name for name in schema.get("required", ()) if name in properties]
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def operation_output(row: Operation) -> Json:
    """The outline of an answer: of a record its id and version, of a result what is always there.

    Whole schemas of all tools would fill a model's context, and an answer explains itself.
    """
    if row.lists:
        listed: Any = row.output
        return outline({to_camel(listed.plural): {"type": "array"}})
    if issubclass(row.output, Record):
        return outline({"id": {"type": "string"}, "version": {"type": "integer"}})
    schema = row.output.model_json_schema(by_alias=True, mode="serialization")
    always = [field.alias or name for name, field in row.output.model_fields.items() if field.is_required()]
    kinds = {name: _plain(schema["properties"][name], schema.get("$defs", {})).get("type") for name in always}
    return outline({name: {"type": kind} for name, kind in kinds.items() if kind})


def outline(properties: Json) -> Json:
    """An object that has at least these."""
    return {"type": "object", "properties": properties, **({"required": [*properties]} if properties else {})}


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
