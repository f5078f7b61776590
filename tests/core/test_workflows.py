"""Workflows: what may be written, and how a run of one follows the tasks of its steps."""

from typing import Any

import pytest

from hub.app import Hub
from hub.domain.errors import Duplicate, Invalid, NotFound, Refused
from hub.ports import HubStore, Json
from tests.core.support import ask, kinds, on_memory, refusal
from tests.core.test_background_tasks import finish, start

FLOW = """\
# A comment, and "quotes": kept to the letter.
name: Review
description: Looks at a change
version: 1.10
trigger: {type: webhook, source: github, event: pull_request}
variables:
  tone: kind
  most: 3
steps:
  - name: read
    specialist: gate
    adapter: claude
    config: {temperature: 0.5, env: {A: b}}
    input: |
      Read ${trigger.payload}, be ${variables.tone}, say at most ${variables.most} things, not ${variables.other}.
    parallel_group: look
    if: always
  - {name: count, specialist: crafter, parallel_group: look}
  - name: tell
    specialist: routa
    input: Tell ${steps.read.output} and ${steps.count.output}.
    output_key: said
    on_failure: retry
    max_retries: 2
    timeout_secs: 600
  - {name: end, specialist: routa, actions: [comment], something: new}
"""


def flow(*steps: str, head: str = "name: W") -> str:
    return "\n".join([head, "steps:", *(f"  - {step}" for step in steps)])


async def new_workflow(hub: Hub, text: str = FLOW, id_: str = "review") -> Json:
    return await ask(hub, "create_workflow", id=id_, yamlContent=text)


async def trigger(hub: Hub, **fields: Any) -> tuple[str, list[str]]:
    told = await ask(hub, "trigger_workflow", **{"workflowId": "review", "workspaceId": "default"} | fields)
    return told["workflowRunId"], told["taskIds"]


async def read_run(hub: Hub, id_: str) -> Json:
    return await ask(hub, "get_workflow_run", workflowRunId=id_)


async def read_tasks(hub: Hub, ids: list[str]) -> list[Json]:
    return [await ask(hub, "get_background_task", backgroundTaskId=id_) for id_ in ids]


async def do(hub: Hub, id_: str, **fields: Any) -> None:
    await start(hub, id_)
    await finish(hub, id_, **fields)


@on_memory
async def test_a_workflow_is_shown_as_it_is_written(hub: Hub) -> None:
    made = await new_workflow(hub)
    assert made["yamlContent"] == FLOW
    told = {name: made[name] for name in ("id", "name", "description", "version", "trigger", "variables")}
    assert told == {
        "id": "review", "name": "Review", "description": "Looks at a change", "version": "1.1",
        "trigger": {"type": "webhook", "source": "github", "event": "pull_request"}, "variables": {"tone": "kind", "most": 3},
    }  # fmt: skip
    read, _, tell, end = made["steps"]
    assert (read["config"], read["parallel_group"], read["if"]) == ({"temperature": 0.5, "env": {"A": "b"}}, "look", "always")
    assert (tell["output_key"], tell["on_failure"], tell["max_retries"], tell["timeout_secs"]) == ("said", "retry", 2, 600)
    assert end == {"name": "end", "specialist": "routa", "actions": ["comment"]}
    assert await ask(hub, "get_workflow", workflowId="review") == made
    assert (await ask(hub, "list_workflows"))["workflows"] == [made]


async def test_an_id_is_taken_once_however_many_want_it(hub: Hub) -> None:
    assert await kinds(new_workflow(hub) for _ in range(5)) == ["conflict"] * 4 + ["ok"]
    assert isinstance(await refusal(new_workflow(hub)), Duplicate)


@on_memory
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: [", "no YAML at line"), ("- a", "names no fields"), ("", "at least 1 character"), ("name: W", "steps: Field required"),
        (flow(), "steps: Input should be a valid"), ("name: W\nsteps: []", "at least 1 item"),
        (flow("{name: first}"), "step 1 (first).specialist: Field required"),
        (flow("{name: a, specialist: gate}", "{specialist: gate}"), "step 2.name: Field required"),
        (flow("{name: a, specialist: gate, timeout_secs: soon}"), "step 1 (a).timeout_secs:"),
        (flow("{name: a, specialist: gate, on_failure: panic}"), "step 1 (a).on_failure: Input should be 'stop', 'continue' or 'retry'"),
        (flow("{name: a, specialist: gate}", "{name: a, specialist: gate}"), "step (a): there is another step of this name"),
        (flow("{name: a, specialist: gate, input: '${steps.b.output}'}", "{name: b, specialist: gate}"), "step (a): input: 'b' is no step"),
        (flow("just text"), "step 1: "), (flow("{name: a, specialist: gate}", head="name: &w W\ndescription: *w"), "aliases"),
        (flow('{name: "a\\0", specialist: gate}'), "NUL"), (flow("{name: a, specialist: gate, config: {a: !!set {b}}}"), "JSON"),
        (flow("{name: a, specialist: gate}", head="name: !!python/object:os.system W"), "no YAML"),
        (flow("{name: a, specialist: gate, config: {n: " + "9" * 5_000 + "}}"), "no YAML"), ("[" * 5_000, "nested too deep"),
        ("name: W\nsteps:\n" + "  - {name: a, specialist: gate}\n" * 51, "at most 50 items"), ("x" * 50_001, "at most 50000 characters"),
        (flow("{name: a, specialist: gate}", head="name: W\ntrigger: {type: tide}"), "trigger.type"),
    ],
)  # fmt: skip
async def test_what_is_no_workflow_is_refused_and_the_step_is_named(hub: Hub, text: str, told: str) -> None:
    error = await refusal(new_workflow(hub, text))
    assert isinstance(error, Invalid)
    assert told in error.message
    assert (await ask(hub, "list_workflows"))["workflows"] == []


@on_memory
async def test_dates_and_numbers_are_what_they_look_like(hub: Hub) -> None:
    text = flow(
        "{name: 1, specialist: gate, config: {since: 2026-01-01, on: false, said: yes, nothing: ~}}", head="name: W\nversion: 2026-01-01"
    )
    made = await new_workflow(hub, text)
    assert (made["version"], made["steps"][0]["name"]) == ("2026-01-01", "1")
    assert {**made["steps"][0]["config"], "nothing": None} == {"since": "2026-01-01", "on": False, "said": "yes", "nothing": None}


async def test_a_run_has_a_task_for_each_step_that_waits_for_those_before_its_group(hub: Hub) -> None:
    await new_workflow(hub)
    run_id, ids = await trigger(hub, triggerPayload="the ${variables.tone} diff")
    read, count, tell, end = await read_tasks(hub, ids)
    assert read["prompt"] == "Read the ${variables.tone} diff, be kind, say at most 3 things, not ${variables.other}.\n"
    assert count["prompt"] == "the ${variables.tone} diff"
    assert tell["prompt"] == "Tell ${steps.read.output} and ${steps.count.output}."
    assert [task["dependsOnTaskIds"] for task in (read, count, tell, end)] == [[], [], ids[:2], ids[:3]]
    assert [task["maxAttempts"] for task in (read, count, tell, end)] == [1, 1, 3, 1]
    assert [task["agentId"] for task in (read, count, tell, end)] == ["gate", "crafter", "routa", "routa"]
    assert {(task["workflowRunId"], task["triggerSource"], task["status"]) for task in (read, count, tell, end)} == {
        (run_id, "workflow", "PENDING")
    }  # fmt: skip
    run = await read_run(hub, run_id)
    assert (run["workflowId"], run["workflowName"], run["workflowVersion"]) == ("review", "Review", "1.1")
    assert (run["status"], run["totalSteps"], run["completedSteps"]) == ("PENDING", 4, 0)
    listed = (await ask(hub, "list_background_tasks", workflowRunId=run_id))["tasks"]
    assert [task["id"] for task in listed] == ids[::-1]


async def test_a_run_ends_when_the_last_of_its_steps_has_even_if_several_end_at_once(hub: Hub) -> None:
    await new_workflow(hub)
    run_id, (read, count, tell, end) = await trigger(hub)
    for id_ in (read, count):
        await start(hub, id_)
    running = await read_run(hub, run_id)
    assert (running["status"], running["currentStepName"]) == ("RUNNING", "count")
    assert await kinds([finish(hub, read, output="R"), finish(hub, count, output="C")]) == ["ok", "ok"]
    await do(hub, tell)
    assert (await read_run(hub, run_id))["status"] == "RUNNING"
    await do(hub, end)
    run = await read_run(hub, run_id)
    assert (run["status"], run["completedSteps"], run["stepOutputs"]) == ("COMPLETED", 4, {"read": "R", "count": "C"})
    assert "completedAt" in run


async def test_a_step_that_fails_for_good_fails_the_run_and_one_that_is_tried_again_goes_on_with_it(hub: Hub) -> None:
    await new_workflow(hub, flow(
        "{name: a, specialist: gate, parallel_group: g, on_failure: retry, max_retries: 1}",
        "{name: b, specialist: gate, parallel_group: g}",
    ))  # fmt: skip
    run_id, (a, b) = await trigger(hub)
    await do(hub, a, status="FAILED", errorMessage="Wind.")
    assert (await read_run(hub, run_id))["status"] == "RUNNING"
    await do(hub, b, status="FAILED", errorMessage="Rain.")
    failed = await read_run(hub, run_id)
    assert (failed["status"], failed["errorMessage"]) == ("FAILED", "b: Rain.")
    await ask(hub, "retry_background_task", backgroundTaskId=a)
    again = await read_run(hub, run_id)
    assert again["status"] == "RUNNING"
    assert not again.keys() & {"errorMessage", "completedAt"}
    await do(hub, a)
    assert (await read_run(hub, run_id))["completedSteps"] == 1


async def test_what_is_done_in_a_run_that_has_failed_counts_when_it_goes_on(hub: Hub) -> None:
    await new_workflow(hub, flow(
        "{name: a, specialist: gate, parallel_group: g}",
        "{name: b, specialist: gate, parallel_group: g, on_failure: retry, max_retries: 2}",
    ))  # fmt: skip
    run_id, (a, b) = await trigger(hub)
    await start(hub, a)
    await do(hub, b, status="FAILED")
    await ask(hub, "retry_background_task", backgroundTaskId=b)
    await start(hub, b)
    await ask(hub, "delete_background_task", backgroundTaskId=b)
    assert (await read_run(hub, run_id))["status"] == "CANCELLED"
    await finish(hub, a)
    run = await read_run(hub, run_id)
    assert (run["status"], run["completedSteps"]) == ("CANCELLED", 1)


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "FAILED", "COMPLETED"])
async def test_a_run_whose_step_is_deleted_is_cancelled_unless_the_step_was_done(hub: Hub, status: str) -> None:
    await new_workflow(hub, flow("{name: a, specialist: gate, on_failure: retry, max_retries: 1}", "{name: b, specialist: gate}"))
    run_id, (a, b) = await trigger(hub)
    if status != "PENDING":
        await start(hub, a)
    if status in ("FAILED", "COMPLETED"):
        await finish(hub, a, status=status)
    await ask(hub, "delete_background_task", backgroundTaskId=a, force=True)
    assert (await read_run(hub, run_id))["status"] == ("RUNNING" if status == "COMPLETED" else "CANCELLED")
    assert isinstance(await refusal(start(hub, b)), Refused)


@on_memory
async def test_an_input_that_grows_beyond_all_bounds_is_refused_and_nothing_is_made(hub: Hub) -> None:
    await new_workflow(hub, flow("{name: a, specialist: gate}", "{name: b, specialist: gate, input: '" + "${trigger.payload}" * 200 + "'}"))
    error = await refusal(trigger(hub, triggerPayload="x" * 50_000))
    assert isinstance(error, Invalid)
    assert "step (b)" in error.message
    assert (await ask(hub, "list_workflow_runs"))["runs"] == (await ask(hub, "list_background_tasks"))["tasks"] == []


async def test_runs_stay_when_their_workflow_is_written_anew_or_deleted(hub: Hub) -> None:
    await new_workflow(hub)
    run_id, ids = await trigger(hub)
    before = await read_tasks(hub, ids)
    await ask(hub, "update_workflow", workflowId="review", yamlContent=flow("{name: only, specialist: gate}"))
    await ask(hub, "delete_workflow", workflowId="review")
    assert await read_tasks(hub, ids) == before
    assert (await read_run(hub, run_id))["totalSteps"] == 4
    assert isinstance(await refusal(trigger(hub)), NotFound)
    await new_workflow(hub)


async def test_runs_are_listed_the_newest_first_and_go_with_their_workspace(hub: Hub, store: HubStore) -> None:
    await ask(hub, "create_workspace", title="Lab", id="lab")
    await new_workflow(hub)
    runs = [(await trigger(hub, workspaceId=workspace))[0] for workspace in ("default", "lab", "default")]
    assert [run["id"] for run in (await ask(hub, "list_workflow_runs", workflowId="review"))["runs"]] == runs[::-1]
    assert [run["id"] for run in (await ask(hub, "list_workflow_runs", workspaceId="lab"))["runs"]] == [runs[1]]
    await ask(Hub(store), "delete_workspace", workspaceId="lab")
    assert isinstance(await refusal(read_run(hub, runs[1])), NotFound)
    assert isinstance(await refusal(trigger(hub, workspaceId="lab")), NotFound)
