"""One call: find, authorize, validate, run, commit; and nothing but a HubError comes out."""

import asyncio
import logging

import anyio
import pytest

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, Internal, Invalid, NotFound, Stale, UnknownOperation
from hub.domain.tasks import Task
from hub.operations import OPERATIONS
from hub.operations.base import Call, Input, Listing, Mutation, Operation, Result
from hub.ports import HubStore
from tests.core.support import Clock, ask, kinds, names_of_events, new_task, on_memory, refusal


class Given(Mutation):
    name: str = ""


class Said(Result):
    text: str


@on_memory
async def test_an_operation_that_does_not_exist_is_named_and_the_list_is_pointed_to(hub: Hub) -> None:
    error = await refusal(hub.call("make_coffee", b"{}", LOCAL))
    assert isinstance(error, UnknownOperation)
    assert "'make_coffee'" in error.message
    assert "/api/rpc/methods" in error.message
    assert len((await refusal(hub.call("x" * 10_000, b"{}", LOCAL))).message) < 200


@on_memory
async def test_a_caller_without_the_grant_is_refused_before_its_input_is_read(hub: Hub) -> None:
    reader = Caller(grants=frozenset({"tasks.read"}))
    error = await refusal(hub.call("create_task", b"not json", reader))
    assert isinstance(error, Forbidden)
    assert error.details == {"grant": "tasks.write"}
    assert await ask(hub, "list_tasks", reader) == {"tasks": []}
    with pytest.raises(Forbidden):
        async for _ in Hub(hub.store).follow(reader, 0):
            pass


@on_memory
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (b'{"title":"t"}', "objective: Field required"),
        (b'{"title":"","objective":"o"}', "title: String should have at least 1 character"),
        (b'{"title":"t","objective":"o","priority":"soon"}', "priority: Input should be 'low', 'medium', 'high' or 'urgent'"),
        (b'{"title":"t","objective":"o","colour":"red"}', "colour: there is no such field"),
        (b'{"title":"t","objective":"o","workspace_id":"default"}', "workspace_id: there is no such field"),
        (b'{"title":"t","objective":"o","dependencies":["a",7]}', "dependencies.1: Input should be a valid string"),
        (b'{"title":"t","objective":"o","status":null}', "status: Input should be"),
        (b"[]", "input: Input should be an object"),
        (b"null", "input: Input should be an object"),
        (b"", "The input is not valid JSON"),
        (b"{", "The input is not valid JSON"),
        (b'{"title":"\xff"}', "The input is not valid JSON"),
        (b'{"title":"a\\u0000b","objective":"o"}', "NUL"),
        (b'{"title":"t","objective":"o","contextSearchSpec":{"a":{"b\\u0000":1}}}', "NUL"),
        (b'{"title":"a\\ud800b","objective":"o"}', "The input is not valid JSON"),
        ({"title": "a\0b", "objective": "o"}, "NUL"),
        ({"title": "a\ud800b", "objective": "o"}, "valid Unicode"),
        ({"title": object(), "objective": "o"}, "not JSON"),
        ({1: "t"}, "not JSON"),
        (b'{"title":"t","objective":"o","contextSearchSpec":' + b'{"a":' * 250 + b"1" + b"}" * 250 + b"}", "The input is not valid JSON"),
        (b'{"title":"t","objective":"o","contextSearchSpec":{"a":' + b"[" * 990 + b'"\\u0000"' + b"]" * 990 + b"}}", ""),
        (b'{"title":"t","objective":"o","contextSearchSpec":{"a":' + b"[" * 100_000 + b'"\\u0000"' + b"]" * 100_000 + b"}}", ""),
    ],
)  # fmt: skip
async def test_input_that_is_wrong_is_invalid_and_the_message_says_where(hub: Hub, arguments: bytes, said: str) -> None:
    error = await refusal(hub.call("create_task", arguments, LOCAL))
    assert isinstance(error, Invalid)
    assert said in error.message
    assert (await ask(hub, "list_tasks")) == {"tasks": []}


@on_memory
async def test_deep_input_that_was_parsed_already_is_invalid_too(hub: Hub) -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    error = await refusal(ask(hub, "create_task", title="t", objective="o", contextSearchSpec={"a": deep}))
    assert isinstance(error, Invalid)


@on_memory
async def test_no_more_problems_are_told_than_a_reader_can_use(hub: Hub) -> None:
    error = await refusal(ask(hub, "create_task", **{f"wrong{at}": at for at in range(50)}))
    assert isinstance(error.details["problems"], list)
    assert len(error.details["problems"]) == 5


async def test_fifty_callers_that_change_one_record_all_succeed(hub: Hub) -> None:
    task_id = await new_task(hub)
    with anyio.fail_after(30):
        await asyncio.gather(*(ask(hub, "add_comment", taskId=task_id, body=f"comment {at}") for at in range(50)))
    task = await ask(hub, "get_task", taskId=task_id)
    assert task["version"] == 51
    assert {comment["body"] for comment in task["comments"]} == {f"comment {at}" for at in range(50)}


async def test_calls_that_only_need_a_record_to_stay_succeed_while_others_change_it(hub: Hub) -> None:
    with anyio.fail_after(30):
        await asyncio.gather(
            *(ask(hub, "update_workspace", workspaceId="default", metadata={str(at): "x"}) for at in range(20)),
            *(new_task(hub, f"task {at}") for at in range(20)),
        )
    assert len((await ask(hub, "list_tasks"))["tasks"]) == 20
    assert len((await ask(hub, "get_workspace"))["metadata"]) == 20


async def test_an_expected_version_that_is_no_longer_met_is_stale(hub: Hub) -> None:
    task_id = await new_task(hub)
    await ask(hub, "update_task", taskId=task_id, title="two", expectedVersion=1)
    error = await refusal(ask(hub, "update_task", taskId=task_id, title="three", expectedVersion=1))
    assert isinstance(error, Stale)
    assert error.details == {"expected": 1, "current": 2}
    outcomes = await kinds(ask(hub, "update_task", taskId=task_id, title=f"{at}", expectedVersion=2) for at in range(10))
    assert outcomes == ["conflict"] * 9 + ["ok"]


@on_memory
async def test_what_nobody_expected_is_internal_with_a_fixed_text_and_its_trace_is_logged(
    store: HubStore, caplog: pytest.LogCaptureFixture
) -> None:
    async def explode(given: Given, call: Call) -> Said:
        call.create(Task(id="t", title="t", objective="o", workspace_id="default"))
        raise KeyError("the password is swordfish")

    hub = Hub(store, operations={"explode": Operation(explode, "x", writes=True)})
    with caplog.at_level(logging.ERROR, "hub"):
        error = await refusal(hub.call("explode", b"{}", LOCAL))
    assert isinstance(error, Internal)
    assert error.document() == {"error": "The hub failed to do this. The reason is in its log.", "kind": "internal"}
    assert error.__cause__ is None
    assert "swordfish" in caplog.text
    assert await store.get("local", Task, "t") is None


async def test_a_cancelled_caller_is_cancelled_and_the_hub_goes_on(hub: Hub) -> None:
    calls = [asyncio.create_task(new_task(hub, f"task {at}")) for at in range(20)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(outcome, str) for outcome in outcomes[1::2])
    titles = {task["title"] for task in (await ask(hub, "list_tasks"))["tasks"]}
    assert titles >= {f"task {at}" for at in range(1, 20, 2)}


async def test_a_cancelled_caller_gives_its_turn_to_the_others(hub: Hub) -> None:
    task_id = await new_task(hub)
    calls = [asyncio.create_task(ask(hub, "add_comment", taskId=task_id, body=f"{at}")) for at in range(30)]
    for _ in range(5):
        await asyncio.sleep(0)
    for call in calls[::3]:
        call.cancel()
    with anyio.fail_after(20):
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        await ask(hub, "add_comment", taskId=task_id, body="last")
    done = {f"{at}" for at, outcome in enumerate(outcomes) if isinstance(outcome, dict)}
    assert done >= {f"{at}" for at in range(30) if at % 3}
    assert {comment["body"] for comment in (await ask(hub, "get_task", taskId=task_id))["comments"]} >= {*done, "last"}


async def test_tenants_share_nothing_and_each_has_its_default_workspace(hub: Hub) -> None:
    acme, other = Caller(tenant="acme"), Caller(tenant="other")
    task = await ask(hub, "create_task", acme, title="t", objective="o")
    assert isinstance(await refusal(ask(hub, "get_task", other, taskId=task["id"])), NotFound)
    assert await ask(hub, "list_tasks", other) == {"tasks": []}
    assert (await ask(hub, "get_workspace", other))["version"] == 1
    assert [event["name"] for event in (await ask(hub, "list_events", other))["events"]] == ["workspace.created"]


async def test_two_nodes_that_meet_a_new_tenant_at_once_make_one_default_workspace(store: HubStore, clock: Clock) -> None:
    await asyncio.gather(*(ask(Hub(store, clock), "get_workspace") for _ in range(10)))
    assert await names_of_events(Hub(store)) == ["workspace.created"]


async def test_a_call_that_reads_commits_nothing(hub: Hub) -> None:
    await ask(hub, "get_workspace")
    before = (await ask(hub, "get_health"))["cursor"]
    for name in ("list_tasks", "list_agents", "list_notes", "list_workspaces", "list_reservations", "list_ready_tasks"):
        await ask(hub, name)
    assert (await ask(hub, "get_health"))["cursor"] == before


async def test_a_list_goes_on_where_its_page_ended_whatever_the_ids_are(hub: Hub) -> None:
    ids = ["a", 'quote"', "back\\slash", "new\nline", "日本", "tab\t", "z"]
    for id_ in ids:
        await ask(hub, "create_note", noteId=id_, title=id_)
    seen: list[str] = []
    cursor = ""
    while True:
        page = await ask(hub, "list_notes", limit=1, cursor=cursor)
        seen += [note["id"] for note in page["notes"]]
        if not (cursor := page.get("nextCursor", "")):
            break
    assert seen == sorted(ids)


@pytest.fixture
async def busy_hub(hub: Hub) -> Hub:
    """A hub whose store has been closed."""
    await ask(hub, "get_workspace")
    await hub.store.close()
    return hub


async def test_a_hub_that_shuts_down_says_that_it_is_busy(busy_hub: Hub) -> None:
    error = await refusal(ask(busy_hub, "create_workspace", title="late"))
    assert error.kind == "busy"
    assert "shutting down" in error.message


def test_every_operation_has_a_description_and_a_grant_that_fits_it() -> None:
    for operation in OPERATIONS.values():
        assert operation.description, operation.name
        assert issubclass(operation.input, Mutation if operation.writes else Input), operation.name
        assert operation.grant.endswith((".write", ".read")), operation.name
        assert operation.lists == (Listing.__name__ in str(operation.hints["return"])), operation.name
