"""Agents elsewhere as the hub's own: what is given to one is done there and told here, in every dialect, whatever breaks meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from hub.access import LOCAL, LOCAL_TENANT
from hub.app import Hub
from hub.domain.remote_agents import RemoteTask
from hub.ports import Filter, Json
from hub.work.worker import Worker
from protocols.a2a.remote_runner import RemoteRunner
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import ask, names_of_events
from tests.protocols.a2a_peers import DIALECTS, A2APeer, Work, behave, peer_at_work, served, text_of
from tests.protocols.requirements import meets

POLLS = (0.01, 0.05)
ways = pytest.mark.parametrize(("dialect", "streaming"), [(dialect, streaming) for dialect in DIALECTS for streaming in (True, False)])


@pytest.fixture
def hub() -> Hub:
    return Hub(MemoryStore(), vault=vault.ephemeral())


@pytest.fixture
async def working(hub: Hub) -> AsyncIterator[None]:
    async with worker_of(hub):
        yield


@asynccontextmanager
async def worker_of(hub: Hub) -> AsyncIterator[RemoteRunner]:
    """What a node of the hub does for its remote agents, until it stops in good order."""
    runner = RemoteRunner(hub, polls=POLLS)
    await runner.start()
    worker = Worker(hub, [runner])
    await worker.start()
    try:
        yield runner
    finally:
        await worker.aclose()
        await runner.aclose()


async def register(hub: Hub, peer: A2APeer, **fields: Any) -> Json:
    return await ask(hub, "register_remote_agent", **{"url": peer.url, "id": "far", **fields})


async def give(hub: Hub, text: str, **fields: Any) -> str:
    task = await ask(hub, "send_task_message", **{"messageId": text, "agentId": "far", "parts": [{"text": text}], **fields})
    return str(task["id"])


async def waited(hub: Hub, task_id: str, until: str = "ended") -> Json:
    with anyio.fail_after(10):
        answer = await ask(hub, "wait_for_task", taskId=task_id, until=until, timeoutSeconds=9)
    assert answer["done"], answer["task"]
    task: Json = answer["task"]
    return task


async def artifacts(hub: Hub, task_id: str) -> list[Any]:
    return [one["parts"] for one in (await ask(hub, "get_task_state", taskId=task_id))["artifacts"]]


async def said_by_agent(hub: Hub, task_id: str) -> list[str]:
    messages = (await ask(hub, "get_task_state", taskId=task_id))["messages"]
    return [text_of(message) for message in messages if message["role"] == "agent"]


async def happened(hub: Hub, name: str, record_id: str, times: int = 1) -> None:
    """Wait until the log tells of it so often."""
    seen = 0
    with anyio.fail_after(10):
        async for page in hub.follow(LOCAL, 0, Filter(record_id=record_id), 1):
            seen += sum(event.name == name for event in page.events)
            if seen >= times:
                return


async def remote_of(hub: Hub, task_id: str) -> RemoteTask:
    found = await hub.store.get(LOCAL_TENANT, RemoteTask, task_id)
    assert found
    return found


@meets("done there")
@ways
async def test_a_task_is_done_there_and_what_comes_out_of_it_is_here(hub: Hub, working: None, dialect: str, streaming: bool) -> None:
    async with peer_at_work(dialect, streaming=streaming) as peer:
        await register(hub, peer)
        count, files, say = [await give(hub, text) for text in ("count 5", "files", "say that is it")]
        assert (await waited(hub, count))["status"] == "COMPLETED"
        assert await artifacts(hub, count) == [[{"text": "0 1 2 3 4 "}]]
        assert (await waited(hub, files))["status"] == "COMPLETED"
        raw = {"raw": "aGk=", "filename": "hi.txt", "mediaType": "text/plain"}
        assert await artifacts(hub, files) == [[raw, {"url": "https://example.com/x"}, {"data": {"a": 1}, "metadata": {"m": True}}]]
        assert (await waited(hub, say))["completionSummary"] == "that is it"
        if streaming:
            assert await said_by_agent(hub, count) == ["on it"]


@meets("questions")
@ways
async def test_its_questions_are_asked_here_and_the_answers_sent_there(hub: Hub, working: None, dialect: str, streaming: bool) -> None:
    async with peer_at_work(dialect, streaming=streaming) as peer:
        await register(hub, peer)
        by_message, by_form, allowed = [await give(hub, text) for text in ("ask Which color?", "ask Which door?", "authorize Sign in")]
        [question] = (await waited(hub, by_message, "settled"))["inputRequests"]
        assert (question["message"], question["kind"], question["agentId"]) == ("Which color?", "input", "far")
        await give(hub, "blue", taskId=by_message, parts=[{"text": "blue"}, {"data": {"shade": 5}}, {"url": "https://example.com/c"}])
        assert (await waited(hub, by_message))["status"] == "COMPLETED"
        assert await artifacts(hub, by_message) == [[{"text": "blue"}, {"data": {"shade": 5}}, {"url": "https://example.com/c"}]]
        [question] = (await waited(hub, by_form, "settled"))["inputRequests"]
        await ask(hub, "provide_input", taskId=by_form, inputRequestId=question["id"], response={"answer": "the left one"})
        assert (await waited(hub, by_form))["status"] == "COMPLETED"
        assert await artifacts(hub, by_form) == [[{"text": "the left one"}]]
        [question] = (await waited(hub, allowed, "settled"))["inputRequests"]
        assert (question["message"], question["kind"]) == ("Sign in", "authorization")
        await ask(hub, "provide_input", taskId=allowed, inputRequestId=question["id"], response={"answer": "done"})
        assert (await waited(hub, allowed))["completionSummary"] == "thanks"


@meets("endings")
@ways
async def test_how_it_ends_there_is_how_it_ends_here(hub: Hub, working: None, dialect: str, streaming: bool) -> None:
    async with peer_at_work(dialect, streaming=streaming) as peer:
        await register(hub, peer)
        failed, rejected, cancelled = [await give(hub, text) for text in ("fail It broke.", "reject Not mine.", "cancel")]
        task = await waited(hub, failed)
        assert (task["status"], task["failure"]) == ("NEEDS_FIX", {"message": "It broke.", "rejected": False})
        task = await waited(hub, rejected)
        assert (task["status"], task["failure"]) == ("CANCELLED", {"message": "Not mine.", "rejected": True})
        task = await waited(hub, cancelled)
        assert (task["status"], task.get("failure")) == ("CANCELLED", None)


@meets("cancel")
@ways
async def test_what_is_cancelled_here_is_cancelled_there(hub: Hub, working: None, dialect: str, streaming: bool) -> None:
    async with peer_at_work(dialect, streaming=streaming) as peer:
        await register(hub, peer)
        task = await give(hub, "wait")
        await happened(hub, "task.artifact_updated", task)
        await ask(hub, "cancel_task", taskId=task)
        [work] = peer.works.values()
        with anyio.fail_after(10):
            while not work.over:
                await work.happens(len(work.events))
        assert work.status["state"] == "TASK_STATE_CANCELED"


@meets("questions")
async def test_a_declined_question_ends_the_task_here_and_there(hub: Hub, working: None) -> None:
    async with peer_at_work() as peer:
        await register(hub, peer)
        task = await give(hub, "ask Really?")
        [question] = (await waited(hub, task, "settled"))["inputRequests"]
        await ask(hub, "provide_input", taskId=task, inputRequestId=question["id"], declined=True)
        assert (await waited(hub, task))["failure"]["message"] == "It was declined: Really?"
        [work] = peer.works.values()
        with anyio.fail_after(10):
            while not work.over:
                await work.happens(len(work.events))


@meets("message answer")
async def test_an_answer_without_a_task_is_the_result(hub: Hub, working: None) -> None:
    async with peer_at_work() as peer:
        peer.one_message, peer.streaming = True, False
        await register(hub, peer)
        task = await give(hub, "anything")
        assert (await waited(hub, task))["completionSummary"] == "at once"
        assert await artifacts(hub, task) == [[{"text": "at once"}]]


@meets("further messages")
async def test_what_is_said_to_it_while_it_works_reaches_it(hub: Hub, working: None) -> None:
    async with peer_at_work() as peer:
        await register(hub, peer)
        task = await give(hub, "wait")
        await happened(hub, "task.artifact_updated", task)
        await give(hub, "second", taskId=task)
        assert (await waited(hub, task))["status"] == "COMPLETED"
        assert await artifacts(hub, task) == [[{"text": "first second"}]]


@meets("contexts")
async def test_tasks_of_one_context_are_of_one_context_there_and_others_are_not(hub: Hub, working: None) -> None:
    async with peer_at_work() as peer:
        await register(hub, peer)
        first = await waited(hub, await give(hub, "echo one"))
        await waited(hub, await give(hub, "echo two", contextId=first["sessionId"]))
        await waited(hub, await give(hub, "echo three"))
        one, two, three = [work.context for work in peer.works.values()]
        assert one == two
        assert three != one


@meets("objective")
async def test_a_task_made_without_a_message_is_told_by_its_objective_and_what_its_giver_adds(hub: Hub, working: None) -> None:
    async with peer_at_work() as peer:
        await register(hub, peer)
        lead = await ask(hub, "create_agent", name="Lead", role="ROUTA")
        task = await ask(hub, "create_task", title="Echo", objective="echo the objective")
        await ask(hub, "delegate_task", taskId=task["id"], agentId="far", callerAgentId=lead["id"], message="and more")
        await waited(hub, task["id"])
        assert await artifacts(hub, task["id"]) == [[{"text": "the objective and more"}]]


@meets("broken stream")
async def test_a_stream_that_breaks_is_taken_up_again_and_nothing_is_lost_or_told_twice(hub: Hub, working: None) -> None:
    go_on = anyio.Event()

    async def slowly(work: Work, message: Json) -> None:
        work.become("WORKING", "on it")
        work.chunk("a", {"text": "one "})
        await go_on.wait()
        work.chunk("a", {"text": "two "}, append=True)
        work.chunk("a", {"text": "three"}, append=True, last=True)
        work.become("COMPLETED", "done")

    async with peer_at_work() as peer:
        peer.behave, peer.cut_after = slowly, 2
        await register(hub, peer)
        task = await give(hub, "x")
        with anyio.fail_after(10):
            while not any(name == "subscribe" for name, _ in peer.asked):
                await anyio.lowlevel.checkpoint()
        go_on.set()
        assert (await waited(hub, task))["status"] == "COMPLETED"
        assert await artifacts(hub, task) == [[{"text": "one two three"}]]
        assert await said_by_agent(hub, task) == ["on it", "done"]
        assert len(peer.works) == 1


@meets("away")
async def test_an_agent_that_goes_away_and_comes_back_is_waited_for(hub: Hub, working: None) -> None:
    async with served() as serving:
        await register(hub, serving.peer)
        task = await give(hub, "ask Still there?")
        [question] = (await waited(hub, task, "settled"))["inputRequests"]
        await serving.stop()
        [work] = serving.peer.works.values()
        await ask(hub, "provide_input", taskId=task, inputRequestId=question["id"], response={"answer": "yes"})
        work.job, work.events = None, work.events[:1]  # what ran there is gone; it comes back and asks still
        await serving.start()
        with anyio.fail_after(10):
            told = await work.answers.get()
        work.chunk("a", *told["parts"])
        work.become("COMPLETED")
        assert (await waited(hub, task))["status"] == "COMPLETED"
        assert await artifacts(hub, task) == [[{"text": "yes"}]]


@meets("away")
async def test_an_agent_that_stays_away_fails_its_tasks_and_the_next_ones_at_once(hub: Hub, working: None) -> None:
    async with served(streaming=False) as serving:
        await register(hub, serving.peer, patienceSeconds=1)
        task = await give(hub, "wait")
        await happened(hub, "task.artifact_updated", task)
        await serving.stop()
        failure = (await waited(hub, task))["failure"]["message"]
        assert failure.startswith("The remote agent cannot be used: nothing answers at its address")
        remote = await ask(hub, "get_remote_agent", agentId="far")
        assert (remote["status"], remote["reason"].partition(" (")[0]) == ("unreachable", "nothing answers at its address")
        with anyio.fail_after(1):
            assert (await waited(hub, await give(hub, "echo again")))["failure"]
        await serving.start()
        assert (await waited(hub, await give(hub, "echo back")))["status"] == "COMPLETED"


@meets("restart")
@pytest.mark.parametrize("streaming", [True, False])
async def test_a_hub_that_was_restarted_goes_on_where_it_was(hub: Hub, streaming: bool) -> None:
    async with peer_at_work(streaming=streaming) as peer:
        async with worker_of(hub):
            await register(hub, peer)
            asking, waiting = await give(hub, "ask Which?"), await give(hub, "wait")
            await waited(hub, asking, "settled")
            await happened(hub, "task.artifact_updated", waiting)
        [question] = (await ask(hub, "get_task", taskId=asking))["inputRequests"]
        await ask(hub, "provide_input", taskId=asking, inputRequestId=question["id"], response={"answer": "this"})
        await give(hub, "meanwhile", taskId=waiting)
        async with worker_of(hub):
            assert (await waited(hub, asking))["status"] == "COMPLETED"
            assert await artifacts(hub, asking) == [[{"text": "this"}]]
            assert (await waited(hub, waiting))["status"] == "COMPLETED"
            assert await artifacts(hub, waiting) == [[{"text": "first meanwhile"}]]
        assert len(peer.works) == 2
        assert (await names_of_events(hub)).count("task.input_requested") == 1


@meets("cancel")
async def test_what_was_cancelled_while_the_hub_was_away_is_cancelled_there_when_it_is_back(hub: Hub) -> None:
    async with peer_at_work() as peer:
        async with worker_of(hub):
            await register(hub, peer)
            task = await give(hub, "wait")
            await happened(hub, "task.artifact_updated", task)
        await ask(hub, "cancel_task", taskId=task)
        [work] = peer.works.values()
        async with worker_of(hub):
            with anyio.fail_after(10):
                while not work.over:
                    await work.happens(len(work.events))
        assert (await remote_of(hub, task)).ended


@meets("again")
async def test_a_task_that_is_given_again_after_it_failed_is_another_one_there(hub: Hub, working: None) -> None:
    async with peer_at_work() as peer:
        await register(hub, peer)
        task = await give(hub, "fail once")
        await waited(hub, task)
        with anyio.fail_after(10):
            while not (await remote_of(hub, task)).ended:
                await anyio.lowlevel.checkpoint()
        peer.behave = lambda work, message: behave(work, {"parts": [{"text": "say better"}]})
        await ask(hub, "set_task_status", taskId=task, status="PENDING")
        assert (await waited(hub, task))["completionSummary"] == "better"
        assert len(peer.works) == 2
        assert (await remote_of(hub, task)).run == 2
