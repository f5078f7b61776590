"""What every client does with the hub, whatever it is written in, and what it must have found."""

import json
from typing import Any, NamedTuple, TypedDict

OLD, NEW = "2025-11-25", "2026-07-28"
ERAS = {"legacy": OLD, NEW: NEW}
"""How a client is told to talk, and the version that it then talks."""
CREATED = {"title": "From a client", "objective": "Show that it works"}
"""The arguments of create_task."""
PROMPT = {"agentName": "ann"}
"""The arguments of start_working."""


class Found(TypedDict):
    version: str | None
    """None: the client does not tell."""
    tools: list[str]
    resources: list[str]
    templates: list[str]
    prompts: list[str]
    task: dict[str, Any]
    """What create_task answered."""
    read: str
    """The task as a resource."""
    prompt: str
    """The steps of start_working."""
    completed: list[str] | None
    """Its argument `role`, of which `d` was typed; None: the client does not complete."""


class Ended(NamedTuple):
    """A call of wait_for_task, while the task was completed on another hub."""

    progress: list[float]
    answer: dict[str, Any]

    def check(self) -> None:
        assert self.progress
        assert self.progress == sorted(set(self.progress))
        assert (self.answer["reason"], self.answer["task"]["status"]) == ("ended", "COMPLETED")


def check(found: Found, version: str) -> None:
    assert found["version"] in (version, None)
    assert {"create_agent", "create_task", "claim_task", "wait_for_task"} <= set(found["tools"])
    assert {"hub://workspaces", "hub://workspaces/default/tasks"} <= set(found["resources"])
    assert {"hub://tasks/{taskId}", "hub://notes/{workspaceId}/{noteId}"} <= set(found["templates"])
    assert found["prompts"] == ["start_working", "hand_over_task", "review_task", "summarise_workspace"]
    assert found["task"].items() >= CREATED.items()
    assert json.loads(found["read"]) == found["task"]
    assert f'create_agent with {{"name":"{PROMPT["agentName"]}"' in found["prompt"]
    assert found["completed"] in (["DEVELOPER"], None)


def address(task_id: str) -> str:
    return f"hub://tasks/{task_id}"
