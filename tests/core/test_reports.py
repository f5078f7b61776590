"""How a task ends: report, verdict, evidence."""

import pytest

from hub.app import Hub
from hub.domain.errors import NotFound, Refused
from tests.core.support import Clock, ask, names_of_events, new_agent, new_task, on_memory, refusal


async def test_a_report_ends_the_task_and_the_claim_and_tells_the_agent_above(hub: Hub) -> None:
    parent = await new_agent(hub, "lead", role="ROUTA")
    child, task_id = await new_agent(hub, "worker", parentId=parent), await new_task(hub, "Fix it")
    token = (await ask(hub, "claim_task", agentId=child, taskId=task_id))["claim"]["token"]
    task = await ask(
        hub, "report_to_parent", agentId=child, taskId=task_id, summary="Fixed.", success=True, claimToken=token,
        filesModified=["a.py", "b.py"], verificationResults="all green",
    )  # fmt: skip
    assert (task["status"], task["columnId"], task["completionSummary"]) == ("COMPLETED", "done", "Fixed.")
    assert "claim" not in task
    assert (await ask(hub, "get_agent", agentId=child))["status"] == "COMPLETED"
    (letter,) = (await ask(hub, "read_conversation", agentId=parent))["messages"]
    assert letter["content"] == (
        f"[Completion Report from worker ({child})]\nTask: Fix it ({task_id})\nResult: success\n\nFixed.\n"
        "Files modified:\n- a.py\n- b.py\nVerification:\nall green"
    )
    assert (await names_of_events(hub, recordId=task_id))[-1] == "task.reported"


@on_memory
async def test_a_report_of_failure_sends_the_task_back(hub: Hub) -> None:
    agent, task_id = await new_agent(hub), await new_task(hub)
    task = await ask(hub, "report_to_parent", agentId=agent, taskId=task_id, summary="No.", success=False)
    assert (task["status"], task["columnId"]) == ("NEEDS_FIX", "backlog")
    assert (await ask(hub, "get_agent", agentId=agent))["status"] == "PENDING"


@on_memory
async def test_an_agent_whose_parent_is_gone_reports_all_the_same(hub: Hub) -> None:
    parent = await new_agent(hub)
    child, task_id = await new_agent(hub, parentId=parent), await new_task(hub)
    await ask(hub, "delete_agent", agentId=parent)
    assert (await ask(hub, "report_to_parent", agentId=child, taskId=task_id, summary="s", success=True))["status"] == "COMPLETED"


@on_memory
async def test_only_the_holder_of_a_claim_reports_while_it_lasts(hub: Hub, clock: Clock) -> None:
    holder, other, task_id = await new_agent(hub), await new_agent(hub), await new_task(hub)
    await ask(hub, "claim_task", agentId=holder, taskId=task_id)
    assert isinstance(await refusal(ask(hub, "report_to_parent", agentId=other, taskId=task_id, summary="s", success=True)), Refused)
    clock.turn(900)
    assert (await ask(hub, "report_to_parent", agentId=other, taskId=task_id, summary="s", success=True))["status"] == "COMPLETED"


@on_memory
@pytest.mark.parametrize(
    ("verdict", "status", "column"),
    [("APPROVED", "COMPLETED", "done"), ("NOT_APPROVED", "NEEDS_FIX", "backlog"), ("BLOCKED", "BLOCKED", "blocked")],
)
async def test_a_verdict_decides_the_status(hub: Hub, verdict: str, status: str, column: str) -> None:
    task_id = await new_task(hub, status="REVIEW_REQUIRED")
    task = await ask(hub, "set_verdict", taskId=task_id, verdict=verdict, report="because", agentId="gate")
    assert (task["status"], task["columnId"], task["verificationVerdict"], task["verificationReport"]) == (
        status,
        column,
        verdict,
        "because",
    )
    (event,) = (await ask(hub, "list_events", recordId=task_id, after=2))["events"]
    assert (event["name"], event["data"]) == ("task.judged", {"verdict": verdict, "agentId": "gate"})


async def test_evidence_is_kept_with_its_task(hub: Hub) -> None:
    first, second = await new_task(hub), await new_task(hub)
    made = [
        await ask(hub, "provide_artifact", taskId=first, type=type_, content=f"content of {type_}", metadata={"k": "v"})
        for type_ in ("logs", "code_diff", "logs")
    ]
    assert (await ask(hub, "list_artifacts", taskId=first))["artifacts"] == made
    assert (await ask(hub, "list_artifacts", taskId=first, type="logs"))["artifacts"] == [made[0], made[2]]
    assert (await ask(hub, "list_artifacts", taskId=second))["artifacts"] == []
    assert await ask(hub, "get_artifact", artifactId=made[1]["id"]) == made[1]
    assert isinstance(await refusal(ask(hub, "provide_artifact", taskId="nothing", type="logs", content="c")), NotFound)
    assert isinstance(await refusal(ask(hub, "get_artifact", artifactId="nothing")), NotFound)
