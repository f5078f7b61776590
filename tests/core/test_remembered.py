"""What a hub remembers saves reads, and never decides: what another node did in the meantime is seen. On every store."""

from hub.access import LOCAL_TENANT
from hub.app import Hub
from hub.domain.errors import NotFound, Refused
from hub.domain.tasks import Task
from hub.domain.workspaces import Workspace
from hub.ports import HubStore
from tests.core.support import ask, kinds, new_agent, new_task, on_memory, refusal

HELLO = [{"text": "hello"}]


async def test_a_change_rests_on_what_another_node_wrote_and_not_on_what_was_remembered(hub: Hub, store: HubStore) -> None:
    other = Hub(store)
    agent, task = await new_agent(hub), await new_task(hub)
    for title in ("second", "third"):
        await ask(other, "update_task", taskId=task, title=title)
        changed = await ask(hub, "update_task", taskId=task, priority="high")
        assert changed["title"] == title
    await ask(other, "claim_task", taskId=task, agentId=agent)
    error = await refusal(ask(hub, "claim_task", taskId=task, agentId=await new_agent(hub)))
    assert error.details["holder"] == agent


async def test_a_refusal_rests_on_what_is_stored(hub: Hub, store: HubStore) -> None:
    other = Hub(store)
    agent, task = await new_agent(hub), await new_task(hub)
    token = (await ask(hub, "claim_task", taskId=task, agentId=agent))["claim"]["token"]
    await ask(other, "release_claim", taskId=task, claimToken=token)
    assert (await ask(hub, "claim_task", taskId=task, agentId=await new_agent(hub)))["claim"]["token"] == token + 1
    await ask(hub, "cancel_task", taskId=task)
    await ask(other, "set_task_status", taskId=task, status="PENDING")
    assert (await ask(hub, "cancel_task", taskId=task))["status"] == "CANCELLED"
    assert (await ask(other, "get_task", taskId=task))["status"] == "CANCELLED"


async def test_what_another_node_removed_is_not_there(hub: Hub, store: HubStore) -> None:
    other = Hub(store)
    agent, task = await new_agent(hub), await new_task(hub)
    await ask(hub, "send_task_message", messageId="1", agentId=agent, parts=HELLO)
    await ask(other, "delete_agent", agentId=agent)
    await ask(other, "delete_task", taskId=task)
    assert isinstance(await refusal(ask(hub, "send_task_message", messageId="2", agentId=agent, parts=HELLO)), NotFound)
    assert isinstance(await refusal(ask(hub, "update_task", taskId=task, title="again")), NotFound)


async def test_a_message_that_was_sent_to_another_node_is_not_taken_again(hub: Hub, store: HubStore) -> None:
    other = Hub(store)
    message = {"messageId": "m", "contextId": "c", "parts": HELLO}
    first = await ask(other, "send_task_message", **message)
    assert (await ask(hub, "send_task_message", **message))["id"] == first["id"]
    assert await kinds(ask(one, "send_task_message", **{**message, "messageId": "n"}) for one in (hub, other) * 5) == ["ok"] * 10
    assert len((await ask(hub, "list_changed_tasks", contextId="c"))["tasks"]) == 2


async def test_a_dependency_that_another_node_completed_counts(hub: Hub, store: HubStore) -> None:
    other = Hub(store)
    needed = await new_task(hub)
    task, agent = await new_task(hub, dependencies=[needed]), await new_agent(hub)
    assert isinstance(await refusal(ask(hub, "claim_task", taskId=task, agentId=agent)), Refused)
    await ask(other, "set_task_status", taskId=needed, status="COMPLETED")
    assert (await ask(hub, "claim_task", taskId=task, agentId=agent))["status"] == "IN_PROGRESS"


@on_memory
async def test_the_newest_of_what_was_written_is_remembered_and_what_is_long_is_not(hub: Hub) -> None:
    task, long = await new_task(hub), await new_task(hub, scope="x" * 30_000)
    await ask(hub, "update_task", taskId=task, title="new")
    remembered = hub.remembered(LOCAL_TENANT, Task, task)
    assert remembered is not None
    assert (remembered.title, remembered.version) == ("new", 2)
    assert hub.remembered(LOCAL_TENANT, Task, long) is None
    assert hub.remembered("other", Task, task) is None
    await ask(hub, "delete_task", taskId=task)
    assert hub.remembered(LOCAL_TENANT, Task, task) is None
    assert hub.remembered(LOCAL_TENANT, Workspace, "default") is not None
