"""What a caller may rely on: each kind of failure has one status and one code, for ever."""

from typing import get_args

import pytest

from hub.domain.errors import HubError, Kind
from protocols.wire import CODES, http_status, jsonrpc_code

TABLE: dict[str, tuple[int, int]] = {
    "invalid": (400, -32602),
    "unknown_operation": (404, -32601),
    "unauthenticated": (401, -32010),
    "forbidden": (403, -32011),
    "not_found": (404, -32004),
    "conflict": (409, -32009),
    "too_large": (413, -32013),
    "unsupported_media": (415, -32015),
    "busy": (503, -32003),
    "unavailable": (503, -32005),
    "unsupported": (501, -32016),
    "upstream": (502, -32017),
    "internal": (500, -32603),
}


def errors(base: type[HubError] = HubError) -> list[type[HubError]]:
    return [one for direct in base.__subclasses__() for one in (direct, *errors(direct))]


def test_the_codes_are_those_that_callers_know() -> None:
    assert {kind: (codes.http, codes.jsonrpc) for kind, codes in CODES.items()} == TABLE


def test_every_kind_has_an_error_and_a_code_of_its_own() -> None:
    assert {error.kind for error in errors()} == set(get_args(Kind)) == CODES.keys()
    assert len({codes.jsonrpc for codes in CODES.values()}) == len(CODES)


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
def test_an_error_is_rendered_by_its_kind(error: type[HubError]) -> None:
    made = error.__new__(error)
    assert (http_status(made), jsonrpc_code(made)) == TABLE[error.kind]
