"""The REST API and the event stream: follow what happens while something happens, then go on after the last event seen.

Start a hub with `trivium`, then: python examples/rest_and_events.py [http://127.0.0.1:3210]
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

from aiohttp import ClientSession


async def events(http: ClientSession, last: str | None = None) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """Server-sent events: (id, event). With `last`, those after it."""
    headers = {"Last-Event-ID": last} if last else {}
    async with http.get("/api/events?workspaceId=default", headers=headers) as stream:
        cursor = ""
        async for line in stream.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                cursor = value
            elif name == "data":
                yield cursor, json.loads(value)


async def main(hub: str) -> None:
    async with ClientSession(hub, raise_for_status=True) as http:
        health = await (await http.get("/api/health")).json()
        task = {"title": "Follow me", "objective": "Show how a change is seen by those who follow."}
        made = (await (await http.post("/api/tasks", json=task)).json())["task"]
        await http.post(f"/api/tasks/{made['id']}/status", json={"status": "completed"})

        seen: list[str] = []
        async for cursor, event in events(http, str(health["cursor"])):
            print(cursor, event["name"], event["recordId"])
            seen.append(cursor)
            if event["recordId"] == made["id"] and event["name"] == "task.updated":
                break
        async for cursor, event in events(http, seen[0]):  # as if the connection had been lost after the first one
            print("again from", seen[0], "->", cursor, event["name"])
            break


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:3210"))
