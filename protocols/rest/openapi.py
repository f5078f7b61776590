"""OpenAPI 3.1, from the same table as the routes."""

import re
from typing import Any

from pydantic.json_schema import models_json_schema

from hub.domain.errors import Kind
from hub.ports import Json
from hub.version import VERSION
from protocols.rest.doors import DOORS, described
from protocols.rest.route import Route, Stream
from protocols.rest.routes import ROUTES, STREAMS
from protocols.rest.schemas import WireSchemas
from protocols.wire import CODES

REF = "#/components/schemas/{model}"
WITHOUT_EFFECT = {"deprecated": True, "description": "Taken from those who send it, without effect."}
EXPLAINED: dict[Kind, str] = {
    "invalid": "The input is wrong", "unauthenticated": "A token is needed, and none that is good was sent",
    "forbidden": "The token does not open this", "not_found": "There is no such record", "conflict": "The record's state does not allow it",
    "too_large": "The body is too large", "unsupported_media": "The body is not JSON", "unavailable": "The store does not answer",
}  # fmt: skip


def description() -> Json:
    inputs = list(dict.fromkeys(route.row.input for route in ROUTES))
    outputs = list(dict.fromkeys(route.shape or route.row.output for route in ROUTES))
    wanted: list[Any] = [*((model, "validation") for model in inputs), *((model, "serialization") for model in outputs)]
    refs, definitions = models_json_schema(wanted, by_alias=True, ref_template=REF, schema_generator=WireSchemas)
    schemas = definitions["$defs"]
    schemas["Error"] = {
        "type": "object", "required": ["error"],
        "properties": {"error": {"type": "string"}, "kind": {"type": "string", "enum": list(CODES)}, "details": {"type": "object"}},
    }  # fmt: skip
    paths: Json = {}
    for route in ROUTES:
        input_schema = _resolved(refs[route.row.input, "validation"], schemas)
        output_schema = refs[route.shape or route.row.output, "serialization"]
        operation = _operation(route, input_schema, output_schema)
        known = paths.setdefault(f"/api{route.path}", {})
        method = route.method.lower()
        known[method] = _merged(known[method], operation) if method in known else operation
    _tell_apart(paths)
    for stream in STREAMS:
        paths.setdefault(f"/api{stream.path}", {})[stream.method.lower()] = _stream(stream)
    for door in DOORS:
        paths.setdefault(f"/api{door.path}", {})[door.method.lower()] = described(door)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Trivium", "version": VERSION, "description": "The hub where coding agents meet."},
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _tell_apart(paths: Json) -> None:
    """An operation on two paths has two ids, as the specification wants it."""
    seen: set[str] = set()
    for operation in (operation for item in paths.values() for operation in item.values()):
        if operation["operationId"] in seen:
            operation["operationId"] += "ByPath"
        seen.add(operation["operationId"])


def _operation(route: Route, input_schema: Json, output_schema: Json) -> Json:
    fields = _web_fields(route, input_schema)
    in_path = set(re.findall(r"{(\w+)}", route.path))
    required = set(input_schema.get("required", ()))
    document: Json = {
        "operationId": route.operation + ("By" + route.when[0].upper() + route.when[1:] if route.when else ""),
        "summary": route.row.description,
        "tags": [route.path.split("/")[1]],
        "responses": _responses(route, output_schema),
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schema} for name, (_, schema) in fields.items() if name in in_path
    ]
    rest = {name: pair for name, pair in fields.items() if name not in in_path}
    rest |= dict.fromkeys(sorted(route.ignored - fields.keys()), ("", WITHOUT_EFFECT))
    if route.method in ("GET", "DELETE"):
        parameters += [
            {"name": name, "in": "query", "required": own in required or name == route.when, **_query(schema)}
            for name, (own, schema) in rest.items()
        ]
    elif rest:
        body: Json = {"type": "object", "properties": {name: schema for name, (_, schema) in rest.items()}}
        if route.when:
            body["properties"].setdefault(route.when, {"type": "string"})
        if needed := [name for name, (own, _) in rest.items() if own in required or name in route.required]:
            body["required"] = needed
        document["requestBody"] = {"required": bool(needed), "content": {"application/json": {"schema": body}}}
    if parameters:
        document["parameters"] = parameters
    return document


def _query(schema: Json) -> Json:
    return {"schema": {}, **schema} if schema is WITHOUT_EFFECT else {"schema": schema}


def _web_fields(route: Route, input_schema: Json) -> dict[str, tuple[str, Json]]:
    """The web API's name of each field -> the operation's name and the schema."""
    back = {own: web for web, own in route.names.items()}
    return {
        back.get(name, name): (name, schema) for name, schema in input_schema.get("properties", {}).items()
        if not (name == "idempotencyKey" and route.method in ("GET", "DELETE"))
    }  # fmt: skip


def _responses(route: Route, output_schema: Json) -> Json:
    answer: Json = output_schema
    if route.render:
        answer = output_schema if route.shape else {"type": "object"}
    elif route.row.lists:
        listed: Any = route.row.output
        items = {"type": "array", "items": output_schema}
        answer = {"type": "object", "required": [listed.plural], "properties": {listed.plural: items, "nextCursor": {"type": "string"}}}
    elif route.envelope:
        answer = {"type": "object", "required": [route.envelope], "properties": {route.envelope: output_schema}}
    kinds: list[Kind] = ["invalid", "unauthenticated", "forbidden", "not_found", "unavailable"]
    if route.row.writes:
        kinds += ["conflict", "too_large", "unsupported_media"]
    responses: Json = {str(route.status): _json("Done", answer)}
    if route.replaces:
        responses["201"] = _json("Made", answer)
    for kind in kinds:
        responses[str(CODES[kind].http)] = _json(EXPLAINED[kind], {"$ref": REF.format(model="Error")})
    return dict(sorted(responses.items()))


def _json(text: str, schema: Json) -> Json:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _merged(first: Json, second: Json) -> Json:
    """Two rows on one path: the parameters of both, none of them required, either body and either answer."""
    both = [*first.get("parameters", ()), *second.get("parameters", ())]
    both.sort(key=lambda one: not one.get("deprecated", False))  # one row has a use for it, the other has none
    parameters = {one["name"]: {**one, "required": one["in"] == "path"} for one in both}
    responses = {**first["responses"], **second["responses"]}
    if len(answers := [_schema(one["responses"]["200"]) for one in (first, second) if "200" in one["responses"]]) == 2:
        responses["200"] = _json("Done", {"anyOf": answers})
    merged = {
        **second,
        "summary": f"{second['summary']} Or: {first['summary']}",
        "parameters": [*parameters.values()],
        "responses": dict(sorted(responses.items())),
    }
    if bodies := [_schema(one["requestBody"]) for one in (first, second) if "requestBody" in one]:
        merged["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"anyOf": bodies}}}}
    return merged


def _schema(described: Json) -> Any:
    return described["content"]["application/json"]["schema"]


def _stream(stream: Stream) -> Json:
    in_path = [{"name": one, "in": "path", "required": True, "schema": {"type": "string"}} for one in re.findall(r"{(\w+)}", stream.path)]
    query = [{"name": one, "in": "query", "schema": {"type": "string"}} for one in stream.query]
    after = {"name": "after", "in": "query", "schema": {"type": "integer"}, "description": "Go on after this event"}
    last = {**after, "name": "Last-Event-ID", "in": "header"}
    responses = {
        "200": {"description": stream.about, "content": {"text/event-stream": {}}},
        str(CODES["invalid"].http): _json(EXPLAINED["invalid"], {"$ref": REF.format(model="Error")}),
    }
    return {
        "operationId": stream.name, "summary": f"{stream.about}, as server-sent events.",
        "parameters": [*in_path, *query, after, last], "responses": responses,
    }  # fmt: skip


def _resolved(schema: Json, schemas: Json) -> Json:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
