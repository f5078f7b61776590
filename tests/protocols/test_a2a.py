"""A2A's operations over JSON-RPC and HTTP+JSON, for the hub and for one agent."""

from typing import Any

import anyio
import pytest

from hub.access import LOCAL, Caller
from hub.app import Hub
from hub.ports import Json
from protocols.a2a.cards import HubCards
from protocols.a2a.service import Asked, Service
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import Clock, ask, new_agent, new_task
from tests.protocols.a2a import JSONRPC, REST, VERSION, Peer, both_bindings, meanwhile, next_task, refused, sending, taken
from tests.protocols.conftest import SETTINGS, Http, serving
from tests.protocols.requirements import meets


@pytest.fixture
async def agent(hub: Hub) -> str:
    return await new_agent(hub, "Echo", agentId="echo")


async def echo(hub: Hub, agent_id: str = "echo", **how: Any) -> None:
    worker = await next_task(hub, agent_id)
    await worker.finish(**how or {"output": [{"text": "hello back"}]})


def state(task: Json) -> str:
    return str(task["status"]["state"]).removeprefix("TASK_STATE_")


def texts(message: Json) -> list[str]:
    return [part["text"] for part in message["parts"] if "text" in part]


@both_bindings
@meets("send", "artifacts", "history")
async def test_a_message_is_answered_when_the_agent_is_done(hub: Hub, http: Http, agent: str, binding: str) -> None:
    async with meanwhile(echo(hub)):
        task = await Peer(http, binding, "/agents/echo").send(metadata={"a": 1}, extensions=["https://x.example"])
    assert state(task) == "COMPLETED"
    assert [texts(one) for one in task["artifacts"]] == [["hello back"]]
    [said] = task["history"]
    assert said == {
        "messageId": "m1", "role": "ROLE_USER", "parts": [{"text": "hello"}], "taskId": task["id"], "contextId": task["contextId"],
        "metadata": {"a": 1}, "extensions": ["https://x.example"],
    }  # fmt: skip


@both_bindings
@meets("return immediately", "one task")
async def test_who_does_not_want_to_wait_gets_the_task_that_is_the_hubs_own(hub: Hub, http: Http, agent: str, binding: str) -> None:
    task = await Peer(http, binding, "/agents/echo").send(immediately=True)
    assert state(task) == "SUBMITTED"
    stored = await ask(hub, "get_task", taskId=task["id"])
    assert (stored["assignedTo"], stored["sessionId"], stored["title"]) == ("echo", task["contextId"], "hello")


@meets("wait")
async def test_a_task_that_nobody_takes_is_not_waited_for_as_long_as_one_that_somebody_works_on(hub: Hub, agent: str) -> None:
    service, asked = Service(hub, HubCards(hub, SETTINGS), untaken=0.0, taken=60.0), Asked(LOCAL, "echo")
    with anyio.fail_after(5):
        waiting = (await service.send(sending(), asked))["task"]
        assert state(waiting) == "SUBMITTED"
        worker = await taken(hub, "echo", waiting["id"])
        async with meanwhile(worker.finish()):
            done = (await service.send(sending("more", "m2", taskId=waiting["id"]), asked))["task"]
    assert state(done) == "COMPLETED"
    await service.close()


@both_bindings
@meets("input required", "question", "history")
async def test_a_question_ends_the_wait_and_the_next_message_answers_it(hub: Hub, http: Http, agent: str, binding: str) -> None:
    peer = Peer(http, binding, "/agents/echo")

    async def ask_for_colour() -> None:
        await (await next_task(hub, "echo")).request("Which colour?")

    async with meanwhile(ask_for_colour()):
        asked = await peer.send()
    assert (state(asked), texts(asked["status"]["message"])) == ("INPUT_REQUIRED", ["Which colour?"])
    answered = await peer.send("blue", "m2", immediately=True, taskId=asked["id"])
    assert (answered["id"], state(answered)) == (asked["id"], "WORKING")
    assert [texts(one) for one in answered["history"]] == [["hello"], ["Which colour?"], ["blue"]]
    stored = await ask(hub, "get_task", taskId=asked["id"])
    assert stored["inputRequests"][0]["response"] == {"answer": "blue"}


@both_bindings
@pytest.mark.parametrize(
    ("steps", "expected", "said"),
    [
        ([("finish", {"summary": "All done."})], "COMPLETED", ["All done."]),
        ([("finish", {"failure": {"message": "It broke."}})], "FAILED", ["It broke."]),
        ([("finish", {"failure": {"message": "Not mine.", "rejected": True}})], "REJECTED", ["Not mine."]),
        ([("request", {"message": "Log in.", "kind": "authorization"})], "AUTH_REQUIRED", ["Log in."]),
        ([("request", {"message": "Which?"})], "INPUT_REQUIRED", ["Which?"]),
        ([], "WORKING", None),
    ],
)
@meets("states")
async def test_every_state_of_a_task_is_told_with_what_was_said_at_it(
    hub: Hub, http: Http, agent: str, binding: str, steps: list[tuple[str, Json]], expected: str, said: list[str] | None
) -> None:
    peer = Peer(http, binding, "/agents/echo")
    task = await peer.send(immediately=True)
    worker = await taken(hub, "echo", task["id"])
    for step, how in steps:
        await getattr(worker, step)(**how)
    read = await peer.ask("GetTask", {"id": task["id"]})
    assert state(read) == expected
    message = read["status"].get("message")
    assert (texts(message) if message else None) == said
    listed = await peer.ask("ListTasks", {"status": f"TASK_STATE_{expected}"})
    assert [one["id"] for one in listed["tasks"]] == [task["id"]]
    others = await peer.ask("ListTasks", {"status": "TASK_STATE_CANCELED"})
    assert others == {"tasks": [], "nextPageToken": "", "pageSize": 50, "totalSize": 0}


@meets("result")
async def test_a_result_for_machines_is_data_beside_the_summary(hub: Hub, http: Http, agent: str) -> None:
    async with meanwhile(echo(hub, summary="Counted.", result={"count": 3})):
        task = await Peer(http, JSONRPC, "/agents/echo").send()
    assert task["status"]["message"]["parts"] == [{"text": "Counted."}, {"data": {"count": 3}}]


@both_bindings
@pytest.mark.parametrize(
    ("length", "expected"), [(None, ["hello", "one", "two"]), (0, []), (2, ["one", "two"]), (9, ["hello", "one", "two"])]
)
@meets("history length")
async def test_history_is_as_long_as_was_asked_for(
    hub: Hub, http: Http, agent: str, binding: str, length: int | None, expected: list[str]
) -> None:
    peer = Peer(http, binding, "/agents/echo")
    task = await peer.send(immediately=True)
    worker = await taken(hub, "echo", task["id"])
    await worker.say("one")
    await worker.say("two")
    read = await peer.ask("GetTask", {"id": task["id"], **({} if length is None else {"historyLength": length})})
    assert [texts(one)[0] for one in read.get("history", [])] == expected


@both_bindings
@meets("idempotent")
async def test_the_same_message_again_in_its_context_finds_the_same_task(hub: Hub, http: Http, agent: str, binding: str) -> None:
    peer = Peer(http, binding, "/agents/echo")
    first = await peer.send(immediately=True)
    for _ in range(2):
        assert (await peer.send(immediately=True, contextId=first["contextId"]))["id"] == first["id"]
    assert (await peer.send(immediately=True))["id"] != first["id"]
    assert (await peer.ask("ListTasks"))["totalSize"] == 2


@both_bindings
@meets("idempotency key")
async def test_a_message_that_is_sent_again_with_its_key_is_answered_with_its_task_as_it_is(
    hub: Hub, http: Http, agent: str, binding: str
) -> None:
    peer = Peer(http, binding, "/agents/echo", {**VERSION, "Idempotency-Key": "k"})
    first = await peer.send(immediately=True)
    worker = await taken(hub, "echo", first["id"])
    await worker.finish(summary="Done.")
    with anyio.fail_after(5):
        again = await peer.send()
        assert (again["id"], again["status"]["state"]) == (first["id"], "TASK_STATE_COMPLETED")
        async with peer.streaming("SendStreamingMessage", sending()) as events:
            assert [name for name, _ in await events.rest()] == ["task"]
    assert (await refused(peer.send("other", "m2"))).reason == "INVALID_PARAMS"


@both_bindings
@meets("list")
async def test_tasks_are_listed_page_by_page_those_that_changed_last_first(hub: Hub, http: Http, agent: str, binding: str) -> None:
    peer = Peer(http, binding, "/agents/echo")
    ids = [(await peer.send(f"task {number}", f"m{number}", immediately=True))["id"] for number in range(5)]
    first = await peer.ask("ListTasks", {"pageSize": 3})
    second = await peer.ask("ListTasks", {"pageSize": 3, "pageToken": first["nextPageToken"]})
    assert [one["id"] for one in (*first["tasks"], *second["tasks"])] == ids[::-1]
    assert (first["totalSize"], first["pageSize"], second["totalSize"], second["nextPageToken"]) == (5, 3, 5, "")
    assert "history" not in first["tasks"][0]


@both_bindings
@meets("list filters")
async def test_tasks_are_listed_by_context_and_time_with_what_was_asked_for(binding: str) -> None:
    clock = Clock()
    hub = Hub(MemoryStore(), clock)
    async with serving(hub) as http:
        peer, agent = Peer(http, binding), await new_agent(hub)
        mine = await peer.send(immediately=True, contextId="ctx-1")
        other = await peer.send("other", "m2", immediately=True)
        clock.turn(60)
        await (await taken(hub, agent, mine["id"])).finish(output=[{"text": "out"}])
        [found] = (await peer.ask("ListTasks", {"contextId": "ctx-1"}))["tasks"]
        assert (found["id"], "artifacts" in found, "history" in found) == (mine["id"], False, False)
        [whole] = (await peer.ask("ListTasks", {"contextId": "ctx-1", "includeArtifacts": True, "historyLength": 1}))["tasks"]
        assert (texts(whole["artifacts"][0]), texts(whole["history"][0])) == (["out"], ["hello"])
        for after, ids in (
            ("2026-01-01T00:00:00Z", [mine["id"], other["id"]]), ("2026-01-01T01:01:00+01:00", [mine["id"]]), ("2026-01-01T00:01:01Z", []),
        ):  # fmt: skip
            assert [one["id"] for one in (await peer.ask("ListTasks", {"statusTimestampAfter": after}))["tasks"]] == ids, after


@both_bindings
@meets("cancel", "not cancelable")
async def test_a_task_is_cancelled_once(hub: Hub, http: Http, agent: str, binding: str) -> None:
    peer = Peer(http, binding, "/agents/echo")
    task = await peer.send(immediately=True)
    assert state(await peer.ask("CancelTask", {"id": task["id"]})) == "CANCELED"
    refusal = await refused(peer.ask("CancelTask", {"id": task["id"]}))
    assert (refusal.reason, refusal.code) == ("TASK_NOT_CANCELABLE", -32002 if binding == JSONRPC else 400)


@both_bindings
@meets("hub routes")
async def test_the_hub_gives_a_message_to_the_agent_or_the_workspace_that_it_names(hub: Hub, http: Http, agent: str, binding: str) -> None:
    peer = Peer(http, binding)
    workspace = (await ask(hub, "create_workspace", title="Elsewhere"))["id"]
    for metadata, expected in (({"agentId": "echo"}, "echo"), ({"workspaceId": workspace}, None), ({}, None)):
        params = {**sending(id_=str(metadata), immediately=True), "metadata": metadata}
        stored = await ask(hub, "get_task", taskId=(await peer.ask("SendMessage", params))["task"]["id"])
        assert (stored.get("assignedTo"), stored["workspaceId"]) == (expected, metadata.get("workspaceId", "default"))


@both_bindings
@meets("hub routes")
async def test_the_hub_gives_a_message_to_the_one_agent_that_it_runs(hub: Hub, http: Http, agent: str, binding: str) -> None:
    peer = Peer(http, binding)

    async def assigned(id_: str) -> str | None:
        task = await peer.send(id_=id_, immediately=True)
        return (await ask(hub, "get_task", taskId=task["id"])).get("assignedTo")

    assert await assigned("m1") is None
    await new_agent(hub, agentId="one", metadata={"runner": "function"})
    assert await assigned("m2") == "one"
    await new_agent(hub, agentId="two", metadata={"runner": "a2a"})
    assert await assigned("m3") is None


@both_bindings
@meets("own tasks", "not found")
async def test_an_agent_knows_of_no_other_agents_tasks(hub: Hub, http: Http, agent: str, binding: str) -> None:
    other = await new_task(hub, "of nobody")
    mine, peer = await Peer(http, binding).send(immediately=True), Peer(http, binding, "/agents/echo")
    for operation, params in (
        ("GetTask", {"id": other}), ("GetTask", {"id": "unknown"}), ("CancelTask", {"id": mine["id"]}),
        ("SendMessage", sending(id_="m2", taskId=other)), ("ListTaskPushNotificationConfigs", {"taskId": other}),
    ):  # fmt: skip
        refusal = await refused(peer.ask(operation, params))
        assert (refusal.reason, refusal.code) == ("TASK_NOT_FOUND", -32001 if binding == JSONRPC else 404), operation
    assert (await peer.ask("ListTasks"))["totalSize"] == 0
    assert {one["id"] for one in (await Peer(http, binding).ask("ListTasks"))["tasks"]} == {other, mine["id"]}


@meets("owner")
async def test_another_tenants_task_is_not_found(hub: Hub) -> None:
    service = Service(hub, HubCards(hub, SETTINGS))
    task = await new_task(hub)
    with pytest.raises(Exception, match="There is no such task"):
        await service.get({"id": task}, Asked(Caller("acme")))


@both_bindings
@meets("task without session")
async def test_a_task_of_another_door_is_a_context_of_its_own(hub: Hub, http: Http, binding: str) -> None:
    peer, id_ = Peer(http, binding), await new_task(hub)
    assert (await peer.ask("GetTask", {"id": id_}))["contextId"] == id_
    assert (await peer.send(immediately=True, taskId=id_, contextId=id_))["id"] == id_


@both_bindings
@meets("tenant")
async def test_only_the_callers_own_tenant_may_be_named(hub: Hub, http: Http, binding: str) -> None:
    peer = Peer(http, binding)
    assert (await peer.ask("ListTasks", {"tenant": "local"}))["totalSize"] == 0
    assert (await refused(peer.ask("ListTasks", {"tenant": "acme"}))).reason == "NOT_FOUND"
    if binding == REST:
        assert (await Peer(http, REST, "/a2a/local").ask("ListTasks"))["totalSize"] == 0
        assert (await refused(Peer(http, REST, "/a2a/acme").ask("ListTasks"))).http == 404


@both_bindings
@meets("push configs")
async def test_push_configurations_are_made_read_listed_and_deleted(binding: str) -> None:
    hub = Hub(MemoryStore(), vault=vault.ephemeral())
    async with serving(hub) as http:
        peer = Peer(http, binding)
        task = await peer.send(immediately=True)
        given = {"taskId": task["id"], "url": "http://localhost:1/told", "id": "mine", "token": "hush"}
        given["authentication"] = {"scheme": "Bearer", "credentials": "hush"}
        made = await peer.ask("CreateTaskPushNotificationConfig", given)
        assert (made["id"], made["taskId"], made["url"], made["authentication"]["scheme"]) == ("mine", task["id"], given["url"], "Bearer")
        assert "hush" not in str(made)
        named = {"taskId": task["id"], "id": "mine"}
        assert await peer.ask("GetTaskPushNotificationConfig", named) == made
        assert (await peer.ask("ListTaskPushNotificationConfigs", {"taskId": task["id"]}))["configs"] == [made]
        assert await peer.ask("DeleteTaskPushNotificationConfig", named) == {}
        assert await peer.ask("DeleteTaskPushNotificationConfig", named) == {}
        assert (await peer.ask("ListTaskPushNotificationConfigs", {"taskId": task["id"]}))["configs"] == []


@both_bindings
@meets("push with message", "nothing stored")
async def test_a_message_comes_with_its_push_configuration_or_not_at_all(binding: str) -> None:
    hub = Hub(MemoryStore(), vault=vault.ephemeral(), reach="public")
    async with serving(hub) as http:
        peer = Peer(http, binding)
        params = sending(immediately=True)
        params["configuration"]["taskPushNotificationConfig"] = {"url": "http://127.0.0.1:1/told"}
        assert (await refused(peer.ask("SendMessage", params))).reason == "INVALID_PARAMS"
        assert (await peer.ask("ListTasks"))["totalSize"] == 0
        params["configuration"]["taskPushNotificationConfig"] = {"url": "https://93.184.216.34/told"}
        task = (await peer.ask("SendMessage", params))["task"]
        assert len((await peer.ask("ListTaskPushNotificationConfigs", {"taskId": task["id"]}))["configs"]) == 1


@both_bindings
@meets("extended card")
async def test_the_hubs_extended_card_names_its_agents(hub: Hub, http: Http, agent: str, binding: str) -> None:
    card = await Peer(http, binding).ask("GetExtendedAgentCard")
    assert [skill["name"] for skill in card["skills"]] == ["Tasks", "Echo"]
    public = await (await http.get("/.well-known/agent-card.json")).json()
    assert [skill["name"] for skill in public["skills"]] == ["Tasks"]


@meets("grants")
async def test_each_operation_needs_its_grant(hub: Hub, agent: str) -> None:
    grants = ("tasks.read", "tasks.write")
    reader, writer = [(await ask(hub, "create_token", name=grant, grants=[grant]))["token"] for grant in grants]
    async with serving(hub) as http:

        def peer(token: str) -> Peer:
            return Peer(http, JSONRPC, "/agents/echo", {"A2A-Version": "1.0", "Authorization": f"Bearer {token}"})

        task = await peer(writer).send(immediately=True)
        assert state(await peer(reader).ask("GetTask", {"id": task["id"]})) == "SUBMITTED"
        for token, method, params in ((reader, "SendMessage", sending()), (writer, "GetTask", {"id": task["id"]})):
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            response = await http.post("/agents/echo", json=body, headers=peer(token).headers)
            assert (response.status, "insufficient_scope" in response.headers["WWW-Authenticate"]) == (403, True)
