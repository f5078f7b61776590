"""A contract: an OpenAPI document, 3.0 or 3.1, as operations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from hub.ports import Json

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
METHODS = ("get", "put", "post", "delete", "patch")
JSON, FORM, EVENTS = "application/json", "multipart/form-data", "text/event-stream"


class NoContract(Exception):
    """The file is none. One line that says why."""


class Parameter(NamedTuple):
    name: str
    place: str
    """path, query or header."""
    required: bool
    schema: Json


class Content(NamedTuple):
    media: str
    schema: Json | None
    """None: nothing is said about it."""


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    bodies: tuple[Content, ...]
    """What may be sent, in one of these types; none: nothing."""
    responses: Mapping[str, tuple[Content, ...]]
    """By status. An answer without content has none."""

    @property
    def body(self) -> Content | None:
        return self.bodies[0] if self.bodies else None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def key(self) -> tuple[str, str]:
        """The same for paths that differ in the names of their parameters alone."""
        return self.method, shape_of(self.path)

    @property
    def done(self) -> tuple[str, ...]:
        """The statuses of success."""
        return tuple(status for status in self.responses if status.startswith("2"))


@dataclass(frozen=True)
class Contract:
    document: Json
    operations: Mapping[tuple[str, str], Operation] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return str(self.document.get("info", {}).get("version", ""))

    def resolved(self, schema: Json) -> Json:
        """What a reference leads to; everything else as it is. Raises NoContract."""
        seen: set[str] = set()
        while isinstance(schema.get("$ref"), str):
            reference = schema["$ref"]
            if reference in seen:
                raise NoContract(f"The reference {reference} leads to itself.")
            seen.add(reference)
            schema = self._at(reference)
        return schema

    def _at(self, reference: str) -> Json:
        found: Any = self.document
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if not reference.startswith("#/") or not isinstance(found, dict):
            raise NoContract(f"The reference {reference} leads nowhere.")
        return found


def shape_of(path: str) -> str:
    return re.sub(r"[^/]*{[^/]*", "{}", path)


def read(path: Path) -> Contract:
    """Raises NoContract."""
    try:
        document = yaml.load(path.read_bytes(), Loader=Loader)  # noqa: S506
    except OSError as error:
        raise NoContract(f"Cannot read {path}: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise NoContract(f"{path} is no YAML.") from None
    return contract_of(document, str(path))


def contract_of(document: Any, source: str) -> Contract:
    """Raises NoContract."""
    version = str(document.get("openapi")) if isinstance(document, dict) else ""
    if not version.startswith(("3.0", "3.1")) or not isinstance(document.get("paths"), dict):
        raise NoContract(f"{source} is no OpenAPI document of version 3.0 or 3.1.")
    plain = _without_nullable(document)
    contract = Contract(plain)
    operations = [*_operations(contract)]
    return Contract(plain, {operation.key: operation for operation in operations})


def _without_nullable(value: Any) -> Any:
    """As JSON Schema says it: null is one of the types. Statuses that are numbers become text."""
    if isinstance(value, list):
        return [_without_nullable(one) for one in value]
    if not isinstance(value, dict):
        return value
    plain = {str(name): _without_nullable(one) for name, one in value.items() if not (name == "nullable" and isinstance(one, bool))}
    if value.get("nullable") is not True:
        return plain
    if "enum" in plain:
        plain["enum"] = [*plain["enum"], None]
    if isinstance(plain.get("type"), str):
        return {**plain, "type": [plain["type"], "null"]}
    return {"anyOf": [plain, {"type": "null"}]} if plain.keys() & {"$ref", "oneOf", "anyOf", "allOf"} else plain


def _operations(contract: Contract) -> Iterator[Operation]:
    for path, item in contract.document["paths"].items():
        shared = item.get("parameters", [])
        for method in METHODS:
            if method in item:
                yield _operation(contract, method.upper(), path, item[method], shared)


def _operation(contract: Contract, method: str, path: str, given: Json, shared: list[Json]) -> Operation:
    parameters: dict[tuple[str, str], Parameter] = {}
    for one in map(contract.resolved, [*shared, *given.get("parameters", [])]):
        parameter = Parameter(one["name"], one["in"], bool(one.get("required")), one.get("schema") or {})
        parameters[parameter.place, parameter.name] = parameter
    bodies = _contents(contract.resolved(given.get("requestBody") or {}))
    responses = {status: _contents(contract.resolved(one)) for status, one in (given.get("responses") or {}).items()}
    return Operation(method, path, (*parameters.values(),), bodies, responses)


def _contents(given: Json) -> tuple[Content, ...]:
    return tuple(Content(media, (one or {}).get("schema")) for media, one in (given.get("content") or {}).items())
