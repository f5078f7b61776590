"""Questions about a task: whoever works on it asks, whoever gave it answers."""

from typing import Annotated

from pydantic import Field, JsonValue

from hub.domain.errors import Invalid, NotFound, Refused
from hub.domain.forms import FORM, expect_fitting, expect_form
from hub.domain.model import new_id
from hub.domain.tasks import InputKind, InputRequest, Task
from hub.operations.base import Call, Id, Mutation, Operation
from hub.operations.claims import expect_running
from hub.operations.tasks import expect_claim

MOST = 100
"""Questions that one task may ask, answered or not: they stand in its record."""


class RequestInput(Mutation):
    task_id: Id
    message: Annotated[str, Field(min_length=1, max_length=10_000)]
    form: Annotated[dict[str, JsonValue], Field(alias="schema")] = FORM
    """JSON Schema of a flat object that the answer must follow; left out: {"answer": "a text"}."""
    kind: InputKind = "input"
    """authorization: something is to be allowed elsewhere; say in the message what and where."""
    agent_id: Id | None = None
    """Who asks."""
    claim_token: int | None = None


class ProvideInput(Mutation):
    task_id: Id
    input_request_id: Id
    response: dict[str, JsonValue] | None = None
    """The answer, as the question's form wants it."""
    declined: bool = False
    """There will be no answer."""


async def request_input(given: RequestInput, call: Call) -> Task:
    """Ask whoever gave you a task for what you lack, then call wait_for_task with until=answered. The answer is in
    inputRequests, under the id of your question.
    """
    task = await call.need(Task, given.task_id)
    expect_claim(task, given.claim_token)
    expect_running(task)
    expect_form(given.form)
    if len(task.input_requests) >= MOST:
        raise Refused(f"The task has asked {MOST} questions. Finish it, or report that it failed.")
    request = InputRequest(id=new_id(), kind=given.kind, message=given.message, form=given.form, agent_id=given.agent_id, asked_at=call.now)
    asked = task.model_copy(update={"input_requests": (*task.input_requests, request)})
    return call.write(asked, "input_requested", inputRequestId=request.id, agentId=given.agent_id)


async def provide_input(given: ProvideInput, call: Call) -> Task:
    """Answer an open question of a task (get_task shows them in inputRequests), or decline it; the work goes on by itself.
    wait_for_task tells how it ends.
    """
    task = await call.need(Task, given.task_id)
    request = next((one for one in task.input_requests if one.id == given.input_request_id), None)
    if request is None:
        raise NotFound("input request", given.input_request_id)
    expect_running(task)
    if request.answered_at:
        raise Refused("This question is answered already. get_task shows those that are open.", answeredAt=request.answered_at)
    if given.declined is (given.response is not None):
        raise Invalid("Give a response, or declined: true.")
    if given.response is not None:
        expect_fitting(given.response, request.form)
    answered = request.model_copy(update={"answered_at": call.now, "response": given.response, "declined": given.declined})
    requests = tuple(answered if one.id == request.id else one for one in task.input_requests)
    changed = task.model_copy(update={"input_requests": requests})
    return call.write(changed, "input_provided", inputRequestId=request.id, declined=given.declined)


OPERATIONS = (
    Operation(request_input, "tasks.write", writes=True, profiles=frozenset({"coordination"})),
    Operation(provide_input, "tasks.write", writes=True, profiles=frozenset({"coordination"})),
)
