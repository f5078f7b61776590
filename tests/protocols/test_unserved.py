"""The paths about the web API's own product: every row of the table, with what it says instead of doing it."""

import re
from typing import Any

import pytest

from hub.app import Hub
from hub.ports import Json
from protocols.rest.openapi import description
from protocols.rest.routes import ROUTES, STREAMS
from protocols.rest.tables.product import UNSERVED
from protocols.rest.unserved import Unserved
from protocols.wire import CODES
from tests.protocols.conftest import Http
from tests.protocols.test_openapi import validator

DOCUMENT = description()
every_row = pytest.mark.parametrize("row", UNSERVED, ids=[f"{row.method} {row.path}" for row in UNSERVED])


def url_of(row: Unserved) -> str:
    return "/api" + re.sub(r"{(\w+)}", "nothing", row.path)


async def asked(http: Http, row: Unserved, query: dict[str, str]) -> tuple[int, Any]:
    body: Json | None = {} if row.method == "POST" else None
    async with http.request(row.method, url_of(row), params=query, json=body) as answer:
        return answer.status, await answer.json()


@every_row
async def test_a_row_answers_what_it_says_as_it_is_described_and_does_nothing(hub: Hub, http: Http, row: Unserved) -> None:
    query = {**dict.fromkeys(row.needs, "x"), **({"workspaceId": "default"} if row.one_of else {}), **dict.fromkeys(row.echo, "fast")}
    status, answer = await asked(http, row, query)
    assert status == (CODES[row.error].http if row.error else 200)
    described = DOCUMENT["paths"][f"/api{row.path}"][row.method.lower()]["responses"]
    schema = described[str(status)]["content"]["application/json"]["schema"]
    assert [error.message for error in validator(schema).iter_errors(answer)] == []
    if row.error == "unsupported":
        assert answer["error"] == row.why
    elif row.answer is not None:
        same = {**row.answer, **dict.fromkeys(row.echo, "fast")}
        assert {**answer, **({row.stamp: None} if row.stamp else {})} == {**same, **({row.stamp: None} if row.stamp else {})}
        assert row.stamp is None or answer[row.stamp].endswith("Z")
    assert await hub.store.latest() == 0


@pytest.mark.parametrize("row", [row for row in UNSERVED if row.needs or row.one_of], ids=lambda row: str(row.path))
async def test_what_must_be_given_is_asked_for(http: Http, row: Unserved) -> None:
    for query in ({}, dict.fromkeys((*row.needs, *row.one_of), "")):
        status, answer = await asked(http, row, query)
        assert status == 400
        assert any(name in answer["error"] for name in (*row.needs, *row.one_of))


@every_row
def test_a_row_says_why_in_a_sentence_and_is_served_nowhere_else(row: Unserved) -> None:
    assert row.why.endswith(".")
    assert (row.method, row.path) not in {(route.method, route.path) for route in ROUTES}
    assert (row.method, row.path) not in {(stream.method, stream.path) for stream in STREAMS}
    assert not (row.answer is not None and row.noun)


def test_no_row_stands_twice() -> None:
    keys = [(row.method, row.path) for row in UNSERVED]
    assert len(keys) == len(set(keys))
