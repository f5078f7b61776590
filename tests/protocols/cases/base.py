"""What a case of the web API is."""

from typing import Any, NamedTuple

from hub.ports import Json

RowKey = tuple[str, str, str | None]
"""Method, path, and the query parameter that picks the row."""


class Case(NamedTuple):
    row: RowKey
    url: str
    """With `{agent}`, `{task}` … for what the cases' own `prepare` made."""
    body: Json | None
    status: int
    keys: str
    """The names at the top of the answer, `?` behind those that may be absent."""


def case(method: str, path: str, url: str, status: int, keys: str, body: Any = None, when: str | None = None) -> Case:
    return Case((method, path, when), url, body, status, keys)
