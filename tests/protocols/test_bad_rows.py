"""Every row of the web API with every field of its own missing, unknown or of another type: the documented refusal, and nothing is done."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from yarl import URL

from hub.app import Hub
from hub.ports import Json
from protocols.rest.schemas import Described, described
from tests.protocols.cases import CASES, prepared
from tests.protocols.cases.base import Case
from tests.protocols.conftest import Http
from tests.protocols.refusals import nothing_happens, refusal, tells_nothing
from tests.protocols.test_openapi import DOCUMENT, validator

ROWS = {(row.route.method, row.route.path, row.route.when): row for row in described()[0]}
GOOD = {case.row: case for case in CASES}
"""One request for each row that is answered."""
WRONG: tuple[Any, ...] = (7, "x", "", "x" * 100_001, [[]], {"x": []})
WRONG_WORDS = ("x", "", "x" * 5_001)
"""In a query everything is text, and so are the items of a list."""
UNKNOWN = {
    ("/sessions/{id}/transcript", "id"): 200,
    ("/workspaces/{workspaceId}/codebases/{codebaseId}/git/commits/{sha}/diff", "sha"): 400,
}
"""What is answered instead of 404: pages ask for transcripts before there are any, and a sha may be any words of git's for a commit."""


class Bad(NamedTuple):
    what: str
    url: str
    body: Any
    status: int


def bad_requests(row: Described, case: Case) -> Iterator[Bad]:
    """From a good one, each with one thing wrong."""
    url = URL(case.url)
    for name in row.in_path:
        if row.fields[name].get("type") != "integer":
            address = url.with_path(_with_unknown(row, url.path, name)).with_query(url.query)
            yield Bad(f"{name} is unknown", str(address), case.body, UNKNOWN.get((row.route.path, name), 404))
    if row.in_query:
        for what, query in _spoilt(row, dict(url.query), WRONG_WORDS):
            yield Bad(what, str(url.with_query(query)), None, 400)
    else:
        for what, body in _spoilt(row, case.body or {}, WRONG):
            yield Bad(what, case.url, body, 400)
        yield Bad("the body is an array", case.url, [case.body], 400)


def _with_unknown(row: Described, path: str, name: str) -> str:
    pattern = "".join(f"(?P<{part[1:-1]}>.+)" if part[:1] == "{" else re.escape(part) for part in re.split(r"({\w+})", row.route.path))
    found = re.fullmatch(pattern, path)
    assert found
    return row.route.path.format(**{**found.groupdict(), name: "nothing"})


def _spoilt(row: Described, good: Json, wrong: tuple[Any, ...]) -> Iterator[tuple[str, Json]]:
    own = {name: schema for name, schema in row.fields.items() if name not in row.in_path and name != row.route.when}
    for name, schema in own.items():
        if name in row.required:
            yield f"{name} is missing", {key: value for key, value in good.items() if key != name}
        if row.route.names.get(name, name) not in row.route.ignored:
            valid = validator(schema)
            for value in wrong:
                if not (valid.is_valid(value) or (row.in_query and valid.is_valid([value]))):
                    yield f"{name} is {value!r:.20}", {**good, name: value}
    yield "a field is unknown", {**good, "nonsense": "x"}


@pytest.mark.parametrize("key", ROWS, ids=[" ".join(filter(None, key)) for key in ROWS])
async def test_a_row_refuses_what_is_wrong_in_its_fields(hub: Hub, http: Http, key: tuple[str, str, str | None]) -> None:
    row = ROWS[key]
    if key not in GOOD:
        assert row.route.file, "it has no case"
        return
    case = await prepared(GOOD[key], hub)
    told = DOCUMENT["paths"][f"/api{row.route.path}"][row.route.method.lower()]["responses"]
    surprises = []
    async with nothing_happens(hub, http):
        for bad in bad_requests(row, case):
            async with http.request(row.route.method, f"/api{bad.url}", json=bad.body) as response:
                text = await response.text()
            if response.status != bad.status:
                surprises.append(f"{bad.what}: {response.status} {text[:200]}")
                continue
            assert str(response.status) in told
            assert response.status == 200 or refusal(response.status, text).kind
            assert tells_nothing(text)
        assert surprises == []
