"""What tasks have to show, and notes by their sessions."""

from tests.protocols.steps.base import no, ok

EVIDENCE = (
    ok("create_task", {"title": "Shown", "objective": "a lamp in the hall", "scope": "the hall", "sessionIds": ["elsewhere"]}, "shown"),
    ok("provide_artifact", {"taskId": "$shown.id", "type": "test_results", "content": "bright"}),
    ok("get_task_readiness", {"taskId": "$shown.id"}),
    no("not_found", "get_task_readiness", {"taskId": "nothing"}),
    ok("list_task_runs", {"taskId": "$shown.id"}),
    no("not_found", "list_task_runs", {"taskId": "nothing"}),
    ok("save_note", {"title": "Hall", "noteId": "hall", "content": "dark", "sessionId": "elsewhere"}),
    ok("list_notes_by_session"),
    ok("list_notes_by_session", {"workspaceId": "default", "type": "general", "sessionId": "elsewhere"}),
    no("invalid", "list_notes_by_session", {"type": "letter"}),
    no("not_found", "list_notes_by_session", {"workspaceId": "nowhere"}),
)
