"""Agents for clients to be tried against: what they do is what the message asks for in its first word."""

import asyncio

from hub.domain.task_messages import Part
from hub.turns import Failed, Rejected, Result, Turn

PIECES = [f"piece {number} " for number in range(20)]
IMAGE = Part(raw="AAECgA==", media_type="image/png", filename="dot.png")
"""Bytes that are no text."""


async def scripted(turn: Turn) -> Result:
    """Does as it is told: echo, image, stream, ask, authorize, wait, fail or reject."""
    word, _, rest = turn.text.partition(" ")
    match word:
        case "stream":
            async with turn.artifact("poem", description="in pieces") as poem:
                for piece in PIECES:
                    await poem.append(piece)
            return "streamed"
        case "ask":
            return f"answered: {await turn.ask('Which colour?')}"
        case "authorize":
            return f"allowed: {await turn.authorize('Allow it at https://auth.example.com')}"
        case "wait":
            await turn.say("waiting")
            await asyncio.Event().wait()
        case "image":
            await turn.publish("image", IMAGE)
            return None
        case "fail":
            raise Failed("it did not work")
        case "reject":
            raise Rejected("not mine")
    await turn.publish("echo", [Part(text=rest or turn.text), Part(data={"length": len(turn.text), "nested": {"a_b": [1, None]}})])
    return f"echo: {turn.text}"
