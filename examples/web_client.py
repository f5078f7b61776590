"""The web API from Python, with types for everything: a client that `trivium client` wrote.

trivium client python --output examples/trivium_client.py
trivium                                   # the hub, in another terminal
python examples/web_client.py
"""

import os

from trivium_client import Trivium, TriviumError

trivium = Trivium(os.environ.get("TRIVIUM_URL", "http://127.0.0.1:3210"), os.environ.get("TRIVIUM_TOKEN"))

workspace = trivium.create_workspace(title="From Python")["workspace"]["id"]
cursor = trivium.get_health()["cursor"]
task = trivium.create_task(workspaceId=workspace, title="Paint the door", objective="It is green.", priority="high")["task"]
trivium.update_task(id=task["id"], labels=["door"], expectedVersion=task["version"])
tasks = trivium.list_tasks(workspaceId=workspace, status="PENDING")["tasks"]
print(f"{len(tasks)} task: {tasks[0]['title']} {tasks[0]['labels']}")

try:
    trivium.update_task(id=task["id"], title="Too late", expectedVersion=task["version"])
except TriviumError as error:
    print(f"refused with {error.status}: {error.kind}")

trivium.delete_task(id=task["id"])
for frame in trivium.events(workspaceId=workspace, kinds="task", last_event_id=str(cursor)):
    print(frame.data["name"])
    if frame.data["name"] == "task.deleted":
        break
trivium.delete_workspace(id=workspace)
