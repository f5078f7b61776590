"""Whether an answer is what a contract says it is."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

from hub.ports import Json
from protocols.parity.contracts import EVENTS, Contract, Operation
from protocols.parity.findings import Finding, Kind
from protocols.parity.live import Answer, Told
from protocols.parity.shapes import Side, alternatives, below, unlike

ERROR: Json = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
"""What a failure is when the contract does not say it."""
KINDS: dict[str, Kind] = {
    "required": "required", "enum": "enumeration", "const": "enumeration", "additionalProperties": "additional", "type": "type",
}  # fmt: skip
LONGEST = 200


class Checks:
    """Of one contract; what compares a shape is made when it is first needed."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._components = _either(contract.document.get("components", {}))
        self._validator = cache(self._made)

    def findings(self, told: Iterable[Told]) -> Iterator[Finding]:
        for one in told:
            if one.operation and one.failed:
                yield Finding(one.operation.name, "answer", "silent", one.failed, "live")
            elif one.operation and one.answer:
                yield from self._of(one.operation, one.answer, one.call.expects)

    def _of(self, operation: Operation, answer: Answer, expected: int | None) -> Iterator[Finding]:
        status, said = str(answer.status), f": {answer.text[:LONGEST]}" if answer.status >= 400 else ""
        if expected and answer.status != expected:
            yield Finding(operation.name, f"status {expected}", "status", f"should be answered; {status} was{said}", "live")
        elif not expected and status not in operation.done:
            yield Finding(operation.name, f"status {status}", "status", f"is answered, too{said}", "live")
        else:
            yield from self._content(operation, status, answer)

    def _content(self, operation: Operation, status: str, answer: Answer) -> Iterator[Finding]:
        contents = operation.responses.get(status, ())
        where = f"answer {status}"
        fitting = [one for one in contents if one.media == answer.media]
        if contents and not fitting:
            told = f"is {answer.media or 'nothing'}, not {', '.join(one.media for one in contents)}"
            yield Finding(operation.name, where, "media", told, "live")
        for content in fitting:
            if content.schema is not None and content.media != EVENTS:
                validator = self._validator(operation.key, status, contents.index(content))
                yield from self._shape(operation, where, content.schema, validator, answer.value)
        if not contents and status.startswith("4"):
            yield from self._shape(operation, where, ERROR, Draft202012Validator(ERROR), answer.value)

    def _shape(self, operation: Operation, where: str, schema: Json, validator: Draft202012Validator, value: Any) -> Iterator[Finding]:
        choices = [one.schema.get("properties", {}) for one in alternatives(Side(self._contract, schema))]
        if isinstance(value, dict) and all(choices) and not any(value.keys() & names.keys() for names in choices):
            yield Finding(operation.name, where, "property", unlike(value, {name: None for names in choices for name in names}), "live")
            return  # a shape of which nothing must be there fits it all the same
        for error in _innermost(validator.iter_errors(value)):
            kind: Kind = "null" if error.validator == "type" and error.instance is None else KINDS.get(str(error.validator), "type")
            text = "is not there" if kind == "required" else error.message[:LONGEST]
            yield from (Finding(operation.name, f"{where} {place}".rstrip(), kind, text, "live") for place in _places(error))

    def _made(self, key: tuple[str, str], status: str, number: int) -> Draft202012Validator:
        fitting = self._contract.operations[key].responses[status][number]
        return Draft202012Validator({**_either(fitting.schema or {}), "components": self._components})


def _either(value: Any) -> Any:
    """Contracts write oneOf for shapes that are not told apart, and mean anyOf."""
    if isinstance(value, list):
        return [_either(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {("anyOf" if name == "oneOf" and isinstance(one, list) else name): _either(one) for name, one in value.items()}


def _innermost(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """Of several shapes the one counts that the answer comes nearest to."""
    for error in errors:
        if not error.context:
            yield error
            continue
        branches: dict[Any, list[ValidationError]] = {}
        for one in error.context:
            branches.setdefault(one.schema_path[0], []).append(one)
        yield from _innermost(sorted(branches.values(), key=_distance)[0])


def _distance(branch: list[ValidationError]) -> tuple[int, int]:
    """What is wrong far inside is nearer than what is wrong at the top."""
    return -max(len(one.path) for one in branch), len(branch)


def _places(error: ValidationError) -> list[str]:
    place = ""
    for part in error.absolute_path:
        place = f"{place}[]" if isinstance(part, int) else below(place, str(part))
    if error.validator == "required":
        return [below(place, name) for name in error.validator_value if name not in error.instance]
    if error.validator == "additionalProperties" and isinstance(error.schema, dict):
        return [below(place, name) for name in error.instance if name not in error.schema.get("properties", {})]
    return [place]
