"""`trivium parity`: a hub, or another backend, held against a contract."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession

from protocols.rest.openapi import description
from tests.cli.conftest import PATIENCE, Done, Serving, Trivium
from tests.parity.contracts import TEXT, answering, document, object_of, taking

TASK = object_of("id", "title", id=TEXT, title=TEXT)
MADE = object_of("title", "objective", title=TEXT, objective=TEXT, workspaceId=TEXT)
RECORDS = ("workspaces", "tasks", "agents", "notes?workspaceId=default", "mcp-servers", "specialists", "sessions", "traces")


@pytest.fixture
def right(trivium: Trivium) -> str:
    """A contract that the hub keeps to."""
    health = answering(object_of("status", status=TEXT))
    created = {**taking(MADE), **answering(object_of("task", task=TASK), status="201")}
    return written(trivium, "right.yaml", get_health=health, post_tasks=created)


async def parity(trivium: Trivium, *arguments: str) -> Done:
    """It takes as long as all that it asks does."""
    process = await trivium.start("parity", *arguments)
    async with asyncio.timeout(PATIENCE * 6):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


def written(trivium: Trivium, name: str, **paths: Any) -> str:
    (trivium.home / name).write_text(yaml.safe_dump(document(**paths)))
    return name


async def test_a_contract_that_is_kept_is_told_so_and_no_hub_is_left_behind(trivium: Trivium, right: str) -> None:
    done = await parity(trivium, right)
    assert (done.code, done.err) == (0, "")
    assert "As the contract says: 0 differences" in done.out
    assert [one.name for one in trivium.home.iterdir()] == [right]


async def test_what_differs_is_told_by_operation_and_place(trivium: Trivium) -> None:
    wrong = written(
        trivium, "wrong.yaml", get_health=answering(object_of("status", status={"type": "integer"})), get_nothing=answering(),
    )  # fmt: skip
    done = await parity(trivium, wrong)
    assert done.code == 1
    for told in (
        "GET /api/health", "answer 200 status is string, not integer (static: type)", "(live: type)", "GET /api/nothing", "T2: lacking",
        "Not as the contract says: 3 differences",
    ):  # fmt: skip
        assert told in done.out


async def test_the_report_is_json_for_programs(trivium: Trivium, right: str) -> None:
    report = (await parity(trivium, right, "--json")).json
    assert report["ok"] is True
    assert report["tiers"]["T1"] == {
        "operations": 2, "has": 2, "refuses": 0, "lacks": 0, "differs": 0, "accepted": 0, "called": 2, "valid": 2,
    }  # fmt: skip
    assert report["differences"] == report["accepted"] == report["stale"] == []


async def test_what_is_accepted_is_told_with_its_reason_and_what_is_stale_fails(trivium: Trivium) -> None:
    wrong = written(trivium, "wrong.yaml", get_health=answering(object_of("status", status={"type": "integer"})))
    entry = {"reason": "It is a word.", "kind": "type", "at": [{"GET /api/health": "answer 200 status"}]}
    stale = {"reason": "It was so.", "kind": "null", "at": [{"GET /api/health": "answer 200 status"}]}
    (trivium.home / "accepted.yaml").write_text(json.dumps({"differences": [entry, stale]}))
    done = await parity(trivium, wrong, "--accepted", "accepted.yaml", "--all")
    assert done.code == 1
    assert "answer 200 status It is a word." in done.out
    assert "GET /api/health: answer 200 status (null)" in done.out
    assert "0 differences, 2 accepted, 1 stale" in done.out


async def records(serving: Serving) -> list[Any]:
    async with ClientSession(serving.ready["url"]) as http:
        return [await (await http.get(f"/api/{path}")).json() for path in RECORDS]


async def test_a_backend_at_an_address_is_left_as_it_was(trivium: Trivium, own: str) -> None:
    async with trivium.serving("serve", "--port", "0") as serving:
        url = serving.ready["url"]
        await trivium.json("call", "create_task", "--json", '{"title": "Mine", "objective": "o"}')
        before = await records(serving)
        done = await parity(trivium, own, "--base-url", url, "--against", url)
        assert done.code == 0, done.out
        assert await records(serving) == before


@pytest.fixture
def own(trivium: Trivium) -> str:
    """The hub's own description as a contract: everything that there is a story for is called."""
    described = description()
    del described["paths"]["/api/sessions/{id}/transcript"]["get"]["responses"]["404"]  # of a session that is not there it is empty
    (trivium.home / "own.json").write_text(json.dumps(described))
    return "own.json"


async def test_the_hub_answers_what_its_own_description_says(trivium: Trivium, own: str) -> None:
    done = await parity(trivium, own)
    assert done.code == 0, done.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("right.yaml", "--base-url", "http://127.0.0.1:9"), "http://127.0.0.1:9/api/health cannot be asked: nothing answers"),
        (("nothing.yaml",), "does not exist"),
        (("text.yaml",), "no OpenAPI document"),
        (("right.yaml", "--accepted", "text.yaml"), "text.yaml is no mapping"),
    ],
)
async def test_what_cannot_be_compared_is_told_in_a_line(trivium: Trivium, right: str, arguments: tuple[str, ...], told: str) -> None:
    Path(trivium.home / "text.yaml").write_text("text")
    done = await parity(trivium, *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "Traceback" not in done.err


async def test_a_backend_that_wants_a_token_says_how_to_give_one(trivium: Trivium, right: str) -> None:
    token = (await trivium.json("tokens", "create", "--name", "parity", "--json"))["token"]
    async with trivium.serving("serve", "--port", "0", "--auth", "required") as serving:
        url = serving.ready["url"]
        refused = await parity(trivium, right, "--base-url", url)
        assert (refused.code, refused.out) == (2, "")
        assert "--token" in refused.err
        assert (await parity(trivium, right, "--base-url", url, "--token", token)).code == 0
