"""The agents that are measured: as little work of their own as there can be."""

from collections.abc import AsyncIterator

from hub.turns import Turn

CHUNKS = 200


async def echo(turn: Turn) -> str:
    """Says it again."""
    return turn.text


async def pieces(turn: Turn) -> AsyncIterator[str]:
    """Says it many times, piece by piece."""
    for number in range(CHUNKS):
        yield f"{turn.text} {number}"
