"""Calling a tool: from its name and arguments to a CallToolResult, written as JSON once."""

from collections.abc import Awaitable, Mapping
from time import monotonic
from typing import Any

import anyio

from hub.app import Hub
from hub.domain.errors import HubError, Invalid, UnknownOperation
from hub.operations import OPERATIONS
from hub.validation import validated
from protocols.mcp.advice import UnknownTool, advised, no_operation
from protocols.mcp.asking import Asker, Progress
from protocols.mcp.confirming import QUESTIONS, question
from protocols.mcp.finding import find
from protocols.mcp.results import completed, failed, result
from protocols.mcp.schemas import OFFSET, reads_on
from protocols.mcp.shortening import dumped
from protocols.mcp.tasks import EXTENSION, instead
from protocols.mcp.tools import CALL_OPERATION, FIND_TOOLS, CallOperation, FindTools
from protocols.mcp.upstreams import Upstreams

TELL_EVERY = 1.0
"""Seconds between two notifications of progress, and before the first."""


class Calls:
    """Every transport's way to the tools."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self.upstreams = hub, Upstreams(hub)

    async def close(self) -> None:
        await self.upstreams.close()

    async def call(self, name: str, arguments: Mapping[str, Any], asker: Asker) -> str:
        """A result as JSON: of type complete without saying so, or with its resultType as the first key.

        What a model can mend is an error in the result; only an unknown tool is raised, as UnknownOperation. To cancel the call
        cancels the operation, whose outcome is then not known.
        """
        if name not in OPERATIONS and name not in (FIND_TOOLS, CALL_OPERATION):
            return await self._upstream(name, arguments, asker)
        if asker.progress is None:
            return await self._answer(name, arguments, asker)
        return await _telling(self._answer(name, arguments, asker), asker.progress)

    async def _answer(self, name: str, arguments: Mapping[str, Any], asker: Asker) -> str:
        try:
            if name == FIND_TOOLS:
                return _found(arguments, asker)
            if name == CALL_OPERATION:
                given = validated(CallOperation, arguments)
                assert isinstance(given, CallOperation)
                known = given.name in OPERATIONS
                return await self._answer(given.name, given.arguments, asker) if known else failed(no_operation(given.name))
            if asker.elicits and EXTENSION in asker.extensions and (handle := await instead(self._hub, name, arguments, asker.caller)):
                return handle
            if name in QUESTIONS and (asked := await question(self._hub, name, arguments, asker)):
                return asked
            return await self._operation(name, arguments, asker)
        except UnknownOperation:
            raise
        except HubError as error:
            return failed(advised(error, name, arguments, asker.profile))

    async def _upstream(self, name: str, arguments: Mapping[str, Any], asker: Asker) -> str:
        """A tool of another MCP server, which tells of its progress itself."""
        try:
            return await self.upstreams.call(asker.caller, name, {**arguments}, asker.progress)
        except UnknownOperation:
            raise UnknownTool(name) from None
        except HubError as error:
            return failed(error.document())

    async def _operation(self, name: str, arguments: Mapping[str, Any], asker: Asker) -> str:
        row, offset = OPERATIONS[name], None
        if OFFSET in arguments and reads_on(row):
            arguments = {**arguments}
            offset = arguments.pop(OFFSET)
            if type(offset) is not int:
                raise Invalid("offset: it must be a whole number")
        output = await self._hub.call(name, arguments, asker.caller)
        return completed(name, output, arguments, asker.links, row.writes, offset)


def _found(arguments: Mapping[str, Any], asker: Asker) -> str:
    given = validated(FindTools, arguments)
    assert isinstance(given, FindTools)
    return result(dumped(find(given, asker.profile)))


async def _telling(work: Awaitable[str], progress: Progress) -> str:
    """The seconds that it takes so far, rising until it ends. What ends at once tells nothing."""
    begun, told = monotonic(), False

    async def tell() -> None:
        nonlocal told
        while True:
            await anyio.sleep(TELL_EVERY)
            told = True
            await progress(monotonic() - begun, None, None)

    async with anyio.create_task_group() as telling:
        telling.start_soon(tell)
        answer = await work
        telling.cancel_scope.cancel()
    if told:
        seconds = monotonic() - begun
        await progress(seconds, seconds, None)
    return answer
