"""Calling a tool: from its name and arguments to a CallToolResult, written as JSON once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import HubError, UnknownOperation
from hub.operations.base import Profile
from hub.validation import Arguments
from protocols.mcp.tools import CORE

Progress = Callable[[float, float | None, str | None], Awaitable[None]]
"""Tell how far it is: progress, total, message. The progress must rise with each call (2025-11-25 §basic/utilities/progress)."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who calls a tool, and what its connection can do."""

    caller: Caller
    profile: Profile = CORE
    extensions: frozenset[str] = frozenset()
    """Those that the client declared in its request (2026-07-28); empty in the handshake era."""
    progress: Progress | None = None
    """None: the client did not ask for it."""


class Calls:
    """Every transport's way to the tools."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def call(self, name: str, arguments: Arguments, asker: Asker) -> str:
        """A result as JSON: of type complete without saying so, or with its resultType as the first key.

        What a model can mend is an error in the result; only an unknown tool is raised, as UnknownOperation.
        """
        try:
            text = (await self._hub.call(name, arguments, asker.caller)).to_json()
        except UnknownOperation:
            raise
        except HubError as error:
            return f'{{"content":[{_text(orjson.dumps(error.document()).decode())}],"isError":true}}'
        return f'{{"content":[{_text(text)}],"structuredContent":{text},"isError":false}}'


def _text(text: str) -> str:
    return f'{{"type":"text","text":{orjson.dumps(text).decode()}}}'
