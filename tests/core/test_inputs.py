"""Questions about a task and their answers, and how a task ends for machines."""

from typing import Any

import pytest

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.forms import TYPES
from hub.operations.inputs import MOST
from tests.core.support import ask, kinds, names_of_events, new_agent, new_task, on_memory, refusal

COLOUR = {"type": "object", "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}}, "required": ["colour"]}


async def asked(hub: Hub, task: str, **more: Any) -> str:
    """The question's id."""
    return str((await ask(hub, "request_input", taskId=task, **{"message": "Which?"} | more))["inputRequests"][-1]["id"])


async def answered(hub: Hub, task: str, question: str, **more: Any) -> Any:
    return (await ask(hub, "provide_input", taskId=task, inputRequestId=question, **more))["inputRequests"]


async def test_a_question_is_answered_in_its_form(hub: Hub) -> None:
    task = await new_task(hub)
    question = await asked(hub, task, schema=COLOUR, agentId="an agent")
    [open_] = (await ask(hub, "get_task", taskId=task))["inputRequests"]
    assert (open_["message"], open_["schema"], open_["agentId"]) == ("Which?", COLOUR, "an agent")
    assert "answeredAt" not in open_
    [done] = await answered(hub, task, question, response={"colour": "red", "more": [1, None]})
    assert done["response"] == {"colour": "red", "more": [1, None]}
    assert done["answeredAt"] >= done["askedAt"]
    assert await names_of_events(hub, recordId=task) == ["task.created", "task.input_requested", "task.input_provided"]


@on_memory
async def test_a_question_without_a_form_is_answered_by_a_text(hub: Hub) -> None:
    task = await new_task(hub)
    question = await asked(hub, task)
    assert (await refusal(hub.call("provide_input", {"taskId": task, "inputRequestId": question, "response": {}}, LOCAL))).kind == "invalid"
    [done] = await answered(hub, task, question, response={"answer": "this one"})
    assert done["response"] == {"answer": "this one"}


@on_memory
async def test_a_question_may_be_declined(hub: Hub) -> None:
    task = await new_task(hub)
    [done] = await answered(hub, task, await asked(hub, task), declined=True)
    assert done["declined"] is True
    assert "response" not in done


@pytest.mark.parametrize("both", [{}, {"response": {"answer": "a"}, "declined": True}])
@on_memory
async def test_an_answer_is_either_given_or_declined(hub: Hub, both: Any) -> None:
    task = await new_task(hub)
    given = {"taskId": task, "inputRequestId": await asked(hub, task), **both}
    assert (await refusal(hub.call("provide_input", given, LOCAL))).message == "Give a response, or declined: true."


async def test_of_two_answers_at_once_one_counts(hub: Hub) -> None:
    task = await new_task(hub)
    question = await asked(hub, task)
    given = {"taskId": task, "inputRequestId": question}
    calls = [hub.call("provide_input", {**given, "response": {"answer": str(one)}}, LOCAL) for one in range(5)]
    assert await kinds(calls) == ["conflict"] * 4 + ["ok"]


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ({"type": "string"}, 1, "of type string"), ({"type": "integer"}, True, "of type integer"),
        ({"type": "integer"}, 1.5, "of type integer"),
        ({"type": "boolean"}, 1, "of type boolean"), ({"type": "number"}, "1", "of type number"),
        ({"type": "string", "enum": ["a", "b"]}, "c", "one of ['a', 'b']"),
        ({"type": "string", "oneOf": [{"const": "a", "title": "A"}]}, "A", "one of ['a']"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, ["a", "c"], "a list of ['a', 'b']"),
        ({"type": "array", "items": {"anyOf": [{"const": "a", "title": "A"}]}}, "a", "a list of ['a']"),
    ],
)  # fmt: skip
@on_memory
async def test_an_answer_that_does_not_fit_the_form_is_refused_with_what_does(hub: Hub, field: Any, value: Any, wanted: str) -> None:
    task = await new_task(hub)
    question = await asked(hub, task, schema={"type": "object", "properties": {"x": field}})
    given = {"taskId": task, "inputRequestId": question, "response": {"x": value}}
    assert (await refusal(hub.call("provide_input", given, LOCAL))).message == f"response: x must be {wanted}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"type": "string"}, ""), ({"type": "string"}, None), ({"type": "integer"}, -1), ({"type": "number"}, 1.5), ({"type": "number"}, 1),
        ({"type": "boolean"}, False), ({"type": "array", "items": {"enum": ["a", "b"]}}, ["b"]),
        ({"type": "array", "items": {"enum": ["a"]}}, []),
    ],
)  # fmt: skip
@on_memory
async def test_an_answer_that_fits_is_taken(hub: Hub, field: Any, value: Any) -> None:
    task = await new_task(hub)
    [done] = await answered(hub, task, await asked(hub, task, schema={"type": "object", "properties": {"x": field}}), response={"x": value})
    assert done["response"] == {"x": value}
    assert field["type"] in TYPES


@pytest.mark.parametrize(
    "schema",
    [
        {}, {"type": "array"}, {"type": "object"}, {"type": "object", "properties": {}}, {"type": "object", "properties": {"x": {}}},
        {"type": "object", "properties": {"x": {"type": "object"}}}, {"type": "object", "properties": {"x": {"type": ["string"]}}},
        {"type": "object", "properties": {"x": {"type": "array", "items": {"type": "string"}}}}, {"type": "object", "properties": {"x": 1}},
        {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["y"]},
        {"type": "object", "properties": {"x": {"type": "string"}}, "required": [["x"]]},
        {"type": "object", "properties": {str(one): {"type": "string"} for one in range(51)}},
    ],
)  # fmt: skip
@on_memory
async def test_a_form_that_no_client_could_show_is_refused(hub: Hub, schema: Any) -> None:
    task = await new_task(hub)
    error = await refusal(hub.call("request_input", {"taskId": task, "message": "?", "schema": schema}, LOCAL))
    assert (error.kind, error.message[:7]) == ("invalid", "schema:")


@on_memory
async def test_only_the_holder_of_the_claim_asks_with_its_token(hub: Hub) -> None:
    agent, task = await new_agent(hub), await new_task(hub)
    token = (await ask(hub, "claim_task", agentId=agent, taskId=task))["claim"]["token"]
    await asked(hub, task, claimToken=token)
    given = {"taskId": task, "message": "?", "claimToken": token + 1}
    assert (await refusal(hub.call("request_input", given, LOCAL))).kind == "conflict"


@pytest.mark.parametrize("ending", [("finish_task", {}), ("finish_task", {"failure": {"message": "no"}}), ("cancel_task", {})])
@on_memory
async def test_an_ended_task_neither_asks_nor_takes_an_answer(hub: Hub, ending: Any) -> None:
    task = await new_task(hub)
    question = await asked(hub, task)
    await ask(hub, ending[0], taskId=task, **ending[1])
    for name, given in (("request_input", {"message": "?"}), ("provide_input", {"inputRequestId": question, "declined": True})):
        error = await refusal(hub.call(name, {"taskId": task, **given}, LOCAL))
        assert (error.kind, error.message[:19]) == ("conflict", "The task has ended:")


@on_memory
async def test_a_task_does_not_ask_for_ever(hub: Hub) -> None:
    task = await new_task(hub)
    for _ in range(MOST):
        await asked(hub, task)
    assert (await refusal(hub.call("request_input", {"taskId": task, "message": "?"}, LOCAL))).kind == "conflict"


@on_memory
async def test_the_questions_of_another_tenant_are_not_there(hub: Hub) -> None:
    task = await new_task(hub)
    given = {"taskId": task, "inputRequestId": await asked(hub, task), "declined": True}
    foreign = await refusal(hub.call("provide_input", given, Caller("other")))
    assert foreign.message == (await refusal(hub.call("provide_input", {**given, "taskId": task}, Caller("third")))).message
    assert foreign.kind == "not_found"


async def test_a_task_is_finished_with_a_result_for_machines(hub: Hub) -> None:
    task = await new_task(hub)
    done = await ask(hub, "finish_task", taskId=task, result={"rows": [1, None]}, summary="Counted.")
    assert (done["status"], done["columnId"], done["result"], done["completionSummary"]) == (
        "COMPLETED",
        "done",
        {"rows": [1, None]},
        "Counted.",
    )
    assert (await refusal(hub.call("finish_task", {"taskId": task}, LOCAL))).kind == "conflict"


@on_memory
async def test_a_failure_stands_until_the_task_is_taken_up_again(hub: Hub) -> None:
    agent, task = await new_agent(hub), await new_task(hub)
    failed = await ask(hub, "finish_task", taskId=task, failure={"message": "broken", "code": -32603})
    assert (failed["status"], failed["failure"], failed["completionSummary"]) == (
        "NEEDS_FIX",
        {"message": "broken", "code": -32603, "rejected": False},
        "broken",
    )
    await ask(hub, "set_task_status", taskId=task, status="PENDING")
    assert "failure" not in await ask(hub, "claim_task", agentId=agent, taskId=task)


@on_memory
async def test_a_failed_report_is_a_failure_and_a_verdict_sends_the_work_back(hub: Hub) -> None:
    agent, task = await new_agent(hub), await new_task(hub)
    await ask(hub, "claim_task", agentId=agent, taskId=task)
    failed = await ask(hub, "report_to_parent", agentId=agent, taskId=task, summary="No luck.", success=False)
    assert failed["failure"] == {"message": "No luck.", "rejected": False}
    assert "failure" not in await ask(hub, "set_verdict", taskId=task, verdict="NOT_APPROVED")


@on_memory
async def test_a_cancelled_task_refuses_whoever_worked_on_it(hub: Hub) -> None:
    agent, task = await new_agent(hub), await new_task(hub)
    token = (await ask(hub, "claim_task", agentId=agent, taskId=task))["claim"]["token"]
    assert (await ask(hub, "cancel_task", taskId=task))["status"] == "CANCELLED"
    given = {"agentId": agent, "taskId": task, "summary": "?", "success": True, "claimToken": token}
    assert (await refusal(hub.call("report_to_parent", given, LOCAL))).kind == "conflict"


@on_memory
async def test_cancelling_what_has_ended_changes_nothing(hub: Hub) -> None:
    task = await new_task(hub)
    done = await ask(hub, "finish_task", taskId=task)
    assert await ask(hub, "cancel_task", taskId=task) == done
    assert (await names_of_events(hub, recordId=task))[-1] == "task.finished"
