"""Reading ProtoJSON (specification 1.0 §5.5): names in camelCase or as in a2a.proto, null for a default, unknown fields ignored.

Whatever is no such thing raises InvalidParams with a violation that names the field.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from hub.domain.model import Instant, instant
from hub.ports import Json
from protocols.a2a.errors import InvalidParams, Violation

CONTENTS = ("text", "raw", "url", "data")
"""Of a part: exactly one of them."""
MOST = 2**31 - 1


def wrong(at: str, what: str) -> InvalidParams:
    return InvalidParams(f"{at}: {what}", [Violation(at, what)])


@cache
def _in_proto(name: str) -> str:
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def field(given: Json, name: str) -> Any:
    value = given.get(name)
    return given.get(_in_proto(name)) if value is None else value


def text(given: Json, name: str, at: str = "") -> str:
    """Empty if it is not there."""
    value = field(given, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong(at + name, "it must be a text")
    return value


def required(given: Json, name: str, at: str = "") -> str:
    if not (value := text(given, name, at)):
        raise wrong(at + name, "it is required")
    return value


def whole(given: Json, name: str, least: int, most: int = MOST, at: str = "") -> int | None:
    """A number, or a text that is one (ProtoJSON allows both)."""
    value = field(given, name)
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,10}", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise wrong(at + name, f"it must be a whole number from {least} to {most}")
    return value


def truth(given: Json, name: str, at: str = "") -> bool:
    value = field(given, name)
    if value is not None and not isinstance(value, bool):
        raise wrong(at + name, "it must be true or false")
    return bool(value)


def struct(given: Json, name: str, at: str = "") -> Json | None:
    value = field(given, name)
    if value is not None and not isinstance(value, dict):
        raise wrong(at + name, "it must be an object")
    return value


def texts(given: Json, name: str, at: str = "") -> list[str]:
    value = field(given, name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise wrong(at + name, "it must be a list of texts")
    return value


def enum(given: Json, name: str, names: Sequence[str], at: str = "") -> str:
    """By its name or its number. The first name, which says nothing, if it is not there."""
    value = field(given, name)
    if value is None:
        return names[0]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return names[value]
    if value not in names:
        raise wrong(at + name, f"it must be one of {', '.join(names[1:])}")
    return str(value)


def moment(given: Json, name: str) -> Instant | None:
    value = text(given, name)
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise wrong(name, "it must be a time like 2026-11-21T09:30:00Z")
    return instant(at.astimezone(UTC))


def parts(given: Json, at: str) -> list[Json]:
    value = field(given, "parts")
    if not isinstance(value, list) or not value:
        raise wrong(f"{at}parts", "it must be a list with one part or more")
    return [_part(one, f"{at}parts[{number}]") for number, one in enumerate(value)]


def _part(given: Any, at: str) -> Json:
    if not isinstance(given, dict):
        raise wrong(at, "it must be an object")
    kinds = [name for name in CONTENTS if given.get(name) is not None]
    if len(kinds) != 1:
        raise wrong(at, f"it has exactly one of {', '.join(CONTENTS)}, and that is not null")
    kind, inside = kinds[0], f"{at}."
    made: Json = {kind: given["data"] if kind == "data" else text(given, kind, inside)}
    if kind == "raw":
        made["raw"] = _base64(made["raw"], inside)
    for name in ("filename", "mediaType"):
        if value := text(given, name, inside):
            made[name] = value
    if metadata := struct(given, "metadata", inside):
        made["metadata"] = metadata
    return made


def _base64(given: str, at: str) -> str:
    """Of either alphabet, padded or not; what is kept is of the usual one, padded."""
    usual = given.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return b64encode(b64decode(usual + "=" * (-len(usual) % 4), validate=True)).decode()
    except ValueError:
        raise wrong(f"{at}raw", "it must be bytes in base64") from None
