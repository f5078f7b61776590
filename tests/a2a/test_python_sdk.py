"""The official Python SDK's client (PyPI: a2a-sdk) against a hub that is a process: every operation, in every binding and version.

0.3 is its compatibility layer, which has no ListTasks, and over REST neither the list nor the deletion of push configurations.
"""

from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from uuid import uuid4

import anyio
import grpc
import httpx
import pytest
from a2a.client import A2ACardResolver, Client, ClientConfig, ClientFactory
from a2a.types import (
    AgentCard,
    AuthenticationInfo,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTasksRequest,
    Message,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    StreamResponse,
    SubscribeToTaskRequest,
    Task,
    TaskNotCancelableError,
    TaskNotFoundError,
    TaskPushNotificationConfig,
    TaskState,
    UnsupportedOperationError,
)
from google.protobuf.json_format import MessageToDict

from tests.a2a.agents import IMAGE, PIECES
from tests.a2a.hubs import PATIENCE, Served

NEW = [("JSONRPC", "1.0"), ("HTTP+JSON", "1.0"), ("GRPC", "1.0")]
OLD = [("JSONRPC", "0.3"), ("HTTP+JSON", "0.3")]
everywhere = pytest.mark.parametrize(("binding", "version"), NEW + OLD)
newest = pytest.mark.parametrize(("binding", "version"), NEW)
UNKNOWN = "01a1fd34-0000-7000-8000-000000000000"


@asynccontextmanager
async def connected(served: Served, binding: str, version: str, *, streaming: bool = True) -> AsyncIterator[Client]:
    """By the agent's card, of whose interfaces this one alone is left."""
    with anyio.fail_after(PATIENCE):
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            card = await A2ACardResolver(http, served.agent).get_agent_card()
            config = ClientConfig(
                streaming=streaming, httpx_client=http, supported_protocol_bindings=[binding],
                grpc_channel_factory=grpc.aio.insecure_channel,
            )  # fmt: skip
            async with ClientFactory(config).create(only(card, binding, version)) as client:
                yield client


def only(card: AgentCard, binding: str, version: str) -> AgentCard:
    kept = [one for one in card.supported_interfaces if (one.protocol_binding, one.protocol_version) == (binding, version)]
    assert len(kept) == 1
    del card.supported_interfaces[:]
    card.supported_interfaces.extend(kept)
    return card


def saying(text: str, task: Task | None = None, *, immediately: bool = False) -> SendMessageRequest:
    message = Message(message_id=uuid4().hex, role=Role.ROLE_USER, parts=[Part(text=text)])
    if task:
        message.task_id, message.context_id = task.id, task.context_id
    return SendMessageRequest(message=message, configuration=SendMessageConfiguration(return_immediately=immediately))


async def heard(client: Client, request: SendMessageRequest) -> list[StreamResponse]:
    return [event async for event in client.send_message(request)]


async def answered(client: Client, request: SendMessageRequest) -> Task:
    """Of a client that does not stream."""
    [response] = await heard(client, request)
    assert response.HasField("task")
    return response.task


def states(events: list[StreamResponse]) -> list[int]:
    return [event.task.status.state if event.HasField("task") else event.status_update.status.state for event in events
            if not event.HasField("artifact_update")]  # fmt: skip


@everywhere
async def test_a_message_is_sent_and_its_task_read(served: Served, binding: str, version: str) -> None:
    async with connected(served, binding, version, streaming=False) as client:
        task = await answered(client, saying("echo hello"))
        assert task.status.state == TaskState.TASK_STATE_COMPLETED
        assert task.status.message.parts[0].text == "echo: echo hello"
        [echo] = [one for one in task.artifacts if one.name == "echo"]
        text, data = echo.parts
        assert text.text == "hello"
        assert MessageToDict(data.data) == {"length": 10, "nested": {"a_b": [1, None]}}
        again = await client.get_task(GetTaskRequest(id=task.id))
        assert again.artifacts == task.artifacts
        assert [(one.role, one.parts[0].text) for one in again.history] == [(Role.ROLE_USER, "echo hello")]


@newest
async def test_a_file_arrives_as_it_is(served: Served, binding: str, version: str) -> None:
    async with connected(served, binding, version, streaming=False) as client:
        await expect_image(client)


async def test_a_file_arrives_as_it_is_in_0_3(served: Served) -> None:
    """Not over REST: there the SDK takes the bytes for a text in base64 once more, and fails."""
    async with connected(served, "JSONRPC", "0.3", streaming=False) as client:
        await expect_image(client)


async def expect_image(client: Client) -> None:
    [image] = [one for one in (await answered(client, saying("image"))).artifacts if one.name == "image"]
    [part] = image.parts
    assert (part.raw, part.media_type, part.filename) == (b64decode(IMAGE.raw or ""), "image/png", "dot.png")


@everywhere
async def test_a_stream_tells_every_piece_in_its_order(served: Served, binding: str, version: str) -> None:
    async with connected(served, binding, version) as client:
        events = await heard(client, saying("stream"))
        assert events[0].HasField("task")
        pieces = [event.artifact_update for event in events if event.HasField("artifact_update")]
        poem = [one for one in pieces if one.artifact.name == "poem"]
        assert "".join(one.artifact.parts[0].text for one in poem) == "".join(PIECES)
        assert [one.append for one in poem][:2] == [False, True]
        assert poem[-1].last_chunk
        assert states(events)[-1] == TaskState.TASK_STATE_COMPLETED


@everywhere
@pytest.mark.parametrize(
    ("asked", "state", "said"),
    [("ask", TaskState.TASK_STATE_INPUT_REQUIRED, "answered: blue"), ("authorize", TaskState.TASK_STATE_AUTH_REQUIRED, "allowed: blue")],
)
async def test_a_question_is_answered_by_the_next_message(
    served: Served, binding: str, version: str, asked: str, state: int, said: str
) -> None:
    async with connected(served, binding, version) as client:
        events = await heard(client, saying(asked))
        assert states(events)[-1] == state
        assert events[-1].status_update.status.message.parts[0].text
        assert states(await heard(client, saying("blue", events[0].task)))[-1] == TaskState.TASK_STATE_COMPLETED
        task = await client.get_task(GetTaskRequest(id=events[0].task.id))
        assert task.status.message.parts[0].text == said


@everywhere
async def test_a_subscriber_hears_that_another_cancels(served: Served, binding: str, version: str) -> None:
    async with connected(served, binding, version) as client, connected(served, binding, version, streaming=False) as other:
        task = await answered(other, saying("wait", immediately=True))
        told = []
        async with aclosing(client.subscribe(SubscribeToTaskRequest(id=task.id))) as events:  # type: ignore[type-var]
            async for event in events:
                told.append(event)
                if len(told) == 1:
                    assert event.task.id == task.id
                    canceled = await other.cancel_task(CancelTaskRequest(id=task.id))
                    assert canceled.status.state == TaskState.TASK_STATE_CANCELED
        assert states(told)[-1] == TaskState.TASK_STATE_CANCELED


@everywhere
@pytest.mark.parametrize(
    ("asked", "state", "said"),
    [("fail", TaskState.TASK_STATE_FAILED, "it did not work"), ("reject", TaskState.TASK_STATE_REJECTED, "not mine")],
)
async def test_failures_and_rejections_say_why(served: Served, binding: str, version: str, asked: str, state: int, said: str) -> None:
    async with connected(served, binding, version, streaming=False) as client:
        task = await answered(client, saying(asked))
        assert (task.status.state, task.status.message.parts[0].text) == (state, said)


@everywhere
async def test_errors_are_the_specified_ones(served: Served, binding: str, version: str) -> None:
    async with connected(served, binding, version) as client:
        done = (await heard(client, saying("echo")))[0].task
        with pytest.raises(TaskNotFoundError):
            await client.get_task(GetTaskRequest(id=UNKNOWN))
        with pytest.raises(TaskNotCancelableError):
            await client.cancel_task(CancelTaskRequest(id=done.id))
        with pytest.raises(UnsupportedOperationError):
            await heard(client, saying("more", done))
        with pytest.raises(UnsupportedOperationError):
            _ = [event async for event in client.subscribe(SubscribeToTaskRequest(id=done.id))]
        with pytest.raises(TaskNotFoundError):
            _ = [event async for event in client.subscribe(SubscribeToTaskRequest(id=UNKNOWN))]


@everywhere
async def test_push_configurations_are_made_read_listed_and_deleted(served: Served, binding: str, version: str) -> None:
    async with connected(served, binding, version, streaming=False) as client:
        task = await answered(client, saying("wait", immediately=True))
        authentication = AuthenticationInfo(scheme="Bearer", credentials="secret")
        wanted = TaskPushNotificationConfig(
            task_id=task.id, id="mine", url="http://127.0.0.1:9/hook", token="t", authentication=authentication
        )  # fmt: skip
        made = await client.create_task_push_notification_config(wanted)
        got = await client.get_task_push_notification_config(GetTaskPushNotificationConfigRequest(task_id=task.id, id="mine"))
        for one in (made, got):
            assert (one.task_id, one.id, one.url, one.authentication.scheme) == (task.id, "mine", wanted.url, "Bearer")
            assert "secret" not in str(one)
        if (binding, version) != ("HTTP+JSON", "0.3"):
            listed = await client.list_task_push_notification_configs(ListTaskPushNotificationConfigsRequest(task_id=task.id))
            assert [one.id for one in listed.configs] == ["mine"]
            for _ in range(2):
                await client.delete_task_push_notification_config(DeleteTaskPushNotificationConfigRequest(task_id=task.id, id="mine"))
            listed = await client.list_task_push_notification_configs(ListTaskPushNotificationConfigsRequest(task_id=task.id))
            assert not listed.configs
        await client.cancel_task(CancelTaskRequest(id=task.id))


@everywhere
async def test_the_extended_card_is_read(served: Served, binding: str, version: str) -> None:
    async with connected(served, binding, version) as client:
        card = await client.get_extended_agent_card(GetExtendedAgentCardRequest())
        assert card.name == "scripted"
        assert (binding, version) in {(one.protocol_binding, one.protocol_version[:3]) for one in card.supported_interfaces}


@newest
async def test_tasks_are_listed_a_page_at_a_time(served: Served, binding: str, version: str) -> None:
    async with connected(served, binding, version, streaming=False) as client:
        first = await answered(client, saying("echo one"))
        second = saying("echo two")
        second.message.context_id = first.context_id
        later = await answered(client, second)
        page = await client.list_tasks(ListTasksRequest(context_id=first.context_id, page_size=1))
        assert [one.id for one in page.tasks] == [later.id]
        assert (page.total_size, page.page_size) == (2, 1)
        rest = await client.list_tasks(ListTasksRequest(context_id=first.context_id, page_size=1, page_token=page.next_page_token))
        assert [one.id for one in rest.tasks] == [first.id]
        assert rest.next_page_token == ""
        done = ListTasksRequest(context_id=first.context_id, status=TaskState.TASK_STATE_COMPLETED, include_artifacts=True)
        assert all(one.artifacts for one in (await client.list_tasks(done)).tasks)


@newest
async def test_a_message_sent_again_finds_its_task(served: Served, binding: str, version: str) -> None:
    request = saying("echo once")
    request.message.context_id = f"{binding} {version}"
    async with connected(served, binding, version, streaming=False) as client:
        assert (await answered(client, request)).id == (await answered(client, request)).id


@everywhere
async def test_a_client_that_leaves_ends_no_work(served: Served, binding: str, version: str) -> None:
    async with connected(served, binding, version) as client:
        async with aclosing(client.send_message(saying("ask"))) as events:  # type: ignore[type-var]
            task = (await anext(events)).task
        async with connected(served, binding, version) as other:
            told = await anext(other.subscribe(SubscribeToTaskRequest(id=task.id)))
            assert told.task.status.state not in (TaskState.TASK_STATE_CANCELED, TaskState.TASK_STATE_FAILED)
            await other.cancel_task(CancelTaskRequest(id=task.id))


async def test_a_client_of_the_hub_itself_names_the_agent_in_the_metadata(served: Served) -> None:
    with anyio.fail_after(PATIENCE):
        async with httpx.AsyncClient(timeout=PATIENCE) as http:
            card = await A2ACardResolver(http, served.url).get_agent_card()
            async with ClientFactory(ClientConfig(httpx_client=http, streaming=False)).create(card) as client:
                request = saying("echo via the hub")
                request.metadata.update({"agentId": "scripted"})
                task = await answered(client, request)
                assert task.status.message.parts[0].text == "echo: echo via the hub"
