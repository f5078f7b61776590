"""Concurrent edits of one note: what was written at different places survives, from whatever editor it comes."""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Callable

import anyio
import pytest
from pycrdt import Array, Doc, Map, Text

from hub.app import Hub
from hub.domain.errors import Invalid, Stale
from hub.domain.notes import NoteUpdate
from hub.operations.note_texts import TAIL
from hub.ports import Find, HubStore
from tests.core.support import ask, kinds, on_memory, refusal
from tests.core.test_notes import content

PARAGRAPHS = "# Title\n\nThe first paragraph.\n\nThe second paragraph.\n\nThe end.\n"


@pytest.fixture
async def note(hub: Hub) -> str:
    await ask(hub, "create_note", noteId="n", title="n", content=PARAGRAPHS)
    return "n"


class Editor:
    """An editor of its own, as a browser with Yjs would be."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self.doc = hub, Doc[Text]()
        self.text = self.doc.get("content", type=Text)

    async def pull(self) -> None:
        self.doc.apply_update(b64decode((await ask(self._hub, "get_note_state", noteId="n"))["update"]))

    async def push(self, edit: Callable[[Text], None]) -> None:
        before = self.doc.get_state()
        edit(self.text)
        await ask(self._hub, "apply_note_update", noteId="n", update=b64encode(self.doc.get_update(before)).decode())


async def test_two_that_write_the_whole_text_at_different_places_both_survive(hub: Hub, note: str) -> None:
    await ask(hub, "set_note_content", noteId=note, content=PARAGRAPHS.replace("first", "1st"), baseVersion=1)
    merged = await ask(hub, "set_note_content", noteId=note, content=PARAGRAPHS.replace("The end.", "The very end."), baseVersion=1)
    assert merged["content"] == PARAGRAPHS.replace("first", "1st").replace("The end.", "The very end.")
    assert merged["textVersion"] == 3


async def test_many_that_write_from_one_base_at_once_all_survive(hub: Hub) -> None:
    lines = [f"line {at}\n" for at in range(20)]
    await ask(hub, "create_note", noteId="n", title="n", content="".join(lines))
    changed = [line.replace("line", f"changed by {at}:") for at, line in enumerate(lines)]
    with anyio.fail_after(30):
        await asyncio.gather(
            *(
                ask(hub, "set_note_content", noteId="n", content="".join([*lines[:at], changed[at], *lines[at + 1 :]]), baseVersion=1)
                for at in range(20)
            )
        )
    assert await content(hub) == "".join(changed)


async def test_without_a_base_the_text_is_what_was_said_last(hub: Hub, note: str) -> None:
    await ask(hub, "append_to_note", noteId=note, content="more")
    assert (await ask(hub, "set_note_content", noteId=note, content="short"))["content"] == "short"
    assert (await ask(hub, "set_note_content", noteId=note, content=""))["content"] == ""


@on_memory
async def test_a_base_that_does_not_exist_is_invalid(hub: Hub, note: str) -> None:
    error = await refusal(ask(hub, "set_note_content", noteId=note, content="x", baseVersion=2))
    assert isinstance(error, Invalid)
    assert "textVersion is 1" in error.message


async def test_appends_and_edits_of_twenty_writers_all_survive(hub: Hub) -> None:
    await ask(hub, "create_note", noteId="n", title="n", content="".join(f"[slot {at:02d}]\n" for at in range(10)))
    with anyio.fail_after(30):
        outcomes = await kinds([
            *(ask(hub, "append_to_note", noteId="n", content=f"appended {at:02d}\n") for at in range(10)),
            *(ask(hub, "edit_note", noteId="n", oldText=f"[slot {at:02d}]", newText=f"[edited {at:02d}]") for at in range(10)),
        ])  # fmt: skip
    assert outcomes == ["ok"] * 20
    lines = (await content(hub)).splitlines()
    assert lines[:10] == [f"[edited {at:02d}]" for at in range(10)]
    assert sorted(lines[10:]) == [f"appended {at:02d}" for at in range(10)]
    assert (await ask(hub, "get_note", noteId="n"))["textVersion"] == 21


async def test_a_long_history_is_compacted_and_the_text_stays(hub: Hub, store: HubStore) -> None:
    text = "start\n"
    await ask(hub, "create_note", noteId="n", title="n", content=text)
    for at in range(2 * TAIL + 10):
        await ask(hub, "append_to_note", noteId="n", content=f"{at}\n")
        text += f"{at}\n"
    updates = await store.find("local", Find(NoteUpdate, limit=500))
    assert TAIL <= len(updates) <= 2 * TAIL
    assert await content(hub) == text
    version = (await ask(hub, "get_note", noteId="n"))["textVersion"]
    assert version == 2 * TAIL + 11

    merged = await ask(hub, "set_note_content", noteId="n", content=text.replace("start", "begin"), baseVersion=version)
    for back in (1, TAIL - 1):
        base = "start\n" + "".join(f"{at}\n" for at in range(version - back - 1))
        merged = await ask(hub, "set_note_content", noteId="n", content=base + f"from {back} back\n", baseVersion=version - back)
    assert merged["content"].startswith("begin\n0\n1\n")
    assert "from 1 back\n" in merged["content"]
    assert f"from {TAIL - 1} back\n" in merged["content"]
    error = await refusal(ask(hub, "set_note_content", noteId="n", content="x", baseVersion=1))
    assert isinstance(error, Stale)
    assert error.details == {"current": version + 3}


async def test_the_state_of_a_note_is_what_any_yjs_editor_reads(hub: Hub, note: str) -> None:
    editor = Editor(hub)
    await editor.pull()
    assert str(editor.text) == PARAGRAPHS
    await ask(hub, "create_note", noteId="empty", title="e")
    state = await ask(hub, "get_note_state", noteId="empty")
    fresh: Doc[Text] = Doc()
    fresh.apply_update(b64decode(state["update"]))
    assert (str(fresh.get("content", type=Text)), state["textVersion"]) == ("", 0)


async def test_editors_and_agents_write_at_once_and_end_with_the_same_text(hub: Hub, note: str) -> None:
    editors = [Editor(hub), Editor(hub)]
    for editor in editors:
        await editor.pull()

    def insert(words: str) -> Callable[[Text], None]:
        return lambda text: text.insert(str(text).index("The second"), words)

    with anyio.fail_after(20):
        await asyncio.gather(
            editors[0].push(insert("Ünïcode 🜁 ")), editors[1].push(insert("Both. ")),
            ask(hub, "append_to_note", noteId=note, content="Appended.\n"),
            ask(hub, "edit_note", noteId=note, oldText="Title", newText="Head"),
            ask(hub, "set_note_content", noteId=note, content=PARAGRAPHS.replace("The end", "No end"), baseVersion=1),
        )  # fmt: skip
    text = await content(hub)
    for piece in ("Ünïcode 🜁 ", "Both. ", "Appended.\n", "# Head", "No end.", "The second paragraph."):
        assert text.count(piece) == 1, piece
    for editor in editors:
        await editor.pull()
        assert str(editor.text) == text
    await editors[0].push(lambda text: text.clear())
    assert await content(hub) == ""


async def test_an_update_that_comes_twice_changes_nothing_more(hub: Hub, note: str) -> None:
    editor = Editor(hub)
    await editor.pull()
    await editor.push(lambda text: text.insert(0, "Once. "))
    for _ in range(3):
        await ask(hub, "apply_note_update", noteId=note, update=b64encode(editor.doc.get_update()).decode())
    assert await content(hub) == "Once. " + PARAGRAPHS


async def test_an_update_that_waits_for_its_predecessor_takes_effect_when_that_comes(hub: Hub, note: str) -> None:
    editor = Editor(hub)
    await editor.pull()
    updates = []
    for word in ("one ", "two "):
        before = editor.doc.get_state()
        editor.text.insert(0, word)
        updates.append(b64encode(editor.doc.get_update(before)).decode())
    await ask(hub, "apply_note_update", noteId=note, update=updates[1])
    assert await content(hub) == PARAGRAPHS
    await ask(hub, "append_to_note", noteId=note, content="more")
    assert (await ask(hub, "apply_note_update", noteId=note, update=updates[0]))["content"] == "two one " + PARAGRAPHS + "more"


def nul() -> bytes:
    doc: Doc[Text] = Doc(client_id=7)
    doc["content"] = Text("a\0b")
    return doc.get_update()


@pytest.mark.parametrize(
    "update",
    [
        "", "!!!", "AAA", b64encode(b"\x00").decode(), b64encode(b"\xff" * 40).decode(), b64encode(b"not an update at all").decode(),
        b64encode(b"\x05" * 300).decode(), b64encode(nul()).decode(),
    ],
)  # fmt: skip
async def test_a_malformed_update_is_invalid_and_nothing_is_stored(hub: Hub, store: HubStore, note: str, update: str) -> None:
    error = await refusal(ask(hub, "apply_note_update", noteId=note, update=update))
    assert isinstance(error, Invalid)
    assert await content(hub) == PARAGRAPHS
    assert len(await store.find("local", Find(NoteUpdate))) == 1
    assert (await ask(hub, "append_to_note", noteId=note, content="x"))["content"] == PARAGRAPHS + "x"


@on_memory
async def test_every_cut_of_an_update_is_either_invalid_or_harmless(hub: Hub, note: str) -> None:
    editor = Editor(hub)
    await editor.pull()
    editor.text.insert(3, "some ünïcode text")
    del editor.text[8:12]
    whole = editor.doc.get_update()
    for end in range(len(whole)):
        assert set(await kinds([ask(hub, "apply_note_update", noteId=note, update=b64encode(whole[:end]).decode())])) <= {"invalid", "ok"}
    assert "paragraph" in await content(hub)


@on_memory
async def test_an_update_of_something_else_than_text_does_no_harm(hub: Hub, note: str) -> None:
    for shape in (Map({"a": 1}), Array([1, 2])):
        doc: Doc[Map[int] | Array[int]] = Doc()
        doc["content"] = shape
        assert set(await kinds([ask(hub, "apply_note_update", noteId=note, update=b64encode(doc.get_update()).decode())])) <= {
            "invalid",
            "ok",
        }
    assert "paragraph" in await content(hub)
    assert (await ask(hub, "append_to_note", noteId=note, content="x"))["content"].endswith("x")
