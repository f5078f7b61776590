"""Tasks: made, read, changed; their dependencies and their place on the board."""

import asyncio

import pytest

from hub.app import Hub
from hub.domain.errors import Invalid, NotFound, Refused, Stale
from tests.core.support import Clock, ask, kinds, names_of_events, new_agent, new_task, on_memory, refusal


@on_memory
async def test_a_new_task_is_pending_in_the_backlog(hub: Hub) -> None:
    task = await ask(hub, "create_task", title="t", objective="o", acceptanceCriteria=["done"], labels=["x"])
    assert (task["status"], task["columnId"], task["version"], task["workspaceId"]) == ("PENDING", "backlog", 1, "default")
    assert await ask(hub, "get_task", taskId=task["id"]) == task
    assert await names_of_events(hub, recordId=task["id"]) == ["task.created"]


@on_memory
async def test_a_task_needs_a_workspace_that_exists(hub: Hub) -> None:
    assert isinstance(await refusal(new_task(hub, workspaceId="nowhere")), NotFound)


@on_memory
async def test_tasks_are_listed_oldest_first_and_filtered(hub: Hub) -> None:
    ids = [await new_task(hub, f"{at}", assignedTo="a" if at % 2 else None, sessionId="s" if at > 2 else None) for at in range(5)]
    await ask(hub, "set_task_status", taskId=ids[0], status="completed")

    async def listed(**filters: str) -> list[str]:
        return [task["id"] for task in (await ask(hub, "list_tasks", **filters))["tasks"]]

    assert await listed() == ids
    assert await listed(assignedTo="a") == [ids[1], ids[3]]
    assert await listed(status="pending", sessionId="s") == [ids[3], ids[4]]
    assert await listed(status="COMPLETED") == [ids[0]]
    await ask(hub, "create_workspace", id="other", title="o")
    assert await listed(workspaceId="other") == []


@on_memory
@pytest.mark.parametrize(
    ("status", "column"),
    [
        ("IN_PROGRESS", "dev"),
        ("review_required", "review"),
        ("BLOCKED", "blocked"),
        ("completed", "done"),
        ("NEEDS_FIX", "backlog"),
        ("CANCELLED", "backlog"),
    ],
)
async def test_the_column_follows_the_status(hub: Hub, status: str, column: str) -> None:
    task_id = await new_task(hub)
    changed = await ask(hub, "set_task_status", taskId=task_id, status=status)
    assert (changed["status"], changed["columnId"]) == (status.upper(), column)
    assert (await ask(hub, "create_task", title="t", objective="o", status=status.upper()))["columnId"] == column


@on_memory
@pytest.mark.parametrize(
    ("column", "status"),
    [("todo", "PENDING"), ("dev", "IN_PROGRESS"), ("review", "REVIEW_REQUIRED"), ("blocked", "BLOCKED"), ("done", "COMPLETED")],
)
async def test_the_status_follows_the_column(hub: Hub, column: str, status: str) -> None:
    task_id = await new_task(hub, boardId=None)
    changed = await ask(hub, "update_task", taskId=task_id, columnId=column)
    assert (changed["status"], changed["columnId"]) == (status, column)


@on_memory
async def test_without_a_board_a_column_of_another_name_leaves_the_status_alone(hub: Hub) -> None:
    task_id = await new_task(hub, status="REVIEW_REQUIRED", boardId=None)
    changed = await ask(hub, "update_task", taskId=task_id, columnId="ideas")
    assert (changed["status"], changed["columnId"]) == ("REVIEW_REQUIRED", "ideas")


@on_memory
async def test_a_status_and_a_column_that_disagree_are_invalid(hub: Hub) -> None:
    task_id = await new_task(hub, boardId=None)
    error = await refusal(ask(hub, "update_task", taskId=task_id, status="COMPLETED", columnId="dev"))
    assert isinstance(error, Invalid)
    assert isinstance(await refusal(new_task(hub, status="COMPLETED", columnId="backlog")), Invalid)
    assert (await ask(hub, "update_task", taskId=task_id, status="NEEDS_FIX", columnId="backlog"))["status"] == "NEEDS_FIX"
    assert (await ask(hub, "update_task", taskId=task_id, status="COMPLETED", columnId="shipped"))["columnId"] == "shipped"


@on_memory
async def test_an_update_changes_what_it_names_and_null_takes_an_optional_field_away(hub: Hub) -> None:
    task_id = await new_task(hub, scope="wide", priority="high", labels=["x"])
    changed = await ask(hub, "update_task", taskId=task_id, scope=None, title="new")
    assert (changed["title"], changed["priority"], changed["labels"]) == ("new", "high", ["x"])
    assert "scope" not in changed
    same = await ask(hub, "update_task", taskId=task_id, title=None, objective=None)
    assert (same["title"], same["objective"]) == ("new", "an objective")
    event = (await ask(hub, "list_events", recordId=task_id, after=2))["events"][0]
    assert (event["name"], sorted(event["data"]["changed"]), event["version"]) == ("task.updated", ["scope", "title"], 2)


@on_memory
@pytest.mark.parametrize("operation", ["update_task", "get_task", "set_task_status", "delete_task", "add_comment"])
async def test_a_task_that_is_not_there_is_not_found(hub: Hub, operation: str) -> None:
    extra = {"set_task_status": {"status": "PENDING"}, "add_comment": {"body": "b"}}.get(operation, {})
    error = await refusal(ask(hub, operation, taskId="nothing", **extra))
    assert isinstance(error, NotFound)
    assert error.details == {"noun": "task", "id": "nothing"}


@on_memory
async def test_a_claim_token_guards_an_update(hub: Hub, clock: Clock) -> None:
    agent, task_id = await new_agent(hub), await new_task(hub)
    token = (await ask(hub, "claim_task", agentId=agent))["claim"]["token"]
    assert (await ask(hub, "update_task", taskId=task_id, title="mine", claimToken=token))["title"] == "mine"
    clock.turn(901)
    await ask(hub, "claim_task", agentId=await new_agent(hub), taskId=task_id)
    for call in (
        ask(hub, "update_task", taskId=task_id, title="still mine", claimToken=token),
        ask(hub, "set_task_status", taskId=task_id, status="COMPLETED", claimToken=token),
    ):
        error = await refusal(call)
        assert isinstance(error, Stale)
        assert error.details == {"token": 1, "current": 2}
    assert (await ask(hub, "get_task", taskId=task_id))["title"] == "mine"


@on_memory
async def test_comments_add_up(hub: Hub) -> None:
    task_id = await new_task(hub)
    await ask(hub, "add_comment", taskId=task_id, body="one", agentId="a")
    comments = (await ask(hub, "add_comment", taskId=task_id, body="two"))["comments"]
    assert [(comment["body"], comment.get("agentId")) for comment in comments] == [("one", "a"), ("two", None)]
    assert len({comment["id"] for comment in comments}) == 2


@on_memory
async def test_a_dependency_must_exist(hub: Hub) -> None:
    assert isinstance(await refusal(new_task(hub, dependencies=["nothing"])), NotFound)
    task_id = await new_task(hub)
    assert isinstance(await refusal(ask(hub, "update_task", taskId=task_id, dependencies=["nothing"])), NotFound)
    assert len((await ask(hub, "list_tasks"))["tasks"]) == 1


@on_memory
async def test_a_cycle_of_dependencies_is_named(hub: Hub) -> None:
    first = await new_task(hub)
    second = await new_task(hub, dependencies=[first])
    third = await new_task(hub, dependencies=[second, first])
    error = await refusal(ask(hub, "update_task", taskId=first, dependencies=[third]))
    assert isinstance(error, Invalid)
    assert error.details["cycle"] in ([first, third, second, first], [first, third, first])
    assert " -> ".join([first, third]) in error.message
    itself = await refusal(ask(hub, "update_task", taskId=first, dependencies=[first]))
    assert itself.details == {"cycle": [first, first]}
    assert (await ask(hub, "get_task", taskId=first))["version"] == 1


@on_memory
async def test_a_diamond_of_dependencies_is_no_cycle(hub: Hub) -> None:
    bottom = await new_task(hub)
    left, right = await new_task(hub, dependencies=[bottom]), await new_task(hub, dependencies=[bottom])
    assert await new_task(hub, dependencies=[left, right, bottom, left])


async def test_of_concurrent_updates_that_would_close_a_cycle_one_is_refused(hub: Hub) -> None:
    for size in (2, 3, 5):
        ids = [await new_task(hub) for _ in range(size)]
        calls = (ask(hub, "update_task", taskId=one, dependencies=[ids[at - 1]]) for at, one in enumerate(ids))
        assert await kinds(calls) == ["invalid"] + ["ok"] * (size - 1)


async def test_a_task_that_others_depend_on_stays(hub: Hub) -> None:
    needed = await new_task(hub)
    dependent = await new_task(hub, dependencies=[needed])
    error = await refusal(ask(hub, "delete_task", taskId=needed))
    assert isinstance(error, Refused)
    assert error.details == {"dependents": [dependent]}
    await ask(hub, "update_task", taskId=dependent, dependencies=[])
    assert (await ask(hub, "delete_task", taskId=needed))["deleted"] is True
    assert isinstance(await refusal(ask(hub, "get_task", taskId=needed)), NotFound)
    assert (await names_of_events(hub, recordId=needed))[-1] == "task.deleted"


async def test_a_task_and_one_that_depends_on_it_are_not_deleted_and_made_at_once(hub: Hub) -> None:
    for at in range(10):
        needed = await new_task(hub)
        making = ask(hub, "create_task", title="t", objective="o", dependencies=[needed])
        deleting = ask(hub, "delete_task", taskId=needed)
        outcomes = await kinds([making, deleting] if at % 2 else [deleting, making])
        assert sorted(outcomes) in (["conflict", "ok"], ["not_found", "ok"])


async def test_tasks_of_another_workspace_count_as_dependents_until_they_are_gone(hub: Hub) -> None:
    await ask(hub, "create_workspace", id="v", title="v")
    needed = await new_task(hub)
    await new_task(hub, workspaceId="v", dependencies=[needed])
    assert isinstance(await refusal(ask(hub, "delete_task", taskId=needed)), Refused)
    assert isinstance(await refusal(ask(hub, "delete_tasks", workspaceId="default")), Refused)
    await ask(hub, "delete_tasks", workspaceId="v")
    assert (await ask(hub, "delete_task", taskId=needed))["deleted"] is True


async def test_all_tasks_of_a_workspace_are_deleted_together(hub: Hub) -> None:
    await ask(hub, "create_workspace", id="v", title="v")
    kept = await new_task(hub)
    await asyncio.gather(*(new_task(hub, workspaceId="v") for _ in range(12)))
    assert (await ask(hub, "delete_tasks", workspaceId="v"))["deletedCount"] == 12
    assert (await ask(hub, "list_tasks", workspaceId="v"))["tasks"] == []
    assert (await ask(hub, "get_task", taskId=kept))["version"] == 1


async def test_ready_are_the_tasks_whose_dependencies_are_completed_the_most_urgent_first(hub: Hub, clock: Clock) -> None:
    low = await new_task(hub, priority="low")
    plain, medium = await new_task(hub), await new_task(hub, priority="medium")
    urgent, high = await new_task(hub, priority="urgent"), await new_task(hub, priority="high")
    waiting = await new_task(hub, priority="urgent", dependencies=[low, high])
    await new_task(hub, status="BLOCKED")
    agent = await new_agent(hub)

    async def ready(**limit: int) -> list[str]:
        return [task["id"] for task in (await ask(hub, "list_ready_tasks", **limit))["tasks"]]

    assert await ready() == [urgent, high, plain, medium, low]
    assert await ready(limit=2) == [urgent, high]
    await ask(hub, "claim_task", agentId=agent, taskId=urgent)
    for done in (low, high):
        await ask(hub, "set_task_status", taskId=done, status="COMPLETED")
    assert await ready() == [waiting, plain, medium]
    clock.turn(900)
    assert await ready() == [urgent, waiting, plain, medium]


@on_memory
async def test_an_issue_on_github_that_is_not_made_is_told_of(hub: Hub) -> None:
    assert "writes none" in (await ask(hub, "create_task", title="t", objective="o", createGitHubIssue=True))["lastSyncError"]
    task = await ask(hub, "create_task", title="t", objective="o", createGitHubIssue=False)
    assert "lastSyncError" not in task
    assert "writes none" in (await ask(hub, "update_task", taskId=task["id"], syncToGitHub=True))["lastSyncError"]
