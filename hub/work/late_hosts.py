"""Who runs a session: the host of its provider, made when there is the first one to run, so that a hub without any starts quickly."""

from collections.abc import Awaitable, Callable, Mapping

from hub.hosting import AgentHost, LiveAgent, Opening, SessionDesk


class Hosts:
    """An AgentHost: of some providers by their own, of the others by one for all."""

    def __init__(self, own: Mapping[str, AgentHost], others: AgentHost) -> None:
        self._own, self._others = own, others

    async def open(self, opening: Opening, desk: SessionDesk) -> LiveAgent:
        return await self._own.get(opening.session.provider, self._others).open(opening, desk)


class LateHost:
    """An AgentHost."""

    def __init__(self, make: Callable[[], Awaitable[AgentHost]]) -> None:
        self._make = make
        self._host: AgentHost | None = None

    async def open(self, opening: Opening, desk: SessionDesk) -> LiveAgent:
        self._host = self._host or await self._make()
        return await self._host.open(opening, desk)
