"""The client in Python."""

import keyword
import re
from collections.abc import Collection, Iterator, Mapping
from importlib import resources

from hub.ports import Json
from hub.version import VERSION
from protocols.rest.clients.model import Api, api, pascal, type_name
from protocols.rest.route import Stream
from protocols.rest.schemas import Described

QUOTES = '"""'
SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def python() -> str:
    """The file's text."""
    runtime = resources.files("protocols.rest.clients").joinpath("runtime.py").read_text()
    made = api()
    parts = [
        f'"""Made by `trivium client python`, Trivium {VERSION}. Make it again when the hub is a newer one."""\n\n# ruff: noqa',
        f"from typing import Literal, NotRequired, TypeAlias, TypedDict, Unpack\n{runtime.split(QUOTES, 2)[2].rstrip()}",
        *(_named(name, schema) for name, schema in made.schemas.items()), *_events(made),
        *(text for call in made.calls for text in _types_of(call)), _client(made),
    ]  # fmt: skip
    return "\n\n\n".join(parts) + "\n"


def _type(schema: Json) -> str:
    """What has no name and several fields is a plain dict."""
    match schema:
        case {"$ref": reference}:
            return f'"{type_name(reference)}"'
        case {"enum": values}:
            return f"Literal[{', '.join(map(repr, values))}]"
        case {"const": value}:
            return f"Literal[{value!r}]"
        case {"anyOf": several} | {"oneOf": several}:
            return _union(_type(one) for one in several)
        case {"type": "array", "items": items}:
            return f"list[{_type(items)}]"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"dict[str, {_type(values)}]"
        case {"type": "object"}:
            return "dict[str, Any]"
        case {"type": "array"}:
            return "list[Any]"
        case {"type": str(scalar)}:
            return SCALARS[scalar]
        case _:
            return "Any"


def _union(types: Iterator[str]) -> str:
    """A name in quotes does not go with `|` when the module is read, so the whole is one text."""
    return '"' + " | ".join(dict.fromkeys(types)).replace('"', "") + '"'


def _named(name: str, schema: Json) -> str:
    if "properties" in schema:
        return _fields(name, schema["properties"], schema.get("required", ()))
    return f"{name}: TypeAlias = {_type(schema)}"


def _fields(name: str, properties: Mapping[str, Json], required: Collection[str]) -> str:
    types = {field: _type(schema) if field in required else f"NotRequired[{_type(schema)}]" for field, schema in properties.items()}
    if not types:
        return f"class {name}(TypedDict):\n    pass"
    if all(field.isidentifier() and not keyword.iskeyword(field) for field in types):
        return f"class {name}(TypedDict):\n" + "\n".join(f"    {field}: {type_}" for field, type_ in types.items())
    return f"{name} = TypedDict({name!r}, {{" + ", ".join(f"{field!r}: {type_}" for field, type_ in types.items()) + "})"


def _events(made: Api) -> Iterator[str]:
    yield f"EventName = Literal[\n    {', '.join(map(repr, made.facts))},\n]"
    fields = {name: schema for name, schema in made.event["properties"].items() if name not in ("name", "data")}
    plain = _fields("HubEvent", fields, made.event["required"])
    data = _union(dict.fromkeys(data or "dict[str, Any]" for data in made.facts.values()).__iter__())
    yield f"{plain}\n    name: EventName\n    data: NotRequired[{data}]"


def _types_of(call: Described) -> Iterator[str]:
    if call.fields:
        yield _fields(f"{pascal(call.id)}Input", call.fields, call.required | {*call.in_path})
    if "properties" in call.answer:
        yield _named(_answer(call).strip('"'), call.answer)


def _answer(call: Described) -> str:
    return f'"{pascal(call.id)}Answer"' if "properties" in call.answer else _type(call.answer)


def _client(made: Api) -> str:
    methods = [*(_method(call) for call in made.calls), *(_stream(stream, made.bodies.get(stream.path)) for stream in made.streams)]
    return "class Trivium(Connection):\n" + "\n\n".join(methods)


def _method(call: Described) -> str:
    given = f", **given: Unpack[{pascal(call.id)}Input]" if call.fields else ""
    text = call.route.row.description.replace("\\", "\\\\").replace('"""', "'''")
    how = f"{call.route.method!r}, {f'/api{call.route.path}'!r}, {'given' if call.fields else '{}'}"
    return (
        f'    def {call.id}(self{given}) -> {_answer(call)}:\n        """{text}"""\n'
        f"        answer: {_answer(call)} = self._call({how})\n"
        "        return answer"
    )


def _stream(stream: Stream, body: Json | None) -> str:
    in_path = re.findall(r"{(\w+)}", stream.path)
    fields = [f"{name}: str" for name in in_path] + [f"{name}: str | None = None" for name in stream.query]
    given = ", ".join(f"{name!r}: {name}" for name in (*in_path, *stream.query))
    if body:
        fields, given = [f"given: {_type(body)}"], "**given"
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", stream.name).lower()
    return (
        f"    def {name}(self, *, {''.join(f'{field}, ' for field in fields)}last_event_id: str | None = None) -> Iterator[Frame]:\n"
        f'        """{stream.about}; the stream goes on where it was after a lost connection."""\n'
        f"        return self._follow({stream.method!r}, {f'/api{stream.path}'!r}, {{{given}}}, last_event_id)"
    )
