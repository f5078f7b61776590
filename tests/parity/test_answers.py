"""A contract beside what a backend answers."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hub.ports import Json
from protocols.parity import report
from protocols.parity.answers import Checks
from protocols.parity.contracts import Contract, contract_of
from protocols.parity.examining import examined
from protocols.parity.findings import Acceptance, Finding
from protocols.parity.live import Told
from protocols.parity.requests import planned
from protocols.parity.stories.base import Call, call
from tests.parity.backends import Answers, answering, backend, refused
from tests.parity.contracts import TEXT, contract, object_of, query, taking
from tests.parity.contracts import answering as described

ROLE: Json = {"type": "string", "enum": ["A", "B"]}
NOTE = object_of("id", "role", id=TEXT, role=ROLE)
GET = [call("GET /api/notes")]


async def told(wanted: Contract, answers: Answers, calls: list[Call], **given: Any) -> list[Told]:
    async with answering(answers) as url, backend(url, **given) as one:
        return await one.tell(wanted, calls)


async def found(wanted: Contract, answers: Answers, calls: list[Call] = GET) -> list[str]:
    return [f"{one.where}: {one.kind}" for one in Checks(wanted).findings(await told(wanted, answers, calls))]


@pytest.mark.parametrize(
    ("schema", "answer", "differences"),
    [
        (object_of("notes", notes={"type": "array", "items": NOTE}), {"notes": [{"id": "1", "role": "A", "more": 1}]}, []),
        (object_of("notes", notes={"type": "array", "items": NOTE}), {"notes": [{"id": "1"}]}, ["answer 200 notes[].role: required"]),
        (object_of("notes", notes={"type": "array", "items": NOTE}), {"notes": [{"id": 1, "role": "C"}]},
         ["answer 200 notes[].id: type", "answer 200 notes[].role: enumeration"]),
        (object_of(note=NOTE), {"note": {"id": None, "role": "A"}}, ["answer 200 note.id: null"]),
        (object_of(note=NOTE), {"text": "another"}, ["answer 200: property"]),
        (object_of(note=NOTE), [], ["answer 200: type"]),
        ({**object_of("a", a=TEXT), "additionalProperties": False}, {"a": "", "b": ""}, ["answer 200 b: additional"]),
        ({"oneOf": [object_of(note=NOTE), object_of(notes={"type": "array", "items": NOTE})]}, {"notes": []}, []),
        ({"oneOf": [object_of("note", note=NOTE), object_of("notes", notes={"type": "array", "items": NOTE})]}, {"notes": [{"id": "1"}]},
         ["answer 200 notes[].role: required"]),
        (object_of(a={**TEXT, "nullable": True}), {"a": None}, []),
        (object_of(a={"$ref": "#/components/schemas/Name"}), {"a": 1}, ["answer 200 a: type"]),
    ],
)  # fmt: skip
async def test_what_is_wrong_in_an_answer_is_named_by_its_place(schema: Json, answer: Any, differences: list[str]) -> None:
    wanted = contract(get_notes=described(schema), components={"Name": TEXT})
    assert await found(wanted, {"GET /api/notes": lambda _: answer}) == differences


async def test_status_and_media_type_are_looked_at() -> None:
    wanted = contract(get_notes=described(object_of()))
    assert await found(wanted, {"GET /api/notes": refused(500)}) == ["status 500: status"]
    assert await found(wanted, {"GET /api/notes": lambda _: web.Response(text="a: 1", content_type="application/yaml")}) == [
        "answer 200: media"
    ]
    [finding] = Checks(wanted).findings(await told(wanted, {"GET /api/notes": refused(409)}, GET))
    assert finding.text == 'is answered, too: {"error": "no"}'


async def test_of_several_media_types_the_shape_of_the_one_that_came_counts() -> None:
    both = {"text/plain": {"schema": TEXT}, "application/json": {"schema": object_of("a", a=TEXT)}}
    wanted = contract(get_notes={"responses": {"200": {"content": both}}})
    assert await found(wanted, {"GET /api/notes": lambda _: web.Response(text="a")}) == []
    assert await found(wanted, {"GET /api/notes": lambda _: {"a": 1}}) == ["answer 200 a: type"]


async def test_a_failure_that_is_asked_for_must_come_in_its_shape() -> None:
    wanted = contract(get_notes={"responses": {"200": {}, "404": {}}})
    failing = [call("GET /api/notes?id={absent}", expects=404)]
    assert await found(wanted, {"GET /api/notes": refused(404)}, failing) == []
    assert await found(wanted, {"GET /api/notes": lambda _: {}}, failing) == ["status 404: status"]
    other = {"GET /api/notes": lambda _: web.json_response({"message": "no"}, status=404)}
    assert await found(wanted, other, failing) == ["answer 404: property"]


async def test_a_backend_that_does_not_answer_is_found_silent() -> None:
    def gone(request: web.Request) -> None:
        assert request.transport
        request.transport.close()

    wanted = contract(get_notes=described(object_of()))
    assert await found(wanted, {"GET /api/notes": gone}) == ["answer: silent"]


async def test_what_one_call_makes_the_next_ones_use_and_it_is_taken_away_at_the_end() -> None:
    seen: list[str] = []

    def note(request: web.Request) -> Any:
        seen.append(f"{request.method} {request.path_qs}")
        return {"note": {"id": "a b"}}

    calls = [
        call("POST /api/notes", {}, keep={"note": "note.id"}, undo="DELETE /api/notes/{note}?sure=yes"),
        call("GET /api/notes/{note}"), call("GET /api/notes/{board}"), call("GET /api/notes/1", never="it is dear"),
        call("GET /api/notes/2", own="others need it"),
    ]  # fmt: skip
    answers: Answers = {"POST /api/notes": note, "GET /api/notes/{id}": note, "DELETE /api/notes/{id}": note}
    made = await told(contract(), answers, calls, own=False)
    assert seen == ["POST /api/notes", "GET /api/notes/a%20b", "DELETE /api/notes/a%20b?sure=yes"]
    assert [one.left_out for one in made[2:]] == ["it needs board: nothing makes one", "it is dear", "others need it"]


async def test_what_could_not_be_made_says_why() -> None:
    calls = [call("POST /api/notes", {}, keep={"note": "note.id"}), call("GET /api/notes/{note}")]
    [_, left] = await told(contract(), {"POST /api/notes": refused(503)}, calls)
    assert left.left_out == "it needs note: POST /api/notes was answered 503"


async def test_operations_without_a_story_are_asked_with_what_must_be_given() -> None:
    wanted = contract(
        get_things=described(object_of(), parameters=[query("workspaceId", required=True), query("kind", ROLE, True), query("more")]),
        post_things=taking(object_of("name", "count", name={**TEXT, "example": "Ada"}, count={"type": "integer"}, more=TEXT)),
    )
    [got, posted] = planned(wanted, [], [])
    assert got.url == "/api/things?workspaceId={workspace}&kind=A"
    assert posted.body == {"name": "Ada", "count": 1}
    assert posted.own
    assert not got.own


def test_failures_that_the_contract_names_are_asked_for() -> None:
    both: Json = {"responses": {"200": {}, "400": {}, "404": {}}}
    document: Json = {"openapi": "3.1.0", "paths": {
        "/api/notes/{id}": {"patch": taking(object_of("title", title=TEXT)) | both},
        "/api/files": {"get": described(parameters=[query("q", required=True)]) | both},
    }}  # fmt: skip
    stories = [call("PATCH /api/notes/{note}?more=1", {"title": "t"}), call("GET /api/files?q=a")]
    failing = [(one.url, one.body, one.expects) for one in planned(contract_of(document, "a test's"), stories, [])[2:]]
    assert failing == [
        ("/api/notes/{absent}?more=1", {"title": "t"}, 404), ("/api/notes/{note}?more=1", {}, 400), ("/api/files", None, 400),
    ]  # fmt: skip


def test_a_call_that_must_fail_says_nothing_in_a_body_that_the_contract_does_not_have() -> None:
    wanted = contract(delete_files={"responses": {"200": {}, "400": {}}, "parameters": [query("path", required=True)]})
    [_, failing] = planned(wanted, [call("DELETE /api/files", {"path": "a"})], [])
    assert (failing.url, failing.body, failing.expects) == ("/api/files", None, 400)


async def test_an_examination_counts_what_it_saw() -> None:
    wanted = contract(get_health=described(object_of("status", status=TEXT)), get_skills=described(), get_agents=described())
    has = contract(get_health=described(object_of("status", status=TEXT)), get_skills=described())
    answers: Answers = {"GET /api/health": lambda _: {"status": 1}, "GET /api/skills": lambda _: {}}
    async with answering(answers) as url, backend(url, has=has) as one:
        seen = await examined(wanted, [], one)
    [core, pages, _] = seen.tiers
    assert (core.operations, core.has, core.lacks, core.differs, core.called, core.valid) == (2, 1, 1, 1, 1, 0)
    assert (pages.operations, pages.has, pages.differs, pages.called, pages.valid) == (1, 1, 0, 1, 1)
    assert [*seen.findings.unexplained] == [
        Finding("GET /api/agents", "operation", "operation", "is not there"),
        Finding("GET /api/health", "answer 200 status", "type", "1 is not of type 'string'", "live"),
    ]


async def test_what_is_there_to_say_that_it_is_not_served_is_neither_had_nor_lacking_nor_called() -> None:
    failing: Json = {"responses": {"501": {"description": "d"}}}
    async with answering({}) as url, backend(url, has=contract(get_agents=failing)) as one:
        seen = await examined(contract(get_agents=described()), [], one)
        accepted = await examined(contract(get_agents=described()), [Acceptance("GET /api/agents", "operation", "refused", "r")], one)
    assert [(one.kind, one.operation) for one in seen.findings.unexplained] == [("refused", "GET /api/agents")]
    assert "T1: not served\n  GET /api/agents" in report.told(seen)
    core = seen.tiers[0]
    assert (core.operations, core.has, core.refuses, core.lacks, core.differs, core.called) == (1, 0, 1, 0, 0, 0)
    assert accepted.ok


async def test_what_others_need_and_the_contract_does_not_have_is_noted_when_it_fails() -> None:
    wanted = contract(get_agents=described())
    async with answering({"POST /api/workspaces": refused(503)}) as url, backend(url) as one:
        seen = await examined(wanted, [], one)
    assert [*seen.notes][1:] == ["POST /api/workspaces was answered 503: there is no workspace to ask for"]
    assert seen.left_out == {"GET /api/agents": "it needs workspace: POST /api/workspaces was answered 503"}


async def test_what_was_made_is_taken_away_also_by_who_is_stopped() -> None:
    seen: list[str] = []
    asked, never = asyncio.Event(), asyncio.Event()

    async def notes(request: web.Request) -> web.Response:
        if request.method == "GET":
            asked.set()
            await never.wait()
        seen.append(f"{request.method} {request.path}")
        return web.json_response({"note": {"id": "1"}})

    app = web.Application()
    app.router.add_route("*", "/api/notes{rest:.*}", notes)
    calls = [call("POST /api/notes", {}, keep={"note": "note.id"}, undo="DELETE /api/notes/{note}"), *GET]
    async with TestServer(app) as server, backend(str(server.make_url(""))) as one:
        telling = asyncio.ensure_future(one.tell(contract(), calls))
        async with asyncio.timeout(5):
            await asked.wait()
        telling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await telling
        never.set()
    assert seen[:2] == ["POST /api/notes", "DELETE /api/notes/1"]
