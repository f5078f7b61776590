"""Answers that are too long for a model: cut to what fits, read on to the end."""

import json
from typing import Any, get_origin

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from hub.access import LOCAL
from hub.app import Hub
from hub.operations import OPERATIONS
from hub.operations.base import Page
from hub.ports import Json
from protocols.mcp.asking import Asker
from protocols.mcp.calls import Calls
from protocols.mcp.pages import WAYS
from protocols.mcp.results import LIMIT
from protocols.mcp.shortening import shortened
from protocols.mcp.tools import tools
from protocols.mcp.uris import parse
from tests.core.support import ask, new_agent, new_task
from tests.protocols.requirements import meets

MANY, LONG = 12, "x" * 20_000
"""Twelve of them make 60,000 tokens."""
FIRST_ONES = {
    "list_ready_tasks", "list_recent_sessions", "list_teams", "list_recent_entries", "list_background_tasks", "list_workflow_runs",
    "list_webhook_logs", "search_files", "list_commits", "list_skill_catalog",
}  # fmt: skip
"""They answer the most urgent, the newest or the best ones, which change while one reads on."""
MOST = 80_000
"""Bytes that a client takes: 20,000 tokens."""
SCHEMAS = {tool["name"]: Draft202012Validator(tool["outputSchema"]) for tool in tools("full")}


async def result_of(hub: Hub, name: str, arguments: Json) -> Json:
    """It is never longer than clients take, and follows its schema."""
    result: Json = json.loads(await Calls(hub).call(name, arguments, Asker(LOCAL)))
    assert sum(len(one.encode()) for one in texts_of(result)) < MOST
    assert len(orjson.dumps(result["structuredContent"])) < MOST
    assert [*SCHEMAS[name].iter_errors(result["structuredContent"])] == []
    return result


def texts_of(result: Json) -> list[str]:
    return [content["text"] for content in result["content"] if content["type"] == "text"]


async def fill(hub: Hub) -> dict[str, Json]:
    """Twelve long ones of everything that is listed; for each operation what it is asked with."""
    agent, task = await new_agent(hub), await new_task(hub)
    subscription = (await ask(hub, "subscribe_to_events", agentId=agent, after=0))["id"]
    thread = None
    for number in range(MANY):
        await ask(hub, "create_workspace", title=f"{number}", metadata={"long": LONG})
        await ask(hub, "create_agent", name=f"{number}", role="GATE", metadata={"long": LONG}, workspaceId="default")
        await ask(hub, "create_task", title=f"{number}", objective=LONG, labels=["long"])
        await ask(hub, "provide_artifact", taskId=task, type="logs", content=LONG)
        await ask(hub, "create_note", title=f"{number}", noteId=f"n-{number}", content=LONG)
        await ask(hub, "append_message", agentId=agent, role="USER", content=LONG)
        reply: Json = {"replyTo": thread} if thread else {}
        thread = thread or (await ask(hub, "send_message", fromAgentId=agent, toAgentIds=agent, content=LONG, **reply))["id"]
        await ask(hub, "send_message", fromAgentId=agent, toAgentIds=agent, content=LONG, replyTo=thread)
    for number in range(400):
        await ask(hub, "update_task", taskId=task, title=f"walnut {number}")
    for number in range(100):
        await ask(hub, "create_task", title=f"almond {number} {'𝄞' * 300}", objective="o")
    return {
        "list_workspaces": {}, "list_agents": {}, "list_tasks": {}, "list_artifacts": {"taskId": task}, "list_notes": {},
        "read_conversation": {"agentId": agent}, "read_inbox": {"agentId": agent}, "read_thread": {"threadId": thread},
        "list_events": {"limit": 10_000}, "drain_events": {"subscriptionId": subscription, "limit": 10_000},
        "search": {"query": "almond", "limit": 100},
    }  # fmt: skip


@meets("tokens")
async def test_a_list_is_cut_where_the_next_call_goes_on_and_every_element_comes_once(hub: Hub) -> None:
    for name, arguments in (await fill(hub)).items():
        if name == "list_tasks":
            arguments = {**arguments, "limit": 13}
        whole: Json = json.loads((await hub.call(name, arguments, LOCAL)).to_json())
        [field] = [field for field, value in whole.items() if isinstance(value, list)]
        seen, cuts, more = list[Json](), 0, dict[str, Any]()
        while len(seen) < len(whole[field]):
            result = await result_of(hub, name, arguments | more)
            answer = result["structuredContent"]
            seen += answer[field]
            text, *hints = texts_of(result)
            assert json.loads(text) == answer
            assert answer[field]
            if not hints:
                break
            cuts, more = cuts + 1, asked_for(name, hints[0], answer)
        assert seen[: len(whole[field])] == whole[field], name
        assert cuts, name


def asked_for(name: str, hint: str, answer: Json) -> Json:
    """What the hint tells the next call to give; the answer says it too."""
    told = hint.rpartition(f"Call {name} again with the same arguments and ")[2].removesuffix(" for the next.")
    argument, _, value = told.partition("=")
    way = WAYS.get(name)
    assert answer[way.told if way else "nextCursor"] == json.loads(value)
    return {argument: json.loads(value)}


@meets("tokens")
def test_whatever_is_listed_by_pages_can_be_read_on() -> None:
    """So that a list that is new is not forgotten."""
    for name, row in OPERATIONS.items():
        listed = not row.lists and [field for field, one in row.output.model_fields.items() if get_origin(one.annotation) is tuple]
        if name in WAYS or not {"cursor", "limit"} & row.input.model_fields.keys() or name in FIRST_ONES:
            continue
        assert issubclass(row.input, Page), name
        assert row.lists or (len(listed or ()) == 1 and "next_cursor" in row.output.model_fields), name


@meets("tokens", "parts")
async def test_one_element_that_is_too_long_alone_is_cut_and_can_be_read_whole(hub: Hub) -> None:
    whole = await ask(hub, "create_task", title="first", objective='"ü"\n' * 40_000, labels=["kept"])
    await ask(hub, "create_task", title="second", objective=LONG)
    result = await result_of(hub, "list_tasks", {})
    [first] = result["structuredContent"]["tasks"]
    assert (first["id"], first["version"], first["labels"]) == (whole["id"], 1, ["kept"])
    assert whole["objective"].startswith(first["objective"].removesuffix("…"))
    assert "list_tasks with the same arguments, limit=1 and offset=0 reads it whole" in texts_of(result)[1]
    assert json.loads(await read_whole(hub, "list_tasks", {"limit": 1})) == {"tasks": [whole], "nextCursor": whole["id"]}
    more = asked_for("list_tasks", texts_of(result)[1], result["structuredContent"])
    [second] = (await result_of(hub, "list_tasks", more))["structuredContent"]["tasks"]
    assert second["title"] == "second"


async def read_whole(hub: Hub, name: str, arguments: Json) -> str:
    text, offset = "", 0
    while offset >= 0:
        result = await result_of(hub, name, arguments | {"offset": offset})
        part, hint = texts_of(result)
        text += part
        offset = int(hint.partition("offset=")[2].partition(" ")[0]) if "offset=" in hint else -1
    return text


@meets("parts")
@pytest.mark.parametrize("content", ["x" * 300_000, "𝄞ü☃ " * 40_000, '"\\\n' * 60_000])
async def test_a_long_record_is_read_in_parts(hub: Hub, content: str) -> None:
    await ask(hub, "create_note", title="n", noteId="n", content=content)
    arguments = {"noteId": "n", "workspaceId": "default"}
    result = await result_of(hub, "get_note", arguments)
    assert "Call get_note again with the same arguments and offset=" in texts_of(result)[1]
    short = result["structuredContent"]
    assert (short["id"], short["version"], short["textVersion"]) == ("n", 1, 1)
    assert short["content"][-1] == "…"
    assert content.startswith(short["content"][:-1])
    [link] = [one for one in result["content"] if one["type"] == "resource_link"]
    assert parse(link["uri"]).ids == {"workspaceId": "default", "noteId": "n"}
    text = await read_whole(hub, "get_note", arguments)
    assert text == (await hub.call("get_note", arguments, LOCAL)).to_json()
    assert texts_of(result)[0] == text[: len(texts_of(result)[0])]


@meets("parts")
@pytest.mark.parametrize("offset", [-1, 10**9, "10", 1.5, None, True])
async def test_a_place_where_no_part_begins_is_an_error_that_says_where_it_may(hub: Hub, offset: Any) -> None:
    task = await new_task(hub)
    result = json.loads(await Calls(hub).call("get_task", {"taskId": task, "offset": offset}, Asker(LOCAL)))
    assert result["isError"] is True
    document = json.loads(result["content"][0]["text"])
    assert (document["kind"], document["error"].startswith("offset: ")) == ("invalid", True)


@meets("parts")
async def test_what_writes_does_it_and_answers_in_short(hub: Hub) -> None:
    """It is not to be called again for the rest, so it knows no offset."""
    result = await result_of(hub, "create_note", {"title": "n", "noteId": "n", "content": "y" * 200_000})
    text, hint = texts_of(result)
    assert json.loads(text) == result["structuredContent"]
    assert (result["structuredContent"]["id"], result["structuredContent"]["version"]) == ("n", 1)
    assert hint.startswith("It was done.")
    assert [one["uri"] for one in result["content"] if one["type"] == "resource_link"] == ["hub://notes/default/n"]
    assert len((await ask(hub, "get_note", noteId="n"))["content"]) == 200_000
    refused = json.loads(await Calls(hub).call("create_note", {"title": "n", "offset": 1}, Asker(LOCAL)))
    assert refused["isError"] is True


@meets("parts")
async def test_a_list_without_pages_is_read_in_parts_and_structured_as_far_as_it_fits(hub: Hub) -> None:
    for number in range(MANY):
        await ask(hub, "create_task", title=f"{number}", objective=LONG)
    short = (await result_of(hub, "list_ready_tasks", {}))["structuredContent"]
    whole = json.loads(await read_whole(hub, "list_ready_tasks", {}))
    assert len(whole["tasks"]) == MANY
    assert 1 <= len(short["tasks"]) < MANY
    assert short["tasks"] == whole["tasks"][: len(short["tasks"])]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=2_000),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=20), inner, max_size=8),
    max_leaves=30,
)


@meets("parts")
@settings(max_examples=100, deadline=None)
@given(ANY_JSON, st.integers(100, 3_000))
def test_what_is_shortened_fits_and_keeps_its_shape(value: Any, room: int) -> None:
    short = shortened(value, room)
    assert len(orjson.dumps(short)) <= max(room, 100)
    assert type(short) is type(value)
    if len(orjson.dumps(value)) <= room:
        assert short == value


@meets("tokens")
def test_the_limit_leaves_room_for_hints_and_links() -> None:
    assert LIMIT + 10 * 200 <= MOST
