"""The web API's stream of boards: whatever changes a card, through whichever door, an open page hears of it."""

from hub.app import Hub
from tests.core.support import ask, new_agent
from tests.protocols.conftest import Http
from tests.protocols.sse import listening

EVENTS = "/api/kanban/events"


async def test_changes_of_boards_cards_and_evidence_are_told_in_order(hub: Hub, http: Http) -> None:
    agent = await new_agent(hub)
    async with listening(http, EVENTS, workspaceId="default") as stream:
        connected = await stream.frame()
        await ask(hub, "create_workspace", title="Lab", id="lab")
        await ask(hub, "create_task", title="elsewhere", objective="o", workspaceId="lab")
        async with http.post("/api/tasks", json={"title": "Here", "objective": "o", "workspaceId": "default"}) as response:
            task = (await response.json())["task"]["id"]
        await ask(hub, "claim_task", agentId=agent, taskId=task)
        board = await ask(hub, "create_board", name="Own")
        await ask(hub, "delete_task", taskId=task)
        frames = await stream.frames(4)
    assert (connected.data["type"], connected.data["workspaceId"]) == ("connected", "default")
    told = [(frame.data["entity"], frame.data["action"], frame.data["resourceId"]) for frame in frames]
    assert told == [("task", "created", task), ("task", "updated", task), ("board", "created", board["id"]), ("task", "deleted", task)]
    assert {frame.data["type"] for frame in frames} == {"kanban:changed"}
    assert {frame.data["workspaceId"] for frame in frames} == {"default"}


async def test_a_page_that_comes_back_hears_what_it_missed(hub: Hub, http: Http) -> None:
    await ask(hub, "create_task", title="One", objective="o")
    async with listening(http, EVENTS, 0, workspaceId="*") as stream:
        _, first = await stream.frames(2)
    await ask(hub, "create_task", title="Two", objective="o")
    async with listening(http, EVENTS, first.cursor) as stream:
        _, second = await stream.frames(2)
    assert (first.data["action"], second.data["action"]) == ("created", "created")
    assert second.cursor > first.cursor


async def test_boards_are_exported_as_a_file_to_keep(hub: Hub, http: Http) -> None:
    async with http.get("/api/kanban/export?workspaceId=default") as response:
        assert response.headers["Content-Type"] == "application/yaml"
        assert response.headers["Content-Disposition"] == 'attachment; filename="kanban.yaml"'
        assert (await response.text()).startswith("workspaceId: default\nboards:\n")


async def test_what_a_card_lacks_stands_at_the_top_of_the_answer(hub: Hub, http: Http) -> None:
    task = (await ask(hub, "create_task", title="Door", objective="o"))["id"]
    async with http.patch(f"/api/tasks/{task}", json={"columnId": "review"}) as response:
        answer = await response.json()
        assert (response.status, answer["missingArtifacts"]) == (400, ["screenshot", "test_results"])
    assert (await ask(hub, "get_task", taskId=task))["columnId"] == "backlog"
