"""The agents of `agents.py` in a2a-sdk's own Starlette server: `python -m tests.benchmarks.a2a_sdk [FILE]`.

Its OpenTelemetry is off. With a file it keeps the tasks in SQLite, as durable as the hub does; without one, in memory.
"""

import os

os.environ["OTEL_INSTRUMENTATION_A2A_SDK_ENABLED"] = "false"  # read when it is imported

import json
import socket
import sys
from typing import Any

import uvicorn
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, Part, Task, TaskState, TaskStatus
from starlette.applications import Starlette

from tests.benchmarks.agents import CHUNKS


class Agent(AgentExecutor):
    """Asked to stream, it says it many times; otherwise once."""

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.task_id
        assert context.context_id
        assert context.message
        status = TaskStatus(state=TaskState.TASK_STATE_WORKING)
        await event_queue.enqueue_event(Task(id=context.task_id, context_id=context.context_id, status=status, history=[context.message]))
        updater, text = TaskUpdater(event_queue, context.task_id, context.context_id), context.get_user_input()
        if text == "stream":
            for number in range(CHUNKS):
                part = Part(text=f"{text} {number}")
                await updater.add_artifact([part], "result", "result", append=number > 0, last_chunk=number == CHUNKS - 1)
        else:
            await updater.add_artifact([Part(text=text)], "result", "result")
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        raise NotImplementedError


def durable(path: str) -> TaskStore:
    from a2a.server.tasks import DatabaseTaskStore
    from sqlalchemy import event
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(f"sqlite+aiosqlite:///{path}")

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    return DatabaseTaskStore(engine)


if __name__ == "__main__":
    store = durable(sys.argv[1]) if len(sys.argv) > 1 else InMemoryTaskStore()
    card = AgentCard(
        name="SDK", description="made with the SDK", version="1", capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"], default_output_modes=["text/plain"],
        supported_interfaces=[AgentInterface(url="http://127.0.0.1", protocol_binding="JSONRPC", protocol_version="1.0")],
    )  # fmt: skip
    handler = DefaultRequestHandler(agent_executor=Agent(), task_store=store, agent_card=card)
    app = Starlette(routes=create_jsonrpc_routes(handler, "/"))
    listening = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"url": f"http://127.0.0.1:{listening.getsockname()[1]}", "pid": os.getpid()}), flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listening])
