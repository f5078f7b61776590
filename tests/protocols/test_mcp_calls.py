"""Calling tools as every transport does: the tools beyond the profile, links, advice, progress and cancellation."""

import json
from typing import Any

import anyio
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.domain.errors import UnknownOperation
from hub.operations import OPERATIONS
from hub.operations.base import Call, Input, Operation, Result
from hub.ports import Json
from protocols.mcp import calls
from protocols.mcp.asking import Asker
from protocols.mcp.calls import Calls
from protocols.mcp.tools import tools
from protocols.mcp.uris import parse
from tests.core.support import ask, new_agent, new_task
from tests.protocols.requirements import meets

CORE, FULL = Asker(LOCAL), Asker(LOCAL, "full")


async def result_of(hub: Hub, name: str, asker: Asker = CORE, /, **arguments: Any) -> Json:
    answer: Json = json.loads(await Calls(hub).call(name, arguments, asker))
    return answer


async def answer_of(hub: Hub, name: str, asker: Asker = CORE, /, **arguments: Any) -> Json:
    result = await result_of(hub, name, asker, **arguments)
    assert result["isError"] is False
    answer: Json = result["structuredContent"]
    assert json.loads(result["content"][0]["text"]) == answer
    return answer


async def error_of(hub: Hub, name: str, asker: Asker = CORE, /, **arguments: Any) -> Json:
    result = await result_of(hub, name, asker, **arguments)
    assert result.keys() == {"content", "isError"}
    assert result["isError"] is True
    document: Json = json.loads(result["content"][0]["text"])
    return document


def links_of(result: Json) -> list[tuple[str, str]]:
    return [(link["uri"], link["name"]) for link in result["content"] if link["type"] == "resource_link"]


@meets("find tools")
@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("delete a note", "delete_note"), ("deleting tasks", "delete_task"), ("list_artifacts", "list_artifacts"),
        ("renewClaim", "renew_claim"), ("Yjs", "get_note_state"), ("ttlSeconds heartbeat", "heartbeat_agent"),
        ("verificationCommands", "create_task"), ("evidence screenshot", "provide_artifact"), ("claim task", "claim_task"),
    ],
)  # fmt: skip
async def test_an_operation_is_found_by_name_description_or_field(hub: Hub, query: str, first: str) -> None:
    found = await answer_of(hub, "find_tools", query=query)
    assert found["tools"][0]["name"] == first
    assert 1 <= len(found["tools"]) <= 5
    assert found["found"] >= len(found["tools"])


@meets("find tools")
async def test_what_is_found_is_told_as_tools_list_tells_it_in_full(hub: Hub) -> None:
    whole = {tool["name"]: tool for tool in tools("full")}
    for query, in_profile in (("create_task", True), ("delete_task", False)):
        [found] = (await answer_of(hub, "find_tools", query=query, limit=1))["tools"]
        assert found == {
            "name": query, "description": whole[query]["description"], "inputSchema": whole[query]["inputSchema"], "inProfile": in_profile,
        }  # fmt: skip
    assert len((await answer_of(hub, "find_tools", query="task", limit=20))["tools"]) == 20


@meets("find tools")
async def test_a_search_that_finds_nothing_says_so_with_names_that_are_near(hub: Hub) -> None:
    nothing = await answer_of(hub, "find_tools", query="zzz")
    assert (nothing["tools"], nothing["found"]) == ([], 0)
    assert nothing["next"][0].startswith("Nothing matches.")
    assert "acknowledge_messages" in (await answer_of(hub, "find_tools", query="aknowlege_mesages"))["next"][0]


@meets("find tools", "advice")
@pytest.mark.parametrize("arguments", [{}, {"query": ""}, {"query": "task", "limit": 99}, {"query": "task", "many": 1}])
async def test_a_search_of_the_wrong_shape_is_an_error_that_a_model_can_mend(hub: Hub, arguments: Json) -> None:
    assert (await error_of(hub, "find_tools", **arguments))["kind"] == "invalid"


@meets("call operation")
async def test_an_operation_beyond_the_profile_answers_what_its_tool_would(hub: Hub) -> None:
    task = await new_task(hub)
    for arguments in ({"taskId": task}, {"taskId": "nothing"}, {"taskId": task, "offset": 9}, {"task_id": task}, {}):
        own = await result_of(hub, "get_task", **arguments)
        assert await result_of(hub, "call_operation", name="get_task", arguments=arguments) == own
    commented = await answer_of(hub, "call_operation", name="add_comment", arguments={"taskId": task, "body": "Mind the gap."})
    assert commented["comments"][0]["body"] == "Mind the gap."
    assert (await answer_of(hub, "call_operation", name="get_health"))["status"] == "ok"


@meets("call operation")
async def test_call_operation_opens_no_more_than_the_callers_grants(hub: Hub) -> None:
    reader = Asker(Caller(grants=frozenset({"tasks.read"})))
    arguments = {"title": "t", "objective": "o"}
    document = await error_of(hub, "call_operation", reader, name="create_task", arguments=arguments)
    assert (document["kind"], document["details"]) == ("forbidden", {"grant": "tasks.write"})
    assert document["next"]


@meets("call operation", "advice")
@pytest.mark.parametrize("name", ["delet_task", "call_operation", "find_tools", "nope"])
async def test_an_operation_that_is_none_is_an_error_that_names_those_near(hub: Hub, name: str) -> None:
    document = await error_of(hub, "call_operation", name=name, arguments={"name": "get_health"})
    assert (document["error"], document["kind"]) == (f"There is no operation {name!r}.", "unknown_operation")
    assert "find_tools" in document["next"][0]
    assert ("delete_task" in document["next"][0]) is (name == "delet_task")


@meets("links")
async def test_a_result_links_to_the_record_that_it_is(hub: Hub) -> None:
    await ask(hub, "create_workspace", id="the lab", title="Lab")
    agent = await answer_of(hub, "create_agent", name="Ada", role="CRAFTER")
    made = {
        "create_agent": ({"name": "Bob", "role": "GATE"}, "hub://agents/{id}", "Bob"),
        "create_task": ({"title": 'a "task"', "objective": "o"}, "hub://tasks/{id}", 'a "task"'),
        "create_note": ({"title": "n", "noteId": "a/ü", "workspaceId": "the lab"}, "hub://notes/the%20lab/a%2F%C3%BC", "n"),
        "get_workspace": ({"workspaceId": "the lab"}, "hub://workspaces/the%20lab", "Lab"),
        "claim_task": ({"agentId": agent["id"]}, "hub://tasks/{id}", 'a "task"'),
    }
    for name, (arguments, address, title) in made.items():
        result = await result_of(hub, name, **arguments)
        assert links_of(result) == [(address.format(id=result["structuredContent"]["id"]), title)]
        assert parse(links_of(result)[0][0])
    assert links_of(await result_of(hub, "get_health")) == []
    assert links_of(await result_of(hub, "get_task", taskId="nothing")) == []


@meets("links")
async def test_a_result_links_to_at_most_ten_of_the_records_that_it_names(hub: Hub) -> None:
    made = [await new_task(hub, f"walnut {number}") for number in range(12)]
    addresses = [f"hub://tasks/{id_}" for id_ in made]
    assert [uri for uri, _ in links_of(await result_of(hub, "list_tasks"))] == addresses[:10]
    assert [uri for uri, _ in links_of(await result_of(hub, "list_tasks", limit=3))] == addresses[:3]
    assert {uri for uri, _ in links_of(await result_of(hub, "search", query="walnut", limit=3))} < {*addresses}
    assert len(links_of(await result_of(hub, "list_ready_tasks"))) == 10
    agent = await new_agent(hub)
    assert links_of(await result_of(hub, "list_agents")) == [(f"hub://agents/{agent}", "an agent")]
    [link] = links_of(await result_of(hub, "wait_for_task", taskId=made[0], timeoutSeconds=0))
    assert link == (addresses[0], "walnut 0")


@meets("links")
async def test_a_client_of_a_revision_without_links_gets_none(hub: Hub) -> None:
    task = await new_task(hub)
    for name, arguments in (("get_task", {"taskId": task}), ("list_tasks", {})):
        [text] = (await result_of(hub, name, Asker(LOCAL, links=False), **arguments))["content"]
        assert text["type"] == "text"


@meets("advice")
@pytest.mark.parametrize(
    ("name", "arguments", "advice"),
    [
        (
            "get_task",
            {"task_id": "1"},
            ["Call get_task with taskId in place of 'task_id'.", "find_tools with query='get_task' shows all that"],
        ),
        ("create_task", {"titel": "t", "objective": "o"}, ["Call create_task with title in place of 'titel'."]),
        ("create_task", {"title": "t"}, ["find_tools with query='create_task' shows all that it takes."]),
        ("get_task", {"taskId": "nothing"}, ["See what there is with list_tasks, and call get_task again."]),
        ("get_note", {"noteId": "nothing"}, ["See what there is with call_operation name='list_notes', and call get_note again."]),
        ("claim_task", {"agentId": "nobody"}, ["See what there is with list_agents, and call claim_task again."]),
        ("update_task", {"taskId": "$task", "expectedVersion": 9}, ["Read how it stands with get_task, then repeat your change on what"]),
        (
            "report_to_parent",
            {"agentId": "$agent", "taskId": "$done", "summary": "s", "success": True},
            ["Read how it stands with get_task"],
        ),
    ],
)
async def test_an_error_says_what_to_do_next(hub: Hub, name: str, arguments: Json, advice: list[str]) -> None:
    ids = {"$task": await new_task(hub), "$agent": await new_agent(hub), "$done": await new_task(hub, status="COMPLETED")}
    document = await error_of(hub, name, **{key: ids.get(value, value) for key, value in arguments.items()})
    assert {"error", "kind", "next"} <= document.keys()
    assert all(any(told.startswith(wanted) for told in document["next"]) for wanted in advice), document["next"]


@meets("advice")
async def test_in_the_full_profile_the_advice_names_tools_that_it_shows(hub: Hub) -> None:
    told = [
        *(await error_of(hub, "get_note", FULL, noteId="nothing"))["next"],
        *(await error_of(hub, "get_task", FULL, task_id="1"))["next"],
    ]
    assert "list_notes" in told[0]
    assert not any(name in one for one in told for name in ("find_tools", "call_operation"))


@meets("advice", "unknown tool")
@pytest.mark.parametrize(("name", "near"), [("creat_task", "create_task"), ("getTask", "get_task"), ("x" * 500, "find_tools")])
async def test_an_unknown_tool_is_raised_with_the_names_that_are_near(hub: Hub, name: str, near: str) -> None:
    with pytest.raises(UnknownOperation) as raised:
        await result_of(hub, name)
    assert near in raised.value.message
    assert "find_tools" in raised.value.message
    assert len(raised.value.message) < 250


class Wait(Input):
    fail: bool = False


class Answered(Result):
    done: bool = True


class Work:
    """An operation that lasts until the test lets it end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.may_end, self.ended = anyio.Event(), anyio.Event(), anyio.Event()
        monkeypatch.setitem(OPERATIONS, "work", Operation(self.handler(), "tasks.read"))

    def handler(self) -> Any:
        async def work(given: Wait, call: Call) -> Answered:
            """Wait."""
            self.begun.set()
            try:
                await self.may_end.wait()
                return Answered()
            finally:
                self.ended.set()

        return work


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setattr(calls, "TELL_EVERY", 0.001)
    return Work(monkeypatch)


@meets("tool progress")
async def test_a_long_call_tells_rising_progress_until_it_ends(hub: Hub, work: Work) -> None:
    told: list[tuple[float, float | None]] = []

    async def progress(seconds: float, total: float | None, message: str | None) -> None:
        told.append((seconds, total))
        if len(told) == 3:
            work.may_end.set()

    with anyio.fail_after(5):
        assert await answer_of(hub, "work", Asker(LOCAL, progress=progress)) == {"done": True}
    seconds = [one for one, _ in told]
    assert len(told) >= 4
    assert seconds == sorted({*seconds})
    assert [total for _, total in told] == [None] * (len(told) - 1) + [seconds[-1]]
    before = len(told)
    await anyio.lowlevel.checkpoint()
    assert len(told) == before


@meets("tool progress")
async def test_a_call_that_is_over_at_once_tells_nothing(hub: Hub) -> None:
    async def progress(seconds: float, total: float | None, message: str | None) -> None:
        raise AssertionError("told")

    assert (await answer_of(hub, "get_health", Asker(LOCAL, progress=progress)))["status"] == "ok"
    assert (await error_of(hub, "get_task", Asker(LOCAL, progress=progress), taskId="x"))["kind"] == "not_found"
    with pytest.raises(UnknownOperation):
        await result_of(hub, "nope", Asker(LOCAL, progress=progress))


@meets("cancelled work")
@pytest.mark.parametrize("asked", [True, False])
async def test_to_cancel_a_call_ends_its_work_and_its_progress(hub: Hub, work: Work, asked: bool) -> None:
    told = anyio.Event()

    async def progress(seconds: float, total: float | None, message: str | None) -> None:
        assert not work.ended.is_set()
        told.set()

    async def call() -> None:
        await result_of(hub, "call_operation", Asker(LOCAL, progress=progress if asked else None), name="work")

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await (told if asked else work.begun).wait()
            group.cancel_scope.cancel()
    assert work.ended.is_set()
    assert not work.may_end.is_set()
    assert len(anyio.get_running_tasks()) == 1


@meets("structured", "tool schemas")
async def test_the_tools_that_are_no_operations_follow_their_schemas_too(hub: Hub) -> None:
    announced = {tool["name"]: tool for tool in tools("core")}
    arguments = {"find_tools": {"query": "note"}, "call_operation": {"name": "get_health"}}
    for name, given in arguments.items():
        Draft202012Validator(announced[name]["inputSchema"]).validate(given)
        Draft202012Validator(announced[name]["outputSchema"]).validate(await answer_of(hub, name, **given))
