"""From a wire's JSON to an input model, with an error that says what is allowed."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from pydantic import ValidationError

from hub.domain.errors import Invalid
from hub.operations.base import Input

Arguments = bytes | Mapping[str, Any]

MOST_PROBLEMS = 5


def validated(model: type[Input], arguments: Arguments) -> Input:
    """Raises Invalid. What no store can keep (NUL, a lone surrogate, NaN, numbers without end) is refused here, for every door.

    Bytes are read first as the doors read theirs: pydantic's own parser takes NaN and numbers of any length.
    """
    raw = _dumped(_loaded(arguments) if isinstance(arguments, bytes) else arguments)
    if b"\\u0000" in raw and any("\0" in text for text in _texts(_loaded(raw))):
        raise Invalid("The input holds a NUL character, which no text may.")
    try:
        return model.__pydantic_validator__.validate_json(raw, by_name=False, by_alias=True)  # type: ignore[no-any-return]
    except ValidationError as error:
        problems = _problems(model, error)
        raise Invalid("; ".join(problems), problems=[*problems]) from None


def _dumped(arguments: Any) -> bytes:
    try:
        return orjson.dumps(arguments)
    except (TypeError, ValueError, RecursionError):
        raise Invalid("The input is not JSON: text must be valid Unicode, and nesting at most 200 deep.") from None


def _loaded(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"The input is not valid JSON: see line {error.lineno}, column {error.colno}.") from None


def _texts(value: Any) -> Iterator[str]:
    """All names and texts in it, however deep: so this does not recurse."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one


def _problems(model: type[Input], error: ValidationError) -> list[str]:
    """The first few, each with the field's place. A list is not told to be too short for elements that were told of already."""
    found = error.errors(include_url=False, include_input=False)
    told = [
        one
        for one in found
        if one["type"] != "too_short" or not any(other["loc"][: len(one["loc"])] == one["loc"] != other["loc"] for other in found)
    ]
    return [_problem(model, one["loc"], one["type"], one["msg"]) for one in told[:MOST_PROBLEMS]]


def _problem(model: type[Input], location: tuple[int | str, ...], type_: str, message: str) -> str:
    if type_ == "json_invalid":
        return "The input is not valid JSON"
    where = ".".join(map(str, location)) or "input"
    if type_ == "extra_forbidden" and len(location) == 1:
        allowed = ", ".join(model.brief or [field.alias or name for name, field in model.model_fields.items() if name != "idempotency_key"])
        return f"{where}: there is no such field. Allowed: {allowed}"
    return f"{where}: {message.removeprefix('Value error, ').replace('Tuple', 'List')}"
