"""The description of the web API: whole, sound, and true of what is answered."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hub.app import Hub
from hub.ports import Json
from hub.version import VERSION
from protocols.rest.doors import DOORS
from protocols.rest.openapi import description
from protocols.rest.routes import ROUTES, STREAMS
from protocols.rest.tables.product import UNSERVED
from protocols.wire import CODES
from tests.protocols.cases import CASES, prepared
from tests.protocols.cases.base import Case
from tests.protocols.conftest import Http
from tests.protocols.test_rest import every_case

DOCUMENT: Json = description()
HTTP_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def operations() -> Iterator[tuple[str, str, Json]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def everything(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from everything(one)
    elif isinstance(value, list):
        for one in value:
            yield from everything(one)


def validator(schema: Json) -> Any:
    """With the document's own components behind every reference."""
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})


async def test_the_served_document_is_the_description(http: Http) -> None:
    async with http.get("/api/openapi.json") as response:
        assert response.content_type == "application/json"
        assert await response.json() == DOCUMENT


def test_it_is_openapi_three_one_with_everything_that_must_be_said() -> None:
    assert re.fullmatch(r"3\.1\.\d+", DOCUMENT["openapi"])
    assert DOCUMENT["info"]["version"] == VERSION
    assert DOCUMENT["info"]["title"]
    assert DOCUMENT.keys() <= {"openapi", "info", "servers", "paths", "components", "security", "tags"}
    for method, path, operation in operations():
        assert method in HTTP_METHODS
        assert path.startswith("/api/")
        assert operation["responses"], f"{method} {path}"
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d", status)
            assert response["description"]


def test_every_route_every_stream_and_every_other_door_is_described() -> None:
    described = {(method.upper(), path) for method, path, _ in operations()}
    routed = {(route.method, f"/api{route.path}") for route in ROUTES}
    routed |= {(stream.method, f"/api{stream.path}") for stream in STREAMS}
    routed |= {(row.method, f"/api{row.path}") for row in UNSERVED}
    assert described == routed | {(door.method, f"/api{door.path}") for door in DOORS}


async def test_every_other_door_is_where_the_description_says(http: Http) -> None:
    for door in DOORS:
        body: Json | None = {} if door.body is not None else None
        async with http.request(door.method, f"/api{door.path}".format(id="nothing"), json=body) as response:
            assert response.status != 405
            told = {} if response.content_type != "application/json" else await response.json()
            assert told.get("details", {}).get("noun") != "path", door
            if response.status == 200:
                assert response.content_type == (door.answer or response.content_type)
                assert set(door.properties) <= told.keys()


def test_what_has_no_effect_is_described_as_such() -> None:
    update = DOCUMENT["paths"]["/api/tasks/{id}"]["patch"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert update["retryTrigger"]["deprecated"] is True
    parameters = {one["name"]: one for one in DOCUMENT["paths"]["/api/tasks"]["get"]["parameters"]}
    assert parameters["expand"]["deprecated"] is True
    assert "deprecated" not in parameters["status"]


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert sorted(ids) == sorted(set(ids))


def test_every_reference_leads_somewhere() -> None:
    references = {one["$ref"] for one in everything(DOCUMENT) if isinstance(one.get("$ref"), str)}
    assert references
    for reference in references:
        found: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert isinstance(found, dict)


def test_every_schema_is_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for _, _, operation in operations():
        for one in everything(operation):
            if isinstance(one.get("schema"), dict):
                Draft202012Validator.check_schema(one["schema"])


def test_the_parameters_of_a_path_are_declared_once_and_required() -> None:
    for method, path, operation in operations():
        parameters = operation.get("parameters", [])
        keys = [(one["name"], one["in"]) for one in parameters]
        assert len(keys) == len(set(keys)), f"{method} {path}"
        in_path = {one["name"] for one in parameters if one["in"] == "path" and one["required"]}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert all(one["in"] in ("path", "query", "header") and "schema" in one for one in parameters)


def test_the_fields_have_the_web_apis_names() -> None:
    paths = DOCUMENT["paths"]
    artifacts = paths["/api/tasks/{id}/artifacts"]["get"]["parameters"]
    assert {one["name"] for one in artifacts} == {"id", "artifact_type", "cursor", "limit"}
    archive = paths["/api/workspaces/{id}/archive"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert archive.keys() == {"archive", "idempotencyKey"}
    agents = {one["name"]: one["required"] for one in paths["/api/agents"]["get"]["parameters"]}
    assert {"id", "workspaceId", "role"} <= agents.keys()
    assert not any(agents.values())


@every_case
async def test_what_is_answered_is_what_is_described(hub: Hub, http: Http, case: Case) -> None:
    method, path, _ = case.row
    case = await prepared(case, hub)
    described = DOCUMENT["paths"][f"/api{path}"][method.lower()]
    async with http.request(method, f"/api{case.url}", json=case.body) as response:
        schema = described["responses"][str(response.status)]["content"]["application/json"]["schema"]
        answer = await response.json()
    assert [error.message for error in validator(schema).iter_errors(answer)] == []


@every_case
def test_what_is_sent_is_what_is_described_but_for_what_the_hub_has_no_use_for(case: Case) -> None:
    method, path, when = case.row
    described = DOCUMENT["paths"][f"/api{path}"][method.lower()]
    route = next(one for one in ROUTES if (one.method, one.path, one.when) == (method, path, when))
    known = {one["name"] for one in described.get("parameters", []) if one["in"] == "query"}
    sent = {part.partition("=")[0] for part in case.url.partition("?")[2].split("&") if part}
    assert sent <= known | route.ignored
    if case.body is not None:
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        named = {name: value for name, value in case.body.items() if name not in route.ignored or name == when}
        named |= {"status": named["status"].upper()} if "status" in named else {}  # any case is taken
        assert [error.message for error in validator(schema).iter_errors(named)] == []


def test_rows_of_one_path_are_described_together() -> None:
    notes = DOCUMENT["paths"]["/api/notes"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert {"$ref": "#/components/schemas/NoteGroups"} in [*everything(notes)]
    assert [{*one["properties"]} for one in everything(notes) if one.get("type") == "object"] == [{"note"}, {"notes", "nextCursor"}]
    jobs = DOCUMENT["paths"]["/api/background-tasks"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert [one["required"] for one in jobs["anyOf"]] == [["prompt", "agentId", "workspaceId"], ["workspaceId", "status", "action"]]


def test_of_what_is_kept_as_it_was_given_it_is_described_what_the_hub_reads() -> None:
    automation = DOCUMENT["components"]["schemas"]["Column-Output"]["properties"]["automation"]
    assert (automation["required"], automation["additionalProperties"]) == (["enabled"], True)
    assert {"transitionType", "requiredArtifacts", "specialistId"} <= automation["properties"].keys()
    assert automation["properties"]["transitionType"]["enum"] == ["entry", "exit", "both"]


async def test_a_failure_is_what_is_described(http: Http) -> None:
    described = DOCUMENT["paths"]["/api/tasks/{id}"]["get"]["responses"]
    async with http.get("/api/tasks/nothing") as response:
        schema = described[str(response.status)]["content"]["application/json"]["schema"]
        assert validator(schema).is_valid(await response.json())
    assert not validator(schema).is_valid({"message": "another shape"})
    assert set(DOCUMENT["components"]["schemas"]["Error"]["properties"]["kind"]["enum"]) == CODES.keys()


async def test_the_page_of_the_description_needs_nothing_from_elsewhere(http: Http) -> None:
    async with http.get("/api/docs") as response:
        assert response.content_type == "text/html"
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        page = await response.text()
    assert "openapi.json" in page
    assert not re.search(r"https?://|\bsrc\s*=|@import|url\(|//\w+\.\w+/", page)


@pytest.mark.parametrize("case", CASES[:1])
def test_a_wrong_answer_would_be_noticed(case: Case) -> None:
    schema = DOCUMENT["paths"]["/api/tasks"]["post"]["responses"]["201"]["content"]["application/json"]["schema"]
    assert [*validator(schema).iter_errors({"task": {"title": 7}})]


def test_of_an_answer_it_is_said_what_is_always_there_and_nothing_may_be_null() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert {"id", "status", "dependencies", "createdAt"} <= set(schemas["Task"]["required"])
    assert "parallelGroup" not in schemas["Task"]["required"]
    assert schemas["Task"]["properties"]["parallelGroup"]["type"] == "string"
    assert {"type": "null"} not in [*everything([schemas[name] for name in ("Task", "AgentView", "Note", "Workspace", "Artifact")])]
