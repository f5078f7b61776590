"""The frames of one stream of server-sent events: written here, read there, kept for a reader that lost it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from protocols.streams import HEARTBEAT, PING

ROOM = 256
"""Frames that may wait for a reader: who writes more waits, too."""
KEPT = 1_000
"""Frames that a resumable stream keeps; older ones are gone for a reader that lost them."""
LARGEST = 4_000_000
"""Bytes of the frames that wait, or are kept, unless it is one alone."""
RETRY = 1_000
"""Milliseconds after which a client whose stream ended early comes back."""


class Frames:
    """One writer, and one reader at a time: a new reader takes the stream over from the old one.

    With a key the stream is resumable (2025-11-25 §basic/transports, resumability): every frame has an id, `<key>-<number>`, and
    is kept after it was read.
    """

    def __init__(self, key: str | None = None) -> None:
        self.key, self.complete, self.size = key, False, 0
        self._frames: deque[bytes] = deque()
        self._last = 0
        self._reader: object = None
        self._dismissed = False
        self._changed = asyncio.Event()

    def prime(self, id_: str | None = None) -> None:
        """Begin before anything happened: with an event that has nothing but an id to come back with, or with a comment."""
        self._add(f"id: {id_}\nretry: {RETRY}\ndata: \n\n".encode() if id_ else PING)

    async def put(self, message: bytes, id_: int | None = None) -> None:
        """Add a message; `id_` is its event id where the stream has no key. Waits for a reader that is behind.

        What is said after the end, as by whoever has not heard of it yet, is dropped.
        """
        while self.key is None and self._full and not self.complete:
            await self._changed.wait()
        if self.complete:
            return
        event_id = b"id: %s-%d\n" % (self.key.encode(), self._last) if self.key else b"id: %d\n" % id_ if id_ is not None else b""
        self._add(event_id + b"event: message\ndata: " + message + b"\n\n")

    def end(self) -> None:
        self.complete = True
        self._wake()

    def dismiss(self) -> None:
        """End the reader's turn, not the stream: it may come back."""
        self._dismissed = True
        self._wake()

    def has(self, number: int) -> bool:
        """Whether the frame of this number was written."""
        return number < self._last

    async def read(self, after: int = -1) -> AsyncIterator[bytes]:
        """The frames behind the one with this number, until the stream ends; a comment after a heartbeat's time of silence.

        Who comes back for the rest gets a comment first, because there may be no rest.
        """
        self._reader = reader = object()
        self._wake()
        number = after + 1
        if number:
            yield PING
        while True:
            while number < self._last and self._reader is reader:
                number = max(number, self._last - len(self._frames)) + 1
                yield self._taken(number)
            if self.complete or self._dismissed or self._reader is not reader:
                self._dismissed = False
                return
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await self._changed.wait()
            except TimeoutError:
                yield PING

    def _taken(self, number: int) -> bytes:
        if self.key is not None:
            return self._frames[number - self._last - 1]
        frame = self._pop()
        self._wake()
        return frame

    def _add(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._last += 1
        self.size += len(frame)
        while self.key is not None and len(self._frames) > 1 and (len(self._frames) > KEPT or self.size > LARGEST):
            self._pop()
        self._wake()

    @property
    def _full(self) -> bool:
        return len(self._frames) >= ROOM or self.size >= LARGEST

    def _pop(self) -> bytes:
        frame = self._frames.popleft()
        self.size -= len(frame)
        return frame

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
