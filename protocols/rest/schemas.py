"""The rows of the web API with their JSON schemas: what the description of it, and the clients, are made of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from hub.operations import OPERATIONS
from hub.ports import Json
from protocols.rest.route import Route
from protocols.rest.routes import ROUTES, STREAMS

REF = "#/components/schemas/{model}"


class Said(GenerateJsonSchema):
    """What is answered has its fields with a default in any case. What is None by default is left out then; only where a field may be None
    and has no default, null stands there."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        if self.mode != "serialization" or field["type"] == "typed-dict-field":
            return super().field_is_required(field, total)
        inner = field["schema"]
        if inner["type"] == "default":
            return "default_factory" in inner or inner["default"] is not None
        return True

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """An answer has no defaults, and null is none for whoever asks."""
        inner = schema["schema"]
        if self.mode == "serialization":
            return self.generate_inner(inner["schema"] if inner["type"] == "nullable" else inner)
        return self.generate_inner(inner) if schema.get("default", ...) is None else super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@dataclass(frozen=True)
class Described:
    """A row, and what is said of it."""

    route: Route
    id: str
    """Unique."""
    fields: Mapping[str, Json]
    """By the web API's names: those in the path, then the others."""
    required: frozenset[str]
    answer: Json

    @property
    def in_path(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.route.path)

    @property
    def in_query(self) -> bool:
        """What is not in the path; otherwise it is the body."""
        return self.route.method in ("GET", "DELETE") and not self.route.takes_body


@cache
def described() -> tuple[list[Described], dict[str, Json], Json]:
    """Every row in order, the bodies of streams by their paths, and the schemas that they refer to."""
    bodies = {stream.path: OPERATIONS[stream.operation].input for stream in STREAMS if stream.operation}
    inputs = list(dict.fromkeys([*(route.row.input for route in ROUTES), *bodies.values()]))
    outputs = list(dict.fromkeys(route.shape or route.row.output for route in ROUTES))
    wanted: list[Any] = [*((model, "validation") for model in inputs), *((model, "serialization") for model in outputs)]
    refs, definitions = models_json_schema(wanted, by_alias=True, ref_template=REF, schema_generator=Said)
    schemas: Json = definitions["$defs"]
    ids = _ids()
    rows = [
        _described(route, ids[at], resolved(refs[route.row.input, "validation"], schemas), _answer(route, refs))
        for at, route in enumerate(ROUTES)
    ]
    return rows, {path: refs[body, "validation"] for path, body in bodies.items()}, schemas


def resolved(schema: Json, schemas: Json) -> Any:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _described(route: Route, id_: str, input_schema: Json, answer: Json) -> Described:
    back = {own: web for web, own in route.names.items()}
    own_required = set(input_schema.get("required", ())) - route.fixed.keys()
    fields = {
        back.get(own, own): schema for own, schema in input_schema.get("properties", {}).items()
        if not (own == "idempotencyKey" and route.method in ("GET", "DELETE"))
    }  # fmt: skip
    if route.when and route.when not in fields:
        fields[route.when] = {"type": "string"}
    required = {back.get(own, own) for own in own_required} | route.required
    if route.when and (route.method in ("GET", "DELETE") or route.when in route.ignored):
        required.add(route.when)
    return Described(route, id_, fields, frozenset(required & fields.keys()), answer)


def _answer(route: Route, refs: Mapping[Any, Json]) -> Json:
    schema = refs[route.shape or route.row.output, "serialization"]
    if route.render:
        return schema if route.shape else {"type": "object"}
    if route.row.lists:
        listed: Any = route.row.output
        items = {"type": "array", "items": schema}
        return {"type": "object", "required": [listed.plural], "properties": {listed.plural: items, "nextCursor": {"type": "string"}}}
    return {"type": "object", "required": [route.envelope], "properties": {route.envelope: schema}} if route.envelope else schema


def _ids() -> list[str]:
    """The operation's name, which is the row's as long as it is the first one with it."""
    ids: list[str] = []
    for route in ROUTES:
        id_ = route.operation + (f"_by_{_words(route.when)}" if route.when else "")
        if id_ in ids:
            id_ += f"_{route.method.lower()}_{_words(route.path)}"
        ids.append(id_)
    return ids


def _words(text: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).lower()))
