"""Work given by a message, what is said about it, and what comes out of it piece by piece. On every store."""

import asyncio
from typing import Any

from hub.access import Caller
from hub.app import Hub
from hub.domain.task_messages import ArtifactChunk, Part, joined
from hub.ports import Find
from tests.core.support import ask, new_agent, new_task, on_memory, refusal


async def send(hub: Hub, text: str = "Paint the door", caller: Caller | None = None, /, **fields: Any) -> Any:
    given = {"messageId": "m-1", "parts": [{"text": text}], **fields}
    return await ask(hub, "send_task_message", *([caller] if caller else []), **given)


async def test_a_message_begins_a_task_and_is_its_history(hub: Hub) -> None:
    agent = await new_agent(hub)
    task = await send(hub, "\n Paint the door \nin blue", agentId=agent, contextId="c", metadata={"a": [1]})
    assert (task["title"], task["objective"]) == ("Paint the door", "\n Paint the door \nin blue")
    assert (task["status"], task["assignedTo"], task["sessionId"], task["metadata"]) == ("PENDING", agent, "c", {"a": [1]})
    await ask(hub, "add_task_message", taskId=task["id"], parts=[{"data": {"deep": [None]}}], agentId=agent)
    said = (await ask(hub, "list_task_messages", taskId=task["id"]))["taskMessages"]
    assert [(one["number"], one["role"], one["messageId"] == "m-1") for one in said] == [(1, "user", True), (2, "agent", False)]
    assert said[1]["parts"] == [{"data": {"deep": [None]}}]


async def test_the_same_message_finds_the_same_task_and_another_sender_has_another(hub: Hub) -> None:
    first = await send(hub)
    assert (await send(hub, contextId=first["sessionId"]))["id"] == first["id"]
    others = [
        await send(hub, contextId="c"), await send(hub, messageId="m-2", contextId=first["sessionId"]),
        await send(hub, "", Caller(subject="ada"), contextId=first["sessionId"]),
    ]  # fmt: skip
    assert len({first["id"], *(other["id"] for other in others)}) == 4
    assert (await send(hub, contextId="c"))["id"] == others[0]["id"]
    again = await send(hub, taskId=first["id"], messageId="m-2")
    assert (await send(hub, taskId=first["id"], messageId="m-2"))["messageCount"] == again["messageCount"] == 2


async def test_of_the_same_message_sent_at_once_one_begins_a_task(hub: Hub) -> None:
    for given in ({"contextId": "c"}, {"idempotencyKey": "k"}):
        answers = await asyncio.gather(*(send(hub, **given) for _ in range(10)))
        assert len({answer["id"] for answer in answers}) == 1
    assert len((await ask(hub, "list_tasks"))["tasks"]) == 2


async def test_a_message_without_a_context_begins_one_each_time(hub: Hub) -> None:
    tasks = [await send(hub) for _ in range(2)]
    assert len({task["id"] for task in tasks}) == len({task["sessionId"] for task in tasks}) == 2


async def test_messages_at_once_are_numbered_without_gaps(hub: Hub) -> None:
    task = await new_task(hub)
    await asyncio.gather(*(send(hub, taskId=task, messageId=f"m-{number}") for number in range(20)))
    said = (await ask(hub, "list_task_messages", taskId=task))["taskMessages"]
    assert [one["number"] for one in said] == [*range(1, 21)]


async def test_a_message_answers_the_oldest_question(hub: Hub) -> None:
    task = await new_task(hub)
    for message in ("First?", "Second?"):
        await ask(hub, "request_input", taskId=task, message=message)
    answered = await send(hub, "Blue", taskId=task)
    assert [one.get("response") for one in answered["inputRequests"]] == [{"answer": "Blue"}, None]
    assert answered["messageCount"] == 1
    done = await ask(hub, "send_task_message", messageId="m-2", taskId=task, parts=[{"data": {"answer": "Green"}}])
    assert done["inputRequests"][1]["response"] == {"answer": "Green"}


async def test_an_answer_that_does_not_fit_the_question_is_refused_and_nothing_is_kept(hub: Hub) -> None:
    task = await new_task(hub)
    form = {"type": "object", "properties": {"shade": {"type": "integer"}}, "required": ["shade"]}
    await ask(hub, "request_input", taskId=task, message="Which?", schema=form)
    assert (await refusal(send(hub, "Blue", taskId=task))).kind == "invalid"
    assert "taskMessages" in (listed := await ask(hub, "list_task_messages", taskId=task))
    assert listed["taskMessages"] == []


@on_memory
async def test_a_task_goes_on_in_its_own_context_with_its_own_agent_and_not_after_its_end(hub: Hub) -> None:
    agent, other = await new_agent(hub), await new_agent(hub)
    task = await send(hub, agentId=agent, contextId="c")
    assert (await refusal(send(hub, messageId="2", taskId=task["id"], contextId="d"))).kind == "invalid"
    assert (await refusal(send(hub, messageId="2", taskId=task["id"], agentId=other))).kind == "not_found"
    await ask(hub, "finish_task", taskId=task["id"])
    assert (await refusal(send(hub, messageId="2", taskId=task["id"]))).kind == "conflict"
    assert (await refusal(ask(hub, "add_task_message", taskId=task["id"], parts=[{"text": "?"}]))).kind == "conflict"


@on_memory
async def test_a_part_is_one_thing(hub: Hub) -> None:
    task = await new_task(hub)
    for part in ({}, {"text": "a", "raw": "YQ=="}, {"filename": "x"}):
        assert (await refusal(ask(hub, "send_task_message", messageId="m", taskId=task, parts=[part]))).kind == "invalid"
        assert (await refusal(ask(hub, "append_artifact", taskId=task, chunks=[[part]]))).kind == "invalid"


@on_memory
async def test_whoever_rejects_a_task_cancels_it_with_a_reason(hub: Hub) -> None:
    task = await ask(hub, "finish_task", taskId=await new_task(hub), failure={"message": "Not mine.", "rejected": True})
    assert (task["status"], task["failure"]["rejected"]) == ("CANCELLED", True)


async def test_an_artifact_grows_and_is_put_together_at_its_end(hub: Hub) -> None:
    task = await new_task(hub)
    first = await ask(hub, "append_artifact", taskId=task, name="plan", chunks=[[{"text": "Blue "}]], last=False)
    for text in ("door", ", red"):
        await ask(hub, "append_artifact", taskId=task, artifactId=first["id"], chunks=[[{"text": text}]], append=True, last=False)
    [growing] = (await ask(hub, "get_task_state", taskId=task))["artifacts"]
    assert (growing["status"], growing["parts"]) == ("pending", [{"text": "Blue door, red"}])
    end = [{"text": " roof"}, {"url": "https://example.com/plan.svg", "mediaType": "image/svg+xml"}]
    whole = await ask(hub, "append_artifact", taskId=task, artifactId=first["id"], chunks=[end], append=True)
    assert (whole["status"], whole["content"]) == ("provided", "Blue door, red roof")
    assert whole["parts"] == [{"text": "Blue door, red roof"}, end[1]]
    assert await hub.store.find("local", Find(ArtifactChunk)) == []
    replaced = await ask(hub, "append_artifact", taskId=task, artifactId=first["id"], chunks=[[{"text": "None"}]])
    assert (replaced["parts"], replaced["name"]) == ([{"text": "None"}], "plan")


async def test_an_unfinished_artifact_is_replaced_whole(hub: Hub) -> None:
    task = await new_task(hub)
    first = await ask(hub, "append_artifact", taskId=task, chunks=[[{"text": "a"}], [{"text": "b"}]], last=False)
    again = await ask(hub, "append_artifact", taskId=task, artifactId=first["id"], chunks=[[{"text": "c"}]], last=False)
    assert again["chunkCount"] == 1
    assert (await ask(hub, "get_task_state", taskId=task))["artifacts"][0]["content"] == "c"


async def test_each_piece_is_an_event_of_the_task(hub: Hub) -> None:
    task = await new_task(hub)
    made = await ask(hub, "append_artifact", taskId=task, chunks=[[{"text": "a"}], [{"text": "b"}]], last=False)
    events = (await ask(hub, "list_events", kinds=["task"]))["events"]
    assert events[-1]["name"] == "task.artifact_updated"
    assert events[-1]["data"] == {
        "artifactId": made["id"], "chunks": [[{"text": "a"}], [{"text": "b"}]], "append": False, "last": False,
    }  # fmt: skip


async def test_pieces_from_many_at_once_are_all_there(hub: Hub) -> None:
    task = await new_task(hub)
    made = await ask(hub, "append_artifact", taskId=task, chunks=[[{"text": "0"}]], last=False)
    pieces = (
        ask(hub, "append_artifact", taskId=task, artifactId=made["id"], chunks=[[{"text": str(one)}]], append=True, last=False)
        for one in range(1, 10)
    )
    await asyncio.gather(*pieces)
    assert sorted((await ask(hub, "get_task_state", taskId=task))["artifacts"][0]["content"]) == [*"0123456789"]


async def test_tasks_are_listed_by_their_last_change_page_by_page(hub: Hub) -> None:
    tasks = [await new_task(hub, sessionId="c") for _ in range(5)]
    await ask(hub, "update_task", taskId=tasks[1], title="newer")
    seen: list[str] = []
    cursor = ""
    while True:
        page = await ask(hub, "list_changed_tasks", contextId="c", limit=2, cursor=cursor)
        seen += [one["id"] for one in page["tasks"]]
        assert page["total"] == 5
        if not (cursor := page.get("nextCursor", "")):
            break
    assert sorted(seen) == sorted(tasks)
    assert seen.index(tasks[1]) < seen.index(tasks[0])


@on_memory
async def test_a_deleted_task_takes_its_messages_with_it(hub: Hub) -> None:
    task = await send(hub)
    await ask(hub, "delete_task", taskId=task["id"])
    assert (await refusal(ask(hub, "list_task_messages", taskId=task["id"]))).kind == "not_found"
    again = await send(hub)
    assert again["id"] != task["id"]
    assert again["messageCount"] == 1


@on_memory
async def test_whose_claim_is_over_says_nothing_more(hub: Hub) -> None:
    agent = await new_agent(hub)
    task = (await ask(hub, "claim_task", agentId=agent, taskId=await new_task(hub)))["id"]
    for operation, given in (("add_task_message", {"parts": [{"text": "?"}]}), ("append_artifact", {"chunks": [[{"text": "?"}]]})):
        assert (await refusal(ask(hub, operation, taskId=task, claimToken=7, **given))).kind == "conflict"


def test_texts_that_say_nothing_more_are_joined() -> None:
    a, b, c = Part(text="a"), Part(text="b", media_type="text/x"), Part(url="u")
    assert joined((a, a, b, a, c, a)) == (Part(text="aa"), b, a, c, a)
