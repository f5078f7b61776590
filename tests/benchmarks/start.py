"""From process start to the first 200, and the memory that an idle hub takes."""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.harness import line, rss_megabytes
from tests.postgres import free_port

ROUNDS = 5
PROBE = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


async def first_answer(port: int) -> None:
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.002)
            continue
        writer.write(PROBE)
        assert b" 200 " in await reader.readline()
        writer.close()
        return


async def main() -> None:
    seconds, cpu, memory = [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            begun = time.perf_counter()
            serve = [sys.executable, "-m", "hub.cli", "serve", "--port", str(port), "--db", f"sqlite:{Path(folder) / 'hub.db'}"]
            process = subprocess.Popen(serve, stderr=subprocess.DEVNULL)
            await first_answer(port)
            seconds.append(time.perf_counter() - begun)
            cpu.append(sum(map(int, Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])) / 100)
            memory.append(rss_megabytes(process.pid))
            process.kill()
            process.wait()
    wall = median(seconds)
    line("from process start to the first 200, a new SQLite file", f"{wall:.2f} s ({median(cpu):.2f} s CPU)", "<= 1.0 s", wall <= 1.0)
    line("resident memory before the first MCP call", f"{median(memory):.0f} MB", "<= 70 MB", median(memory) <= 70)


if __name__ == "__main__":
    asyncio.run(main())
