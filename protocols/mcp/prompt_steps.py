"""What the prompts say: a few steps that name the tools to call, and the records that they are about, as they are now.

What others wrote stands in the attached records and in JSON arguments only, never among the steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

import orjson

from hub.access import Caller
from hub.app import Hub
from hub.domain.agents import AgentRole
from hub.domain.errors import Forbidden, Invalid, NotFound
from hub.domain.notes import SPEC
from hub.domain.workspaces import DEFAULT
from hub.ports import Json
from protocols.mcp.readings import Reading, read
from protocols.mcp.uris import Address, Place


@dataclass
class Draft:
    """A prompt that is being written: what was given for its arguments, and what is attached so far."""

    hub: Hub
    caller: Caller
    given: Mapping[str, str]
    attached: list[Reading] = field(default_factory=list)

    async def attach(self, place: Place, **ids: str) -> Json:
        """The record. Raises HubError."""
        reading = await read(self.hub, self.caller, Address(place, ids))
        self.attached.append(reading)
        return reading.record

    async def attach_if_there(self, place: Place, **ids: str) -> Json | None:
        """None also for what the caller may not read: the prompt works without it."""
        try:
            return await self.attach(place, **ids)
        except (NotFound, Forbidden):
            return None

    async def attach_specification(self) -> None:
        """The workspace's, if somebody wrote one."""
        if (spec := await self.attach_if_there("note", workspaceId=self.workspace, noteId=SPEC)) and not spec.get("content"):
            self.attached.pop()

    @property
    def workspace(self) -> str:
        return self.given.get("workspaceId", DEFAULT)


Steps = list[str]


async def start_working(draft: Draft) -> Steps:
    """Who is asked is known already when an agent of that name, and of the role if one is given, is still at work."""
    name, workspace = draft.given["agentName"], draft.workspace
    role = draft.given.get("role", "").upper()
    if role and role not in get_args(AgentRole):
        raise Invalid(f"role: it must be one of {', '.join(get_args(AgentRole))}")
    space = await draft.attach("workspace", workspaceId=workspace)
    agents = await read(draft.hub, draft.caller, Address("agents", {"workspaceId": workspace}))
    own = [one for one in agents.record["agents"] if one["name"] == name and one["status"] in ("PENDING", "ACTIVE")]
    known = [one["id"] for one in own if not role or one["role"] == role]
    if known:
        await draft.attach("agent", agentId=known[-1])
        first = f"You are registered: your agentId is {known[-1]}. The attached agent shows what you have in work."
    else:
        made = _json({"name": name, "role": role or "DEVELOPER", "workspaceId": space["id"]})
        first = f"Call create_agent with {made}. The id that it answers is your agentId."
    here = _json({"workspaceId": space["id"]})
    ready = (await draft.attach("ready", workspaceId=workspace))["tasks"]
    await draft.attach_specification()
    return [
        first,
        "Call read_inbox with your agentId, then acknowledge_messages with the numbers of the letters that you have read.",
        f"Call claim_task with your agentId and {here}: you get the first of the attached ready tasks; add taskId for another one."
        if ready
        else f"No task is ready now. Call list_tasks with {here} to see why; create_task makes one when you are asked for something new.",
        "Call reserve_files before you edit. Send claim.token as claimToken with all writes; claim again before claim.expiresAt.",
        "Call report_to_parent when the task is done or has failed, then claim the next one.",
    ]


async def hand_over_task(draft: Draft) -> Steps:
    task = await draft.attach("task", taskId=draft.given["taskId"])
    receiver = draft.given.get("toAgent")
    if receiver:
        await draft.attach("agent", agentId=receiver)
        choice = f"The task goes to the attached agent, {_json(receiver)}."
    else:
        await draft.attach("agents", workspaceId=task["workspaceId"])
        choice = "Choose one of the attached agents: online, of the role that the task needs, and without much in work."
    await draft.attach("artifacts", taskId=task["id"])
    said, to = "<what is done, what is left, what to watch>", receiver or "<its id>"
    told = _json({"taskId": task["id"], "agentId": to, "callerAgentId": "<your agentId>", "message": said})
    beside = _json({"taskId": task["id"], "status": "PENDING", "assignedTo": to, "comment": said})
    return [
        "Stop working on the attached task. Commit or save what you have, and call release_files for the paths that you reserved.",
        choice,
        f"Call delegate_task with {told}.",
        f"Without that tool: call update_task with {beside} and your claimToken, then send_message to the agent with the same text.",
        "Do not write to the task after that.",
    ]


async def review_task(draft: Draft) -> Steps:
    task = await draft.attach("task", taskId=draft.given["taskId"])
    evidence = (await draft.attach("artifacts", taskId=task["id"]))["artifacts"]
    verdict = _json({"taskId": task["id"], "verdict": "<APPROVED, NOT_APPROVED or BLOCKED>", "report": "<what you found, point by point>"})
    criteria = "each of its acceptanceCriteria" if task.get("acceptanceCriteria") else "its objective, for it has no acceptanceCriteria"
    commands = (
        "Read its verificationCommands, and run those that only check."
        if task.get("verificationCommands")
        else "It names no verificationCommands: find out how the project is tested, and run that."
    )
    return [
        f"Review the attached task as it stands in the code: judge {criteria}, one by one, met or not, and by what you saw.",
        commands,
        "Compare with its completionSummary and the attached artifacts. One without content is long: get_artifact reads it."
        if evidence
        else "There are no artifacts on it: rely on what you run yourself.",
        f"Call set_verdict with {verdict}.",
        "Without that tool: call update_task with status COMPLETED, NEEDS_FIX or BLOCKED, verificationVerdict and verificationReport.",
    ]


async def summarise_workspace(draft: Draft) -> Steps:
    workspace = draft.workspace
    here = _json({"workspaceId": (await draft.attach("workspace", workspaceId=workspace))["id"]})
    for place in ("tasks", "agents", "notes"):
        await draft.attach_if_there(place, workspaceId=workspace)
    await draft.attach_specification()
    return [
        "Sum up the attached workspace for somebody who was away, in at most 15 lines.",
        "Say what is done, who works on what, what is stuck and why, and what comes next. Name tasks by title and id.",
        f"A list with a nextCursor goes on: call list_tasks or list_agents with {here} and that cursor.",
        "Write down only what the records say. Offer to keep the summary as a note; append_to_note does that.",
    ]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
