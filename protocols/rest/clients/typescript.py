"""The client in TypeScript."""

import json
import re
from collections.abc import Iterator
from importlib import resources

from hub.ports import Json
from hub.version import VERSION
from protocols.rest.clients.model import Api, api, pascal, type_name
from protocols.rest.route import Stream
from protocols.rest.schemas import Described

SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")


def typescript() -> str:
    """The file's text."""
    runtime = resources.files("protocols.rest.clients").joinpath("runtime.ts").read_text()
    made = api()
    parts = [
        f"// Made by `trivium client typescript`, Trivium {VERSION}. Make it again when the hub is a newer one.", runtime.rstrip(),
        *(f"export type {name} = {_type(schema)};" for name, schema in made.schemas.items()), *_events(made),
        *(text for call in made.calls for text in _types_of(call)), _client(made),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _type(schema: Json) -> str:
    """A schema as a type on one line."""
    match schema:
        case {"$ref": reference}:
            return type_name(reference)
        case {"enum": values}:
            return " | ".join(json.dumps(value) for value in values)
        case {"const": value}:
            return json.dumps(value)
        case {"anyOf": several} | {"oneOf": several}:
            return " | ".join(dict.fromkeys(_type(one) for one in several))
        case {"type": "array", "items": items}:
            return f"ReadonlyArray<{_type(items)}>"
        case {"type": "object", "properties": properties}:
            return _fields(properties, schema.get("required", ()))
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"Readonly<Record<string, {_type(values)}>>"
        case {"type": "object"}:
            return "Readonly<Record<string, unknown>>"
        case {"type": "array"}:
            return "ReadonlyArray<unknown>"
        case {"type": str(scalar)}:
            return SCALARS[scalar]
        case _:
            return "unknown"


def _fields(properties: Json, required: object) -> str:
    assert isinstance(required, list | tuple | frozenset | set)
    lines = [
        f"{_comment(schema)}  readonly {_key(name)}{'' if name in required else '?'}: {_type(schema)};"
        for name, schema in properties.items()
    ]
    return "{\n" + "\n".join(lines) + "\n}" if lines else "{}"


def _comment(schema: Json) -> str:
    text = schema.get("description")
    return f"  /** {' '.join(str(text).split()).replace('*/', '* /')} */\n" if text else ""


def _key(name: str) -> str:
    return name if IDENTIFIER.fullmatch(name) else json.dumps(name)


def _events(made: Api) -> Iterator[str]:
    common = {name: schema for name, schema in made.event["properties"].items() if name not in ("name", "data")}
    about = "/** What every event says; `recordId` is that of the record that it happened to. */"
    yield f"{about}\nexport type EventFields = {_fields(common, made.event['required'])};"
    rows = [f"  {json.dumps(name)}: {data or 'undefined'};" for name, data in made.facts.items()]
    yield "/** The data of each event, by its name. */\nexport interface EventData {\n" + "\n".join(rows) + "\n}"
    yield "export type EventName = keyof EventData;"
    yield "export type HubEvent = { [N in EventName]: EventFields & { readonly name: N; readonly data?: EventData[N] } }[EventName];"


def _types_of(call: Described) -> Iterator[str]:
    if call.fields:
        yield f"export type {pascal(call.id)}Input = {_fields(dict(call.fields), call.required | frozenset(call.in_path))};"
    yield f"export type {pascal(call.id)}Answer = {_type(call.answer)};"


def _client(made: Api) -> str:
    methods = [*(_method(call) for call in made.calls), *(_stream(stream, made.bodies.get(stream.path)) for stream in made.streams)]
    return "export class Trivium extends Connection {\n" + "\n\n".join(methods) + "\n}"


def _method(call: Described) -> str:
    name, types = _camel(call.id), pascal(call.id)
    optional = "" if call.required or call.in_path else " = {}"
    given = f"given: {types}Input{optional}, " if call.fields else ""
    path = json.dumps(f"/api{call.route.path}")
    return (
        f"  /** {call.route.row.description} */\n"
        f"  {name}({given}init: CallInit = {{}}): Promise<{types}Answer> {{\n"
        f"    return this.call({json.dumps(call.route.method)}, {path}, {'given' if call.fields else '{}'}, init);\n  }}"
    )


def _stream(stream: Stream, body: Json | None) -> str:
    in_path = re.findall(r"{(\w+)}", stream.path)
    fields = [f"{name}: string" for name in in_path] + [f"{name}?: string" for name in stream.query]
    frame = "HubEvent" if stream.path == "/events" else "Readonly<Record<string, unknown>>"
    given = f"given: {_type(body)}" if body else f"given: {{ {'; '.join(fields)} }}{'' if in_path else ' = {}'}"
    return (
        f"  /** {stream.about}; the stream goes on where it was after a lost connection, until the signal aborts it. */\n"
        f"  {stream.name}({given}, init: StreamInit = {{}}): AsyncGenerator<Frame<{frame}>> {{\n"
        f"    return this.follow({json.dumps(stream.method)}, {json.dumps(f'/api{stream.path}')}, given, init);\n  }}"
    )


def _camel(id_: str) -> str:
    name = pascal(id_)
    return name[0].lower() + name[1:]
