"""Boards: what a workspace has from the beginning, what a column asks for, and what becomes of cards when columns and boards go."""

import asyncio
from typing import Any

import pytest

from hub.app import Hub
from hub.domain.boards import COLUMNS, Board
from hub.domain.errors import Duplicate, GateClosed, Invalid, NotFound, Refused
from hub.domain.workspaces import Workspace
from hub.ports import Find, HubStore, Json
from hub.unit import UnitOfWork
from stores import vault
from tests.core.support import ask, kinds, names_of_events, new_agent, new_task, on_memory, refusal

STORY = {"scope": "one door", "acceptanceCriteria": ["green"], "testCases": ["look at it"]}


async def board_of(hub: Hub, workspace: str = "default") -> Json:
    [board] = (await ask(hub, "list_boards", workspaceId=workspace))["boards"]
    return dict(board)


async def shown(hub: Hub, column: str, board: str) -> list[str]:
    return [card["title"] for card in (await ask(hub, "list_cards_by_column", boardId=board, columnId=column))["cards"]]


async def test_every_workspace_has_a_board_from_the_beginning_and_new_tasks_are_on_it(hub: Hub) -> None:
    await ask(hub, "create_workspace", id="lab", title="Lab")
    for workspace, title in (("default", "Default Workspace"), ("lab", "Lab")):
        board = await board_of(hub, workspace)
        assert (board["name"], board["isDefault"], board["githubTokenConfigured"]) == (f"{title} Board", True, False)
        assert [column["id"] for column in board["columns"]] == ["backlog", "todo", "dev", "review", "done", "blocked"]
        task = await ask(hub, "get_task", taskId=await new_task(hub, workspaceId=workspace))
        assert (task["boardId"], task["columnId"]) == (board["id"], "backlog")
    assert await names_of_events(hub, workspaceId="lab") == ["workspace.created", "task.created"]


async def test_a_workspace_from_before_there_were_boards_gets_one_whoever_looks_first(hub: Hub, store: HubStore) -> None:
    await ask(hub, "get_workspace")
    unit = UnitOfWork(store, "local", "2026-01-01T00:00:00.000Z")
    unit.put(Workspace(id="old", title="Old"))
    await store.commit(unit)
    several = await asyncio.gather(*(ask(hub, "list_boards", workspaceId="old") for _ in range(10)))
    assert {board["id"] for one in several for board in one["boards"]} == {"board-old"}
    assert len(await store.find("local", Find(Board, (("workspace_id", "old"),)))) == 1
    assert (await ask(hub, "get_task", taskId=await new_task(hub, workspaceId="old")))["boardId"] == "board-old"


@on_memory
async def test_columns_are_named_in_short_or_in_full_and_nothing_of_their_rules_is_lost(hub: Hub) -> None:
    rules = {"enabled": True, "steps": [{"id": "s", "mystery": 1}], "requiredArtifacts": ["logs"], "laterRule": {"a": [1]}}
    columns = ["Backlog", "To Be Done", {"id": "qa", "name": "QA", "stage": "review", "color": "red", "automation": rules}]
    board = await ask(hub, "create_board", name="Own", columns=columns)
    assert [(column["id"], column["stage"], column["position"]) for column in board["columns"]] == [
        ("backlog", "backlog", 0), ("to-be-done", "backlog", 1), ("review", "review", 2)
    ]  # fmt: skip
    assert board["columns"][2]["automation"] == rules
    changed = await ask(hub, "update_board", boardId=board["id"], columns=[board["columns"][2], {**board["columns"][0], "position": 9}])
    assert [column["id"] for column in changed["columns"]] == ["review", "backlog"]
    twice = ask(hub, "update_board", boardId=board["id"], columns=["a", "A"])
    assert isinstance(await refusal(twice), Duplicate)


async def test_one_board_of_a_workspace_is_the_default_whoever_wants_it_to_be(hub: Hub) -> None:
    boards = [(await ask(hub, "create_board", name=f"{at}"))["id"] for at in range(4)]
    await kinds(ask(hub, "update_board", boardId=board, isDefault=True) for board in boards)
    listed = (await ask(hub, "list_boards"))["boards"]
    [default] = [board["id"] for board in listed if board["isDefault"]]
    assert (await ask(hub, "get_task", taskId=await new_task(hub)))["boardId"] == default
    assert isinstance(await refusal(ask(hub, "update_board", boardId=default, isDefault=False)), Refused)
    assert isinstance(await refusal(ask(hub, "delete_board", boardId=default)), Refused)


@on_memory
async def test_the_cards_of_a_deleted_board_go_to_the_default_one(hub: Hub) -> None:
    board = await ask(hub, "create_board", name="Own", columns=["Ideas"])
    card = await ask(hub, "create_card", title="One", boardId=board["id"])
    await ask(hub, "delete_board", boardId=board["id"])
    home = await board_of(hub)
    assert (await ask(hub, "get_task", taskId=card["id"]))["boardId"] == home["id"]
    assert await shown(hub, "backlog", home["id"]) == ["One"]


@on_memory
async def test_a_board_keeps_its_github_token_and_shows_it_to_nobody(store: HubStore) -> None:
    hub = Hub(store, vault=vault.ephemeral())
    board = await board_of(hub)
    changed = await ask(hub, "update_board", boardId=board["id"], githubToken="ghp_hush")
    assert changed["githubTokenConfigured"] is True
    [body] = await store.find("local", Find(Board))
    events = await ask(hub, "list_events", limit=100)
    assert "ghp_hush" not in f"{body}{events}{await ask(hub, 'export_boards', workspaceId='default')}"
    assert (await ask(hub, "update_board", boardId=board["id"], clearGitHubToken=True))["githubTokenConfigured"] is False


async def test_a_card_moves_with_its_status_and_the_others_make_room(hub: Hub) -> None:
    board = await board_of(hub)
    cards = [await ask(hub, "create_card", title=title) for title in "abc"]
    for card in cards:
        await ask(hub, "move_card", cardId=card["id"], targetColumnId="todo")
    assert await shown(hub, "todo", board["id"]) == ["a", "b", "c"]
    await ask(hub, "move_card", cardId=cards[2]["id"], targetColumnId="todo", position=0)
    assert await shown(hub, "todo", board["id"]) == ["c", "a", "b"]
    moved = await ask(hub, "move_card", cardId=cards[0]["id"], targetColumnId="blocked", position=7)
    assert (moved["status"], moved["position"]) == ("BLOCKED", 0)
    assert await shown(hub, "todo", board["id"]) == ["c", "b"]


async def test_of_several_who_move_a_card_at_once_each_does_and_it_is_in_one_column(hub: Hub) -> None:
    board = await board_of(hub)
    card = await ask(hub, "create_card", title="Hot")
    columns = ["todo", "blocked", "backlog"]
    assert await kinds(ask(hub, "move_card", cardId=card["id"], targetColumnId=column) for column in columns * 3) == ["ok"] * 9
    assert sorted([await shown(hub, column, board["id"]) for column in columns]) == [[], [], ["Hot"]]


async def test_a_column_that_goes_while_cards_come_loses_none(hub: Hub) -> None:
    board = await ask(hub, "create_board", name="Own", columns=["Ideas", {"id": "soon", "name": "Soon", "stage": "todo"}])
    cards = [await ask(hub, "create_card", title=f"{at}", boardId=board["id"]) for at in range(6)]
    moves = [ask(hub, "move_card", cardId=card["id"], targetColumnId="todo") for card in cards]
    outcomes = await kinds([*moves[:3], ask(hub, "delete_column", boardId=board["id"], columnId="todo"), *moves[3:]])
    assert set(outcomes) <= {"ok", "not_found"}
    assert sorted(await shown(hub, "backlog", board["id"])) == [f"{at}" for at in range(6)]


@on_memory
async def test_a_column_takes_its_cards_with_it_where_that_is_wanted(hub: Hub) -> None:
    board = await ask(hub, "create_board", name="Own", columns=["Ideas", "Trash"])
    card = await ask(hub, "create_card", title="Old", boardId=board["id"], columnId="trash")
    left = await ask(hub, "delete_column", boardId=board["id"], columnId="trash", deleteCards=True)
    assert [column["id"] for column in left["columns"]] == ["backlog"]
    assert isinstance(await refusal(ask(hub, "get_task", taskId=card["id"])), NotFound)
    assert isinstance(await refusal(ask(hub, "delete_column", boardId=board["id"], columnId="backlog")), Refused)


@on_memory
async def test_a_column_says_which_fields_and_artifacts_a_card_lacks(hub: Hub) -> None:
    card = await ask(hub, "create_card", title="Door")
    refused = await refusal(ask(hub, "move_card", cardId=card["id"], targetColumnId="dev"))
    assert isinstance(refused, GateClosed)
    document = refused.document()
    assert document["missingTaskFields"] == ["scope", "acceptance_criteria", "verification_plan"]
    readiness = document["storyReadiness"]
    assert (await ask(hub, "get_task_readiness", taskId=card["id"]))["storyReadiness"]["requiredTaskFields"] == []  # of todo
    assert isinstance(readiness, dict)
    assert readiness["ready"] is False
    await ask(hub, "move_card", cardId=card["id"], targetColumnId="todo")
    assert (await ask(hub, "get_task_readiness", taskId=card["id"]))["storyReadiness"] == readiness
    changed = await ask(hub, "update_task", taskId=card["id"], columnId="dev", **STORY)  # what it lacked comes with the move
    assert (changed["status"], changed["columnId"]) == ("IN_PROGRESS", "dev")
    refused = await refusal(ask(hub, "update_task", taskId=card["id"], columnId="review"))
    assert isinstance(refused, GateClosed)
    assert refused.document()["missingArtifacts"] == ["screenshot", "test_results"]
    for type_ in ("screenshot", "test_results"):
        await ask(hub, "provide_artifact", taskId=card["id"], type=type_, content="x")
    assert (await ask(hub, "move_card", cardId=card["id"], targetColumnId="review"))["status"] == "REVIEW_REQUIRED"


@on_memory
@pytest.mark.parametrize("mode", ["blocking", "warning"])
async def test_a_column_may_want_a_checklist_and_approval_and_stop_or_only_warn(hub: Hub, mode: str) -> None:
    rules = {"enabled": True, "requiredChecklist": ["Docs"], "requiredHumanApproval": True, "gateMode": mode}
    columns: list[Any] = ["Ideas", {"id": "out", "name": "Out", "stage": "done", "automation": rules}]
    board = await ask(hub, "create_board", name="Own", columns=columns)
    card = await ask(hub, "create_card", title="Door", boardId=board["id"])
    move = ask(hub, "move_card", cardId=card["id"], targetColumnId="done")
    if mode == "warning":
        [comment] = (await move)["comments"]
        assert (
            comment["body"] == "The column 'Out' wants in its verification report: Docs and the verdict APPROVED. set_verdict gives them."
        )
        return
    refused = await refusal(move)
    assert isinstance(refused, GateClosed)
    assert refused.document()["transitionGate"] == {"checklist": ["Docs"], "humanApproval": True}
    await ask(hub, "update_task", taskId=card["id"], verificationVerdict="APPROVED", verificationReport="docs: done")
    assert (await ask(hub, "move_card", cardId=card["id"], targetColumnId="done"))["status"] == "COMPLETED"


@on_memory
async def test_a_task_is_placed_by_its_boards_columns_whoever_moves_it_and_however(hub: Hub) -> None:
    columns: list[Any] = [
        "Ideas",
        {"id": "work", "name": "Work", "stage": "dev"},
        {"id": "qa", "name": "QA", "stage": "review", "position": 3},
        {"id": "review", "name": "Review", "stage": "review", "position": 2},
    ]
    board = await ask(hub, "create_board", name="Own", columns=columns)
    assert [column["id"] for column in board["columns"]] == ["backlog", "dev", "review", "qa"]
    card = (await ask(hub, "create_card", title="Door", boardId=board["id"]))["id"]
    for operation, column, status in (("update_task", "qa", "REVIEW_REQUIRED"), ("move_card", "dev", "IN_PROGRESS")):
        named = {"taskId": card, "columnId": column} if operation == "update_task" else {"cardId": card, "targetColumnId": column}
        changed = await ask(hub, operation, **named)
        assert (changed["columnId"], changed["status"]) == (column, status)
    assert isinstance(await refusal(ask(hub, "update_task", taskId=card, columnId="qa", status="COMPLETED")), Invalid)
    await ask(hub, "set_task_status", taskId=card, status="REVIEW_REQUIRED")
    assert await shown(hub, "review", board["id"]) == ["Door"]


@on_memory
async def test_a_place_that_is_not_there_is_none(hub: Hub) -> None:
    await ask(hub, "create_workspace", id="lab", title="Lab")
    elsewhere = (await board_of(hub, "lab"))["id"]
    task = await new_task(hub)
    for place in ({"columnId": "nowhere"}, {"boardId": "nothing"}, {"boardId": elsewhere}):
        assert isinstance(await refusal(ask(hub, "update_task", taskId=task, **place)), NotFound)
        assert isinstance(await refusal(new_task(hub, **place)), NotFound)
    assert isinstance(await refusal(ask(hub, "create_card", title="t", workspaceId="lab", boardId="board-default")), NotFound)


@on_memory
async def test_a_gate_is_not_gone_round_by_way_of_another_board(hub: Hub) -> None:
    rules = {"enabled": True, "requiredArtifacts": ["logs"]}
    gated = await ask(hub, "create_board", name="Own", columns=["Ideas", {"id": "g", "name": "G", "stage": "review", "automation": rules}])
    other = await ask(hub, "create_board", name="Other", columns=["Ideas", {"id": "review", "name": "Review", "stage": "review"}])
    card = await ask(hub, "create_card", title="Door", boardId=other["id"], columnId="review")
    assert isinstance(await refusal(ask(hub, "update_task", taskId=card["id"], boardId=gated["id"])), GateClosed)


@on_memory
async def test_new_cards_stand_behind_those_that_are_there(hub: Hub) -> None:
    board = await board_of(hub)
    for title in "ab":
        card = await ask(hub, "create_card", title=title)
        await ask(hub, "move_card", cardId=card["id"], targetColumnId="todo")
    await ask(hub, "decompose_tasks", boardId=board["id"], columnId="todo", tasks=[{"title": "c"}, {"title": "d"}])
    assert await shown(hub, "todo", board["id"]) == ["a", "b", "c", "d"]


@on_memory
async def test_cards_of_a_column_that_goes_stand_in_another_of_its_stage_or_take_that_ones_status(hub: Hub) -> None:
    columns = ["Ideas", {"id": "a", "name": "A", "stage": "done"}, {"id": "b", "name": "B", "stage": "done"}]
    board = await ask(hub, "create_board", name="Own", columns=columns)
    card = await ask(hub, "create_card", title="Door", boardId=board["id"], columnId="done")
    left = await ask(hub, "delete_column", boardId=board["id"], columnId="done")
    assert [column["id"] for column in left["columns"]] == ["backlog", "done"]  # what was b is the first of its stage now
    assert (await ask(hub, "get_task", taskId=card["id"]))["status"] == "COMPLETED"
    await ask(hub, "delete_column", boardId=board["id"], columnId="done")
    task = await ask(hub, "get_task", taskId=card["id"])
    assert (task["status"], task["columnId"]) == ("PENDING", "backlog")


async def test_no_board_stops_an_agent_that_says_how_its_task_stands(hub: Hub) -> None:
    agent, task = await new_agent(hub), await new_task(hub)
    claimed = await ask(hub, "claim_task", agentId=agent, taskId=task)
    assert claimed["columnId"] == "dev"
    for status, column in (("REVIEW_REQUIRED", "review"), ("COMPLETED", "done")):
        changed = await ask(hub, "set_task_status", taskId=task, status=status)
        assert (changed["status"], changed["columnId"]) == (status, column)


@on_memory
async def test_a_verdict_against_what_is_in_review_sends_it_back_into_work(hub: Hub) -> None:
    task = await new_task(hub, status="REVIEW_REQUIRED")
    changed = await ask(hub, "update_task", taskId=task, verificationVerdict="NOT_APPROVED")
    assert (changed["status"], changed["columnId"]) == ("IN_PROGRESS", "dev")


@on_memory
async def test_what_a_card_is_about_stays_once_the_work_has_begun(hub: Hub) -> None:
    card = await ask(hub, "create_card", title="Door", description="Paint it.")
    assert (await ask(hub, "update_card", cardId=card["id"], description="Paint it green."))["objective"] == "Paint it green."
    await ask(hub, "set_task_status", taskId=card["id"], status="IN_PROGRESS")
    assert isinstance(await refusal(ask(hub, "update_card", cardId=card["id"], description="Paint it red.")), Refused)
    assert (await ask(hub, "update_card", cardId=card["id"], comment="Red?"))["comments"][0]["body"] == "Red?"


@on_memory
async def test_boards_move_to_another_workspace_as_a_file(hub: Hub) -> None:
    review = {"id": "qa", "name": "QA", "stage": "review", "automation": {"enabled": False}}
    await ask(hub, "create_board", name="Own", columns=["Ideas", review])
    exported = (await ask(hub, "export_boards", workspaceId="default"))["yaml"]
    await ask(hub, "create_workspace", id="lab", title="Lab")
    applied = await ask(hub, "import_boards", yamlContent=exported, workspaceId="lab")
    assert [(one["boardName"], one["action"], one["columns"]) for one in applied["applied"]] == [
        ("Default Workspace Board", "created", len(COLUMNS)), ("Own", "created", 2)
    ]  # fmt: skip
    again = await ask(hub, "import_boards", yamlContent=exported, workspaceId="lab")
    assert [one["action"] for one in again["applied"]] == ["updated", "updated"]
    boards = (await ask(hub, "list_boards", workspaceId="lab"))["boards"]
    assert [(board["name"], board["isDefault"]) for board in boards if board["isDefault"]] == [("Default Workspace Board", True)]


@on_memory
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("boards: [", "no YAML at line 1"), ("boards:\n- {name: A, columns: [x], stage: 1}\n- 7", "boards.1"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("boards: []", "boards"), ("boards:\n- {name: A, columns: [x]}\n- {name: A, columns: [y]}", "the same name"),
        ("- 1", "yamlContent"), ("boards:\n- {name: A, columns: [{name: x, stage: limbo}]}", "stage"),
    ],
)  # fmt: skip
async def test_a_file_that_is_none_changes_nothing_and_says_where_it_is_wrong(hub: Hub, text: str, told: str) -> None:
    before = await ask(hub, "list_boards")
    assert told in str(await refusal(ask(hub, "import_boards", yamlContent=text)))
    assert await ask(hub, "list_boards") == before
