"""The JSON Schema of what goes over the wire, which leaves out what is None."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class WireSchemas(GenerateJsonSchema):
    """Of an answer: a field whose default is None may be absent and is never null, every other one is there."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        if self.mode == "serialization" and _is_default(field["schema"]):
            return self.get_default_value(field["schema"]) is not None
        return super().field_is_required(field, total)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = schema["schema"]
        if self.mode == "serialization" and inner["type"] == "nullable" and self.get_default_value(schema) is None:
            return self.generate_inner(inner["schema"])
        return super().default_schema(schema)


def _is_default(schema: core_schema.CoreSchema) -> bool:
    return bool(schema["type"] == "default")
