"""The tasks extension over HTTP, by hand: a hub's task as MCP sees it, what it asks, how it ends, and who may know of it."""

import json
from typing import Any

import pytest

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.ports import Json
from protocols.mcp.task_shapes import LONGEST_MESSAGE
from protocols.mcp.tasks import EXTENSION, METHODS, begin
from tests.core.support import ask, new_agent, new_task
from tests.protocols.conftest import Http
from tests.protocols.mcp_messages import enveloped, headers_for, message
from tests.protocols.mcp_tasks import DECLARED, asked, got, told
from tests.protocols.refusals import session
from tests.protocols.requirements import meets


@meets("tasks get")
@pytest.mark.parametrize(
    ("status", "mapped", "says"),
    [
        ("PENDING", "working", "PENDING: nobody"), ("IN_PROGRESS", "working", "IN_PROGRESS: the hub"), ("BLOCKED", "working", "BLOCKED: "),
        ("CANCELLED", "cancelled", "It is CANCELLED."),
        ("REVIEW_REQUIRED", "working", "REVIEW_REQUIRED: "), ("NEEDS_FIX", "working", "NEEDS_FIX: "),
        ("COMPLETED", "completed", "It is COMPLETED."),
    ],
)  # fmt: skip
async def test_every_status_of_the_hub_is_one_of_the_protocols(hub: Hub, http: Http, status: str, mapped: str, says: str) -> None:
    task = await ask(hub, "create_task", title="t", objective="o", status=status)
    shape = await got(http, task["id"])
    assert shape["status"] == mapped
    assert shape["statusMessage"].startswith(says)
    assert (shape["createdAt"], shape["lastUpdatedAt"], shape["ttlMs"]) == (task["createdAt"], task["updatedAt"], None)
    assert shape["pollIntervalMs"] > 0
    assert ("result" in shape) is (mapped == "completed")
    assert not shape.keys() & {"error", "inputRequests", "ttl", "pollInterval", "task"}


@meets("tasks get")
async def test_a_task_says_who_works_on_it_and_what_was_said_of_it(hub: Hub, http: Http) -> None:
    agent, task = await new_agent(hub), await new_task(hub)
    await ask(hub, "claim_task", agentId=agent, taskId=task)
    assert (await got(http, task))["statusMessage"] == f"IN_PROGRESS: {agent} works on it."
    await ask(hub, "set_verdict", taskId=task, verdict="NOT_APPROVED", report="It leaks. " * 100)
    shape = await got(http, task)
    assert shape["status"] == "working"
    assert shape["statusMessage"].startswith("NEEDS_FIX: It leaks.")
    assert len(shape["statusMessage"]) == LONGEST_MESSAGE


@meets("tasks result")
async def test_a_completed_task_carries_what_wait_for_task_would_have_told(hub: Hub, http: Http) -> None:
    agent, task = await new_agent(hub), await new_task(hub)
    await ask(hub, "provide_artifact", taskId=task, type="logs", content="c")
    await ask(hub, "report_to_parent", agentId=agent, taskId=task, summary="Done.", success=True)
    shape = await got(http, task)
    answer = await ask(hub, "wait_for_task", taskId=task)
    assert (shape["statusMessage"], shape["result"]["isError"], shape["result"]["structuredContent"]) == ("Done.", False, answer)
    assert json.loads(shape["result"]["content"][0]["text"]) == answer
    assert answer["artifacts"][0]["type"] == "logs"


@meets("tasks result")
async def test_what_a_tool_left_is_given_back_as_it_is(hub: Hub, http: Http) -> None:
    task = await begin(hub, LOCAL, "work")
    left = {"content": [{"type": "text", "text": "42"}], "structuredContent": {"n": 42}, "isError": True}
    await ask(hub, "finish_task", taskId=task.id, result=left)
    shape = await got(http, task.id)
    assert (shape["status"], shape["result"]) == ("completed", left)


@meets("tasks result")
async def test_work_that_failed_is_completed_with_an_error_in_its_result(hub: Hub, http: Http) -> None:
    agent, task = await new_agent(hub), await new_task(hub)
    await ask(hub, "report_to_parent", agentId=agent, taskId=task, summary="No luck.", success=False)
    shape = await got(http, task)
    assert (shape["status"], shape["statusMessage"], shape["result"]["isError"]) == ("completed", "No luck.", True)
    assert "No luck." in shape["result"]["content"][0]["text"]


@meets("tasks result")
async def test_an_error_of_the_protocol_is_a_failed_task(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    await ask(hub, "finish_task", taskId=task, failure={"message": "It broke.", "code": -32603, "data": {"at": 1}})
    shape = await got(http, task)
    assert (shape["status"], shape["error"]) == ("failed", {"code": -32603, "message": "It broke.", "data": {"at": 1}})
    assert shape["statusMessage"] == "It broke."
    assert "result" not in shape


@meets("tasks input")
async def test_a_question_is_an_elicitation_until_it_is_answered(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    one, other = await asked(hub, task), await asked(hub, task)
    shape = await got(http, task)
    assert (shape["status"], [*shape["inputRequests"]]) == ("input_required", [one, other])
    form = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
    assert shape["inputRequests"][one] == {
        "method": "elicitation/create",
        "params": {"mode": "form", "message": "Which?", "requestedSchema": form},
    }
    status, answer = await told(http, "tasks/update", task, inputResponses={one: {"action": "accept", "content": {"answer": "this"}}})
    assert (status, answer["result"].keys()) == (200, {"resultType", "_meta"})
    assert [*(await got(http, task))["inputRequests"]] == [other]
    await told(http, "tasks/update", task, inputResponses={other: {"action": "cancel"}})
    assert (await got(http, task))["status"] == "working"
    first, second = (await ask(hub, "get_task", taskId=task))["inputRequests"]
    assert (first["response"], second["declined"]) == ({"answer": "this"}, True)


@meets("tasks input")
async def test_answers_to_what_is_not_asked_are_ignored(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    question = await asked(hub, task)
    accepted = {"action": "accept", "content": {"answer": "first"}}
    for given in ({"nobody-asked": {"odd": 1}}, {question: accepted}, {question: {"action": "accept", "content": {"answer": "late"}}}):
        assert (await told(http, "tasks/update", task, inputResponses=given))[1]["result"]["resultType"] == "complete"
    assert (await ask(hub, "get_task", taskId=task))["inputRequests"][0]["response"] == {"answer": "first"}
    await ask(hub, "finish_task", taskId=task)
    assert (await told(http, "tasks/update", task, inputResponses={question: accepted}))[0] == 200


@meets("tasks input")
@pytest.mark.parametrize(
    "given",
    [
        1,
        {},
        {"action": "maybe"},
        {"action": "accept"},
        {"action": "accept", "content": [1]},
        {"action": "accept", "content": {"answer": 1}},
    ],
)
async def test_an_answer_that_is_none_is_refused_and_the_question_stays(hub: Hub, http: Http, given: Any) -> None:
    task = await new_task(hub)
    question = await asked(hub, task)
    status, answer = await told(http, "tasks/update", task, inputResponses={question: given})
    assert (status, answer["error"]["code"]) == (400, -32602)
    assert [*(await got(http, task))["inputRequests"]] == [question]


@meets("tasks input")
@pytest.mark.parametrize("elicitation", [None, {"url": {}}])
async def test_a_client_without_forms_is_told_of_a_question_and_not_asked(hub: Hub, http: Http, elicitation: Json | None) -> None:
    task = await new_task(hub)
    await asked(hub, task)
    shape = await got(http, task, {**DECLARED, **({"elicitation": elicitation} if elicitation else {})})
    assert (shape["status"], shape["statusMessage"]) == ("working", "It asks: Which?")
    assert "inputRequests" not in shape


@meets("tasks cancel")
async def test_cancelling_is_acknowledged_with_nothing_and_ends_the_task(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    status, answer = await told(http, "tasks/cancel", task)
    assert (status, answer["result"]["resultType"], answer["result"].keys()) == (200, "complete", {"resultType", "_meta"})
    assert (await got(http, task))["status"] == "cancelled"


@meets("tasks cancel")
async def test_cancelling_what_has_ended_is_acknowledged_and_changes_nothing(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    await ask(hub, "finish_task", taskId=task, failure={"message": "no"})
    before = await got(http, task)
    assert (await told(http, "tasks/cancel", task))[1]["result"]["resultType"] == "complete"
    assert await got(http, task) == before


@meets("tasks unknown")
@pytest.mark.parametrize("method", sorted(METHODS))
async def test_an_unknown_task_is_invalid_params(http: Http, method: str) -> None:
    status, answer = await told(http, method, "nothing", inputResponses={})
    assert (status, answer["error"]["code"]) == (400, -32602)
    assert "nothing" in answer["error"]["message"]


@meets("tasks unknown")
async def test_the_task_of_another_tenant_is_answered_like_one_that_is_not_there(hub: Hub, http: Http) -> None:
    task = await hub.call("create_task", {"title": "t", "objective": "o"}, Caller("other"))
    theirs = json.loads(task.to_json())["id"]
    nobodys = theirs[:-1] + ("0" if theirs[-1] != "0" else "1")
    answers = [(await told(http, "tasks/get", id_))[1]["error"] for id_ in (theirs, nobodys)]
    assert answers[0]["message"].replace(theirs, "") == answers[1]["message"].replace(nobodys, "")
    assert answers[0]["code"] == answers[1]["code"] == -32602


@meets("tasks unknown")
@pytest.mark.parametrize("method", ["tasks/list", "tasks/result"])
async def test_the_methods_of_before_are_gone(http: Http, method: str) -> None:
    status, answer = await told(http, method, "x")
    assert (status, answer["error"]["code"]) == (404, -32601)


@meets("tasks capability")
@pytest.mark.parametrize("method", sorted(METHODS))
async def test_a_request_that_does_not_declare_the_extension_is_told_to(hub: Hub, http: Http, method: str) -> None:
    """Each request anew: what another one declared means nothing."""
    task = await new_task(hub)
    assert (await got(http, task))["status"] == "working"
    status, answer = await told(http, method, task, {}, inputResponses={})
    assert (status, answer["error"]["code"]) == (400, -32021)
    assert answer["error"]["data"] == {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
    assert (await got(http, task))["status"] == "working"


@meets("tasks capability")
async def test_the_extension_is_announced_and_not_the_capability_of_before(http: Http) -> None:
    request = enveloped(message("server/discover"))
    async with http.post("/mcp", json=request, headers=headers_for(request)) as response:
        capabilities = (await response.json())["result"]["capabilities"]
    assert capabilities["extensions"][EXTENSION] == {}
    assert "tasks" not in capabilities


@meets("tasks capability")
@pytest.mark.parametrize("method", sorted(METHODS))
async def test_the_handshake_era_knows_nothing_of_it(hub: Hub, http: Http, method: str) -> None:
    request = message(method, {"taskId": await new_task(hub), "inputResponses": {}})
    async with session(http) as headers, http.post("/mcp", json=request, headers=headers) as response:
        assert (await response.json())["error"]["code"] == -32601
