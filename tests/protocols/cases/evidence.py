"""What tasks have to show, and notes by their sessions."""

from hub.app import Hub
from tests.core.support import ask, new_task
from tests.protocols.cases.base import case
from tests.protocols.working import new_session


async def prepare(hub: Hub) -> dict[str, str]:
    """A task with evidence and runs, and notes with and without a session."""
    session = await new_session(hub, name="Kitchen")
    task = await new_task(hub, acceptanceCriteria=["dry"], triggerSessionId=session, sessionIds=["elsewhere"])
    await ask(hub, "provide_artifact", taskId=task, type="logs", content="log")
    await ask(hub, "save_note", title="With", noteId="with", sessionId=session)
    await ask(hub, "save_note", title="Without", noteId="without")
    return {"task": task, "session": session}


CASES = (
    case("GET", "/tasks", "/tasks?workspaceId=default&status=PENDING&limit=1", 200, "tasks nextCursor"),
    case("GET", "/tasks/{id}", "/tasks/{task}", 200, "task"),
    case("GET", "/tasks/{id}/runs", "/tasks/{task}/runs", 200, "runs"),
    case("GET", "/notes", "/notes?workspaceId=default&groupBy=session", 200, "groups", when="groupBy"),
    case("GET", "/notes", "/notes?workspaceId=default&groupBy=session&type=general&sessionId={session}", 200, "groups", when="groupBy"),
)  # fmt: skip
