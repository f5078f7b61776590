"""What every client is made of: the calls, the streams, and all types that they name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from hub.domain import KINDS
from hub.domain.events import Event
from hub.domain.facts import facts
from hub.ports import Json
from protocols.rest.route import Stream
from protocols.rest.routes import STREAMS
from protocols.rest.schemas import REF, Described, Said, described


@dataclass(frozen=True)
class Api:
    calls: Sequence[Described]
    streams: Sequence[Stream]
    bodies: Mapping[str, Json]
    """What is sent to begin a stream, by its path."""
    schemas: Mapping[str, Json]
    """Those that are named, by their names, which are words."""
    event: Json
    """Of the log: the fields that every event has."""
    facts: Mapping[str, str | None]
    """By an event's name the name of its data's schema."""


@cache
def api() -> Api:
    calls, bodies, schemas = described()
    data = facts(KINDS)
    models: Any = [(Event, "serialization"), *((model, "serialization") for model in dict.fromkeys(data.values()) if model)]
    refs, definitions = models_json_schema(models, by_alias=True, ref_template=REF, schema_generator=Said)
    named = {name: refs[model, "serialization"]["$ref"].rpartition("/")[2] if model else None for name, model in data.items()}
    own = definitions["$defs"]
    event = own.pop("Event")
    told = {f"{name}Data": schema for name, schema in own.items() if name != "JsonValue"}
    roots = [*(schema for call in calls for schema in (*call.fields.values(), call.answer)), *bodies.values()]
    kept = _named(roots, schemas)
    used = {word(name): schema for name, schema in {**schemas, **told}.items() if name in kept or name in told}
    return Api(calls, STREAMS, bodies, used, event, {name: f"{model}Data" if model else None for name, model in named.items()})


def word(name: str) -> str:
    return name.replace("-", "").replace("_", "")


def type_name(reference: str) -> str:
    return word(reference.rpartition("/")[2])


def pascal(name: str) -> str:
    return "".join(part[0].upper() + part[1:] for part in name.split("_") if part)


def walked(schema: Any) -> Iterator[str]:
    """The names of the schemas that it refers to."""
    if isinstance(schema, dict):
        if isinstance(reference := schema.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for inner in schema.values():
            yield from walked(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from walked(inner)


def _named(roots: Iterable[Json], schemas: Json) -> set[str]:
    """With all that those refer to in their turn."""
    found: set[str] = set()
    waiting = [name for schema in roots for name in walked(schema)]
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += walked(schemas[name])
    return found
