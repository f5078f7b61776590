"""Agents that are functions: what they are asked, what they do about it, and what becomes of it. On every store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from hub.app import Hub
from hub.domain.model import new_id
from hub.domain.task_messages import Part
from hub.ports import HubStore, Json
from hub.turns import Declined, Failed, Rejected, Terms, Turn, terms
from hub.work.functions import Function, FunctionRunner, register
from hub.work.turning import DEFECT, STOPPED
from hub.work.worker import Worker
from tests.conftest import open_database
from tests.core.support import Clock, ask, new_task, on_memory

PATIENCE = 10.0


@pytest.fixture
def hub(store: HubStore) -> Hub:
    """On the real clock: leases are counted by it."""
    return Hub(store)


@asynccontextmanager
async def working(hub: Hub, lease: int = 30, at_once: int = 1_000, **functions: Function) -> AsyncIterator[Worker]:
    await register(hub, functions)
    worker = Worker(hub, [FunctionRunner(functions)], lease_seconds=lease, at_once=at_once)
    await worker.start()
    try:
        with anyio.fail_after(PATIENCE):
            yield worker
    finally:
        await worker.aclose()


async def send(hub: Hub, agent: str, text: str = "Paint the door", **fields: Any) -> str:
    given = {"messageId": new_id(), "parts": [{"text": text}], "agentId": agent, **fields}
    return str((await ask(hub, "send_task_message", **given))["id"])


async def settled(hub: Hub, task_id: str, until: str = "settled") -> Json:
    """The task once it has ended or asks something."""
    waited = await ask(hub, "wait_for_task", taskId=task_id, until=until)
    assert waited["done"], waited
    task: Json = waited["task"]
    return task


async def outcome(hub: Hub, task_id: str) -> tuple[str, str]:
    """How it ended: its status, and what came out of it or why not."""
    task = await settled(hub, task_id)
    state = await ask(hub, "get_task_state", taskId=task_id)
    told = (task.get("failure") or {}).get("message") or "|".join(one.get("content", "") for one in state["artifacts"])
    return task["status"], told


async def echo(turn: Turn) -> str:
    """Says it again.

    And nothing else.
    """
    return turn.text


async def test_what_a_function_returns_is_the_result(hub: Hub) -> None:
    async with working(hub, echo=echo):
        task = await settled(hub, await send(hub, "echo", "Hello"))
        assert (task["status"], task["completionSummary"], task["assignedTo"]) == ("COMPLETED", "Hello", "echo")
        [artifact] = (await ask(hub, "get_task_state", taskId=task["id"]))["artifacts"]
        assert (artifact["name"], artifact["parts"], artifact["providedByAgentId"]) == ("result", [{"text": "Hello"}], "echo")


@on_memory
async def test_a_result_may_be_an_object_or_parts_or_nothing(hub: Hub) -> None:
    async def answer(turn: Turn) -> Any:
        return {"object": {"hinges": 2}, "part": Part(url="https://example.com/door"), "nothing": None}[turn.text]

    async with working(hub, answer=answer):
        assert (await settled(hub, await send(hub, "answer", "object")))["result"] == {"hinges": 2}
        task = await settled(hub, await send(hub, "answer", "part"))
        [artifact] = (await ask(hub, "get_task_state", taskId=task["id"]))["artifacts"]
        assert artifact["parts"] == [{"url": "https://example.com/door"}]
        assert await outcome(hub, await send(hub, "answer", "nothing")) == ("COMPLETED", "")


async def test_tasks_come_by_every_way_also_before_the_worker_is_there(hub: Hub) -> None:
    await register(hub, {"echo": echo})
    early = [await new_task(hub, assignedTo="echo"), await send(hub, "echo"), await new_task(hub)]
    await ask(hub, "delegate_task", agentId="echo", callerAgentId="lead", taskId=early[2], message="In blue, please.")
    async with working(hub, echo=echo):
        made = await new_task(hub, assignedTo="echo")
        given, delegated = await new_task(hub), await new_task(hub)
        await ask(hub, "update_task", taskId=given, assignedTo="echo")
        await ask(hub, "delegate_task", agentId="echo", callerAgentId="lead", taskId=delegated, message="In red, please.")
        ends = [await outcome(hub, task) for task in (*early, made, given, delegated)]
    texts = (
        "an objective",
        "Paint the door",
        "an objective\nIn blue, please.",
        "an objective",
        "an objective",
        "an objective\nIn red, please.",
    )
    assert ends == [("COMPLETED", text) for text in texts]


@on_memory
async def test_the_agent_has_the_name_of_its_function_and_its_docstrings_first_line(hub: Hub) -> None:
    await ask(hub, "create_agent", agentId="old", name="Mine", role="GATE", metadata={"mine": "kept"})
    async with working(hub, echo=echo, old=echo):
        agent = await ask(hub, "get_agent", agentId="echo")
        assert (agent["role"], agent["metadata"]) == ("DEVELOPER", {"runner": "function", "description": "Says it again."})
        old = await ask(hub, "get_agent", agentId="old")
        assert (old["name"], old["metadata"]["mine"], old["metadata"]["runner"]) == ("Mine", "kept", "function")


async def test_a_stream_is_kept_piece_by_piece_and_costs_fewer_commits(hub: Hub) -> None:
    async def stream(turn: Turn) -> AsyncIterator[str]:
        for number in range(200):
            yield f"{number} "

    async with working(hub, stream=stream):
        task = await send(hub, "stream")
        assert await outcome(hub, task) == ("COMPLETED", "".join(f"{number} " for number in range(200)))
        events = (await ask(hub, "list_events", recordId=task, limit=500))["events"]
        batches = [event["data"]["chunks"] for event in events if event["name"] == "task.artifact_updated"]
        pieces = [piece[0]["text"] for batch in batches for piece in batch]
        assert [piece for piece in pieces if piece] == [f"{number} " for number in range(200)]
        assert len(batches) < 20


@on_memory
async def test_a_turn_knows_what_was_said_and_says_something(hub: Hub) -> None:
    seen: list[Turn] = []

    async def talk(turn: Turn) -> None:
        seen.append(turn)
        await turn.say("At it.")
        await turn.publish("plan", "Blue", description="How it is painted.")

    async with working(hub, talk=talk):
        task = await send(hub, "talk", contextId="c")
        await settled(hub, task)
    [turn] = seen
    assert (turn.task_id, turn.context_id, turn.text, turn.attempt) == (task, "c", "Paint the door", 1)
    assert [one.role for one in turn.history] == ["user"]
    said = (await ask(hub, "list_task_messages", taskId=task))["taskMessages"]
    assert [(one["role"], one["parts"][0]["text"]) for one in said] == [("user", "Paint the door"), ("agent", "At it.")]
    [plan] = (await ask(hub, "get_task_state", taskId=task))["artifacts"]
    assert (plan["name"], plan["description"], plan["content"]) == ("plan", "How it is painted.", "Blue")


async def test_a_question_is_answered_and_the_function_goes_on_where_it_was(hub: Hub) -> None:
    async def painter(turn: Turn) -> str:
        color = await turn.ask("Which color?")
        form = {"type": "object", "properties": {"coats": {"type": "integer"}}}
        coats = (await turn.ask_form("How many coats?", form))["coats"]  # type: ignore[arg-type]
        return f"{coats} coats of {color}, {await turn.authorize('Open the shop')}"

    async with working(hub, at_once=1, painter=painter, echo=echo):
        task = await send(hub, "painter")
        [question] = (await settled(hub, task))["inputRequests"]
        assert await outcome(hub, await send(hub, "echo")) == ("COMPLETED", "Paint the door")  # who waits takes nobody's place
        await ask(hub, "provide_input", taskId=task, inputRequestId=question["id"], response={"answer": "blue"})
        question = (await settled(hub, task))["inputRequests"][1]
        await ask(hub, "provide_input", taskId=task, inputRequestId=question["id"], response={"coats": 2})
        assert (await settled(hub, task))["inputRequests"][2]["kind"] == "authorization"
        await send(hub, "painter", "done", taskId=task)
        assert await outcome(hub, task) == ("COMPLETED", "2 coats of blue, done")


@on_memory
async def test_a_question_that_is_declined_is_the_tasks_failure_unless_it_is_caught(hub: Hub) -> None:
    async def painter(turn: Turn) -> str:
        try:
            return await turn.ask("Which color?")
        except Declined:
            if turn.text == "Paint the door":
                raise
            return "White, then."

    async with working(hub, painter=painter):
        ends = []
        for text in ("Paint the door", "Paint the roof"):
            task = await send(hub, "painter", text)
            [question] = (await settled(hub, task))["inputRequests"]
            await ask(hub, "provide_input", taskId=task, inputRequestId=question["id"], declined=True)
            ends.append(await outcome(hub, task))
    assert ends == [("NEEDS_FIX", "It was declined: Which color?"), ("COMPLETED", "White, then.")]


async def test_what_is_said_to_it_while_it_works_is_heard_in_order(hub: Hub) -> None:
    asked = asyncio.Event()

    async def listener(turn: Turn) -> str:
        asked.set()
        heard = [await turn.next_message() for _ in range(2)]
        return ", ".join([*heard, await turn.ask("And?"), await turn.next_message()])

    async with working(hub, listener=listener):
        task = await send(hub, "listener")
        await asked.wait()
        for text in ("one", "two"):
            await send(hub, "listener", text, taskId=task)
        await settled(hub, task)
        for text in ("answer", "three"):
            await send(hub, "listener", text, taskId=task)
        assert await outcome(hub, task) == ("COMPLETED", "one, two, answer, three")


@on_memory
@pytest.mark.parametrize(
    ("raised", "end"),
    [
        (Rejected("Not my trade."), ("CANCELLED", "Not my trade.")),
        (Failed("The door jams."), ("NEEDS_FIX", "The door jams.")),
        (ValueError("password=hunter2"), ("NEEDS_FIX", DEFECT)),
        (TimeoutError("its own"), ("NEEDS_FIX", DEFECT)),
        (SystemExit(3), ("NEEDS_FIX", DEFECT)),
        (asyncio.CancelledError(), ("NEEDS_FIX", DEFECT)),
    ],
)
async def test_a_function_that_raises_ends_its_task_and_no_exceptions_text_gets_out(
    hub: Hub, raised: BaseException, end: tuple[str, str]
) -> None:
    async def raising(turn: Turn) -> None:
        raise raised

    async with working(hub, raising=raising, echo=echo):
        task = await send(hub, "raising")
        assert await outcome(hub, task) == end
        assert await outcome(hub, await send(hub, "echo")) == ("COMPLETED", "Paint the door")
    assert ((await ask(hub, "get_task", taskId=task))["failure"].get("rejected") is True) == isinstance(raised, Rejected)
    assert "hunter2" not in str(await ask(hub, "list_events", limit=500))


@on_memory
async def test_a_function_has_its_time_and_waiting_for_others_does_not_count(hub: Hub) -> None:
    @terms(timeout_seconds=0.05)
    async def slow(turn: Turn) -> None:
        await asyncio.Event().wait()

    @terms(timeout_seconds=0.2)
    async def patient(turn: Turn) -> str:
        return await turn.ask("Which?")

    async with working(hub, slow=slow, patient=patient):
        waiting = await send(hub, "patient")
        await settled(hub, waiting)
        assert await outcome(hub, await send(hub, "slow")) == ("NEEDS_FIX", "The agent did not finish within 0.05 seconds.")
        with anyio.move_on_after(0.3):
            await asyncio.Event().wait()
        await send(hub, "patient", "this", taskId=waiting)
        assert await outcome(hub, waiting) == ("COMPLETED", "this")


@on_memory
async def test_what_no_store_can_keep_is_a_failure_that_says_so(hub: Hub) -> None:
    async def odd(turn: Turn) -> str:
        return "\0"

    async with working(hub, odd=odd):
        status, told = await outcome(hub, await send(hub, "odd"))
    assert status == "NEEDS_FIX"
    assert "NUL" in told


Deed = Callable[[Hub, str], Awaitable[Any]]


@pytest.mark.parametrize(
    ("deed", "status"),
    [
        (lambda hub, task: ask(hub, "cancel_task", taskId=task), "CANCELLED"),
        (lambda hub, task: ask(hub, "set_task_status", taskId=task, status="BLOCKED"), "BLOCKED"),
        (lambda hub, task: ask(hub, "finish_task", taskId=task), "COMPLETED"),
        (lambda hub, task: ask(hub, "delete_task", taskId=task), None),
        (lambda hub, task: ask(hub, "delegate_task", taskId=task, agentId="echo", callerAgentId="worker"), "COMPLETED"),
    ],
    ids=["cancelled", "blocked", "finished", "deleted", "delegated"],
)
async def test_a_function_whose_task_is_taken_from_it_is_cancelled_at_once(hub: Hub, deed: Deed, status: str | None) -> None:
    begun, told = asyncio.Event(), asyncio.Event()

    async def worker(turn: Turn) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.set()
            raise

    async with working(hub, worker=worker, echo=echo):
        task = await send(hub, "worker")
        await begun.wait()
        await deed(hub, task)
        await told.wait()
        if status:
            assert (await settled(hub, task, "ended") if status != "BLOCKED" else await ask(hub, "get_task", taskId=task))[
                "status"
            ] == status


async def test_a_task_delegated_again_to_the_same_agent_is_begun_again(hub: Hub) -> None:
    begun = asyncio.Event()

    async def worker(turn: Turn) -> str:
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        return turn.text

    async with working(hub, worker=worker):
        task = await send(hub, "worker")
        await begun.wait()
        await ask(hub, "delegate_task", taskId=task, agentId="worker", callerAgentId="lead", message="Now!")
        assert await outcome(hub, task) == ("COMPLETED", "Paint the door\nNow!")


@on_memory
async def test_a_task_waits_for_those_that_it_depends_on(hub: Hub) -> None:
    async with working(hub, echo=echo):
        first = await new_task(hub)
        second = await new_task(hub, assignedTo="echo", dependencies=[first])
        await ask(hub, "update_task", taskId=first, assignedTo="echo")
        assert (await outcome(hub, second))[0] == "COMPLETED"


@on_memory
async def test_no_more_turns_at_once_than_the_agent_allows(hub: Hub) -> None:
    running, most, gates = 0, 0, [asyncio.Event() for _ in range(6)]

    @terms(at_once=2)
    async def worker(turn: Turn) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gates[int(turn.text)].wait()
        running -= 1

    async with working(hub, worker=worker):
        tasks = [await send(hub, "worker", str(number)) for number in range(6)]
        for gate, task in zip(gates, tasks, strict=True):
            gate.set()
            await settled(hub, task)
    assert most == 2


@pytest.mark.parametrize(("resumable", "end"), [(True, ("COMPLETED", "2: blue")), (False, ("NEEDS_FIX", STOPPED))])
async def test_a_turn_that_the_stop_breaks_off_is_run_again_if_the_agent_is_resumable(
    hub: Hub, resumable: bool, end: tuple[str, str]
) -> None:
    @terms(resumable=resumable)
    async def painter(turn: Turn) -> None:
        async with turn.artifact("plan") as plan:
            await plan.append(f"{turn.attempt}: ")
            await plan.append(await turn.ask("Which color?"))

    async with working(hub, painter=painter):
        task = await send(hub, "painter")
        await settled(hub, task)
    assert (await ask(hub, "get_task", taskId=task))["status"] == ("PENDING" if resumable else "NEEDS_FIX")
    if resumable:
        await send(hub, "painter", "blue", taskId=task)
    async with working(hub, painter=painter):
        assert await outcome(hub, task) == end
    assert len((await ask(hub, "get_task", taskId=task))["inputRequests"]) == 1


@pytest.mark.parametrize(("resumable", "end"), [(True, ("COMPLETED", "ab")), (False, ("NEEDS_FIX", STOPPED))])
async def test_the_claim_of_a_worker_that_died_is_taken_over_once_it_ran_out(
    hub: Hub, clock: Clock, resumable: bool, end: tuple[str, str]
) -> None:
    attempts: list[int] = []

    @terms(resumable=resumable)
    async def worker(turn: Turn) -> None:
        attempts.append(turn.attempt)
        async with turn.artifact("plan") as plan:
            await plan.append("a")
            await plan.append("b")

    await register(hub, {"worker": worker})
    task = await send(hub, "worker")
    dead = Hub(hub.store, clock)  # its leases ran out long ago
    await ask(dead, "claim_task", agentId="worker", taskId=task, worker="dead")
    async with working(hub, worker=worker):
        assert await outcome(hub, task) == end
    assert attempts == ([2] if resumable else [])


async def test_a_claim_that_lasts_is_waited_for(hub: Hub) -> None:
    await register(hub, {"echo": echo})
    task = await send(hub, "echo")
    await ask(hub, "claim_task", agentId="echo", taskId=task, worker="another", leaseSeconds=1)
    async with working(hub, lease=1, echo=echo):
        assert await outcome(hub, task) == ("NEEDS_FIX", STOPPED)


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)
async def test_of_two_nodes_one_runs_each_task(database: str) -> None:
    stores = [await open_database(database) for _ in range(2)]
    hubs = [Hub(store) for store in stores]
    runs: list[str] = []

    async def counted(turn: Turn) -> str:
        runs.append(turn.task_id)
        return turn.text

    async with working(hubs[0], counted=counted), working(hubs[1], counted=counted):
        tasks = await asyncio.gather(*(send(hubs[number % 2], "counted", str(number)) for number in range(40)))
        ends = await asyncio.gather(*(outcome(hubs[0], task) for task in tasks))
    assert sorted(runs) == sorted(tasks)
    assert ends == [("COMPLETED", str(number)) for number in range(40)]
    for store in stores:
        await store.close()


@on_memory
async def test_a_lease_is_renewed_while_the_turn_runs(hub: Hub) -> None:
    gate = asyncio.Event()

    async def worker(turn: Turn) -> None:
        await gate.wait()

    async with working(hub, lease=1, worker=worker):
        task = await send(hub, "worker")
        expires = set[str]()
        while len(expires) < 4:
            claim = (await ask(hub, "get_task", taskId=task)).get("claim")
            expires |= {claim["expiresAt"]} if claim else set()
            await asyncio.sleep(0)
        gate.set()
        assert (await outcome(hub, task))[0] == "COMPLETED"
    assert (await ask(hub, "get_task", taskId=task))["claimCount"] == 1


class Late:
    """A runner whose agents come while the hub runs, as those that are registered from elsewhere do."""

    kinds = ("note",)

    def __init__(self) -> None:
        self.known: dict[str, Terms] = {}

    async def agents(self) -> Mapping[str, Terms]:
        return dict(self.known)

    async def run(self, turn: Turn) -> str:
        return f"{turn.agent_id}: {turn.text}"


@on_memory
async def test_agents_that_come_and_go_while_the_worker_runs_are_noticed(hub: Hub) -> None:
    runner = Late()
    worker = Worker(hub, [runner])
    await worker.start()
    with anyio.fail_after(PATIENCE):
        for name in ("one", "two"):
            await ask(hub, "create_agent", agentId=name, name=name, role="CRAFTER")
            early = await send(hub, name, "early")
            runner.known[name] = Terms()
            await ask(hub, "create_note", title=name, content="It is there.")
            assert await outcome(hub, early) == ("COMPLETED", f"{name}: early")
            assert await outcome(hub, await send(hub, name, "late")) == ("COMPLETED", f"{name}: late")
        del runner.known["one"]
        await ask(hub, "create_note", title="one", content="It is gone.")
        assert await outcome(hub, await send(hub, "two", "meanwhile")) == ("COMPLETED", "two: meanwhile")
        left = await send(hub, "one")
        assert await outcome(hub, await send(hub, "two", "still")) == ("COMPLETED", "two: still")
    await worker.aclose()
    assert (await ask(hub, "get_task", taskId=left))["status"] == "PENDING"


@on_memory
async def test_a_task_that_is_given_to_another_agent_by_an_update_ends_the_turn(hub: Hub) -> None:
    begun, told = asyncio.Event(), asyncio.Event()

    async def worker(turn: Turn) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            told.set()

    async with working(hub, worker=worker):
        task = await send(hub, "worker")
        await begun.wait()
        await ask(hub, "update_task", taskId=task, assignedTo="somebody")
        await told.wait()


@on_memory
async def test_a_message_to_an_agent_that_has_a_place_is_claimed_as_it_is_taken_in(hub: Hub) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    @terms(at_once=1)
    async def slow(turn: Turn) -> str:
        begun.set()
        await gate.wait()
        return turn.text

    async with working(hub, slow=slow):
        given = {"agentId": "slow", "parts": [{"text": "Paint"}]}
        first = await ask(hub, "send_task_message", messageId="1", **given)
        assert (first["status"], first["claim"]["agentId"], first["claim"]["token"]) == ("IN_PROGRESS", "slow", 1)
        await begun.wait()
        second = await ask(hub, "send_task_message", messageId="2", **given)
        assert (second["status"], "claim" in second) == ("PENDING", False)
        gate.set()
        assert [await outcome(hub, task["id"]) for task in (first, second)] == [("COMPLETED", "Paint")] * 2
    assert (await ask(hub, "send_task_message", messageId="3", **given))["status"] == "PENDING"


@on_memory
async def test_what_another_node_claimed_as_it_was_taken_in_is_left_to_it_until_its_claim_runs_out(hub: Hub) -> None:
    gate = asyncio.Event()

    async def slow(turn: Turn) -> str:
        await gate.wait()
        return f"{turn.text} {turn.attempt}"

    other = Hub(hub.store)
    async with working(hub, slow=slow), working(other, slow=echo):
        mine, theirs = await send(hub, "slow", "Here"), await send(other, "slow", "There")
        assert await outcome(hub, theirs) == ("COMPLETED", "There")
        assert (await ask(hub, "get_task", taskId=mine))["claimCount"] == 1
        gate.set()
        assert await outcome(hub, mine) == ("COMPLETED", "Here 1")


@on_memory
async def test_what_waits_for_its_place_when_the_worker_stops_goes_back(hub: Hub) -> None:
    begun = asyncio.Event()

    @terms(at_once=1)
    async def slow(turn: Turn) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with working(hub, slow=slow):
        tasks = await asyncio.gather(*(send(hub, "slow") for _ in range(3)))
        await begun.wait()
        assert {(await ask(hub, "get_task", taskId=task))["status"] for task in tasks} == {"IN_PROGRESS"}
    ended = [await ask(hub, "get_task", taskId=task) for task in tasks]
    assert sorted(task["status"] for task in ended) == ["NEEDS_FIX", "PENDING", "PENDING"]
    assert [task["assignedTo"] for task in ended] == ["slow"] * 3
    async with working(hub, slow=echo):
        for task in ended:
            if task["status"] == "PENDING":
                assert await outcome(hub, task["id"]) == ("COMPLETED", "Paint the door")
