"""What starts agents, made when there is the first one to start, so that a hub without any starts quickly."""

from collections.abc import Awaitable, Callable

from hub.hosting import AgentHost, LiveAgent, Opening, SessionDesk


class LateHost:
    """An AgentHost."""

    def __init__(self, make: Callable[[], Awaitable[AgentHost]]) -> None:
        self._make = make
        self._host: AgentHost | None = None

    async def open(self, opening: Opening, desk: SessionDesk) -> LiveAgent:
        self._host = self._host or await self._make()
        return await self._host.open(opening, desk)
