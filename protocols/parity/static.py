"""A contract beside a backend's own description: what is lacking, and what has another shape."""

from collections.abc import Iterator

from hub.ports import Json
from protocols.parity.contracts import JSON, Content, Contract, Operation, Parameter
from protocols.parity.findings import Finding
from protocols.parity.shapes import Fitting, Side

TAKEN, ANSWERED = Fitting(request=True), Fitting(request=False)


def compared(contract: Contract, backend: Contract) -> Iterator[Finding]:
    for key, operation in contract.operations.items():
        has = backend.operations.get(key)
        if has is None:
            yield Finding(operation.name, "operation", "operation", "is not there")
        elif operation.done and not has.done:
            yield Finding(operation.name, "operation", "refused", f"is not served: it answers {', '.join(has.responses)} alone")
        else:
            yield from Pair(contract, backend, operation, has).findings()


class Pair:
    """An operation as it is wanted, and as it is."""

    def __init__(self, contract: Contract, backend: Contract, wanted: Operation, has: Operation) -> None:
        self._contract, self._backend, self._wanted, self._has = contract, backend, wanted, has

    def findings(self) -> Iterator[Finding]:
        yield from self._parameters()
        yield from self._body()
        yield from self._statuses()
        for status, contents in self._wanted.responses.items():
            if status in self._has.responses:
                yield from self._answer(status, contents, self._has.responses[status])

    def _finding(self, *told: str) -> Finding:
        where, kind, text = told
        return Finding(self._wanted.name, where, kind, text)  # type: ignore[arg-type]

    def _parameters(self) -> Iterator[Finding]:
        wanted, has = _named(self._wanted), _named(self._has)
        for key, parameter in wanted.items():
            where = f"{parameter.place} {parameter.name}"
            if key not in has:
                yield self._finding(where, "parameter", "is not taken")
                continue
            schema = has[key].schema
            words = _is_list(schema) and not _is_list(parameter.schema)  # a list is written as words with commas
            taken = schema.get("items", {}) if words else schema
            differences = TAKEN.differences(Side(self._contract, parameter.schema), Side(self._backend, taken))
            yield from (self._finding(where, one.kind, one.text) for one in differences)
        for key, parameter in has.items():
            if parameter.required and not (key in wanted and wanted[key].required) and not (self._wanted.body and not self._has.body):
                yield self._finding(f"{parameter.place} {parameter.name}", "required", "must be given")

    def _body(self) -> Iterator[Finding]:
        wanted = self._wanted.body
        if wanted is None:
            return
        has = next((one for one in self._has.bodies if one.media == wanted.media), self._has.body) or self._fields_in_query()
        if has is None:
            if self._contract.resolved(wanted.schema or {}).keys() & {"properties", "allOf", "oneOf", "anyOf"}:
                yield self._finding("body", "property", "is not taken")
        elif wanted.media != has.media:
            yield self._finding("body", "media", f"is taken as {has.media}, not as {wanted.media}")
        elif wanted.schema is not None and has.schema is not None:
            for one in TAKEN.differences(Side(self._contract, wanted.schema), Side(self._backend, has.schema)):
                yield self._finding(f"body {one.where}".rstrip(), one.kind, one.text)

    def _fields_in_query(self) -> Content | None:
        """The web API takes the fields of a DELETE in either place."""
        fields = {name: one for (_, name), one in _named(self._has).items()}
        if self._has.method != "DELETE" or not fields:
            return None
        schema: Json = {"type": "object", "properties": {name: one.schema for name, one in fields.items()}}
        return Content(JSON, {**schema, "required": [name for name, one in fields.items() if one.required]})

    def _statuses(self) -> Iterator[Finding]:
        """That something may break (5xx) is no promise of a contract, and needs no counterpart."""
        for status in self._wanted.responses:
            if status not in self._has.responses and not status.startswith("5"):
                yield self._finding(f"status {status}", "status", f"is not answered; {', '.join(self._has.responses)} are")
        for status in self._has.done:
            if status not in self._wanted.responses:
                yield self._finding(f"status {status}", "status", "is answered, too")

    def _answer(self, status: str, wanted: tuple[Content, ...], has: tuple[Content, ...]) -> Iterator[Finding]:
        schemas = {one.media: one.schema for one in has}
        if wanted and not any(one.media in schemas for one in wanted):
            told = ", ".join(schemas) or "nothing"
            yield self._finding(f"answer {status}", "media", f"is {told}, not {', '.join(one.media for one in wanted)}")
        for media, schema in wanted:
            found = schemas.get(media)
            if schema is not None and found is not None:
                for one in ANSWERED.differences(Side(self._backend, found), Side(self._contract, schema)):
                    yield self._finding(f"answer {status} {one.where}".rstrip(), one.kind, one.text)


def _named(operation: Operation) -> dict[tuple[str, str], Parameter]:
    """Those of a path have their place and need no name, and headers are the same everywhere."""
    return {(one.place, one.name): one for one in operation.parameters if one.place == "query"}


def _is_list(schema: Json) -> bool:
    return schema.get("type") == "array"
