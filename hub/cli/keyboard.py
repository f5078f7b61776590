"""Lines that are typed, or come through a pipe."""

import asyncio
import sys
from contextlib import suppress
from threading import Thread


class Keyboard:
    """One thread reads at a time, and the process does not wait for it. A line that came too late for its question is for the next one."""

    def __init__(self) -> None:
        self._coming: asyncio.Future[str] | None = None

    async def line(self) -> str | None:
        """None at the end of the input."""
        self._coming = self._coming or _read()
        text = await asyncio.shield(self._coming)
        self._coming = None
        return text.rstrip("\r\n") if text else None


def _read() -> "asyncio.Future[str]":
    loop = asyncio.get_running_loop()
    coming: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        text = sys.stdin.readline()
        with suppress(RuntimeError):  # the command has ended meanwhile
            loop.call_soon_threadsafe(give, text)

    def give(text: str) -> None:
        if not coming.done():
            coming.set_result(text)

    Thread(target=read, daemon=True).start()
    return coming
