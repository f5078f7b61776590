"""Tasks as the web API answers them: with summaries, however they are asked for, and as they are now."""

import json
from typing import Any

import pytest

from hub.app import Hub
from hub.ports import Json
from protocols.rest import tasks as rendered
from tests.core.support import ask, new_task
from tests.protocols.conftest import Http

SUMMARIES = ("artifactSummary", "evidenceSummary", "storyReadiness", "investValidation")


async def answered(http: Http, method: str, url: str, body: Any = None) -> Json:
    async with http.request(method, f"/api{url}", json=body) as response:
        answer: Json = await response.json()
        return answer


async def listed(http: Http) -> list[Json]:
    found: list[Json] = (await answered(http, "GET", "/tasks?workspaceId=default"))["tasks"]
    return found


async def test_every_answer_with_a_task_has_its_summaries(hub: Hub, http: Http) -> None:
    made = (await answered(http, "POST", "/tasks", {"title": "t", "objective": "o", "workspaceId": "default"}))["task"]
    read = (await answered(http, "GET", f"/tasks/{made['id']}"))["task"]
    assert await listed(http) == [read] == [made]
    changed = (await answered(http, "PATCH", f"/tasks/{made['id']}", {"scope": "hall"}))["task"]
    assert await listed(http) == [changed]
    assert (made["storyReadiness"]["checks"]["scope"], changed["storyReadiness"]["checks"]["scope"]) == (False, True)
    direct = await ask(hub, "get_task_readiness", taskId=made["id"])
    assert {name: changed[name] for name in SUMMARIES} == direct


async def test_the_summaries_are_in_the_shape_of_the_web_api(http: Http) -> None:
    await answered(http, "POST", "/tasks", {"title": "t", "objective": "o", "workspaceId": "default"})
    [task] = await listed(http)
    assert task["artifactSummary"] == {"total": 0, "byType": {}, "requiredSatisfied": True, "missingRequired": []}
    assert task["evidenceSummary"] == {
        "artifact": task["artifactSummary"], "verification": {"hasVerdict": False, "hasReport": False},
        "completion": {"hasSummary": False}, "runs": {"total": 0, "latestStatus": "idle"},
    }  # fmt: skip
    checks = ("scope", "acceptanceCriteria", "verificationCommands", "testCases", "verificationPlan", "dependenciesDeclared")
    assert task["storyReadiness"] == {"ready": True, "missing": [], "requiredTaskFields": [], "checks": dict.fromkeys(checks, False)}
    invest = task["investValidation"]
    assert (invest["source"], invest["overallStatus"], invest["issues"]) == ("heuristic", "fail", [])
    statuses = {name: one["status"] for name, one in invest["checks"].items()}
    assert statuses == {
        "independent": "pass", "negotiable": "warning", "valuable": "fail", "estimable": "fail", "small": "pass", "testable": "fail",
    }  # fmt: skip


async def test_evidence_is_seen_in_the_list_at_once(hub: Hub, http: Http) -> None:
    task_id = await new_task(hub)
    assert (await listed(http))[0]["artifactSummary"]["total"] == 0
    await answered(http, "POST", f"/tasks/{task_id}/artifacts", {"agentId": "a", "type": "screenshot", "content": "c"})
    assert (await listed(http))[0]["artifactSummary"]["byType"] == {"screenshot": 1}


async def test_what_is_kept_of_summaries_is_bounded_and_never_wrong(hub: Hub, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendered, "MOST", 3)
    for number in range(10):
        await new_task(hub, acceptanceCriteria=["a"] * (number % 2))
    for _ in range(2):
        found = [task["storyReadiness"]["checks"]["acceptanceCriteria"] for task in await listed(http)]
        assert found == [False, True] * 5
    assert len(rendered._kept) <= 3


async def test_the_json_rpc_methods_of_the_web_api_have_them_too(http: Http) -> None:
    created = {"jsonrpc": "2.0", "id": 1, "method": "tasks.create", "params": {"title": "t", "objective": "o"}}
    made = (await answered(http, "POST", "/rpc", created))["result"]["task"]
    assert set(SUMMARIES) <= made.keys()


async def test_agents_are_not_shown_them(hub: Hub) -> None:
    task_id = await new_task(hub)
    shown = json.dumps(await ask(hub, "get_task", taskId=task_id))
    assert not any(name in shown for name in (*SUMMARIES, "artifactCounts"))


async def test_a_page_goes_on_behind_the_one_before(hub: Hub, http: Http) -> None:
    ids = [await new_task(hub) for _ in range(3)]
    page = await answered(http, "GET", "/tasks?workspaceId=default&status=PENDING&limit=2")
    rest = await answered(http, "GET", f"/tasks?workspaceId=default&status=PENDING&limit=2&cursor={page['nextCursor']}")
    assert [task["id"] for task in (*page["tasks"], *rest["tasks"])] == ids
