"""Whether everything of one shape is also of another, and where it is not: JSON Schema, as far as contracts use it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from hub.ports import Json
from protocols.parity.contracts import Contract
from protocols.parity.findings import Kind

DEEPEST = 8
"""Below this a shape that holds itself is not looked into any more."""
CHECKED = ("type", "enum", "const", "properties", "items", "additionalProperties")


class Difference(NamedTuple):
    where: str
    kind: Kind
    text: str


class Side(NamedTuple):
    """A shape, and the document in which its references lead somewhere."""

    document: Contract
    schema: Json

    def of(self, schema: Any) -> "Side":
        return Side(self.document, schema if isinstance(schema, dict) else {})


@dataclass(frozen=True)
class Fitting:
    """`inner` is what comes, `outer` what is expected. The words are the backend's on one of the two sides."""

    request: bool
    """Of a request the contract says what comes, and the backend what it takes; of an answer it is the other way round."""

    def differences(self, inner: Side, outer: Side, where: str = "", depth: int = 0) -> list[Difference]:
        expected = alternatives(outer)
        if depth > DEEPEST or any(not one.schema.keys() & {*CHECKED} for one in expected):
            return []
        found: list[Difference] = []
        for came in alternatives(inner):
            tried: list[list[Difference]] = [[*self._one(came, one, where, depth)] for one in _near(came, expected)]
            found += sorted(tried, key=len)[0]
        return list(dict.fromkeys(found))

    def _one(self, inner: Side, outer: Side, where: str, depth: int) -> Iterator[Difference]:
        came, expected = type_of(inner.schema), type_of(outer.schema)
        if came == "null" and expected not in (None, "null"):
            yield Difference(where, "null", "may be null" if not self.request else "is not taken as null")
        elif came and expected and came != expected and (came, expected) != ("integer", "number"):
            told = f"is {came}, not {expected}" if not self.request else f"is taken as {expected}, not as {came}"
            yield Difference(where, "type", told)
        else:
            yield from self._values(inner.schema, outer.schema, where)
            if came == expected == "object":
                yield from self._object(inner, outer, where, depth)
            elif came == expected == "array":
                inside = inner.of(inner.schema.get("items")), outer.of(outer.schema.get("items"))
                yield from self.differences(*inside, f"{where}[]", depth + 1)

    def _values(self, inner: Json, outer: Json, where: str) -> Iterator[Difference]:
        came, expected = _enumeration(inner), _enumeration(outer)
        if expected is None or not type_of(inner):
            return
        if came is None:
            yield Difference(where, "enumeration", f"{'takes' if self.request else 'is not held to'} only {_listed(expected)}")
        elif further := [one for one in came if one not in expected]:
            yield Difference(where, "enumeration", f"{'does not take' if self.request else 'may also be'} {_listed(further)}")

    def _object(self, inner: Side, outer: Side, where: str, depth: int) -> Iterator[Difference]:
        came, expected = _names(inner.schema), outer.schema.get("properties", {})
        further = (inner.schema if not self.request else outer.schema).get("additionalProperties")
        if expected and not self.request and not further and not came.keys() & expected.keys():
            yield Difference(where, "property", unlike(came, expected) if came else "is not described")
            return
        yield from self._missing(inner.schema, outer.schema, where)
        for name in came.keys() & expected.keys():
            yield from self.differences(inner.of(came[name]), outer.of(expected[name]), below(where, name), depth + 1)
        every = inner.schema.get("additionalProperties"), outer.schema.get("additionalProperties")
        if all(isinstance(one, dict) for one in every):
            yield from self.differences(inner.of(every[0]), outer.of(every[1]), below(where, "*"), depth + 1)

    def _missing(self, inner: Json, outer: Json, where: str) -> Iterator[Difference]:
        came, expected = _names(inner), outer.get("properties", {})
        for name in outer.get("required", ()):
            if name not in inner.get("required", ()):
                told = "must be given" if self.request else "need not be there"
                yield Difference(below(where, name), "required", told if name in came or self.request else "is not there")
        if self.request:
            unknown = came.keys() - expected.keys() if expected and not outer.get("additionalProperties") else ()
            yield from (Difference(below(where, name), "property", "is not taken") for name in came if name in unknown)
            return
        optional = [name for name in expected if name not in came and name not in outer.get("required", ())]
        yield from (Difference(below(where, name), "property", "is not there") for name in optional)
        if outer.get("additionalProperties") is False:
            yield from (Difference(below(where, name), "additional", "is answered, too") for name in came if name not in expected)


def _names(schema: Json) -> Json:
    """Its fields, also those of which it is said only that they are there."""
    return {**{name: {} for name in schema.get("required", ())}, **schema.get("properties", {})}


def unlike(came: Iterable[str], expected: Iterable[str]) -> str:
    return f"has {', '.join(came) or 'nothing'}, and nothing of {', '.join(expected)}"


def below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def alternatives(side: Side) -> list[Side]:
    """Each of one type, with its references followed and its parts put together."""
    schema = _whole(side)
    for name in ("oneOf", "anyOf"):
        if name in schema:
            rest = {key: value for key, value in schema.items() if key != name}
            return [one for choice in schema[name] for one in alternatives(side.of({"allOf": [rest, choice]} if rest else choice))]
    if isinstance(types := schema.get("type"), list):
        return [side.of(_of_type(schema, one)) for one in types]
    return [side.of(schema)]


def _of_type(schema: Json, one: str) -> Json:
    if one == "null":
        return {"type": one}
    values = {"enum": [value for value in schema["enum"] if value is not None]} if "enum" in schema else {}
    return {**schema, "type": one, **values}


def _whole(side: Side) -> Json:
    """The parts of an `allOf` as one."""
    schema = side.document.resolved(side.schema)
    if "allOf" not in schema:
        return schema
    whole: Json = {key: value for key, value in schema.items() if key != "allOf"}
    for part in (_whole(side.of(one)) for one in schema["allOf"]):
        properties = {**whole.get("properties", {}), **part.get("properties", {})}
        required = [*whole.get("required", ()), *part.get("required", ())]
        whole = {**whole, **part, **({"properties": properties} if properties else {}), **({"required": required} if required else {})}
    return whole


def type_of(schema: Json) -> str | None:
    if isinstance(one := schema.get("type"), str):
        return one
    values = _enumeration(schema)
    if values:
        kinds = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
        return kinds.get(type(values[0]))
    return "object" if "properties" in schema else "array" if "items" in schema else None


def _enumeration(schema: Json) -> Sequence[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _near(came: Side, expected: list[Side]) -> list[Side]:
    """Those of the same type, if there are such, and of objects those that have the most names in common."""
    same = [one for one in expected if type_of(one.schema) == type_of(came.schema)] or expected
    common = [len(came.schema.get("properties", {}).keys() & one.schema.get("properties", {}).keys()) for one in same]
    return [one for one, count in zip(same, common, strict=True) if count == max(common)]


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(str(value) for value in values)
