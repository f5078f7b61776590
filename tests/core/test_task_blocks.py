"""@@@task blocks: tasks written down in a note."""

import pytest

from hub.app import Hub
from hub.domain.task_blocks import INVALID, blocks
from tests.core.support import ask, kinds, on_memory

BLOCK = """@@@task
# Fix the parser
## Objective
It is slow.
## Scope
hub/parser.py
## Definition of Done
- fast

- right
## Verification
pytest -q
@@@
"""


@on_memory
async def test_a_block_becomes_a_task_with_a_note_of_its_own_and_a_link_stands_in_its_place(hub: Hub) -> None:
    await ask(hub, "append_to_note", noteId="spec", content=f"# Plan\n\n{BLOCK}\nThe end.\n")
    said = await ask(hub, "convert_task_blocks", noteId="spec")
    (made,) = said["tasks"]
    assert (said["blocksConverted"], said["skippedDuplicates"], said["invalidBlocks"]) == (1, 0, 0)
    task = await ask(hub, "get_task", taskId=made["taskId"])
    assert (task["title"], task["objective"], task["scope"]) == ("Fix the parser", "It is slow.", "hub/parser.py")
    assert (task["acceptanceCriteria"], task["verificationCommands"]) == (["- fast", "- right"], ["pytest -q"])
    note = await ask(hub, "get_note", noteId=made["noteId"])
    assert (note["title"], note["content"]) == ("Fix the parser", "It is slow.")
    assert note["metadata"] == {"type": "task", "taskStatus": "PENDING", "parentNoteId": "spec", "linkedTaskId": task["id"]}
    link = f"- [ ] [Fix the parser](task://{note['id']}) (task: {task['id']})"
    assert said["note"]["content"] == f"# Plan\n\n{link}\n\nThe end.\n"
    assert (await ask(hub, "get_note", noteId="spec"))["content"] == said["note"]["content"]


async def test_writing_the_spec_makes_its_blocks_tasks_at_once_and_writing_it_again_makes_none_twice(hub: Hub) -> None:
    first = await ask(hub, "set_note_content", noteId="spec", content=f"# Plan\n{BLOCK}")
    (task,) = (await ask(hub, "list_tasks"))["tasks"]
    assert first["content"] == f"# Plan\n- [ ] [Fix the parser](task://task-{task['id'][-12:]}) (task: {task['id']})\n"
    again = await ask(hub, "set_note_content", noteId="spec", content=f"# Plan\n{BLOCK}", baseVersion=first["textVersion"])
    assert again["content"] == first["content"]
    assert len((await ask(hub, "list_tasks"))["tasks"]) == 1


@on_memory
async def test_duplicates_and_invalid_blocks_are_each_answered_where_they_stand(hub: Hub) -> None:
    body = "@@@task\nno title here\n@@@\n" + BLOCK + "between\n" + BLOCK + "@@@tasks\n# Other\ndo it\n@@@\n" + "@@@\n@@@\n"
    await ask(hub, "create_note", noteId="n", title="n", content=body)
    said = await ask(hub, "convert_task_blocks", noteId="n")
    assert (said["blocksConverted"], said["skippedDuplicates"], said["invalidBlocks"]) == (2, 1, 2)
    first, other = said["tasks"]
    assert (first["title"], other["title"]) == ("Fix the parser", "Other")
    links = [f"- [ ] [{one['title']}](task://{one['noteId']}) (task: {one['taskId']})" for one in (first, other)]
    assert said["note"]["content"] == f"{INVALID}\nno title here\n{links[0]}\nbetween\n{links[0]}\n{links[1]}\n{INVALID}\n"


async def test_a_task_made_from_a_note_before_is_kept(hub: Hub) -> None:
    await ask(hub, "create_note", noteId="n", title="n", content=BLOCK)
    (made,) = (await ask(hub, "convert_task_blocks", noteId="n"))["tasks"]
    await ask(hub, "append_to_note", noteId="n", content=BLOCK)
    said = await ask(hub, "convert_task_blocks", noteId="n")
    assert (said["blocksConverted"], said["skippedDuplicates"], said["tasks"]) == (0, 1, [])
    assert said["note"]["content"].count(made["taskId"]) == 2
    assert len((await ask(hub, "list_tasks"))["tasks"]) == 1


async def test_many_that_convert_one_note_at_once_make_each_task_once(hub: Hub) -> None:
    await ask(hub, "create_note", noteId="n", title="n", content=BLOCK + BLOCK.replace("Fix", "Test"))
    assert await kinds(ask(hub, "convert_task_blocks", noteId="n") for _ in range(8)) == ["ok"] * 8
    assert [task["title"] for task in (await ask(hub, "list_tasks"))["tasks"]] == ["Fix the parser", "Test the parser"]


@on_memory
async def test_a_note_without_blocks_stays_as_it_is(hub: Hub) -> None:
    made = await ask(hub, "create_note", noteId="n", title="n", content="@@@ in a line is no block\n")
    said = await ask(hub, "convert_task_blocks", noteId="n")
    assert said == {"note": made, "blocksConverted": 0, "skippedDuplicates": 0, "invalidBlocks": 0, "tasks": []}


@pytest.mark.parametrize(
    ("body", "objective"),
    [
        ("# T\n", "T"),
        ("# T\nrest\nof it\n", "rest\nof it"),
        ("# T\n## Objective\n\n\nwhy\n\n## Other\nx\n", "why"),
        ("text\n# T\n", "text"),
    ],
)
def test_the_objective_is_its_section_or_the_rest_or_the_title(body: str, objective: str) -> None:
    (block,) = blocks(f"before\n@@@task\n{body}@@@\nafter")
    assert block is not None
    assert (block.title, block.objective) == ("T", objective)
