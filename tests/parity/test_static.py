"""A contract beside a description: every kind of difference is found, and named by its place."""

from pathlib import Path

import pytest

from hub.ports import Json
from protocols.parity.contracts import NoContract, contract_of, read
from protocols.parity.static import compared
from protocols.parity.tiers import tier_of
from tests.parity.contracts import TEXT, answering, contract, described_hub, document, object_of, query, shown, taking

ROLES: Json = {"type": "string", "enum": ["A", "B"]}
FEWER: Json = {"type": "string", "enum": ["A"]}
MAYBE: Json = {"anyOf": [TEXT, {"type": "null"}]}
NUMBER: Json = {"type": "integer"}


@pytest.mark.parametrize(
    ("wanted", "has", "found"),
    [
        (answering(parameters=[query("role")]), answering(), ["query role: parameter"]),
        (answering(), answering(parameters=[query("role", required=True)]), ["query role: required"]),
        (answering(parameters=[query("role", ROLES)]), answering(parameters=[query("role", FEWER)]), ["query role: enumeration"]),
        (answering(parameters=[query("role")]), answering(parameters=[query("role", NUMBER)]), ["query role: type"]),
        (answering(parameters=[query("ids")]), answering(parameters=[query("ids", {"type": "array", "items": TEXT})]), []),
        (taking(object_of(title=TEXT)), answering(), ["body: property"]),
        (taking(object_of(title=TEXT)), taking(object_of(name=TEXT)), ["body title: property"]),
        (taking(object_of(title=TEXT)), taking(object_of("title", title=TEXT)), ["body title: required"]),
        (taking(object_of("title", title=TEXT)), taking(object_of(title=TEXT)), []),
        (taking(object_of(role=ROLES)), taking(object_of(role=FEWER)), ["body role: enumeration"]),
        (taking(object_of(role=FEWER)), taking(object_of(role=ROLES)), []),
        (taking(object_of(a=NUMBER)), taking(object_of(a=TEXT)), ["body a: type"]),
        (taking(object_of(a=MAYBE)), taking(object_of(a=TEXT)), ["body a: null"]),
        (taking({"type": "object"}), taking(object_of(a=TEXT)), []),
        (answering(status="201"), answering(status="200"), ["status 201: status", "status 200: status"]),
        (answering(status="404"), answering(status="404"), []),
        (answering(object_of("a", a=TEXT)), answering(object_of(a=TEXT)), ["answer 200 a: required"]),
        (answering(object_of(a=TEXT)), answering(object_of("a", "b", a=TEXT, b=TEXT)), []),
        (answering(object_of(a=TEXT, b=TEXT)), answering(object_of("a", a=TEXT)), ["answer 200 b: property"]),
        (answering(object_of(a=TEXT)), answering(object_of("b", b=TEXT)), ["answer 200: property"]),
        (answering(object_of(a=TEXT)), answering({"type": "object"}), ["answer 200: property"]),
        (answering(object_of(a=ROLES)), answering(object_of("a", a=TEXT)), ["answer 200 a: enumeration"]),
        (answering(object_of(a=ROLES)), answering(object_of("a", a=FEWER)), []),
        (answering(object_of(a=FEWER)), answering(object_of("a", a=ROLES)), ["answer 200 a: enumeration"]),
        (answering(object_of(a=TEXT)), answering(object_of("a", a=NUMBER)), ["answer 200 a: type"]),
        (answering(object_of(a={"type": "number"})), answering(object_of("a", a=NUMBER)), []),
        (answering(object_of(a=TEXT)), answering(object_of("a", a=MAYBE)), ["answer 200 a: null"]),
        (answering(object_of(a={"type": ["string", "null"]})), answering(object_of("a", a=MAYBE)), []),
        (answering({**object_of(a=TEXT), "additionalProperties": False}), answering(object_of("a", a=TEXT, b=TEXT)),
         ["answer 200 b: additional"]),
        (answering({"type": "array", "items": object_of(a=TEXT)}), answering({"type": "array", "items": object_of("a", a=NUMBER)}),
         ["answer 200 [].a: type"]),
        (answering(object_of(a={"type": "object", "additionalProperties": TEXT})),
         answering(object_of("a", a={"type": "object", "additionalProperties": NUMBER})), ["answer 200 a.*: type"]),
        (answering(TEXT, media="text/event-stream"), answering(object_of()), ["answer 200: media"]),
        (answering({"oneOf": [object_of(a=TEXT), object_of(b=TEXT)]}), answering(object_of("b", b=NUMBER)), ["answer 200 b: type"]),
        (answering({"oneOf": [object_of(a=TEXT), object_of(b=TEXT)]}),
         answering({"anyOf": [object_of("b", b=TEXT), object_of("a", a=TEXT)]}), []),
        (answering({"allOf": [object_of("a", a=TEXT), object_of("b", b=TEXT)]}), answering(object_of("a", a=TEXT, b=TEXT)),
         ["answer 200 b: required"]),
    ],
)  # fmt: skip
def test_a_difference_is_found_where_it_is(wanted: Json, has: Json, found: list[str]) -> None:
    assert shown(compared(contract(post_notes=wanted), contract(post_notes=has))) == found


def test_an_operation_that_is_lacking_is_one_difference() -> None:
    [found] = compared(contract(get_notes=answering(), put_notes=answering()), contract(get_notes=answering()))
    assert (found.operation, found.where, found.kind) == ("PUT /api/notes", "operation", "operation")


def test_paths_are_the_same_whatever_their_parameters_are_called() -> None:
    wanted, has = document(), document()
    wanted["paths"] = {"/api/notes/{noteId}/texts/{n}": {"get": answering()}}
    has["paths"] = {"/api/notes/{id}/texts/{a}.{b}": {"get": answering()}}
    assert [*compared(contract_of(wanted, ""), contract_of(has, ""))] == []


def test_the_fields_of_a_deletion_are_taken_in_either_place() -> None:
    wanted = contract(delete_notes=taking(object_of("id", "other", id=TEXT, other=TEXT)))
    has = contract(delete_notes=answering(parameters=[query("id", required=True)]))
    assert shown(compared(wanted, has)) == ["body other: property"]


def test_references_are_followed_also_those_that_lead_back() -> None:
    tree = {"type": "object", "properties": {"name": TEXT, "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}}
    other = {
        "type": "object",
        "properties": {"name": NUMBER, "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
    }
    answer = answering({"$ref": "#/components/schemas/Tree"})
    found = shown(compared(contract(get_trees=answer, components={"Tree": tree}), contract(get_trees=answer, components={"Tree": other})))
    assert {"answer 200 name: type", "answer 200 children[].name: type"} <= set(found)


def test_nullable_of_three_zero_is_null_of_three_one() -> None:
    nullable = {**TEXT, "nullable": True}
    for schema in (nullable, {"$ref": "#/components/schemas/Name", "nullable": True}, {**FEWER, "nullable": True}):
        wanted = contract(version="3.0.3", get_notes=answering(object_of(a=schema)), components={"Name": TEXT})
        has = contract(get_notes=answering(object_of("a", a={"anyOf": [{"type": "string", "enum": ["A"]}, {"type": "null"}]})))
        assert [*compared(wanted, has)] == []


def test_parameters_of_a_path_and_referenced_ones_count() -> None:
    wanted = document(get_notes={**answering(), "parameters": [{"$ref": "#/components/parameters/Role"}]})
    wanted["components"]["parameters"] = {"Role": query("role")}
    wanted["paths"]["/api/notes"]["parameters"] = [query("status")]
    assert sorted(shown(compared(contract_of(wanted, ""), contract(get_notes=answering())))) == [
        "query role: parameter",
        "query status: parameter",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("openapi: 2.0\npaths: {}", "no OpenAPI document"), ("[]", "no OpenAPI document"), ("{", "no YAML"),
        ('{"openapi": "3.1.0", "paths": {"/a": {"get": {"requestBody": {"$ref": "#/nowhere"}}}}}', "leads nowhere"),
        ('{"openapi": "3.1.0", "paths": {"/a": {"get": {"requestBody": {"$ref": "#/a"}}}}, "a": {"$ref": "#/a"}}', "leads to itself"),
    ],
)  # fmt: skip
def test_what_is_no_contract_is_told_in_a_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "contract.yaml").write_text(text)
    with pytest.raises(NoContract, match=told):
        read(tmp_path / "contract.yaml")


def test_a_description_held_against_itself_differs_nowhere() -> None:
    own = described_hub()
    assert [*compared(own, own)] == []


@pytest.mark.parametrize(
    ("path", "tier"),
    [
        ("/api/tasks/{id}", "T1"), ("/api/mcp", "T1"), ("/api/mcp-servers", "T2"), ("/api/mcp-server", "T3"), ("/api/github/issues", "T2"),
        ("/api/github/tree", "T3"), ("/api/workspaces/{w}/codebases/{c}/wiki", "T3"), ("/api/kanban/boards", "T2"),
        ("/api/acp/docker/status", "T3"),
    ],
)  # fmt: skip
def test_each_path_has_its_tier(path: str, tier: str) -> None:
    assert tier_of(path) == tier


def test_an_operation_that_only_fails_is_not_served() -> None:
    failing = {"responses": {"501": {"description": "d"}}}
    [found] = compared(contract(get_notes=answering(object_of("a", a=TEXT))), contract(get_notes=failing))
    assert (found.kind, found.text) == ("refused", "is not served: it answers 501 alone")


def test_a_body_may_be_taken_in_several_types() -> None:
    file = {"multipart/form-data": {"schema": object_of("file", file=TEXT)}}
    either = taking(object_of("a", a=TEXT))
    either["requestBody"]["content"] |= file
    wanted = contract(post_files={**answering(), "requestBody": {"content": file}})
    assert shown(compared(wanted, contract(post_files=either))) == []
    assert shown(compared(wanted, contract(post_files=taking(object_of("a", a=TEXT))))) == ["body: media"]


def test_a_body_of_which_nothing_is_said_need_not_be_taken() -> None:
    assert shown(compared(contract(post_notes=taking({"type": "object"})), contract(post_notes=answering()))) == []
    assert shown(compared(contract(post_notes=taking(object_of(a=TEXT))), contract(post_notes=answering()))) == ["body: property"]
