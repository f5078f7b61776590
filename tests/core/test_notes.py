"""Notes: made, read, edited and deleted. How concurrent edits merge stands in test_note_merging."""

import pytest

from hub.app import Hub
from hub.domain.errors import Duplicate, Invalid, NotFound, Refused, Stale
from hub.domain.notes import NoteDocument, NoteUpdate
from hub.ports import Find, HubStore
from tests.conftest import open_database
from tests.core.support import ask, kinds, names_of_events, on_memory, refusal


async def content(hub: Hub, note_id: str = "n") -> str:
    return str((await ask(hub, "get_note", noteId=note_id))["content"])


@on_memory
async def test_a_note_is_made_with_its_text_and_type(hub: Hub) -> None:
    note = await ask(
        hub, "create_note", title="t", content="hello", type="general", sessionId="s", metadata={"type": "task", "provider": "p"}
    )
    assert (note["content"], note["textVersion"], note["version"]) == ("hello", 1, 1)
    assert note["metadata"] == {"type": "general", "provider": "p"}
    assert await ask(hub, "get_note", noteId=note["id"]) == note
    empty = await ask(hub, "create_note", title="t")
    assert (empty["content"], empty["textVersion"]) == ("", 0)


async def test_an_id_is_taken_once_in_a_workspace(hub: Hub) -> None:
    await ask(hub, "create_workspace", id="v", title="v")
    await ask(hub, "create_note", noteId="n", title="one")
    assert isinstance(await refusal(ask(hub, "create_note", noteId="n", title="two")), Duplicate)
    assert (await ask(hub, "create_note", noteId="n", title="three", workspaceId="v"))["title"] == "three"
    outcomes = await kinds(ask(hub, "create_note", noteId="m", title=f"{at}") for at in range(10))
    assert outcomes == ["conflict"] * 9 + ["ok"]


@on_memory
async def test_notes_are_listed_by_workspace_type_and_session(hub: Hub) -> None:
    for id_, fields in {"a": {"type": "task"}, "b": {"sessionId": "s"}, "c": {"type": "task", "sessionId": "s"}}.items():
        await ask(hub, "create_note", noteId=id_, title=id_, **fields)

    async def listed(**filters: str) -> list[str]:
        return [note["id"] for note in (await ask(hub, "list_notes", **filters))["notes"]]

    assert await listed() == ["a", "b", "c"]
    assert await listed(type="task") == ["a", "c"]
    assert await listed(type="task", sessionId="s") == ["c"]
    await ask(hub, "create_workspace", id="other", title="o")
    assert await listed(workspaceId="other") == []


@on_memory
@pytest.mark.parametrize(
    "operation", ["get_note", "set_note_content", "append_to_note", "edit_note", "update_note", "delete_note", "get_note_state"]
)
async def test_a_note_that_is_not_there_is_not_found(hub: Hub, operation: str) -> None:
    extra: dict[str, dict[str, str]] = {
        "set_note_content": {"content": "x"}, "append_to_note": {"content": "x"}, "edit_note": {"oldText": "x", "newText": "y"},
    }  # fmt: skip
    error = await refusal(ask(hub, operation, noteId="nothing", **extra.get(operation, {})))
    assert isinstance(error, NotFound)
    assert error.details == {"noun": "note", "id": "nothing"}


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("get_note", {}), ("set_note_content", {"content": "x"}), ("append_to_note", {"content": "x"}), ("update_note", {"title": "Plan"}),
        ("get_note_state", {}), ("convert_task_blocks", {}),
    ],
)  # fmt: skip
async def test_the_spec_of_a_workspace_is_there_as_soon_as_somebody_looks_for_it(hub: Hub, operation: str, given: dict[str, str]) -> None:
    await ask(hub, operation, noteId="spec", **given)
    spec = await ask(hub, "get_note", noteId="spec")
    assert (spec["metadata"]["type"], spec["content"]) == ("spec", given.get("content", ""))
    assert (await names_of_events(hub, kinds=["note"]))[0] == "note.created"
    assert await names_of_events(hub, kinds=["note"]) == ["note.created"] + ["note.updated"] * len(given)


async def test_many_that_look_for_the_spec_at_once_make_one(hub: Hub) -> None:
    assert await kinds(ask(hub, "append_to_note", noteId="spec", content=f"line {at}\n") for at in range(10)) == ["ok"] * 10
    assert sorted((await content(hub, "spec")).splitlines()) == [f"line {at}" for at in range(10)]
    assert (await names_of_events(hub, kinds=["note"])).count("note.created") == 1


@on_memory
async def test_there_is_no_spec_of_a_workspace_that_is_not_there(hub: Hub) -> None:
    assert isinstance(await refusal(ask(hub, "get_note", noteId="spec", workspaceId="nowhere")), NotFound)


@on_memory
async def test_the_spec_keeps_its_title_when_its_text_is_written(hub: Hub) -> None:
    assert (await ask(hub, "set_note_content", noteId="spec", content="x", title="Other"))["title"] == "Spec"
    await ask(hub, "create_note", noteId="n", title="n")
    assert (await ask(hub, "set_note_content", noteId="n", content="x", title="Other"))["title"] == "Other"


@on_memory
async def test_a_passage_is_replaced_when_it_stands_there_once(hub: Hub) -> None:
    await ask(hub, "create_note", noteId="n", title="n", content="one two\none three")
    assert (await ask(hub, "edit_note", noteId="n", oldText="two", newText="zwei"))["content"] == "one zwei\none three"
    for old, count in (("one", 2), ("four", 0)):
        error = await refusal(ask(hub, "edit_note", noteId="n", oldText=old, newText="x"))
        assert isinstance(error, Refused)
        assert error.details == {"count": count}
    assert (await ask(hub, "edit_note", noteId="n", oldText="one zwei\n", newText=""))["content"] == "one three"


@on_memory
async def test_saving_makes_the_note_or_gives_it_the_new_title_and_text(hub: Hub) -> None:
    made = await ask(hub, "save_note", noteId="n", title="one", content="first text", type="task")
    saved = await ask(hub, "save_note", noteId="n", title="two", content="second text")
    assert (saved["title"], saved["content"], saved["textVersion"]) == ("two", "second text", 2)
    assert (saved["metadata"]["type"], saved["createdAt"]) == ("task", made["createdAt"])
    renamed = await ask(hub, "save_note", noteId="n", title="three", type="general", sessionId="s")
    assert (renamed["title"], renamed["content"], renamed["textVersion"], renamed["metadata"]["type"]) == (
        "three",
        "second text",
        2,
        "general",
    )


@on_memory
async def test_title_and_metadata_change_without_touching_the_text(hub: Hub) -> None:
    await ask(hub, "create_note", noteId="n", title="n", content="text")
    changed = await ask(hub, "update_note", noteId="n", title="new", metadata={"type": "task", "taskStatus": "PENDING"}, expectedVersion=1)
    assert (changed["title"], changed["content"], changed["textVersion"], changed["version"]) == ("new", "text", 1, 2)
    assert isinstance(await refusal(ask(hub, "update_note", noteId="n", title="old", expectedVersion=1)), Stale)


async def test_a_deleted_note_takes_its_history_with_it_and_can_be_made_again(hub: Hub, store: HubStore) -> None:
    old = await ask(hub, "create_note", noteId="n", title="n", content="old")
    for at in range(5):
        await ask(hub, "append_to_note", noteId="n", content=f" {at}")
    await ask(hub, "delete_note", noteId="n")
    assert isinstance(await refusal(ask(hub, "get_note", noteId="n")), NotFound)
    assert await store.find("local", Find(NoteUpdate)) == await store.find("local", Find(NoteDocument)) == []
    new = await ask(hub, "create_note", noteId="n", title="n", content="new")
    assert new["documentId"] != old["documentId"]
    assert await content(hub) == "new"
    assert (await names_of_events(hub, kinds=["note"]))[-2:] == ["note.deleted", "note.created"]
    assert (await ask(hub, "append_to_note", noteId="n", content="er"))["content"] == "newer"


async def test_an_edit_of_a_note_that_is_deleted_and_made_again_never_lands_in_the_new_one(hub: Hub) -> None:
    for _ in range(5):
        await ask(hub, "create_note", noteId="n", title="n", content="old text")

        async def again() -> None:
            await ask(hub, "delete_note", noteId="n")
            await ask(hub, "create_note", noteId="n", title="n", content="new")

        calls = [
            ask(hub, "edit_note", noteId="n", oldText="old", newText="older"),
            again(),
            ask(hub, "edit_note", noteId="n", oldText="text", newText="t"),
        ]
        assert "internal" not in await kinds(calls)
        assert await content(hub) == "new"
        await ask(hub, "delete_note", noteId="n")


@pytest.mark.parametrize("store_kind", ["sqlite", "postgres"], indirect=True)
async def test_a_note_and_its_history_are_there_after_the_store_was_opened_again(database: str) -> None:
    store = await open_database(database)
    hub = Hub(store)
    await ask(hub, "create_note", noteId="n", title="n", content="base line\n")
    for at in range(140):
        await ask(hub, "append_to_note", noteId="n", content=f"{at}\n")
    await store.close()
    store = await open_database(database)
    hub = Hub(store)
    text, before = ("base line\n" + "".join(f"{at}\n" for at in range(count)) for count in (140, 138))
    assert await content(hub) == text
    merged = await ask(hub, "set_note_content", noteId="n", content=before.replace("base", "first"), baseVersion=139)
    assert merged["content"] == text.replace("base", "first")
    await store.close()


@on_memory
async def test_ids_that_hold_a_slash_do_not_meet(hub: Hub) -> None:
    """A note is stored under workspace and id: no workspace may be made whose id could end inside another's note."""
    error = await refusal(ask(hub, "create_workspace", id="default/a", title="w"))
    assert isinstance(error, Invalid)
    await ask(hub, "create_note", noteId="a/b", title="n")
    assert (await ask(hub, "get_note", noteId="a/b"))["id"] == "a/b"
