"""An agent made with the official SDK, with a signed card: `python -m tests.protocols.a2a_sdk_agent BINDING VERSION PORT`."""

import asyncio
import json
import sys

import uvicorn
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill, Part, Task, TaskState, TaskStatus
from a2a.utils.signing import create_agent_card_signer
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

KEY = generate_private_key(SECP256R1())
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Echo(AgentExecutor):
    """Says it again, word for word; or asks first, or hangs."""

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        text, before = context.get_user_input(), context.current_task
        assert context.task_id
        assert context.context_id
        assert context.message
        if before is None:
            status = TaskStatus(state=TaskState.TASK_STATE_SUBMITTED)
            task = Task(id=context.task_id, context_id=context.context_id, status=status, history=[context.message])
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        await updater.start_work(updater.new_agent_message([Part(text="on it")]))
        if text == "ask" and before is None:
            await updater.requires_input(updater.new_agent_message([Part(text="Which one?")]))
            return
        if text == "hang":
            await asyncio.Event().wait()
        for at, word in enumerate(words := text.split()):
            await updater.add_artifact([Part(text=f"{word} ")], "echo", "Echo", append=at > 0, last_chunk=at == len(words) - 1)
        await updater.complete(updater.new_agent_message([Part(text="done")]))

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.task_id
        assert context.context_id
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


async def keys(_: Request) -> JSONResponse:
    public = json.loads(ECAlgorithm.to_jwk(KEY.public_key()))
    return JSONResponse({"keys": [{**public, "kid": "sdk", "use": "sig", "alg": "ES256"}]})


def application(binding: str, version: str, url: str) -> Starlette:
    card = AgentCard(
        name="SDK", description="made with the SDK", version="1", capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"], default_output_modes=["text/plain"],
        supported_interfaces=[AgentInterface(url=url, protocol_binding=binding, protocol_version=version)],
        skills=[AgentSkill(id="echo", name="Echo", description="says it again", tags=["echo"])],
    )  # fmt: skip
    card = create_agent_card_signer(PRIVATE, {"alg": "ES256", "kid": "sdk", "jku": f"{url}/keys", "typ": "JOSE"})(card)
    handler = DefaultRequestHandler(agent_executor=Echo(), task_store=InMemoryTaskStore(), agent_card=card)
    old = version == "0.3"
    doors = (
        create_jsonrpc_routes(handler, "/", enable_v0_3_compat=old)
        if binding == "JSONRPC"
        else create_rest_routes(handler, enable_v0_3_compat=old)
    )
    return Starlette(routes=[Route("/keys", keys), *create_agent_card_routes(card), *doors])


if __name__ == "__main__":
    port = int(sys.argv[3])
    uvicorn.run(application(sys.argv[1], sys.argv[2], f"http://127.0.0.1:{port}"), host="127.0.0.1", port=port)
