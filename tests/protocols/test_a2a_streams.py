"""A2A's streams: the task and what happens to it, for many, resumed, and never at the work's cost."""

import asyncio
from contextlib import AsyncExitStack

import anyio
import pytest

from hub.app import Hub
from hub.domain.errors import HubError, Unavailable
from hub.ports import Filter, Json, Page
from protocols import streams as sse
from protocols.a2a import streams
from stores.memory import MemoryStore
from tests.core.support import ask, new_agent
from tests.protocols.a2a import JSONRPC, REST, Events, Peer, both_bindings, next_task, refused, sending, taken
from tests.protocols.conftest import Http, serving
from tests.protocols.requirements import meets


@pytest.fixture
async def agent(hub: Hub) -> str:
    return await new_agent(hub, "Echo", agentId="echo")


def told(event: tuple[str, Json]) -> str:
    """An event in one word or two: the state, or the text of the artifact and how it goes on."""
    name, body = event
    if name == "artifactUpdate":
        text = "".join(part["text"] for part in body["artifact"]["parts"])
        return f"{'+' if body.get('append') else ''}{text}{'.' if body.get('lastChunk') else ''}"
    state = str(body["status"]["state"]).removeprefix("TASK_STATE_")
    said = [part["text"] for part in body["status"].get("message", {"parts": []})["parts"]]
    return " ".join([*(["task"] if name == "task" else []), state, *said])


async def rest(events: Events) -> list[str]:
    return [told(event) for event in await events.rest()]


@both_bindings
@meets("stream", "stream order")
async def test_a_stream_is_the_task_and_then_all_that_happens_to_it_in_order(hub: Hub, http: Http, agent: str, binding: str) -> None:
    peer = Peer(http, binding, "/agents/echo")
    async with peer.streaming("SendStreamingMessage", sending()) as events:
        name, task = await events.next()
        assert (name, task["status"]["state"], task["history"][0]["messageId"]) == ("task", "TASK_STATE_SUBMITTED", "m1")
        worker = await taken(hub, "echo", task["id"])
        await worker.say("Looking.")
        id_ = await worker.give("a", "b", last=False)
        await worker.give("c", append=True, id_=id_)
        await worker.finish(summary="Done.")
        found = await events.rest()
    assert [told(event) for event in found] == ["WORKING", "WORKING Looking.", "a", "+b", "+c.", "COMPLETED Done."]
    assert {(event["taskId"], event["contextId"]) for _, event in found} == {(task["id"], task["contextId"])}


@both_bindings
@meets("stream ends", "interrupted")
async def test_the_stream_of_a_message_ends_at_a_question_and_a_subscription_goes_on(
    hub: Hub, http: Http, agent: str, binding: str
) -> None:
    peer = Peer(http, binding, "/agents/echo")
    async with AsyncExitStack() as stack:
        mine = await stack.enter_async_context(peer.streaming("SendStreamingMessage", sending()))
        _, task = await mine.next()
        other = await stack.enter_async_context(peer.streaming("SubscribeToTask", {"id": task["id"]}))
        worker = await taken(hub, "echo", task["id"])
        await worker.request("Which?")
        assert await rest(mine) == ["WORKING", "INPUT_REQUIRED Which?"]
        answer = await stack.enter_async_context(peer.streaming("SendStreamingMessage", sending("This.", "m2", taskId=task["id"])))
        name, again = await answer.next()
        assert (name, [one["parts"][0]["text"] for one in again["history"]]) == ("task", ["hello", "Which?", "This."])
        await worker.finish()
        assert await rest(answer) == ["COMPLETED"]
        assert await rest(other) == ["task SUBMITTED", "WORKING", "INPUT_REQUIRED Which?", "WORKING", "COMPLETED"]


@both_bindings
@meets("subscribe", "stream order")
async def test_a_subscription_begins_with_the_task_as_it_is_and_misses_nothing(hub: Hub, http: Http, agent: str, binding: str) -> None:
    peer = Peer(http, binding, "/agents/echo")
    task = await peer.send(immediately=True)
    worker = await taken(hub, "echo", task["id"])
    id_ = await worker.give("a", last=False)
    async with peer.streaming("SubscribeToTask", {"id": task["id"]}) as events:
        name, snapshot = await events.next()
        assert (name, snapshot["artifacts"][0]["parts"]) == ("task", [{"text": "a"}])
        for number in range(50):
            await worker.give(str(number), append=True, last=False, id_=id_)
        await worker.finish()
        assert await rest(events) == [*(f"+{number}" for number in range(50)), "COMPLETED"]


@both_bindings
@meets("subscribe refused")
async def test_there_is_no_stream_of_a_task_that_has_ended_or_is_not_there(hub: Hub, http: Http, agent: str, binding: str) -> None:
    peer = Peer(http, binding, "/agents/echo")
    task = await peer.send(immediately=True)
    await peer.ask("CancelTask", {"id": task["id"]})
    for id_, reason in ((task["id"], "UNSUPPORTED_OPERATION"), ("unknown", "TASK_NOT_FOUND")):
        refusal = await refused(peer.ask("SubscribeToTask", {"id": id_}))
        assert (refusal.reason, refusal.http) == (reason, 200 if binding == JSONRPC else refusal.code)


@meets("same events")
async def test_all_streams_of_a_task_have_the_same_events_and_one_that_leaves_disturbs_nobody(hub: Hub, http: Http, agent: str) -> None:
    peer = Peer(http, REST, "/agents/echo")
    task = await peer.send(immediately=True)
    async with AsyncExitStack() as stack:
        all_events = [await stack.enter_async_context(peer.streaming("SubscribeToTask", {"id": task["id"]})) for _ in range(20)]
        async with peer.streaming("SubscribeToTask", {"id": task["id"]}) as leaving:
            await leaving.next()
        worker = await taken(hub, "echo", task["id"])
        await worker.give("a", "b")
        await worker.finish()
        found = [await events.rest() for events in all_events]
    assert [told(event) for event in found[0]] == ["task SUBMITTED", "WORKING", "a", "+b.", "COMPLETED"]
    assert all(one == found[0] for one in found)


@both_bindings
@meets("disconnect")
async def test_leaving_a_stream_cancels_no_work(hub: Hub, http: Http, agent: str, binding: str) -> None:
    peer = Peer(http, binding, "/agents/echo")
    async with peer.streaming("SendStreamingMessage", sending()) as events:
        _, task = await events.next()
    worker = await taken(hub, "echo", task["id"])
    await worker.finish()
    assert (await peer.ask("GetTask", {"id": task["id"]}))["status"]["state"] == "TASK_STATE_COMPLETED"


@both_bindings
@pytest.mark.parametrize("stopped_after", range(1, 6))
@meets("resume")
async def test_who_comes_back_with_the_last_id_gets_the_rest_and_no_more(
    hub: Hub, http: Http, agent: str, binding: str, stopped_after: int
) -> None:
    peer = Peer(http, binding, "/agents/echo")
    async with peer.streaming("SendStreamingMessage", sending()) as events:
        _, task = await events.next()
        worker = await taken(hub, "echo", task["id"])
        id_ = await worker.give("a", "b", last=False)
        found = [told(await events.next()) for _ in range(stopped_after if stopped_after < 4 else 3)]
    if stopped_after > 3:  # it ended meanwhile
        await worker.give("c", append=True, id_=id_)
        await worker.finish()
    async with peer.streaming("SubscribeToTask", {"id": task["id"]}, events.last) as resumed:
        if stopped_after < 4:
            await worker.give("c", append=True, id_=id_)
            await worker.finish()
        found += await rest(resumed)
    assert found == ["WORKING", "a", "+b", "+c.", "COMPLETED"]


@meets("resume")
async def test_who_has_everything_of_a_task_that_ended_is_told_the_end(hub: Hub, http: Http, agent: str) -> None:
    peer = Peer(http, REST, "/agents/echo")
    async with peer.streaming("SendStreamingMessage", sending()) as events:
        _, task = await events.next()
        await (await taken(hub, "echo", task["id"])).finish()
        await events.rest()
    async with peer.streaming("SubscribeToTask", {"id": task["id"]}, events.last) as resumed:
        assert await rest(resumed) == []


@meets("one task")
async def test_what_another_door_does_to_a_task_is_seen_in_its_stream(hub: Hub, http: Http, agent: str) -> None:
    peer = Peer(http, JSONRPC, "/agents/echo")
    async with peer.streaming("SendStreamingMessage", sending()) as events:
        _, task = await events.next()
        assert (await http.patch(f"/api/tasks/{task['id']}", json={"status": "IN_PROGRESS", "title": "Renamed"})).status == 200
        await ask(hub, "update_task", taskId=task["id"], title="Again")
        await ask(hub, "set_verdict", taskId=task["id"], verdict="NOT_APPROVED")
        await ask(hub, "set_task_status", taskId=task["id"], status="COMPLETED")
        assert await rest(events) == ["WORKING", "SUBMITTED", "COMPLETED"]


@meets("deleted")
async def test_the_stream_of_a_task_that_is_deleted_ends_as_cancelled(hub: Hub, http: Http, agent: str) -> None:
    async with Peer(http, REST, "/agents/echo").streaming("SendStreamingMessage", sending()) as events:
        _, task = await events.next()
        await ask(hub, "delete_task", taskId=task["id"])
        assert await rest(events) == ["CANCELED"]


@meets("ping")
async def test_silence_is_broken_by_comments(hub: Hub, agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.01)
    async with serving(hub) as http, Peer(http, REST, "/agents/echo").streaming("SendStreamingMessage", sending()) as events:
        await events.next()
        assert [(await events.stream.frame()).comment for _ in range(2)] == ["ping", "ping"]
    assert sse.HEARTBEAT == 15.0


@meets("slow reader")
async def test_who_lags_behind_reads_the_log_and_loses_nothing(hub: Hub, agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_WAITING", 3)
    following = streams.Following(hub)
    id_ = (await ask(hub, "send_task_message", messageId="m", parts=[{"text": "x"}], agentId=agent))["id"]
    updates = following.updates("local", id_, streams.Place(await hub.store.latest()), {"TASK_STATE_COMPLETED"})
    worker = await taken(hub, agent, id_)
    found = [await anext(updates)]
    output = await worker.give("0", last=False)
    for number in range(1, 30):
        await worker.give(str(number), append=True, last=False, id_=output)
        if number % 10 == 0:
            found.append(await anext(updates))
    await worker.finish()
    with anyio.fail_after(5):
        found += [update async for update in updates]
    expected = ["WORKING", "0", *(f"+{number}" for number in range(1, 30)), "COMPLETED"]
    assert [told(next(iter(update.event.items()))) for update in found if update] == expected
    await following.close()


@meets("rendered once")
async def test_an_event_is_rendered_once_for_all(hub: Hub, agent: str) -> None:
    following = streams.Following(hub)
    id_ = (await ask(hub, "send_task_message", messageId="m", parts=[{"text": "x"}], agentId=agent))["id"]
    cursor = await hub.store.latest()
    await (await taken(hub, agent, id_)).finish()
    all_updates = [
        [one async for one in following.updates("local", id_, streams.Place(cursor), {"TASK_STATE_COMPLETED"})] for _ in range(2)
    ]
    assert all(one is other for one, other in zip(*all_updates, strict=True))
    await following.close()


class Failing(MemoryStore):
    """Its log cannot be read from some moment on."""

    fails = False

    async def after(self, cursor: int, tenant: str, filter_: Filter, limit: int) -> Page:
        if self.fails:
            raise Unavailable("The database does not answer.")
        return await super().after(cursor, tenant, filter_, limit)


@meets("broken log")
async def test_when_the_log_cannot_be_read_the_streams_end_and_the_next_one_begins_anew() -> None:
    store = Failing()
    hub = Hub(store)
    following, agent = streams.Following(hub), await new_agent(hub)
    id_ = (await ask(hub, "send_task_message", messageId="m", parts=[{"text": "x"}], agentId=agent))["id"]
    cursor = await store.latest()
    updates = following.updates("local", id_, streams.Place(cursor), {"TASK_STATE_COMPLETED"})
    worker = await taken(hub, agent, id_)
    await anext(updates)
    store.fails = True
    await worker.say("Unheard.")
    with anyio.fail_after(5), pytest.raises(HubError):
        await anext(updates)
    store.fails = False
    await worker.finish()
    assert len([one async for one in following.updates("local", id_, streams.Place(cursor), {"TASK_STATE_COMPLETED"})]) == 3
    await following.close()


@meets("shutdown")
async def test_stopping_the_hub_ends_streams_and_waits(hub: Hub, agent: str) -> None:
    async with serving(hub) as http:
        peer = Peer(http, REST, "/agents/echo")
        async with peer.streaming("SendStreamingMessage", sending()) as events:
            await events.next()
            waiting = asyncio.ensure_future(refused(peer.ask("SendMessage", sending(id_="m2"))))
            await next_task(hub, "echo", await hub.store.latest())
            hub.store.silence()
            with anyio.fail_after(5):
                assert (await waiting).reason == "UNAVAILABLE"
                assert await events.rest() == []
