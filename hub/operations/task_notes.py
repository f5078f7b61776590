"""From `@@@task` blocks in a note to tasks: each block becomes a task with a note of its own, and a link in its place."""

from dataclasses import dataclass

from hub.domain.model import Value
from hub.domain.notes import Note, NoteMetadata
from hub.domain.task_blocks import TaskBlock, blocks, replace_blocks
from hub.domain.tasks import Task
from hub.operations.base import Call
from hub.operations.note_texts import new_note


class ConvertedTask(Value):
    task_id: str
    note_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Converted:
    """The content with links in place of its blocks, and what was made."""

    content: str
    made: tuple[ConvertedTask, ...] = ()
    duplicates: int = 0
    invalid: int = 0


async def convert(content: str, note: Note, call: Call) -> Converted:
    """Stage a task for each block. A title that was made from this note before is linked again, not made again."""
    found = blocks(content)
    if not found:
        return Converted(content)
    known = await _made_before(note, call) if note.text_version else {}
    made: list[ConvertedTask] = []
    for block in found:
        if block and block.title not in known:
            known[block.title] = _make(block, note, call)
            made.append(known[block.title])
    invalid = found.count(None)
    linked = replace_blocks(content, lambda block: _link(known[block.title]))
    return Converted(linked, tuple(made), len(found) - invalid - len(made), invalid)


async def _made_before(note: Note, call: Call) -> dict[str, ConvertedTask]:
    return {
        one.title: ConvertedTask(task_id=one.metadata.linked_task_id, note_id=one.id, title=one.title)
        async for one in call.unit.every(Note, workspace_id=note.workspace_id, type="task")
        if one.metadata.parent_note_id == note.id and one.metadata.linked_task_id
    }


def _make(block: TaskBlock, note: Note, call: Call) -> ConvertedTask:
    task = call.create(
        Task(
            title=block.title, objective=block.objective, scope=block.scope, acceptance_criteria=block.acceptance_criteria,
            verification_commands=block.verification_commands, workspace_id=note.workspace_id, session_id=note.session_id,
            creation_source="agent",
        )
    )  # fmt: skip
    metadata = NoteMetadata(type="task", task_status=task.status, parent_note_id=note.id, linked_task_id=task.id)
    id_ = f"task-{task.id[-12:]}"
    new_note(id_, note.workspace_id, block.title, block.objective, call, metadata=metadata, session_id=note.session_id)
    return ConvertedTask(task_id=task.id, note_id=id_, title=block.title)


def _link(task: ConvertedTask) -> str:
    return f"- [ ] [{task.title}](task://{task.note_id}) (task: {task.task_id})"
