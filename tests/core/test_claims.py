"""Claims: who works on a task, and for how long."""

import asyncio

import pytest

from hub.app import Hub
from hub.domain.errors import NotFound, Refused, Stale
from tests.core.support import Clock, ask, kinds, names_of_events, new_agent, new_task, on_memory, refusal


@on_memory
async def test_a_claim_gives_the_task_to_one_agent_for_a_time(hub: Hub) -> None:
    agent, task_id = await new_agent(hub), await new_task(hub)
    task = await ask(hub, "claim_task", agentId=agent, taskId=task_id, leaseSeconds=60)
    assert task["claim"] == {"agentId": agent, "token": 1, "expiresAt": "2026-01-01T00:01:00.000Z"}
    assert (task["status"], task["columnId"], task["assignedTo"]) == ("IN_PROGRESS", "dev", agent)
    error = await refusal(ask(hub, "claim_task", agentId=await new_agent(hub), taskId=task_id))
    assert isinstance(error, Refused)
    assert error.details == {"holder": agent, "expiresAt": "2026-01-01T00:01:00.000Z"}


@on_memory
async def test_without_a_task_the_most_urgent_ready_one_is_claimed(hub: Hub) -> None:
    agent = await new_agent(hub)
    error = await refusal(ask(hub, "claim_task", agentId=agent))
    assert isinstance(error, Refused)
    assert "create_task" in error.message
    plain, urgent = await new_task(hub), await new_task(hub, priority="urgent")
    assert [(await ask(hub, "claim_task", agentId=agent))["id"] for _ in range(2)] == [urgent, plain]


@on_memory
async def test_only_an_agent_that_exists_claims(hub: Hub) -> None:
    task_id = await new_task(hub)
    assert isinstance(await refusal(ask(hub, "claim_task", agentId="nobody", taskId=task_id)), NotFound)
    assert isinstance(await refusal(ask(hub, "claim_task", agentId=await new_agent(hub), taskId="nothing")), NotFound)


async def test_of_many_that_want_one_task_one_gets_it(hub: Hub) -> None:
    agents, task_id = [await new_agent(hub) for _ in range(10)], await new_task(hub)
    assert await kinds(ask(hub, "claim_task", agentId=agent, taskId=task_id) for agent in agents) == ["conflict"] * 9 + ["ok"]
    task = await ask(hub, "get_task", taskId=task_id)
    assert task["claim"]["token"] == task["claimCount"] == 1


async def test_many_that_want_any_task_get_one_each(hub: Hub) -> None:
    agents, ids = [await new_agent(hub) for _ in range(8)], {await new_task(hub) for _ in range(8)}
    assert await kinds(ask(hub, "claim_task", agentId=agent) for agent in agents) == ["ok"] * 8
    tasks = [await ask(hub, "get_task", taskId=id_) for id_ in ids]
    assert {task["claim"]["agentId"] for task in tasks} == set(agents)


@on_memory
async def test_a_lease_that_ran_out_lets_another_agent_in_and_the_old_token_is_stale(hub: Hub, clock: Clock) -> None:
    first, second, task_id = await new_agent(hub), await new_agent(hub), await new_task(hub)
    await ask(hub, "claim_task", agentId=first, taskId=task_id, leaseSeconds=60)
    clock.turn(59.999)
    assert isinstance(await refusal(ask(hub, "claim_task", agentId=second, taskId=task_id)), Refused)
    clock.turn(0.001)
    assert (await ask(hub, "claim_task", agentId=second, taskId=task_id))["claim"]["token"] == 2
    for operation in ("renew_claim", "release_claim"):
        error = await refusal(ask(hub, operation, taskId=task_id, claimToken=1))
        assert isinstance(error, Stale)
        assert error.details == {"token": 1, "current": 2}
    report = await refusal(ask(hub, "report_to_parent", agentId=first, taskId=task_id, summary="done", success=True, claimToken=1))
    assert isinstance(report, Stale)
    assert (await ask(hub, "get_task", taskId=task_id))["claim"]["agentId"] == second


@on_memory
async def test_a_renewed_claim_lasts_longer_even_after_it_ran_out_unnoticed(hub: Hub, clock: Clock) -> None:
    agent, task_id = await new_agent(hub), await new_task(hub)
    await ask(hub, "claim_task", agentId=agent, taskId=task_id, leaseSeconds=60)
    for _ in range(3):
        clock.turn(59)
        renewed = await ask(hub, "renew_claim", taskId=task_id, claimToken=1, leaseSeconds=60)
    assert renewed["claim"]["expiresAt"] == "2026-01-01T00:03:57.000Z"
    clock.turn(3600)
    assert (await ask(hub, "renew_claim", taskId=task_id, claimToken=1))["claim"]["token"] == 1
    assert isinstance(await refusal(ask(hub, "claim_task", agentId=await new_agent(hub), taskId=task_id)), Refused)
    assert "task.updated" not in await names_of_events(hub, recordId=task_id)


@on_memory
async def test_the_holder_that_claims_again_keeps_its_token_and_gets_a_new_lease(hub: Hub, clock: Clock) -> None:
    agent, task_id = await new_agent(hub), await new_task(hub)
    await ask(hub, "claim_task", agentId=agent, taskId=task_id, leaseSeconds=60)
    clock.turn(30)
    again = await ask(hub, "claim_task", agentId=agent, taskId=task_id, leaseSeconds=60)
    assert again["claim"] == {"agentId": agent, "token": 1, "expiresAt": "2026-01-01T00:01:30.000Z"}
    assert await names_of_events(hub, recordId=task_id) == ["task.created", "task.claimed"]


@on_memory
async def test_a_released_task_can_be_claimed_at_once(hub: Hub) -> None:
    first, second, task_id = await new_agent(hub), await new_agent(hub), await new_task(hub)
    await ask(hub, "claim_task", agentId=first, taskId=task_id)
    released = await ask(hub, "release_claim", taskId=task_id, claimToken=1)
    assert (released["status"], released["columnId"]) == ("PENDING", "backlog")
    assert "claim" not in released
    assert "assignedTo" not in released
    assert isinstance(await refusal(ask(hub, "release_claim", taskId=task_id, claimToken=1)), Stale)
    assert (await ask(hub, "claim_task", agentId=second, taskId=task_id))["claim"]["token"] == 2
    assert (await names_of_events(hub, recordId=task_id)) == ["task.created", "task.claimed", "task.released", "task.claimed"]


@on_memory
@pytest.mark.parametrize("operation", ["set_task_status", "update_task"])
async def test_a_task_that_is_no_longer_in_work_is_nobodys_claim(hub: Hub, operation: str) -> None:
    agent, task_id = await new_agent(hub), await new_task(hub)
    await ask(hub, "claim_task", agentId=agent, taskId=task_id)
    assert (await ask(hub, "get_agent", agentId=agent))["status"] == "ACTIVE"
    assert "claim" not in await ask(hub, operation, taskId=task_id, status="REVIEW_REQUIRED")
    assert isinstance(await refusal(ask(hub, "renew_claim", taskId=task_id, claimToken=1)), Stale)


@on_memory
@pytest.mark.parametrize("status", ["COMPLETED", "CANCELLED"])
async def test_a_task_that_is_over_is_neither_delegated_nor_reported_on(hub: Hub, status: str) -> None:
    agent, task_id = await new_agent(hub), await new_task(hub, status=status)
    for operation, more in (("delegate_task", {"callerAgentId": agent}), ("report_to_parent", {"summary": "late", "success": True})):
        error = await refusal(ask(hub, operation, agentId=agent, taskId=task_id, **more))
        assert isinstance(error, Refused)
        assert error.details == {"status": status}


async def test_forty_agents_that_ask_for_any_task_at_once_get_one_each(hub: Hub) -> None:
    agents, tasks = [await new_agent(hub) for _ in range(40)], [await new_task(hub) for _ in range(40)]
    claimed = await asyncio.gather(*(ask(hub, "claim_task", agentId=agent) for agent in agents))
    assert sorted(one["id"] for one in claimed) == sorted(tasks)


async def test_a_deleted_agent_lets_go_of_its_task_and_its_files(hub: Hub) -> None:
    gone, other, task_id = await new_agent(hub), await new_agent(hub), await new_task(hub)
    await ask(hub, "claim_task", agentId=gone, taskId=task_id)
    await ask(hub, "reserve_files", agentId=gone, paths=["src/**"])
    await ask(hub, "delete_agent", agentId=gone)
    assert (await ask(hub, "reserve_files", agentId=other, paths=["src/a.py"]))["reservations"]
    assert (await ask(hub, "claim_task", agentId=other))["claim"]["token"] == 2


@on_memory
@pytest.mark.parametrize("status", ["COMPLETED", "REVIEW_REQUIRED", "NEEDS_FIX", "BLOCKED", "CANCELLED"])
async def test_only_a_pending_task_is_claimed(hub: Hub, status: str) -> None:
    agent, task_id = await new_agent(hub), await new_task(hub, status=status)
    error = await refusal(ask(hub, "claim_task", agentId=agent, taskId=task_id))
    assert isinstance(error, Refused)
    assert error.details == {"status": status}


@on_memory
async def test_a_task_that_waits_for_others_is_not_claimed(hub: Hub) -> None:
    agent, needed = await new_agent(hub), await new_task(hub)
    task_id = await new_task(hub, dependencies=[needed])
    error = await refusal(ask(hub, "claim_task", agentId=agent, taskId=task_id))
    assert error.details == {"waitingFor": [needed]}
    await ask(hub, "set_task_status", taskId=needed, status="COMPLETED")
    assert (await ask(hub, "claim_task", agentId=agent, taskId=task_id))["id"] == task_id


@on_memory
async def test_a_task_in_work_without_a_claim_is_claimed_by_whoever_it_is_assigned_to(hub: Hub) -> None:
    mine, other = await new_agent(hub), await new_agent(hub)
    task_id = await new_task(hub, status="IN_PROGRESS", assignedTo=mine)
    assert isinstance(await refusal(ask(hub, "claim_task", agentId=other, taskId=task_id)), Refused)
    assert (await ask(hub, "claim_task", agentId=mine, taskId=task_id))["claim"]["agentId"] == mine
    nobodys = await new_task(hub, status="IN_PROGRESS")
    assert (await ask(hub, "claim_task", agentId=other, taskId=nobodys))["claim"]["agentId"] == other


@on_memory
async def test_a_delegated_task_is_the_agents_and_the_agent_is_told(hub: Hub) -> None:
    lead, crafter = await new_agent(hub, role="ROUTA"), await new_agent(hub)
    task_id = await new_task(hub, "Fix it")
    task = await ask(hub, "delegate_task", agentId=crafter, taskId=task_id, callerAgentId=lead, message="Hurry.")
    assert (task["assignedTo"], task["status"], task["columnId"]) == (crafter, "IN_PROGRESS", "dev")
    assert (await ask(hub, "get_agent", agentId=crafter))["status"] == "ACTIVE"
    (message,) = (await ask(hub, "read_conversation", agentId=crafter))["messages"]
    assert message["content"] == f"Task delegated: Fix it (task {task_id})\n\nHurry."
    assert (message["role"], message["turn"]) == ("USER", 1)


@on_memory
async def test_what_another_works_on_is_not_delegated_but_what_the_caller_works_on_is(hub: Hub, clock: Clock) -> None:
    holder, lead, crafter = [await new_agent(hub) for _ in range(3)]
    task_id = await new_task(hub)
    await ask(hub, "claim_task", agentId=holder, taskId=task_id)
    assert isinstance(await refusal(ask(hub, "delegate_task", agentId=crafter, taskId=task_id, callerAgentId=lead)), Refused)
    assert (await ask(hub, "read_conversation", agentId=crafter))["messages"] == []
    assert (await ask(hub, "delegate_task", agentId=crafter, taskId=task_id, callerAgentId=holder))["assignedTo"] == crafter
    assert isinstance(await refusal(ask(hub, "renew_claim", taskId=task_id, claimToken=1)), Stale)
    await ask(hub, "claim_task", agentId=crafter, taskId=task_id)
    clock.turn(901)
    assert (await ask(hub, "delegate_task", agentId=lead, taskId=task_id, callerAgentId=lead))["assignedTo"] == lead
