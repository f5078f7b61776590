"""What a task has to show: its readiness, the evidence that is counted, its runs."""

import asyncio
from typing import Any

import pytest

from hub.app import Hub
from hub.domain.model import Record
from hub.domain.readiness import TaskField, artifact_summary, readiness, story_readiness
from hub.domain.remote_agents import RemoteTask
from hub.domain.stories import LONGEST, PRINCIPLES, story_of
from hub.domain.tasks import Task
from hub.ports import Json
from hub.unit import UnitOfWork
from tests.core.support import ask, new_agent, new_task
from tests.protocols.working import FakeWorker, new_session

TOLD = "Whoever waits in the hall sees where they step, so that nobody falls over the mat."
STORY = """Light

```yaml
story:
  version: 1
  title: A lamp
  problem_statement: The hall is dark.
  user_value: Nobody falls.
  acceptance_criteria:
    - id: AC1
      text: It is bright.
  constraints_and_affected_areas: [hall]
  dependencies_and_sequencing:
    depends_on: []
  out_of_scope: []
  invest:
    independent: {status: pass, reason: "Nothing waits."}
    negotiable: {status: pass, reason: "Any lamp."}
    valuable: {status: pass, reason: "Fewer falls."}
    estimable: {status: warning, reason: "The wall may be hollow."}
    small: {status: pass, reason: "One lamp."}
    testable: {status: pass, reason: "One sees it."}
```
"""


def task(**fields: Any) -> Task:
    return Task(**{"title": "t", "objective": "short", "workspace_id": "default", **fields})


async def store_task(hub: Hub, task_id: str, *more: Record, **changed: Any) -> None:
    """As another version, or a part of the hub that has no operation for it, would leave it behind."""
    unit = UnitOfWork(hub.store, "local", "2026-01-01T00:00:00.000Z")
    known = await unit.get(Task, task_id)
    assert known
    for record in (known.model_copy(update=changed), *more):
        unit.put(record)
    await hub.store.commit(unit)


async def runs(hub: Hub, task_id: str) -> list[Json]:
    found: list[Json] = (await ask(hub, "list_task_runs", taskId=task_id))["runs"]
    return found


def test_what_is_required_of_a_task_is_missing_until_it_is_there() -> None:
    bare, told = task(), task(scope="hall", test_cases=("dark", "bright"), dependencies=("other",))
    required: tuple[TaskField, ...] = ("scope", "verification_plan", "dependencies_declared", "acceptance_criteria")
    assert story_readiness(bare).ready
    assert story_readiness(bare, required).missing == required
    assert story_readiness(told, required).missing == ("acceptance_criteria",)
    assert not story_readiness(told, required).checks.verification_commands


def test_outputs_and_evidence_are_both_artifacts() -> None:
    shown = task(artifact_counts={"logs": 2}, outputs={"a": 1, "b": 3})
    summary = artifact_summary(shown, ("logs", "screenshot"))
    assert (summary.total, summary.by_type, summary.missing_required) == (4, {"logs": 2, "output": 2}, ("screenshot",))
    assert not summary.required_satisfied


@pytest.mark.parametrize(
    ("fields", "overall", "failed"),
    [
        ({}, "fail", {"valuable", "estimable", "testable"}),
        ({"objective": TOLD, "scope": "s", "acceptance_criteria": ("a",), "test_cases": ("t",)}, "warning", set()),
        ({"objective": TOLD * 60, "scope": "s", "acceptance_criteria": ("a",), "verification_commands": ("v",)}, "fail", {"small"}),
    ],
)
def test_a_task_without_a_story_is_judged_by_its_looks(fields: Json, overall: str, failed: set[str]) -> None:
    found = readiness(task(**fields)).invest_validation
    assert (found.source, found.overall_status, found.issues) == ("heuristic", overall, ())
    assert {name for name in PRINCIPLES if getattr(found.checks, name).status == "fail"} == failed


def test_a_task_that_waits_is_less_independent() -> None:
    checks = readiness(task(dependencies=("a", "b"))).invest_validation.checks
    assert (checks.independent.status, checks.independent.reason) == ("warning", "It waits for 2 other tasks.")


def test_a_canonical_story_speaks_for_itself() -> None:
    found = readiness(task(objective=STORY))
    assert (found.invest_validation.source, found.invest_validation.overall_status) == ("canonical_story", "warning")
    assert found.invest_validation.checks.estimable.reason == "The wall may be hollow."
    assert found.invest_validation.issues == ()
    assert found.story_readiness.checks.dependencies_declared


def test_what_a_story_lacks_is_told_and_judged_by_looks() -> None:
    objective = STORY.replace("    small: {status: pass", "    small: {status: tiny").replace("  user_value: Nobody falls.\n", "")
    found = readiness(task(objective=objective)).invest_validation
    assert found.source == "canonical_story"
    assert found.checks.small.reason == "It looks small enough to be done in one go."
    assert found.issues == (
        "story.user_value: a text is missing.", "story.invest.small: give status pass, warning or fail, and a reason.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ("story: [", "The story is no YAML at line"),
        ("story: " + "[" * 5_000, "The story is no YAML"),
        ("story: \x07", "The story is no YAML: it has signs"),
        ("story: a word", "story: it must have fields."),
        ("story:\n" + "  a: b\n" * LONGEST, "longer than"),
        ("story:\n  acceptance_criteria: [x, {text: y}]", "number 1 has no text"),
        ("story:\n  acceptance_criteria: []", "there is none"),
    ],
)
def test_a_story_that_cannot_be_read_is_a_problem_and_not_a_failure(block: str, problem: str) -> None:
    story = story_of(f"```yaml\n{block}\n```")
    assert story is not None
    assert any(problem in one for one in story.problems), story.problems
    assert len(story.problems) <= 20


def test_a_story_of_references_to_references_stays_small() -> None:
    layers = "".join(f"  a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]\n" for at in range(1, 40))
    objective = f"```yaml\nstory:\n  a0: &a0 [x]\n{layers}  title: *a39\n  invest: {{small: {{status: pass, reason: *a39}}}}\n```"
    assert len(readiness(task(objective=objective)).to_json()) < 5_000


def test_yaml_of_something_else_is_no_story() -> None:
    assert story_of("A story: told in words") is None
    assert story_of("```yaml\nhistory:\n  title: t\n```") is None


async def test_evidence_is_counted_with_its_task_however_much_comes_at_once(hub: Hub) -> None:
    task_id = await new_task(hub)
    types = ["logs"] * 5 + ["screenshot"] * 3
    await asyncio.gather(*(ask(hub, "provide_artifact", taskId=task_id, type=one, content="c") for one in types))
    summary = (await ask(hub, "get_task_readiness", taskId=task_id))["artifactSummary"]
    assert (summary["total"], summary["byType"]) == (8, {"logs": 5, "screenshot": 3})


async def test_a_task_from_before_evidence_was_counted_is_counted_once(hub: Hub) -> None:
    task_id = await new_task(hub)
    for type_ in ("logs", "code_diff"):
        await ask(hub, "provide_artifact", taskId=task_id, type=type_, content="c")
    await store_task(hub, task_id, artifact_counts=None)
    await ask(hub, "provide_artifact", taskId=task_id, type="logs", content="c")
    assert (await ask(hub, "get_task", taskId=task_id))["artifactCounts"] == {"logs": 2, "code_diff": 1}


async def test_evidence_of_how_it_ended_is_summarized(hub: Hub) -> None:
    task_id = await new_task(hub)
    before = (await ask(hub, "get_task_readiness", taskId=task_id))["evidenceSummary"]
    assert (before["verification"], before["completion"]) == ({"hasVerdict": False, "hasReport": False}, {"hasSummary": False})
    assert before["runs"] == {"total": 0, "latestStatus": "idle"}
    await ask(hub, "finish_task", taskId=task_id, summary="Done.")
    await ask(hub, "set_verdict", taskId=task_id, verdict="APPROVED", report="It is bright.")
    after = (await ask(hub, "get_task_readiness", taskId=task_id))["evidenceSummary"]
    assert after["verification"] == {"hasVerdict": True, "verdict": "APPROVED", "hasReport": True}
    assert after["completion"] == {"hasSummary": True}


async def test_a_session_that_was_told_to_do_a_task_is_a_run_of_it(hub: Hub) -> None:
    session_id = await new_session(hub)
    session = await ask(hub, "get_session", sessionId=session_id)
    task_id = await new_task(hub, assignedTo=session["agentId"])
    worker = await FakeWorker.of(hub, session_id)
    await ask(hub, "prompt_session", sessionId=session_id, prompt="Something else")
    await ask(hub, "prompt_session", sessionId=session_id, prompt="Do it", taskId=task_id)
    await worker.end(await worker.take())
    number = await worker.take()
    [run] = await runs(hub, task_id)
    assert (run["id"], run["kind"], run["status"], run["ownerInstanceId"]) == (session_id, "embedded_acp", "running", "w-1")
    assert run["resumeTarget"] == {"type": "session", "id": session_id}
    assert "completedAt" not in run
    await worker.end(number)
    [run] = await runs(hub, task_id)
    assert (run["status"], run["sessionId"], run["provider"]) == ("completed", session_id, session["provider"])
    assert run["completedAt"] >= run["startedAt"]


async def test_a_lane_is_a_run_and_fails_with_its_session(hub: Hub) -> None:
    session_id = await new_session(hub)
    lane: Json = {"columnId": "dev", "stepName": "Build", "status": "running", "attempt": 2}
    lanes = (
        {**lane, "sessionId": session_id, "startedAt": "2026-01-01T00:00:00.000Z"},
        {**lane, "sessionId": "gone", "startedAt": "2026-01-02T00:00:00.000Z", "status": "odd"},
        {**lane, "transport": "a2a", "externalTaskId": "far", "contextId": "c", "startedAt": "2026-01-03T00:00:00.000Z"},
    )
    task_id = await new_task(hub)
    await store_task(hub, task_id, lane_sessions=lanes, trigger_session_id=session_id, session_ids=("gone",))
    far, gone, own = await runs(hub, task_id)
    assert (far["kind"], far["externalTaskId"], far["contextId"]) == ("a2a_task", "far", "c")
    assert far["resumeTarget"] == {"type": "external_task", "id": "far"}
    assert (gone["status"], gone["sessionId"]) == ("unknown", "gone")
    assert (own["status"], own["stepName"], own["columnId"], own["provider"]) == ("running", "Build", "dev", "opencode")
    worker = await FakeWorker.of(hub, session_id)
    await worker.report(status="failed", reason="It is gone.")
    assert (await runs(hub, task_id))[2]["status"] == "failed"
    assert (await ask(hub, "get_task_readiness", taskId=task_id))["evidenceSummary"]["runs"] == {"total": 3, "latestStatus": "running"}


async def test_the_task_of_a_remote_agent_is_a_run(hub: Hub) -> None:
    task_id = await new_task(hub)
    remote = RemoteTask(id=task_id, workspace_id="default", agent_id="a", place="p", remote_task_id="r-1", remote_context_id="c-1")
    await store_task(hub, task_id, remote)
    [run] = await runs(hub, task_id)
    assert (run["id"], run["kind"], run["status"], run["contextId"]) == ("r-1", "a2a_task", "running", "c-1")


async def test_a_claim_is_a_run_where_nothing_else_is(hub: Hub) -> None:
    agent, task_id = await new_agent(hub), await new_task(hub)
    assert await runs(hub, task_id) == []
    await ask(hub, "claim_task", agentId=agent, taskId=task_id)
    [run] = await runs(hub, task_id)
    assert (run["kind"], run["status"], run["agentId"]) == ("claim", "running", agent)
    await ask(hub, "report_to_parent", agentId=agent, taskId=task_id, summary="s", success=False)
    [run] = await runs(hub, task_id)
    assert run["status"] == "failed"


async def test_notes_come_in_groups_by_their_sessions(hub: Hub) -> None:
    session_id = await new_session(hub, name="Kitchen")
    for note, session in (("a", None), ("b", session_id), ("c", "elsewhere"), ("d", session_id)):
        await ask(hub, "save_note", title=note, noteId=note, **({"sessionId": session} if session else {}))
    groups = (await ask(hub, "list_notes_by_session"))["groups"]
    found = {one.get("sessionId"): (one.get("sessionName"), [note["id"] for note in one["notes"]]) for one in groups}
    assert found == {None: (None, ["a"]), session_id: ("Kitchen", ["b", "d"]), "elsewhere": (None, ["c"])}
    [only] = (await ask(hub, "list_notes_by_session", sessionId=session_id))["groups"]
    assert [note["id"] for note in only["notes"]] == ["b", "d"]
