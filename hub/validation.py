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
        problems = [_problem(one["loc"], one["type"], one["msg"]) for one in error.errors(include_url=False, include_input=False)]
        raise Invalid("; ".join(problems[:MOST_PROBLEMS]), problems=[*problems[:MOST_PROBLEMS]]) from None


def _dumped(arguments: Any) -> bytes:
    try:
        return orjson.dumps(arguments)
    except (TypeError, ValueError, RecursionError):
        raise Invalid("The input is not JSON: text must be valid Unicode, and nesting at most 200 deep.") from None


def _loaded(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except ValueError:
        raise Invalid("The input is not valid JSON.") from None


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


def _problem(location: tuple[int | str, ...], type_: str, message: str) -> str:
    if type_ == "json_invalid":
        return "The input is not valid JSON"
    where = ".".join(map(str, location)) or "input"
    return f"{where}: {'there is no such field' if type_ == 'extra_forbidden' else message}"
