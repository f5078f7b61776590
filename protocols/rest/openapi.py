"""OpenAPI 3.1, from the same table as the routes."""

import re
from typing import Any

from hub.domain.errors import Kind
from hub.ports import Json
from hub.version import VERSION
from protocols.bodies import FORM
from protocols.rest.doors import DOORS, described_door
from protocols.rest.route import Route, Stream
from protocols.rest.routes import STREAMS
from protocols.rest.schemas import REF, Described, described
from protocols.rest.tables.product import UNSERVED
from protocols.rest.unserved import Unserved
from protocols.wire import CODES

JSON = "application/json"
WITHOUT_EFFECT = {"deprecated": True, "description": "Taken from those who send it, without effect."}
EXPLAINED: dict[Kind, str] = {
    "invalid": "The input is wrong", "unauthenticated": "A token is needed, and none that is good was sent",
    "forbidden": "The token does not open this", "not_found": "There is no such record", "conflict": "The record's state does not allow it",
    "unsupported": "The hub does not do this", "upstream": "Another server failed",
    "too_large": "The body is too large", "unsupported_media": "The body is not JSON", "unavailable": "The store does not answer",
}  # fmt: skip
EVERYWHERE: tuple[Kind, ...] = tuple(kind for kind in EXPLAINED if kind != "unsupported")
"""How a call of any operation may end. A body is refused as one where none is taken, too, and what is only read may be in a state that
does not allow it: a repository amid a rebase."""


def description() -> Json:
    rows, bodies, schemas = described()
    error = {
        "type": "object", "required": ["error"],
        "properties": {"error": {"type": "string"}, "kind": {"type": "string", "enum": list(CODES)}, "details": {"type": "object"}},
    }  # fmt: skip
    paths: Json = {}
    for row in rows:
        known, method = paths.setdefault(f"/api{row.route.path}", {}), row.route.method.lower()
        known[method] = _merged(known[method], _operation(row)) if method in known else _operation(row)
    for stream in STREAMS:
        paths.setdefault(f"/api{stream.path}", {})[stream.method.lower()] = _stream(stream, bodies.get(stream.path))
    for unserved in UNSERVED:
        paths.setdefault(f"/api{unserved.path}", {})[unserved.method.lower()] = _unserved(unserved)
    for door in DOORS:
        paths.setdefault(f"/api{door.path}", {})[door.method.lower()] = described_door(door)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Trivium", "version": VERSION, "description": "The hub where coding agents meet."},
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {"schemas": {**schemas, "Error": error}, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(row: Described) -> Json:
    document: Json = {
        "operationId": row.id,
        "summary": row.route.row.description,
        "tags": [row.route.path.split("/")[1]],
        "responses": _responses(row),
    }
    parameters = [{"name": name, "in": "path", "required": True, "schema": row.fields[name]} for name in row.in_path]
    rest = {name: schema for name, schema in row.fields.items() if name not in row.in_path}
    rest |= dict.fromkeys(sorted(row.route.ignored - row.fields.keys()), WITHOUT_EFFECT)
    if row.in_query:
        parameters += [{"name": name, "in": "query", "required": name in row.required, **_query(schema)} for name, schema in rest.items()]
    elif rest:
        needed = [name for name in rest if name in row.required]
        body: Json = {"type": "object", "properties": rest, **({"required": needed} if needed else {})}
        if not row.route.names.keys() & rest.keys():  # a renamed field is taken by the operation's name for it, too
            body["additionalProperties"] = False
        document["requestBody"] = {"required": bool(needed), "content": {"application/json": {"schema": body}, **_form(row.route)}}
    if parameters:
        document["parameters"] = parameters
    return document


def _form(route: Route) -> Json:
    """A file, where one may be sent in the place of the body."""
    file = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    return {FORM: {"schema": file}} if route.upload else {}


def _query(schema: Json) -> Json:
    return {"schema": {}, **schema} if schema is WITHOUT_EFFECT else {"schema": schema}


def _responses(row: Described) -> Json:
    route = row.route
    media = route.media.partition(";")[0]
    done = _json("Done", row.answer) if media == JSON else {"description": "Done", "content": {media: {"schema": {"type": "string"}}}}
    responses: Json = {str(route.status): done}
    if route.replaces:
        responses["201"] = _json("Made", row.answer)
    for kind in EVERYWHERE:
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
    if bodies := [_schema(one["requestBody"]) for one in (second, first) if "requestBody" in one]:
        merged["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"anyOf": bodies}}}}
    return merged


def _schema(described: Json) -> Any:
    return described["content"]["application/json"]["schema"]


def _stream(stream: Stream, body: Json | None) -> Json:
    in_path = [{"name": one, "in": "path", "required": True, "schema": {"type": "string"}} for one in re.findall(r"{(\w+)}", stream.path)]
    query = [{"name": one, "in": "query", "schema": {"type": "string"}} for one in stream.query]
    after = {"name": "after", "in": "query", "schema": {"type": "integer"}, "description": "Go on after this event"}
    last = {**after, "name": "Last-Event-ID", "in": "header"}
    responses = {
        "200": {"description": stream.about, "content": {"text/event-stream": {}}},
        str(CODES["invalid"].http): _json(EXPLAINED["invalid"], {"$ref": REF.format(model="Error")}),
    }
    sent = {"requestBody": {"required": True, "content": {"application/json": {"schema": body}}}} if body else {}
    return {
        "operationId": stream.name, "summary": f"{stream.about}, as server-sent events.",
        "parameters": [*in_path, *query, after, last], **sent, "responses": responses,
    }  # fmt: skip


def _unserved(row: Unserved) -> Json:
    text = {"type": "string"}
    parameters = [{"name": one, "in": "path", "required": True, "schema": text} for one in re.findall(r"{(\w+)}", row.path)]
    parameters += [{"name": name, "in": "query", "required": must, "schema": text} for name, must in row.query.items()]
    kinds: list[Kind] = ["unauthenticated"]
    if "{" in row.path:  # what no id looks like is a path that there is not
        kinds.append("not_found")
    if row.error:
        kinds.append(row.error)
    if row.needs or row.one_of:
        kinds.append("invalid")
    responses = {str(CODES[kind].http): _json(EXPLAINED[kind], {"$ref": REF.format(model="Error")}) for kind in kinds}
    if row.answer is not None:
        responses["200"] = _json("There is none", {"type": "object", "required": sorted({*row.answer, *filter(None, [row.stamp])})})
    words = "".join(word[0].upper() + word[1:] for word in re.findall(r"\w+", row.path))
    return {
        "operationId": row.method.lower() + words, "summary": row.why, "tags": ["product"],
        "parameters": parameters, "responses": dict(sorted(responses.items())),
    }  # fmt: skip
