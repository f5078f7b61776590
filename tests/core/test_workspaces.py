"""Workspaces, and what goes with them."""

import asyncio
from pathlib import Path

from hub.app import Hub
from hub.domain import KINDS
from hub.domain.background_tasks import BackgroundTask
from hub.domain.codebases import Codebase, Worktree
from hub.domain.errors import Duplicate, NotFound, Refused, Stale
from hub.domain.permissions import Permission, PermissionPolicy
from hub.domain.remote_agents import RemoteAgent, RemoteTask
from hub.domain.sessions import Prompt, Session, SessionEntry, SessionServers
from hub.domain.shared_sessions import Participant, PromptApproval, SharedMessage, SharedSession
from hub.domain.specialists import Specialist
from hub.domain.tasks import Task
from hub.domain.webhooks import WebhookConfig, WebhookLog
from hub.domain.workflows import WorkflowRun
from hub.ports import Find, HubStore
from hub.unit import UnitOfWork
from tests.core.support import ask, kinds, names_of_events, new_agent, new_task, on_memory, refusal
from tests.repositories import repositories


@on_memory
async def test_a_workspace_is_made_read_and_changed(hub: Hub) -> None:
    made = await ask(hub, "create_workspace", title="One", metadata={"a": "1"}, repoPath="/repo", branch="main")
    assert made["metadata"] == {"a": "1", "repoPath": "/repo", "branch": "main"}
    assert (made["status"], made["version"]) == ("active", 1)
    assert await ask(hub, "get_workspace", workspaceId=made["id"]) == made
    changed = await ask(hub, "update_workspace", workspaceId=made["id"], title="Two", metadata={"a": "2", "b": "3"}, expectedVersion=1)
    assert (changed["title"], changed["metadata"]) == ("Two", {"a": "2", "repoPath": "/repo", "branch": "main", "b": "3"})
    assert isinstance(await refusal(ask(hub, "update_workspace", workspaceId=made["id"], title="Three", expectedVersion=1)), Stale)
    assert isinstance(await refusal(ask(hub, "get_workspace", workspaceId="nowhere")), NotFound)
    same = await ask(hub, "update_workspace", workspaceId=made["id"], title=None, status=None, metadata=None)
    assert (same["title"], same["status"], same["metadata"]) == ("Two", "active", changed["metadata"])


async def test_an_id_is_taken_once(hub: Hub) -> None:
    assert await kinds(ask(hub, "create_workspace", id="v", title=f"{at}") for at in range(10)) == ["conflict"] * 9 + ["ok"]
    assert isinstance(await refusal(ask(hub, "create_workspace", id="v", title="again")), Duplicate)
    assert isinstance(await refusal(ask(hub, "create_workspace", id="default", title="again")), Duplicate)


@on_memory
async def test_an_archived_workspace_is_listed_apart_and_comes_back(hub: Hub) -> None:
    await ask(hub, "create_workspace", id="v", title="v")

    async def listed(**filters: str) -> list[str]:
        return [workspace["id"] for workspace in (await ask(hub, "list_workspaces", **filters))["workspaces"]]

    await ask(hub, "archive_workspace", workspaceId="v")
    assert (await listed(), await listed(status="active"), await listed(status="archived")) == (["default", "v"], ["default"], ["v"])
    assert (await ask(hub, "archive_workspace", workspaceId="v", archived=False))["status"] == "active"


async def test_a_deleted_workspace_takes_everything_in_it_and_nothing_else(hub: Hub, store: HubStore, tmp_path: Path) -> None:
    await ask(hub, "create_workspace", id="v", title="v")
    for workspace in ("v", "default"):
        agent, task_id = await new_agent(hub, workspaceId=workspace), await new_task(hub, workspaceId=workspace)
        await ask(hub, "send_message", fromAgentId=agent, toAgentIds=agent, content="hello")
        await ask(hub, "append_message", agentId=agent, role="USER", content="hello")
        await ask(hub, "append_to_note", noteId="spec", workspaceId=workspace, content="hello")
        hello = [{"text": "hello"}]
        await ask(hub, "send_task_message", messageId=f"to {workspace}", taskId=task_id, parts=hello)
        await ask(hub, "append_artifact", taskId=task_id, chunks=[hello], last=False)
        await ask(hub, "create_push_config", taskId=task_id, url="https://client.example.com/")
        await ask(hub, "reserve_files", agentId=agent, workspaceId=workspace, paths=["a"])
        await ask(hub, "subscribe_to_events", agentId=agent, workspaceId=workspace)
        await new_task(hub, workspaceId=workspace, dependencies=[task_id])
        await ask(hub, "create_mcp_server", name="Tools", type="stdio", command="true", workspaceId=workspace)
        unit = UnitOfWork(store, "local", "2026-01-01T00:00:00.000Z")
        unit.put(RemoteAgent(url="https://agent.example.com", workspace_id=workspace))
        unit.put(RemoteTask(agent_id=agent, place="p", workspace_id=workspace))
        session = unit.put(Session(agent_id=agent, provider="fake", workspace_id=workspace))
        unit.put(SessionServers(id=session.id, workspace_id=workspace, sealed="s"))
        of = {"session_id": session.id, "workspace_id": workspace}
        unit.put(Prompt(**of, number=1, message_id="m", content=(), by="local"))
        unit.put(SessionEntry(**of, number=1, update={}))
        unit.put(Permission(**of, agent_id=agent, title="t", tool_call={}, options=(), expires_at=unit.now))
        unit.put(PermissionPolicy(workspace_id=workspace, effect="ask"))
        unit.put(Specialist(name="Poet", role="GATE", system_prompt="Write.", workspace_id=workspace))
        shared = unit.put(
            SharedSession(workspace_id=workspace, host_user_id="ada", host_session_id=session.id, mode="view_only", invite_digest="")
        )
        within = {"workspace_id": workspace, "shared_session_id": shared.id}
        participant = unit.put(Participant(**within, user_id="ada", role="host", token_digest=""))
        said = {"participant_id": participant.id, "author_user_id": "ada", "message_kind": "comment", "text": "t"}
        unit.put(SharedMessage(**within, **said))
        unit.put(PromptApproval(**within, participant_id=participant.id, prompt="p"))
        codebase = unit.put(Codebase(workspace_id=workspace, repo_path="/repository"))
        tree = {"worktree_path": f"/trees/{workspace}", "branch": "b", "base_branch": "main"}
        unit.put(Worktree(workspace_id=workspace, codebase_id=codebase.id, **tree))
        await ask(hub, "create_schedule", name="s", cronExpr="0 9 * * *", taskPrompt="p", agentId="a", workspaceId=workspace)
        run = unit.put(WorkflowRun(workspace_id=workspace, workflow_id="w", workflow_name="W", total_steps=1))
        unit.put(BackgroundTask(workspace_id=workspace, title="t", prompt="p", agent_id="a", workflow_run_id=run.id))
        told = {"name": "w", "repo": "acme/shop", "trigger_agent_id": "a", "webhook_secret": "s", "event_types": ("push",)}
        config = unit.put(WebhookConfig(workspace_id=workspace, **told))
        unit.put(WebhookLog(workspace_id=workspace, config_id=config.id, delivery="d", event_type="push", outcome="skipped"))
        await store.commit(unit)
    inside = {type_: 2 if type_ is Task else 1 for type_ in KINDS if "workspace_id" in type_.columns}
    for type_, count in inside.items():
        assert len(await store.find("local", Find(type_, (("workspace_id", "v"),)))) == count, type_.kind
    await _let_go_of_worktrees(Hub(store, repositories=repositories(tmp_path)))
    assert (await ask(hub, "delete_workspace", workspaceId="v"))["deletedCount"] == sum(inside.values())
    for type_, count in inside.items():
        assert await store.find("local", Find(type_, (("workspace_id", "v"),))) == []
        assert len(await store.find("local", Find(type_))) == count
    assert (await names_of_events(hub, workspaceId="v"))[-1] == "workspace.deleted"
    assert isinstance(await refusal(ask(hub, "get_workspace", workspaceId="v")), NotFound)


async def _let_go_of_worktrees(hub: Hub) -> None:
    """A folder that the hub made is not forgotten with its workspace; of one that is gone the record is let go of."""
    error = await refusal(ask(hub, "delete_workspace", workspaceId="v"))
    assert isinstance(error, Refused)
    assert "delete_worktree" in error.message
    assert (await ask(hub, "get_workspace", workspaceId="v"))["status"] == "active"
    [worktree] = (await ask(hub, "list_worktrees", workspaceId="v"))["worktrees"]
    assert (await ask(hub, "delete_worktree", worktreeId=worktree["id"]))["deleted"] is True


async def test_what_is_made_while_its_workspace_is_deleted_is_refused_or_goes_with_it(hub: Hub, store: HubStore) -> None:
    await ask(hub, "create_workspace", id="v", title="v")
    making = (ask(hub, "create_task", title="t", objective="o", workspaceId="v") for _ in range(20))
    deleting = ask(hub, "delete_workspace", workspaceId="v")
    first, *rest = making
    outcomes = await kinds([first, *rest[:9], deleting, *rest[9:]])
    assert set(outcomes) <= {"ok", "conflict", "not_found"}
    assert await store.find("local", Find(Task, (("workspace_id", "v"),))) == []


async def test_a_workspace_that_others_depend_on_stays_and_takes_nothing_new_until_it_is_deleted(hub: Hub) -> None:
    await ask(hub, "create_workspace", id="v", title="v")
    needed = await new_task(hub, workspaceId="v")
    dependent = await new_task(hub, dependencies=[needed])
    assert isinstance(await refusal(ask(hub, "delete_workspace", workspaceId="v")), Refused)
    assert isinstance(await refusal(ask(hub, "create_task", title="t", objective="o", workspaceId="v")), Refused)
    assert isinstance(await refusal(ask(hub, "archive_workspace", workspaceId="v")), Refused)
    await ask(hub, "update_task", taskId=dependent, dependencies=[])
    assert (await ask(hub, "delete_workspace", workspaceId="v", idempotencyKey="k"))["deleted"] is True
    assert (await ask(hub, "delete_workspace", workspaceId="v", idempotencyKey="k"))["deleted"] is True


async def test_a_workspace_with_more_than_a_page_of_records_is_deleted_whole(hub: Hub, store: HubStore) -> None:
    await ask(hub, "create_workspace", id="v", title="v")
    await asyncio.gather(*(new_task(hub, workspaceId="v") for _ in range(700)))
    assert (await ask(hub, "delete_workspace", workspaceId="v"))["deletedCount"] == 702
    assert isinstance(await refusal(ask(hub, "list_tasks", workspaceId="v")), NotFound)
    assert await store.find("local", Find(Task)) == []


async def test_the_default_workspace_stays(hub: Hub) -> None:
    assert isinstance(await refusal(ask(hub, "delete_workspace", workspaceId="default")), Refused)
    assert await new_task(hub)


async def test_nothing_is_made_in_a_workspace_that_another_node_has_deleted(hub: Hub, store: HubStore) -> None:
    other = Hub(store)
    await ask(hub, "create_workspace", id="v", title="v")
    await new_task(hub, workspaceId="v")
    await ask(other, "delete_workspace", workspaceId="v")
    for call in (
        new_task(hub, workspaceId="v"), new_agent(hub, workspaceId="v"), ask(hub, "create_note", title="n", workspaceId="v"),
        ask(hub, "get_note", noteId="spec", workspaceId="v"),
    ):  # fmt: skip
        assert isinstance(await refusal(call), NotFound)


async def test_what_another_node_did_to_a_workspace_does_not_stand_in_the_way(hub: Hub, store: HubStore) -> None:
    other = Hub(store)
    for at in range(5):
        await new_task(hub)
        await ask(other, "update_workspace", workspaceId="default", title=f"{at}")
    assert len((await ask(other, "list_tasks"))["tasks"]) == 5
