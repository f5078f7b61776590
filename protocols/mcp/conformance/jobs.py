"""Tools that become tasks of the hub: begun with the call, worked on in the background, read with tasks/get."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from mcp_types import CallToolRequestParams

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Refused
from hub.domain.tasks import InputRequest
from hub.operations.waiting import LONGEST, Waited
from hub.ports import Json
from protocols.mcp.conformance.fixtures import PAUSE, CallerOf, Context, Tool, answered, arguments, ask, elicitation, form, told
from protocols.mcp.task_shapes import create_task_result
from protocols.mcp.tasks import begin, declared, missing_extension

log = logging.getLogger("mcp.conformance")

INTERNAL_ERROR = -32603
NUMBER: Json = {"type": "number"}
STRING: Json = {"type": "string"}
CONFIRM = form(confirm={"type": "boolean"})
NAME = form(name=STRING)
COMPUTE = arguments(seconds=NUMBER, label=STRING) | {"required": ["seconds"]}

Work = Callable[["Job"], Awaitable[None]]


class Job:
    """One task of the hub, as whoever works on it sees it."""

    def __init__(self, hub: Hub, caller: Caller, task_id: str) -> None:
        self._hub, self._caller, self._task_id = hub, caller, task_id

    async def sleep(self, seconds: float) -> bool:
        """Whether it is still wanted then."""
        return not (await self._wait("ended", seconds)).done

    async def ask(self, *asked: tuple[str, Json]) -> tuple[InputRequest, ...]:
        """Ask several things at once, each a message and a form, and wait for all answers; none when it was cancelled meanwhile."""
        for message, schema in asked:
            await self._call("request_input", message=message, schema=schema)
        while not (waited := await self._wait("answered", LONGEST)).done:
            pass
        return () if waited.task.ended else waited.task.input_requests

    async def finish(self, **outcome: Json) -> None:
        with suppress(Refused):  # it was cancelled
            await self._call("finish_task", **outcome)

    async def _wait(self, until: str, seconds: float) -> Waited:
        waited = await self._call("wait_for_task", until=until, timeoutSeconds=seconds)
        assert isinstance(waited, Waited)
        return waited

    async def _call(self, operation: str, **given: Any) -> Any:
        return await self._hub.call(operation, {"taskId": self._task_id, **given}, self._caller)


class Jobs:
    """Whoever made it closes it: jobs that are still worked on are cancelled, their tasks stay as they are."""

    def __init__(self, hub: Hub, caller_of: CallerOf) -> None:
        self._hub, self.caller_of = hub, caller_of
        self._working: set[asyncio.Future[None]] = set()

    def tools(self) -> tuple[Tool, ...]:
        return (
            Tool("greet", "Greets at once.", _greet, arguments(name=STRING)),
            Tool("slow_compute", "Takes its time.", self._slow_compute, COMPUTE),
            Tool("failing_job", "Is tried and fails.", self._task("failing_job", _fail)),
            Tool("protocol_error_job", "Breaks.", self._task("protocol_error_job", _break)),
            Tool("confirm_delete", "Asks before it is done.", self._task("confirm_delete", _confirm), arguments(filename=STRING)),
            Tool("multi_input", "Asks for two things at once.", self._task("multi_input", _ask_twice)),
            Tool("test_tool_with_task", "Asks first, and becomes a task then.", self._with_task),
        )

    async def close(self) -> None:
        for working in self._working:
            working.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    def _task(self, title: str, work: Work) -> Callable[[Context, CallToolRequestParams], Awaitable[Json]]:
        async def run(ctx: Context, params: CallToolRequestParams) -> Json:
            return await self._begin(ctx, title, work)

        return run

    async def _begin(self, ctx: Context, title: str, work: Work) -> Json:
        """There is no other way to have the result: a client without the extension is refused."""
        if not declared(ctx):
            raise missing_extension()
        caller = self.caller_of(ctx)
        task = await begin(self._hub, caller, title)
        working = asyncio.ensure_future(work(Job(self._hub, caller, task.id)))
        self._working.add(working)
        working.add_done_callback(self._done)
        return create_task_result(task)

    def _done(self, working: asyncio.Future[None]) -> None:
        self._working.discard(working)
        if not working.cancelled() and (error := working.exception()):
            log.error("a job failed", exc_info=error)

    async def _slow_compute(self, ctx: Context, params: CallToolRequestParams) -> Json:
        given = params.arguments or {}
        seconds, result = min(float(given.get("seconds", 0)), LONGEST), told(f"Computed: {given.get('label', '')}")
        if not declared(ctx):
            await asyncio.sleep(seconds)
            return result

        async def work(job: Job) -> None:
            if await job.sleep(seconds):
                await job.finish(result=result)

        return await self._begin(ctx, "slow_compute", work)

    async def _with_task(self, ctx: Context, params: CallToolRequestParams) -> Json:
        if not declared(ctx):
            raise missing_extension()
        if (name := answered(params, "user_name")) is None:
            return ask(ctx, {"user_name": elicitation("What is your name?", name=STRING)})

        async def work(job: Job) -> None:
            await job.finish(result=told(f"Hello, {name.get('name')}!"))

        return await self._begin(ctx, "test_tool_with_task", work)


async def _greet(ctx: Context, params: CallToolRequestParams) -> Json:
    return told(f"Hello, {(params.arguments or {}).get('name')}!")


async def _fail(job: Job) -> None:
    if await job.sleep(PAUSE):
        await job.finish(failure={"message": "This job intentionally fails."})


async def _break(job: Job) -> None:
    if await job.sleep(PAUSE):
        await job.finish(failure={"message": "This job intentionally breaks.", "code": INTERNAL_ERROR})


async def _confirm(job: Job) -> None:
    if answers := await job.ask(("Delete the file?", CONFIRM)):
        confirmed = (answers[0].response or {}).get("confirm") is True
        await job.finish(result=told("Deleted." if confirmed else "Kept."))


async def _ask_twice(job: Job) -> None:
    if answers := await job.ask(("What is your name?", NAME), ("Go on?", CONFIRM)):
        await job.finish(result=told(f"{len(answers)} answers came."))
