"""Two backends that are asked the same."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hub.app import Hub
from hub.domain.model import instant, new_id, utc_now
from hub.ports import Json
from protocols.parity.examining import examined
from stores.memory import MemoryStore
from tests.parity.backends import Answers, answering, backend, refused
from tests.parity.contracts import contract, described_hub
from tests.protocols.conftest import library, serving

ANY: Json = {"responses": {"200": {}}}
WANTED = contract(get_health=ANY, get_workspaces=ANY, get_agents=ANY)


async def unlike(one: Answers, other: Answers) -> list[tuple[str, str, str]]:
    async with answering(one) as first, answering(other) as second, backend(first) as here, backend(second) as there:
        found = (await examined(WANTED, [], here, there)).findings.unexplained
    return [(finding.operation, finding.where, finding.text) for finding in found if finding.part == "against"]


def agents(*answers: Any) -> Answers:
    return {"GET /api/agents": lambda _: {"agents": answers}, "POST /api/workspaces": lambda _: {"workspace": {"id": "the-workspace"}}}


async def test_two_hubs_answer_alike_but_for_ids_times_and_folders(tmp_path: Path) -> None:
    wanted = described_hub()
    async with AsyncExitStack() as stack:
        hubs = [Hub(MemoryStore(), library=library(tmp_path / name)) for name in ("here", "there")]
        urls = [str((await stack.enter_async_context(serving(hub))).make_url("")) for hub in hubs]
        here, there = [await stack.enter_async_context(backend(url)) for url in urls]
        found = (await examined(wanted, [], here, there)).findings.unexplained
    assert [(one.operation, one.where) for one in found if one.part == "against"] == []


async def test_ids_times_and_what_was_made_are_taken_out() -> None:
    def agent(_: web.Request) -> Any:
        at = instant(utc_now())
        return {"agents": [{"id": new_id(), "at": at, "text": f"made {at} in the-workspace"}]}

    made: Answers = {"POST /api/workspaces": lambda _: {"workspace": {"id": new_id()}}}
    assert await unlike({"GET /api/agents": agent, **made}, {"GET /api/agents": agent, **made}) == []


@pytest.mark.parametrize(
    ("one", "other", "where", "text"),
    [
        ([{"a": 1}], [{"a": 2}], "answer 200 agents[].a", "is 1 here and 2 there"),
        ([{"a": "1"}], [{"a": 1}], "answer 200 agents[].a", "is 1 here and 1 there"),
        ([{"a": 1}], [{}], "answer 200 agents[].a", "is there only here"),
        ([{}], [{"a": 1}], "answer 200 agents[].a", "is there only at the other one"),
        ([{}, {}], [{}], "answer 200 agents", "has 2 items here and 1 there"),
    ],
)
async def test_a_value_that_differs_is_named_by_its_place(one: list[Any], other: list[Any], where: str, text: str) -> None:
    assert ("GET /api/agents", where, text) in await unlike(agents(*one), agents(*other))


async def test_another_status_and_another_media_type_are_told() -> None:
    text: Answers = {"GET /api/health": lambda _: web.Response(text="ok")}
    assert ("GET /api/health", "status", "is 503 here and 200 there") in await unlike({"GET /api/health": refused(503)}, text)
    told = await unlike({"GET /api/health": lambda _: {}}, text)
    assert ("GET /api/health", "answer 200", "is application/json here and text/plain there") in told


async def test_of_what_others_made_too_the_shape_alone_is_compared() -> None:
    def there(*titles: str) -> Answers:
        return {"GET /api/workspaces": lambda _: {"workspaces": [{"title": one} for one in titles]}}

    assert await unlike(there("a", "b"), there("c")) == []
    [found] = await unlike(there("a"), {"GET /api/workspaces": lambda _: {"workspaces": [{"title": 1}]}})
    assert found[:2] == ("GET /api/workspaces", "answer 200 workspaces[].title")
