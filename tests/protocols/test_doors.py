"""Every door gives the hub's own answers and failures, for every operation of the catalogue, on every store."""

import re

import pytest

from hub.domain.errors import Kind
from hub.operations import OPERATIONS
from protocols.rest.routes import ROUTES
from tests.conftest import STORES
from tests.protocols.conftest import LIBRARY, NewDatabase, installed_skills
from tests.protocols.doors import Door, cli, hub_itself, mcp_http, mcp_stdio, rest, rpc, sayable
from tests.protocols.mcp_messages import LEGACY, MODERN, NEWER
from tests.protocols.script import SCRIPT
from tests.protocols.transcripts import normalised, transcript

DOORS: dict[str, Door] = {
    "rpc": rpc, "rest": rest, **{f"mcp {version}": mcp_http(version) for version in (LEGACY, NEWER, MODERN)},
}  # fmt: skip
REVISION_OVER_STDIO = {"memory": LEGACY, "sqlite": NEWER, "postgres": MODERN}
_answers: dict[str, list[str]] = {}


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the doors that read the settings themselves."""
    monkeypatch.setenv("TRIVIUM_SPECIALISTS", str(LIBRARY / "specialists"))
    monkeypatch.setenv("TRIVIUM_SKILLS", f"{installed_skills()},{LIBRARY / 'skills'}")
    monkeypatch.setenv("TRIVIUM_SECRET_KEY", "k" * 64)
    monkeypatch.setenv("TRIVIUM_AGENT_REGISTRY", str(LIBRARY / "registry.json"))


@pytest.fixture
async def expected(store_kind: str, new_database: NewDatabase) -> list[str]:
    """What the hub itself answers on this store: asked once in each process of the tests."""
    if store_kind not in _answers:
        async with hub_itself(await new_database(store_kind)) as ask:
            _answers[store_kind] = await transcript(ask, SCRIPT)
    return _answers[store_kind]


@pytest.mark.parametrize("door", DOORS)
async def test_a_door_answers_what_the_hub_answers(door: str, store_kind: str, new_database: NewDatabase, expected: list[str]) -> None:
    async with DOORS[door](await new_database(store_kind)) as ask:
        assert await transcript(ask, SCRIPT) == expected


async def test_the_door_of_standard_input_answers_what_the_hub_answers(
    store_kind: str, new_database: NewDatabase, expected: list[str]
) -> None:
    async with mcp_stdio(REVISION_OVER_STDIO[store_kind])(await new_database(store_kind)) as ask:
        assert await transcript(ask, SCRIPT) == expected


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"])
async def test_the_command_line_answers_what_the_hub_answers(store_kind: str, new_database: NewDatabase, expected: list[str]) -> None:
    """Not on the memory store: there each command has a hub of its own."""
    async with cli(await new_database(store_kind)) as ask:
        assert await transcript(ask, SCRIPT) == expected


async def test_all_stores_answer_the_same_but_for_the_ranking_of_a_search(new_database: NewDatabase) -> None:
    story = [step for step in SCRIPT if step.operation != "search"]
    told = []
    for store_kind in STORES:
        async with hub_itself(await new_database(store_kind)) as ask:
            told.append(await transcript(ask, story))
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_script_has_a_success_of_every_operation_and_a_failure_of_its_own(operation: str) -> None:
    endings = {step.fails for step in SCRIPT if step.operation == operation}
    assert None in endings
    row = OPERATIONS[operation]
    wanted: set[Kind] = {"invalid"}
    if any(name.endswith("Id") for name in row.input.model_json_schema(by_alias=True).get("required", ())):
        wanted.add("not_found")
    assert endings >= wanted - FINDS_NOTHING.get(operation, set())


FINDS_NOTHING: dict[str, set[Kind]] = {
    "delete_tasks": {"not_found"}, "release_files": {"not_found"}, "get_session_transcript": {"not_found"},
}  # fmt: skip
"""Operations for which nothing being there is no failure."""


def test_every_row_of_the_web_api_is_taken_by_the_script() -> None:
    taken = {
        (route.method, route.path, route.when)
        for route in ROUTES for step in SCRIPT
        if step.operation == route.operation and step.fails is None and sayable(route, step.arguments)
    }  # fmt: skip
    assert taken == {(route.method, route.path, route.when) for route in ROUTES}


def test_the_same_id_stays_the_same_and_others_stay_others_when_a_transcript_is_normalised() -> None:
    one, other = "01ab3f2c-0000-7000-8000-0123456789ab", "01ab3f2c-0000-7000-8000-0123456789ac"
    lines = normalised([f"{one} {other} 2026-01-01T00:00:00.000Z", f"task-{other[-12:]} {one}"])
    assert lines == ["<id 1> <id 2> <instant>", "task-<id 2> <id 1>"]
    assert not re.search(r"[0-9a-f]{12}", "".join(lines))
