"""A2A over gRPC: what is this binding's own. What the operations do is tried over the others, and here by the SDK's client."""

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import grpc
import pytest
from a2a.types import a2a_pb2 as pb
from a2a.types.a2a_pb2_grpc import A2AServiceStub
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from hub.app import Hub
from protocols.a2a.grpc import Port
from protocols.identity import Credentials
from stores import vault
from stores.memory import MemoryStore
from tests.core.support import Clock, ask, new_agent
from tests.protocols.a2a import taken
from tests.protocols.conftest import SETTINGS

Refusal = tuple[grpc.StatusCode, str, list[str]]
MOST_BYTES = 100_000
BASE_URL = "http://127.0.0.1:3210"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> Hub:
    return Hub(MemoryStore(), clock, vault=vault.ephemeral())


@asynccontextmanager
async def serving(hub: Hub, clock: Clock, required: bool = False) -> AsyncIterator[Any]:
    """A client of a door of its own."""
    port = await started(hub, Credentials(hub, required, None, clock))
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port.number}") as channel:
            yield A2AServiceStub(channel)  # type: ignore[no-untyped-call]
    finally:
        await port.close(1)


async def started(hub: Hub, credentials: Credentials) -> Port:
    port = Port(hub, credentials, "127.0.0.1", 0, MOST_BYTES)
    await port.start(BASE_URL, replace(SETTINGS, grpc_port=port.number))
    return port


@pytest.fixture
async def stub(hub: Hub, clock: Clock) -> AsyncIterator[Any]:
    async with serving(hub, clock) as client:
        yield client


def sending(text: str = "hello", id_: str = "m1", tenant: str = "", **message: Any) -> pb.SendMessageRequest:
    said = pb.Message(message_id=id_, role=pb.Role.ROLE_USER, parts=[pb.Part(text=text)], **message)
    return pb.SendMessageRequest(message=said, tenant=tenant, configuration=pb.SendMessageConfiguration(return_immediately=True))


async def refused(call: Awaitable[object]) -> Refusal:
    """Its status, the reason in its ErrorInfo, and the fields that are wrong."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    details = dict(raised.value.trailing_metadata() or ()).get("grpc-status-details-bin")
    if details is None:
        return raised.value.code(), "", []
    status = Status.FromString(details)
    assert (status.code, status.message) == (raised.value.code().value[0], raised.value.details())
    info, bad = ErrorInfo(), BadRequest()
    assert status.details[0].Unpack(info)
    assert info.domain == "a2a-protocol.org"
    if len(status.details) > 1:
        assert status.details[1].Unpack(bad)
    return raised.value.code(), info.reason, [one.field for one in bad.field_violations]


async def first(call: Any) -> Any:
    with anyio.fail_after(5):
        return await call.read()


async def test_a_request_that_is_wrong_is_refused_with_its_details(stub: Any) -> None:
    nowhere: Refusal = (grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND", [])
    assert await refused(stub.GetTask(pb.GetTaskRequest(id="nowhere"))) == nowhere
    assert await refused(first(stub.SubscribeToTask(pb.SubscribeToTaskRequest(id="nowhere")))) == nowhere
    empty = pb.SendMessageRequest(message=pb.Message(message_id="m", role=pb.Role.ROLE_USER))
    wrong = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PARAMS", ["message.parts"])
    assert await refused(stub.SendMessage(empty)) == wrong
    assert await refused(first(stub.SendStreamingMessage(empty))) == wrong
    task = (await stub.SendMessage(sending())).task
    await stub.CancelTask(pb.CancelTaskRequest(id=task.id))
    ended: Refusal = (grpc.StatusCode.FAILED_PRECONDITION, "TASK_NOT_CANCELABLE", [])
    assert await refused(stub.CancelTask(pb.CancelTaskRequest(id=task.id))) == ended


@pytest.mark.parametrize("version", ["0.3", "2.0", "nonsense"])
async def test_other_versions_are_refused(stub: Any, version: str) -> None:
    call = stub.GetTask(pb.GetTaskRequest(id="nowhere"), metadata=(("a2a-version", version),))
    assert await refused(call) == (grpc.StatusCode.FAILED_PRECONDITION, "VERSION_NOT_SUPPORTED", [])


@pytest.mark.parametrize("metadata", [(), (("a2a-version", "1.0"),), (("a2a-version", "1.0.1"),)])
async def test_its_own_version_may_be_said_or_not(stub: Any, metadata: Any) -> None:
    assert (await stub.ListTasks(pb.ListTasksRequest(), metadata=metadata)).page_size == 50


async def test_the_tenant_names_the_agent(hub: Hub, stub: Any) -> None:
    mine, other = await new_agent(hub), await new_agent(hub)
    task = (await stub.SendMessage(sending(tenant=mine))).task
    assert (await ask(hub, "get_task", taskId=task.id))["assignedTo"] == mine
    assert (await stub.GetTask(pb.GetTaskRequest(id=task.id, tenant=mine))).id == task.id
    assert (await stub.GetTask(pb.GetTaskRequest(id=task.id, tenant="local"))).id == task.id
    assert (await refused(stub.GetTask(pb.GetTaskRequest(id=task.id, tenant=other))))[1] == "TASK_NOT_FOUND"
    assert (await refused(stub.SendMessage(sending(id_="m2", tenant="nobody"))))[0] == grpc.StatusCode.NOT_FOUND


async def test_the_card_names_the_port_and_the_tenant(hub: Hub, stub: Any) -> None:
    agent = await new_agent(hub)
    card = await stub.GetExtendedAgentCard(pb.GetExtendedAgentCardRequest(tenant=agent))
    [mine] = [one for one in card.supported_interfaces if one.protocol_binding == "GRPC"]
    assert (mine.url.partition(":")[0], mine.protocol_version, mine.tenant) == ("127.0.0.1", "1.0", agent)


async def test_who_calls_is_asked_as_at_every_door(hub: Hub, clock: Clock) -> None:
    token = (await ask(hub, "create_token", name="ci", grants=["agents.read"]))["token"]
    async with serving(hub, clock, required=True) as stub:
        assert (await refused(stub.ListTasks(pb.ListTasksRequest())))[0] == grpc.StatusCode.UNAUTHENTICATED
        assert (await refused(first(stub.SendStreamingMessage(sending()))))[0] == grpc.StatusCode.UNAUTHENTICATED
        bearer = (("authorization", f"Bearer {token}"),)
        assert (await refused(stub.ListTasks(pb.ListTasksRequest(), metadata=bearer)))[0] == grpc.StatusCode.PERMISSION_DENIED
        assert (await stub.GetExtendedAgentCard(pb.GetExtendedAgentCardRequest(), metadata=bearer)).name == "Trivium"


async def test_a_stream_ends_when_its_token_is_revoked(hub: Hub, clock: Clock) -> None:
    made = await ask(hub, "create_token", name="ci")
    async with serving(hub, clock, required=True) as stub:
        call = stub.SendStreamingMessage(sending(), metadata=(("authorization", f"Bearer {made['token']}"),))
        task = (await first(call)).task
        await ask(hub, "revoke_token", tokenId=made["id"])
        clock.turn(2)
        await ask(hub, "cancel_task", taskId=task.id)
        assert (await refused(first(call)))[0] == grpc.StatusCode.UNAUTHENTICATED


async def test_a_client_that_leaves_ends_no_work(hub: Hub, stub: Any) -> None:
    agent = await new_agent(hub)
    call = stub.SendStreamingMessage(sending(tenant=agent))
    task = (await first(call)).task
    call.cancel()
    worker = await taken(hub, agent, task.id)
    await worker.finish(summary="done all the same")
    assert (await stub.GetTask(pb.GetTaskRequest(id=task.id))).status.state == pb.TaskState.TASK_STATE_COMPLETED


async def test_closing_ends_the_streams_at_once(hub: Hub) -> None:
    port = await started(hub, Credentials(hub, False))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port.number}") as channel:
        call = A2AServiceStub(channel).SendStreamingMessage(sending())  # type: ignore[no-untyped-call]
        assert (await first(call)).task.id
        with anyio.fail_after(5):
            await port.close(60)
        assert (await refused(first(call)))[0] == grpc.StatusCode.UNAVAILABLE


async def test_a_request_that_is_too_large_is_refused(stub: Any) -> None:
    assert (await refused(stub.SendMessage(sending("x" * MOST_BYTES))))[0] == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_data_and_files_go_through_as_they_are(hub: Hub, stub: Any) -> None:
    parts: list[dict[str, Any]] = [
        {"data": {"a_b": [1, 2.5, None, {"x": "é"}]}},
        {"data": [1, "two"]},
        {"raw": "AAECgA==", "mediaType": "text/plain"},
    ]
    request = sending()
    del request.message.parts[:]
    for part in parts:
        made = request.message.parts.add()
        if "raw" in part:
            made.raw, made.media_type = b"\x00\x01\x02\x80", "text/plain"
        elif isinstance(part["data"], dict):
            made.data.struct_value.update(part["data"])
        else:
            made.data.list_value.extend(part["data"])
    task = (await stub.SendMessage(request)).task
    [message] = (await ask(hub, "list_task_messages", taskId=task.id))["taskMessages"]
    assert message["parts"] == parts
    assert (await stub.GetTask(pb.GetTaskRequest(id=task.id))).history[0].parts == request.message.parts


async def test_a_port_that_is_taken_is_an_error(hub: Hub, clock: Clock) -> None:
    first_one = Port(hub, Credentials(hub, False), "127.0.0.1", 0, MOST_BYTES)
    with pytest.raises(OSError, match="cannot be listened on"):
        Port(hub, Credentials(hub, False), "127.0.0.1", first_one.number, MOST_BYTES)
    started = serve("--grpc-port", str(first_one.number))
    assert (started.returncode, started.stdout) == (1, "")
    assert started.stderr.startswith(f"error: port {first_one.number} of 127.0.0.1 cannot be listened on")
    await first_one.close(0)


def test_without_the_extra_the_start_says_what_to_install() -> None:
    started = serve("--grpc-port", "0", before="sys.modules['grpc'] = None; ")
    assert started.returncode == 1
    assert "pip install 'trivium-hub[grpc]'" in started.stderr


def test_nothing_of_it_is_imported_where_it_is_not_wanted() -> None:
    check = "import hub.main, protocols.http, protocols.a2a.http, sys; assert not {'grpc', 'a2a', 'google.protobuf'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", check], check=True)


def serve(*options: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """For a start that fails."""
    command = (
        f"import sys; {before}sys.argv[1:] = {['serve', '--port', '0', '--db', 'memory:', *options]!r}; from hub.cli import main; main()"
    )
    return subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, timeout=30, check=False)


async def test_a_message_that_is_sent_again_with_its_key_finds_its_task(stub: Any) -> None:
    metadata = (("a2a-version", "1.0"), ("idempotency-key", "k"))
    tasks = [(await stub.SendMessage(sending(), metadata=metadata)).task.id for _ in range(2)]
    others = [(await stub.SendMessage(sending(), metadata=metadata[:1])).task.id for _ in range(2)]
    assert len({*tasks, *others}) == 3


async def test_a_stream_that_begins_while_the_port_closes_ends_at_once(hub: Hub) -> None:
    """It follows its task only once its first answer is written: by then nobody ends it any more."""
    port = await started(hub, Credentials(hub, False))
    assert port._service
    await port._service.close()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port.number}") as channel:
        call = A2AServiceStub(channel).SendStreamingMessage(sending())  # type: ignore[no-untyped-call]
        with anyio.fail_after(5):
            assert (await first(call)).task.id
            assert (await refused(first(call)))[0] == grpc.StatusCode.UNAVAILABLE
            await port.close(60)
