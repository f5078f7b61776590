"""Agents that stream for ever when a task is taken up the first time, and come to an end when it is taken up again."""

import asyncio

from hub.turns import Turn, terms


@terms(resumable=True)
async def resumable(turn: Turn) -> None:
    await stream(turn)


async def fragile(turn: Turn) -> None:
    await stream(turn)


async def stream(turn: Turn) -> None:
    async with turn.artifact("numbers") as numbers:
        number = 0
        while number < 20 or turn.attempt == 1:
            await numbers.append(f"{number} ")
            number += 1
            await asyncio.sleep(0.02)
