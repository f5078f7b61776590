"""The web API's note stream: every change of a note, with the note as it is now."""

from hub.app import Hub
from tests.core.support import ask
from tests.protocols.conftest import Http
from tests.protocols.sse import listening

NOTES = "/api/notes/events"


async def test_notes_come_with_their_text_of_now_and_who_wrote_them(hub: Hub, http: Http) -> None:
    async with listening(http, NOTES, workspaceId="default") as stream:
        connected = await stream.frame()
        await ask(hub, "create_workspace", title="Lab", id="lab")
        await ask(hub, "save_note", title="elsewhere", noteId="n", workspaceId="lab")
        await ask(hub, "save_note", title="n", noteId="n", content="one", source="user")
        await ask(hub, "append_to_note", noteId="n", content=" two")
        created, updated = await stream.frames(2)
        await ask(hub, "delete_note", noteId="n")
        [deleted] = await stream.frames(1)
    assert connected.data.keys() == {"type", "connectionId", "workspaceId", "timestamp"}
    assert [frame.data["type"] for frame in (created, updated, deleted)] == ["note:created", "note:updated", "note:deleted"]
    assert [frame.data["source"] for frame in (created, updated)] == ["user", "agent"]
    assert {frame.data["workspaceId"] for frame in (created, updated, deleted)} == {"default"}
    assert (created.data["note"], updated.data["note"]["content"]) == (updated.data["note"], "one two")
    assert "note" not in deleted.data
    assert deleted.data["noteId"] == "n"


async def test_the_note_stream_of_all_workspaces_goes_on_after_the_last_event(hub: Hub, http: Http) -> None:
    await ask(hub, "create_workspace", title="Lab", id="lab")
    for workspace in ("lab", "default", "lab"):
        await ask(hub, "save_note", title="n", noteId="n", workspaceId=workspace)
    async with listening(http, NOTES, 0, workspaceId="*") as stream:
        frames = (await stream.frames(4))[1:]
    async with listening(http, NOTES, frames[0].cursor) as stream:
        assert (await stream.frames(3))[1:] == frames[1:]
    assert [frame.data["workspaceId"] for frame in frames] == ["lab", "default", "lab"]


async def test_looking_at_old_events_does_not_make_the_specification_again(hub: Hub, http: Http) -> None:
    await ask(hub, "get_note", noteId="spec")
    await ask(hub, "set_note_content", noteId="spec", content="a")
    await ask(hub, "delete_note", noteId="spec")
    head = await hub.store.latest()
    async with listening(http, NOTES, 0) as stream:
        frames = (await stream.frames(4))[1:]
    assert [frame.data["type"] for frame in frames] == ["note:created", "note:updated", "note:deleted"]
    assert not any("note" in frame.data for frame in frames)
    assert await hub.store.latest() == head
