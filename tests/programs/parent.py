"""A process that starts a program, and another one for each line that it is told, until it is killed: `python -m tests.programs.parent`.

It says the process ids of each.
"""

import asyncio
import os
import sys

from protocols.programs import Program
from tests.programs.texts import STUBBORN_FAMILY


async def start() -> None:
    program = await Program.start(sys.executable, ["-c", STUBBORN_FAMILY], env=dict(os.environ))
    async for line in program.receive():
        sys.stdout.write(f"{line.decode()}\n")
        sys.stdout.flush()
        break


async def main() -> None:
    await start()
    while await asyncio.to_thread(sys.stdin.readline):
        await start()


if __name__ == "__main__":
    asyncio.run(main())
