"""The catalogue as MCP tools: what a model sees, and what it gets back."""

import json
import re
from typing import Any

import click
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hub.access import Caller
from hub.app import Hub
from hub.cli.serving import mcp
from hub.domain.errors import Invalid
from hub.operations import OPERATIONS
from hub.operations.base import PROFILES
from hub.ports import Json
from protocols.mcp.tools import chosen_profile, tools
from protocols.mcp.tools import listed as page
from tests.core.support import new_task
from tests.protocols.conftest import Http
from tests.protocols.doors import through
from tests.protocols.mcp_messages import enveloped, headers_for, initialize_params, message
from tests.protocols.refusals import JSON, refusal, session
from tests.protocols.requirements import meets
from tests.protocols.script import SCRIPT
from tests.protocols.transcripts import filled

every_profile = pytest.mark.parametrize("profile", PROFILES)
BEYOND = ["find_tools", "call_operation"]
"""The tools that are no operations: every profile has them but the one that has everything."""


def tokens(document: object) -> float:
    return len(json.dumps(document)) / 4


async def listed(http: Http, query: str = "") -> list[Json]:
    request = enveloped(message("tools/list"))
    async with http.post(f"/mcp{query}", json=request, headers=headers_for(request)) as response:
        found: list[Json] = (await response.json())["result"]["tools"]
        return found


async def called(http: Http, name: str, arguments: Any, query: str = "") -> Json:
    request = enveloped(message("tools/call", {"name": name, "arguments": arguments}))
    async with http.post(f"/mcp{query}", json=request, headers=headers_for(request)) as response:
        answer: Json = await response.json()
        return answer


@meets("small")
async def test_the_core_profile_leaves_room_in_a_models_context(http: Http) -> None:
    """A model reads of a tool its name, description and input; titles, outlines of answers and annotations are for its client."""
    found = await listed(http)
    assert 12 <= len(found) <= 20
    assert tokens([{name: tool[name] for name in ("name", "description", "inputSchema")} for tool in found]) <= 2_800
    assert tokens(found) <= 4_000


@meets("full")
async def test_the_full_profile_is_the_whole_catalogue(http: Http) -> None:
    assert [tool["name"] for tool in await listed(http, "?profile=full")] == [*OPERATIONS]
    core = [name for name, row in OPERATIONS.items() if "core" in row.profiles]
    for query in ("", "?profile=core"):
        assert [tool["name"] for tool in await listed(http, query)] == core + BEYOND


@meets("profiles")
def test_each_profile_has_what_its_work_needs() -> None:
    core, coordination, kanban = ({tool["name"] for tool in tools(profile)} for profile in ("core", "coordination", "kanban"))
    assert core < coordination
    assert {
        "delegate_task", "send_message", "read_thread", "read_conversation", "reserve_files", "list_reservations", "subscribe_to_events",
        "report_to_parent", "set_verdict",
    } <= coordination  # fmt: skip
    assert {"create_task", "update_task", "add_comment", "list_notes", "create_note", "set_verdict", "list_workspaces"} <= kanban
    assert not {"reserve_files", "send_message", "delete_workspace"} & kanban
    assert "columnId" in properties("kanban", "update_task")
    assert "columnId" not in properties("core", "update_task")


@meets("profiles")
def test_the_command_line_offers_every_profile() -> None:
    [option] = [one for one in mcp.params if one.name == "profile"]
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == PROFILES


def properties(profile: str, name: str) -> Json:
    [tool] = [tool for tool in tools(profile) if tool["name"] == name]
    found: Json = tool["inputSchema"]["properties"]
    return found


@meets("profiles")
@pytest.mark.parametrize(
    ("query", "headers", "credential", "profile"),
    [
        ({}, {}, None, "core"), ({"profile": "full"}, {}, None, "full"), ({}, {"Trivium-Profile": "kanban"}, None, "kanban"),
        ({}, {}, "coordination", "coordination"), ({"profile": "core"}, {"Trivium-Profile": "full"}, "kanban", "core"),
        ({}, {"Trivium-Profile": "full"}, "kanban", "full"), ({"mcpProfile": "kanban-planning"}, {}, "core", "kanban"),
        ({"mcpProfile": "team-coordination"}, {}, None, "coordination"), ({"mcpProfile": "coordination"}, {}, None, "coordination"),
        ({"toolMode": "essential"}, {}, "full", "core"), ({"toolMode": "full"}, {}, None, "full"),
        ({"toolMode": "full", "mcpProfile": "kanban-planning"}, {}, None, "kanban"),
    ],
)  # fmt: skip
def test_a_profile_is_chosen_by_address_header_or_credential(query: Json, headers: Json, credential: str | None, profile: str) -> None:
    assert chosen_profile(query, headers, Caller(profile=credential)) == profile


@meets("profiles")
@pytest.mark.parametrize(
    ("query", "headers", "says"),
    [
        ({"profile": "x"}, {}, "There is no profile 'x'. Allowed: core, coordination, kanban, full."),
        ({"profile": ""}, {}, "There is no profile ''. Allowed: core, coordination, kanban, full."),
        ({}, {"Trivium-Profile": "x"}, "There is no profile 'x'. Allowed: core, coordination, kanban, full."),
        ({"mcpProfile": "core"}, {}, "There is no mcpProfile 'core'. Allowed: kanban-planning, team-coordination, coordination."),
        ({"toolMode": "core"}, {}, "There is no toolMode 'core'. Allowed: essential, full."),
    ],
)
def test_a_choice_that_nobody_knows_is_refused_with_those_that_there_are(query: Json, headers: Json, says: str) -> None:
    with pytest.raises(Invalid) as raised:
        chosen_profile(query, headers, Caller())
    assert raised.value.message == says


@meets("full")
async def test_a_profile_that_nobody_knows_is_refused_with_those_that_there_are(http: Http) -> None:
    request = enveloped(message("tools/list"))
    async with http.post("/mcp?profile=nobody-knows", json=request, headers=headers_for(request)) as response:
        assert (response.status, (await response.json())["error"]) == (
            400,
            "There is no profile 'nobody-knows'. Allowed: core, coordination, kanban, full.",
        )


@meets("full")
async def test_a_tool_outside_the_profile_works_when_it_is_called(hub: Hub, http: Http) -> None:
    assert "get_health" not in {tool["name"] for tool in await listed(http)}
    assert (await called(http, "get_health", {}))["result"]["isError"] is False


@meets("tool names", "tool schemas", "annotations")
@every_profile
def test_every_tool_says_all_of_itself(profile: str) -> None:
    found = tools(profile)
    assert len({tool["name"] for tool in found}) == len(found)
    for tool in found:
        assert re.fullmatch(r"[a-z_]{1,40}", tool["name"])
        assert tool["description"].endswith(".")
        for schema in (tool["inputSchema"], tool["outputSchema"]):
            assert schema["type"] == "object"
            Draft202012Validator.check_schema(schema)
        assert set(tool["inputSchema"].get("required", ())) <= tool["inputSchema"]["properties"].keys()
        assert re.fullmatch(r"[A-Z][a-zA-Z ]{2,40}", tool["title"])
        hints = tool["annotations"]
        assert all(type(hints[f"{name}Hint"]) is bool for name in ("readOnly", "destructive", "idempotent", "openWorld"))
        assert hints["openWorldHint"] is False
        if row := OPERATIONS.get(tool["name"]):
            assert hints["readOnlyHint"] is not row.writes
            assert hints["destructiveHint"] is row.destructive
            assert hints["idempotentHint"] is (row.repeatable or not row.writes)


@meets("annotations")
def test_what_the_annotations_of_a_tool_promise_is_so() -> None:
    announced = {tool["name"]: tool for tool in tools("full")}
    hints = {name: tool["annotations"] for name, tool in announced.items()}
    assert all(hints[name]["idempotentHint"] for name in hints if name.startswith(("get_", "list_", "delete_", "set_task", "set_verdict")))
    assert not any(hints[name]["idempotentHint"] for name in hints if name.startswith(("create_", "append_", "add_", "send_")))
    assert all(hints[name]["destructiveHint"] for name in hints if name.startswith("delete_"))
    assert not any(hint["destructiveHint"] for hint in hints.values() if hint["readOnlyHint"])
    titles = {"create_task": "Create task", "search": "Search everything", "get_mcp_server": "Get MCP server"}
    assert {name: announced[name]["title"] for name in titles} == titles


@meets("pages")
def test_a_client_pages_through_the_tools_and_those_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    assert page("full").next_cursor is None
    monkeypatch.setattr("protocols.mcp.tools.PAGE", 7)
    theirs = [{"name": f"other__{number}", "inputSchema": {"type": "object"}} for number in range(9)]
    seen, cursor = list[str](), None
    while cursor or not seen:
        one = page("core", cursor, theirs)
        assert 0 < len(one.tools) <= 7
        seen, cursor = seen + [tool.name for tool in one.tools], one.next_cursor
    assert seen == [tool["name"] for tool in [*tools("core"), *theirs]]


@meets("pages")
@pytest.mark.parametrize("cursor", ["", "nope", "2"])
async def test_a_cursor_that_the_hub_did_not_give_is_a_wrong_parameter(http: Http, cursor: str) -> None:
    request = enveloped(message("tools/list", {"cursor": cursor}))
    async with http.post("/mcp", json=request, headers=headers_for(request)) as response:
        assert (await response.json())["error"]["code"] == -32602


@meets("tool schemas")
@every_profile
def test_a_short_description_leaves_out_nothing_that_must_be_said(profile: str) -> None:
    for tool in tools(profile)[: None if profile == "full" else -len(BEYOND)]:
        schema = OPERATIONS[tool["name"]].input.model_json_schema(by_alias=True)
        assert set(tool["inputSchema"].get("required", ())) == set(schema.get("required", ()))
        assert tool["inputSchema"]["properties"].keys() <= {*schema.get("properties", ()), "offset"}


@meets("structured", "tool schemas")
async def test_what_every_tool_answers_follows_the_schema_that_it_announced(hub: Hub) -> None:
    """And what it is asked follows the other one: with the story that the doors are compared by."""
    announced = {tool["name"]: tool for tool in tools("full")}
    ask, seen, checked = through(hub), dict[str, Any](), set[str]()
    for step in SCRIPT:
        arguments = filled(step.arguments, seen)
        went_well, answer = await ask(step.operation, arguments)
        if step.label:
            seen[step.label] = answer
        if went_well:
            tool = announced[step.operation]
            assert [*Draft202012Validator(tool["outputSchema"]).iter_errors(answer)] == []
            assert set(tool["inputSchema"].get("required", ())) <= arguments.keys()
            assert arguments.keys() - {"idempotencyKey"} <= tool["inputSchema"]["properties"].keys()
            checked.add(step.operation)
    assert checked == OPERATIONS.keys()


@meets("structured")
async def test_structured_content_stands_in_a_text_too(http: Http) -> None:
    result = (await called(http, "create_task", {"title": 'ü "q" \\ \n ☃ 𝄞', "objective": "o"}))["result"]
    content = result["content"][0]
    assert content["type"] == "text"
    assert json.loads(content["text"]) == result["structuredContent"]
    assert result["structuredContent"]["title"] == 'ü "q" \\ \n ☃ 𝄞'


@meets("tool errors")
@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
    [("get_task", {"taskId": "nothing"}, "not_found"), ("create_task", {"title": "t"}, "invalid"), ("get_task", {"taskId": 1}, "invalid")],
)
async def test_what_a_model_can_mend_is_a_result_with_the_error_as_json(http: Http, name: str, arguments: Json, kind: str) -> None:
    result = (await called(http, name, arguments))["result"]
    assert result["isError"] is True
    assert "structuredContent" not in result
    assert json.loads(result["content"][0]["text"])["kind"] == kind


@meets("unknown tool", "tool errors")
@pytest.mark.parametrize(
    "params", [{"name": "nope"}, {"arguments": {}}, {"name": 1, "arguments": {}}, {"name": "get_health", "arguments": [1]}]
)
async def test_an_unknown_tool_is_an_error_of_the_protocol(http: Http, params: Json) -> None:
    async with session(http) as headers, http.post("/mcp", json=message("tools/call", params), headers=headers) as response:
        answer = await response.json()
    assert (response.status, answer["error"]["code"], answer["id"]) == (200, -32602, 1)


@meets("frontend")
async def test_the_frontend_makes_a_task_in_its_own_way(http: Http) -> None:
    """Routa's use-session-mcp-tool: JSON alone is accepted, nothing is said after initialize, and more fields than needed are sent."""
    accept = {"Accept": "application/json"}
    hello = message("initialize", initialize_params("2024-11-05"))
    async with http.post("/api/mcp?wsId=default&toolMode=essential", json=hello, headers=accept) as response:
        assert response.content_type == "application/json"
        headers = accept | {"mcp-session-id": response.headers["mcp-session-id"]}
    arguments = {"title": "t", "objective": "o", "workspaceId": "default", "sessionId": "s-1", "creationSource": "session"}
    call = message("tools/call", {"name": "create_task", "arguments": arguments}, 2)
    async with http.post("/api/mcp", json=call, headers=headers) as response:
        assert response.content_type == "application/json"
        answer = await response.json()
    task = json.loads(answer["result"]["content"][0]["text"])
    assert (task["title"], task["sessionId"], task["creationSource"]) == ("t", "s-1", "session")
    async with http.get(f"/api/tasks/{task['id']}") as response:
        assert (await response.json())["task"].items() >= task.items()


@meets("web tools")
async def test_the_web_api_lists_the_tools(http: Http) -> None:
    for mode, profile in (("essential", "core"), ("full", "full"), (None, "full")):
        async with http.get("/api/mcp/tools", params={"mode": mode} if mode else {}) as response:
            answer = await response.json()
        assert answer == {"tools": tools(profile), "mode": mode or "full", "globalMode": "full"}


@meets("web tools")
async def test_the_web_api_calls_a_tool(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    async with http.post("/api/mcp/tools", json={"name": "get_task", "args": {"taskId": task}, "mode": "full"}) as response:
        result = await response.json()
    assert json.loads(result["content"][0]["text"])["id"] == task
    async with http.post("/api/mcp/tools", json={"name": "get_task", "args": {"taskId": "nothing"}}) as response:
        assert (response.status, (await response.json())["isError"]) == (200, True)
    async with http.patch("/api/mcp/tools", json={"mode": "essential"}) as response:
        assert await response.json() == {"success": True, "mode": "essential"}
    async with http.get("/api/mcp/tools") as response:
        assert await response.json() == {"tools": tools("core"), "mode": "essential", "globalMode": "essential"}
    async with http.get("/api/mcp/tools", params={"mcpProfile": "kanban-planning"}) as response:
        assert (await response.json())["tools"] == tools("kanban")


@meets("web tools")
@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("POST", {}, 400), ("POST", {"name": 1}, 400), ("POST", {"name": "get_health", "args": []}, 400), ("POST", {"name": "nope"}, 400),
        ("PATCH", {}, 400), ("PATCH", {"mode": "some"}, 400), ("PATCH", {"mode": ["full"]}, 400), ("DELETE", {}, 405),
    ],
)  # fmt: skip
async def test_the_web_api_refuses_what_it_does_not_know(http: Http, method: str, body: Json, status: int) -> None:
    async with http.request(method, "/api/mcp/tools", json=body, headers=JSON) as response:
        refused = refusal(response.status, await response.text())
    assert refused.status == status
