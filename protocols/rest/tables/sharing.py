"""Shared sessions."""

from protocols.rest import shapes
from protocols.rest.renderings import prompt_sent
from protocols.rest.route import ALL, Route, Stream
from protocols.rest.shared_streams import shared_session_events

SHARED = "/shared-sessions/{sharedSessionId}"

STREAMS = (
    Stream(
        f"{SHARED}/stream", "sharedSessionEvents", "What happens in a shared session, and what its agent says", shared_session_events,
        ("participantId", "participantToken"),
    ),
)  # fmt: skip

ROUTES: tuple[Route, ...] = (
    Route("GET", "/shared-sessions", "list_shared_sessions", fixed=ALL),
    Route("POST", "/shared-sessions", "create_shared_session", status=201),
    Route("GET", SHARED, "get_shared_session"),
    Route("DELETE", SHARED, "close_shared_session", takes_body=True),
    Route("POST", f"{SHARED}/join", "join_shared_session"),
    Route("POST", f"{SHARED}/leave", "leave_shared_session"),
    Route("GET", f"{SHARED}/participants", "list_participants", fixed=ALL),
    Route("GET", f"{SHARED}/messages", "list_shared_messages", fixed=ALL),
    Route("POST", f"{SHARED}/messages", "send_shared_message"),
    Route("POST", f"{SHARED}/prompts", "send_shared_prompt", render=prompt_sent, shape=shapes.PromptSent),
    Route("POST", f"{SHARED}/approvals/{{approvalId}}", "answer_prompt_approval"),
)
