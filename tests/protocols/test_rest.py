"""The web API that the frontend speaks: every row of the table, and what the table cannot say."""

import json
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from hub.app import Hub
from hub.ports import Json
from protocols.rest.routes import ROUTES
from tests.core.support import ask, new_agent, new_task
from tests.protocols.cases import CASES, prepared
from tests.protocols.cases.base import Case, RowKey
from tests.protocols.cases.core import TASK, prepare
from tests.protocols.conftest import Http

every_case = pytest.mark.parametrize("case", CASES, ids=[f"{one.row[0]} {one.url}" for one in CASES])


async def answered(http: Http, method: str, url: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    async with http.request(method, f"/api{url}", json=body, headers=headers) as response:
        return response.status, await response.json()


def nulls(value: Any, at: str = "$") -> Iterator[str]:
    if value is None:
        yield at
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from nulls(one, f"{at}.{name}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from nulls(one, f"{at}.{number}")


NULLS: dict[RowKey, set[str]] = {("POST", "/shared-sessions/{sharedSessionId}/prompts", None): {"$.approval"}}
"""The web API wants a null there."""


@every_case
async def test_a_row_answers_with_its_status_and_shape_and_without_a_null(hub: Hub, http: Http, case: Case) -> None:
    case = await prepared(case, hub)
    status, answer = await answered(http, case.row[0], case.url, case.body)
    assert status == case.status, answer
    names = case.keys.split()
    assert {name for name in names if not name.endswith("?")} <= answer.keys() <= {name.rstrip("?") for name in names}
    assert {*nulls(answer)} <= NULLS.get(case.row, set())


def test_every_row_has_a_case() -> None:
    rows = [(route.method, route.path, route.when) for route in ROUTES]
    assert len(set(rows)) == len(rows)
    files = {(route.method, route.path, route.when) for route in ROUTES if route.file}
    assert {case.row for case in CASES} | files == set(rows)


async def test_a_record_stands_in_its_envelope_as_it_is_read_later(hub: Hub, http: Http) -> None:
    _, made = await answered(http, "POST", "/tasks", {**TASK, "testCases": ["a"], "codebaseIds": ["c"]})
    assert (await answered(http, "GET", f"/tasks/{made['task']['id']}"))[1] == made
    assert (await answered(http, "GET", "/tasks?workspaceId=default"))[1] == {"tasks": [made["task"]]}
    assert made["task"]["testCases"] == ["a"]


async def test_an_agent_is_made_in_the_shapes_of_both_backends_at_once(http: Http) -> None:
    _, made = await answered(http, "POST", "/agents", {"name": "Ada", "role": "CRAFTER", "workspaceId": "default"})
    assert made == {
        "agentId": made["agent"]["id"], "name": "Ada", "role": "CRAFTER", "status": "PENDING", "agent": made["agent"]
    }  # fmt: skip
    for url in (f"/agents/{made['agentId']}", f"/agents?id={made['agentId']}&summary=true"):
        _, agent = await answered(http, "GET", url)
        assert agent["id"] == agent["agentId"] == made["agentId"]
        assert (agent["messageCount"], agent["tasks"]) == (0, [])


@pytest.mark.parametrize("status", ["COMPLETED", "completed", "Completed"])
async def test_a_status_is_written_in_any_case(hub: Hub, http: Http, status: str) -> None:
    agent, task = await new_agent(hub), await new_task(hub)
    assert await answered(http, "POST", f"/tasks/{task}/status", {"status": status}) == (200, {"updated": True})
    _, read = await answered(http, "GET", f"/tasks/{task}")
    assert (read["task"]["status"], read["task"]["columnId"]) == ("COMPLETED", "done")
    assert (await answered(http, "POST", f"/agents/{agent}/status", {"status": status}))[1]["status"] == "COMPLETED"


async def test_ready_are_the_tasks_that_wait_for_nothing(hub: Hub, http: Http) -> None:
    made = await prepare(hub)
    _, answer = await answered(http, "GET", "/tasks/ready?workspaceId=default")
    assert [task["id"] for task in answer["tasks"]] == [made["ready"]]
    await answered(http, "POST", f"/tasks/{made['ready']}/status", {"status": "completed"})
    _, answer = await answered(http, "GET", "/tasks/ready?workspaceId=default")
    assert [task["id"] for task in answer["tasks"]] == [made["task"]]


async def test_lists_are_filtered_by_the_query(hub: Hub, http: Http) -> None:
    made = await prepare(hub)
    for url, count in (
        ("/tasks?workspaceId=default", 2), ("/tasks?workspaceId=default&status=pending", 2), ("/tasks?workspaceId=lab", 0),
        (f"/tasks?assignedTo={made['agent']}", 1), ("/tasks?sessionId=s-1", 1), ("/tasks?sessionId=s-2", 0),
        (f"/tasks/{made['task']}/artifacts", 2), (f"/tasks/{made['task']}/artifacts?artifact_type=logs", 1),
        ("/agents?workspaceId=default&role=GATE", 0), ("/notes?workspaceId=default&type=spec", 0),
        ("/workspaces?status=active", 2), ("/workspaces?status=archived", 0),
    ):  # fmt: skip
        _, answer = await answered(http, "GET", url)
        [items] = answer.values()
        assert len(items) == count, url


async def test_the_web_api_does_not_page(hub: Hub, http: Http) -> None:
    for _ in range(150):
        await new_task(hub)
    assert len((await answered(http, "GET", "/tasks?workspaceId=default"))[1]["tasks"]) == 150
    _, answer = await answered(http, "GET", "/tasks?workspaceId=default&limit=100")
    assert len(answer["tasks"]) == 100
    _, rest = await answered(http, "GET", f"/tasks?workspaceId=default&cursor={answer['nextCursor']}")
    assert len(rest["tasks"]) == 50


async def test_null_takes_a_field_away_and_it_is_then_absent(hub: Hub, http: Http) -> None:
    task = await new_task(hub, worktreeId="w", assignee="ada")
    _, answer = await answered(http, "PATCH", f"/tasks/{task}", {"worktreeId": None, "priority": "low"})
    assert "worktreeId" not in answer["task"]
    assert (answer["task"]["assignee"], answer["task"]["priority"]) == ("ada", "low")


async def test_deleting_tells_what_was_deleted(hub: Hub, http: Http) -> None:
    made = await prepare(hub)
    assert (await answered(http, "DELETE", f"/tasks/{made['task']}"))[1]["deleted"] is True
    assert await answered(http, "DELETE", "/tasks?workspaceId=default") == (200, {"deleted": True, "deletedCount": 1})
    assert await answered(http, "DELETE", "/tasks?workspaceId=default") == (200, {"deleted": True, "deletedCount": 0})
    assert (await answered(http, "DELETE", "/tasks"))[0] == 400
    assert await answered(http, "DELETE", "/notes?noteId=n&workspaceId=default") == (200, {"deleted": True, "noteId": "n"})
    assert (await answered(http, "DELETE", "/notes?workspaceId=default"))[0] == 400
    assert (await answered(http, "DELETE", f"/agents/{made['agent']}"))[1]["id"] == made["agent"]


async def test_a_note_is_made_or_replaced(http: Http) -> None:
    note = {"noteId": "n", "title": "One", "content": "1", "workspaceId": "default", "metadata": {"type": "general", "custom": {"a": None}}}
    status, made = await answered(http, "POST", "/notes", note)
    assert (status, made["note"]["content"]) == (201, "1")
    status, replaced = await answered(http, "POST", "/notes", {"noteId": "n", "title": "Two", "workspaceId": "default", "content": ""})
    assert (status, replaced["note"]["title"], replaced["note"]["content"]) == (200, "Two", "")
    assert (await answered(http, "POST", "/notes", {"noteId": "n", "workspaceId": "default"}))[0] == 400


async def test_the_specification_is_there_as_soon_as_somebody_looks(http: Http) -> None:
    for url in ("/notes?workspaceId=default&noteId=spec", "/notes/default/spec"):
        status, answer = await answered(http, "GET", url)
        assert (status, answer["note"]["id"], answer["note"]["metadata"]["type"]) == (200, "spec", "spec")
    assert (await answered(http, "GET", "/notes?workspaceId=nowhere&noteId=spec"))[0] == 404
    assert (await answered(http, "GET", "/notes?workspaceId=default&noteId=other"))[0] == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [({"archived": True}, "archived"), ({"archive": True}, "archived"), ({}, "archived"), ({"archived": False}, "active")],
)
async def test_a_workspace_is_archived_under_either_name(hub: Hub, http: Http, body: Json, status: str) -> None:
    await ask(hub, "create_workspace", title="Lab", id="lab")
    _, answer = await answered(http, "POST", "/workspaces/lab/archive", body)
    assert answer["workspace"]["status"] == status


async def test_health_is_never_cached_and_says_the_cursor(hub: Hub, http: Http) -> None:
    async with http.get("/api/health") as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert response.content_type == "application/json"
        assert (await response.json())["cursor"] == await hub.store.latest()


async def test_a_repeat_with_the_same_key_does_nothing_twice(hub: Hub, http: Http) -> None:
    first = await answered(http, "POST", "/tasks", TASK, **{"Idempotency-Key": "k"})
    head = await hub.store.latest()
    assert await answered(http, "POST", "/tasks", TASK, **{"Idempotency-Key": "k"}) == first
    assert (await answered(http, "POST", "/tasks", {**TASK, "idempotencyKey": "k"})) == first
    assert (await answered(http, "POST", "/tasks", {**TASK, "title": "other"}, **{"Idempotency-Key": "k"}))[0] == 400
    assert await hub.store.latest() == head
    status, again = await answered(http, "POST", "/tasks", TASK, **{"Idempotency-Key": "l"})
    assert status == 201
    assert again != first[1]


async def test_the_key_works_where_path_and_query_say_the_rest(hub: Hub, http: Http) -> None:
    task = await new_task(hub)
    key = {"Idempotency-Key": "k"}
    assert await answered(http, "DELETE", f"/tasks/{task}", **key) == await answered(http, "DELETE", f"/tasks/{task}", **key)
    assert (await answered(http, "DELETE", f"/tasks/{task}"))[0] == 404
    status, note = await answered(http, "POST", "/notes", {"title": "n", "noteId": "n"}, **key)
    assert (status, note["note"]["version"]) == (201, 1)
    assert await answered(http, "POST", "/notes", {"title": "n", "noteId": "n"}, **key) == (201, note)
    assert (await answered(http, "GET", "/tasks?workspaceId=default", **key))[0] == 200


@pytest.mark.parametrize("key", [b"\xff\xfe", b"", b"k" * 300])
async def test_a_key_that_is_none_is_refused(hub: Hub, http: Http, key: bytes) -> None:
    """Written by hand, because no client sends such bytes."""
    body = json.dumps(TASK).encode()
    with anyio.fail_after(5):
        async with await anyio.connect_tcp(http.host, http.port or 0) as stream:
            await stream.send(
                b"POST /api/tasks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                b"Idempotency-Key: %s\r\nContent-Length: %d\r\n\r\n%s" % (key, len(body), body)
            )
            head = await stream.receive()
    assert head.startswith(b"HTTP/1.1 400 ")
    assert await hub.store.latest() == 0


async def test_what_is_not_there_is_404_with_an_error_text(http: Http) -> None:
    for method, url, body in (
        ("GET", "/tasks/nothing", None), ("PATCH", "/tasks/nothing", {"title": "t"}), ("DELETE", "/tasks/nothing", None),
        ("POST", "/tasks/nothing/status", {"status": "PENDING"}), ("GET", "/tasks/nothing/artifacts", None),
        ("GET", "/agents/nobody", None), ("GET", "/agents?id=nobody", None), ("GET", "/workspaces/nowhere", None),
        ("PATCH", "/workspaces/nowhere", {"title": "t"}), ("POST", "/workspaces/nowhere/archive", {}),
        ("GET", "/notes/default/nothing", None), ("DELETE", "/notes?workspaceId=default&noteId=nothing", None),
    ):  # fmt: skip
        status, answer = await answered(http, method, url, body)
        assert status == 404, url
        assert isinstance(answer["error"], str)


async def test_a_monitor_may_ask_with_head(http: Http) -> None:
    answer = await http.head("/api/health")
    assert (answer.status, await answer.text()) == (200, "")
