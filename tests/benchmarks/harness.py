"""Processes, raw HTTP clients, and CPU per operation. Wall times are not compared: machines are shared."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

Call = Callable[[], Awaitable[object]]
ROUNDS, SECONDS = 5, 0.6
NUMBER = b"########"
"""Where this stands in a request, each time it is sent has another number of as many digits."""
NUMBERS = count()
TASK = json.dumps({"title": "a task with a title", "objective": "x" * 120}).encode()


@dataclass(frozen=True)
class Server:
    url: str
    pid: int

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0


@contextmanager
def process(*command: str) -> Iterator[Server]:
    """A server that prints a JSON line with url and pid once it answers."""
    running = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert running.stdout is not None
        ready = json.loads(running.stdout.readline())
        yield Server(ready["url"], ready["pid"])
    finally:
        running.kill()
        running.wait()


def hub(database: str, *options: str) -> AbstractContextManager[Server]:
    return process("-m", "hub.cli", "serve", "--port", "0", "--db", database, "--ready-json", *options)


def cpu_seconds(pid: int) -> float:
    """On-CPU time of all threads and of the processes that it started, in nanosecond resolution where the kernel tells it."""
    total = 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0]) / 1e9
            total += sum(cpu_seconds(int(child)) for child in (task / "children").read_text().split())
        except OSError:
            continue
    return total


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    expected: bytes = b""
    """What is in the body of a right answer."""
    parts: int = 1
    """What the cost is told for, if not for the whole."""

    def encode(self) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in self.headers)]
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


Runs = Mapping[str, tuple[Server, Sequence[Request]]]
"""What is compared: a server, and one request for each of its clients."""


async def ask(port: int, request: Request) -> tuple[bytes, bytes]:
    """Head and body of one answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await _exchange(reader, writer, request.encode())
    finally:
        writer.close()


async def load(server: Server, requests: Sequence[Request], seconds: float) -> float:
    """CPU microseconds of the server for a request. Each request is sent again and again by a keep-alive connection of its own."""
    stop, done = time.perf_counter() + seconds, 0

    async def client(request: Request) -> None:
        nonlocal done
        encoded = request.encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        while time.perf_counter() < stop:
            head, body = await _exchange(reader, writer, encoded.replace(NUMBER, b"%08d" % next(NUMBERS)))
            assert b" 20" in head[:13], head
            assert request.expected in body, body
            done += request.parts
        writer.close()

    before = cpu_seconds(server.pid)
    await asyncio.gather(*(client(request) for request in requests))
    return (cpu_seconds(server.pid) - before) / done * 1e6


async def compare(runs: Runs, seconds: float = SECONDS) -> dict[str, float]:
    """Interleaved rounds after one that is not counted; the median of each."""
    kept: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS + 1):
        for name, (server, requests) in runs.items():
            kept[name].append(await load(server, requests, seconds))
    return {name: median(rounds[1:]) for name, rounds in kept.items()}


async def on_floor(floor: Server, server: Server, requests: Sequence[Request]) -> tuple[Server, Sequence[Request]]:
    """The same requests to the floor, which is taught the answer that the server gives."""
    _, answer = await ask(server.port, requests[0])
    await ask(floor.port, Request("PUT", f"/set?path={requests[0].path.partition('?')[0]}", answer))
    return floor, requests


def tell(what: str, figures: Mapping[str, float], measure: str, goal: float, by: str = "hub") -> None:
    """How many times more than the measure it takes, at most `goal`."""
    ratio = figures[by] / figures[measure]
    line(what, f"{figures[by]:.0f} / {measure} {figures[measure]:.0f} us = {ratio:.1f}x", f"<= {goal:g}x", ratio <= goal)


def tell_saved(what: str, figures: Mapping[str, float], other: str, goal: float, by: str = "hub") -> None:
    """How many times more the other one takes, at least `goal`."""
    ratio = figures[other] / figures[by]
    line(what, f"{figures[by]:.0f} / {other} {figures[other]:.0f} us = {ratio:.1f}x less", f">= {goal:g}x less", ratio >= goal)


async def calls(call: Call, callers: int, seconds: float) -> tuple[float, float]:
    """Calls a second, and CPU microseconds of this process for each."""
    done, stop = 0, time.perf_counter() + seconds

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() < stop:
            await call()
            done += 1

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return done / (time.perf_counter() - begun), (time.process_time() - cpu) / done * 1e6


def line(what: str, figure: str, goal: str, met: bool) -> None:
    print(f"{'ok  ' if met else 'MISS'} {what:<66} {figure:>34}   goal {goal}", flush=True)


def rss_megabytes(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, encoded: bytes) -> tuple[bytes, bytes]:
    writer.write(encoded)
    head = await reader.readuntil(b"\r\n\r\n")
    if b"chunked" in head.lower():
        return head, await _chunked(reader)
    return head, await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    """All chunks of a body as they came, its length the sum of theirs."""
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body
