"""Sessions with coding agents, what they ask, and what they did."""

from protocols.rest import answers, sessions, traces
from protocols.rest.route import ALL, PERMISSION, SESSION, Route

ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/sessions", "list_teams", fixed=ALL, ignored=frozenset({"surface"}), when="surface", render=sessions.teams,
        shape=answers.Teams,
    ),
    Route("GET", "/sessions", "list_recent_sessions", fixed={"limit": 1_000}, render=sessions.sessions, shape=answers.Sessions),
    Route("GET", "/sessions/{id}", "get_session", names=SESSION, render=sessions.session, shape=answers.OneSession),
    Route(
        "PATCH", "/sessions/{id}", "update_session", names=SESSION, required=frozenset({"name"}), render=sessions.done,
        shape=answers.SessionDone,
    ),
    Route("DELETE", "/sessions/{id}", "delete_session", names=SESSION, render=sessions.deleted, shape=answers.SessionDeleted),
    Route(
        "GET", "/sessions/{id}/history", "read_session_history", names={**SESSION, "limit": "lastN"}, fixed={"lastN": 1_000},
        ignored=frozenset({"consolidated"}), render=sessions.history, shape=answers.SessionHistory,
    ),
    Route(
        "GET", "/sessions/{id}/transcript", "get_session_transcript", names={**SESSION, "limit": "lastN"}, render=sessions.transcript,
        shape=answers.Transcript,
    ),
    Route("GET", "/sessions/{id}/context", "get_session_context", names=SESSION, render=sessions.context, shape=answers.SessionContext),
    Route("POST", "/sessions/{id}/disconnect", "disconnect_session", names=SESSION, render=sessions.done, shape=answers.SessionDone),
    Route("POST", "/sessions/{id}/fork", "fork_session", names=SESSION, render=sessions.fork, shape=answers.ForkedSession),
    Route("GET", "/permissions", "list_permissions", fixed=ALL),
    Route("GET", "/permissions/{id}", "get_permission", "permission", names=PERMISSION),
    Route("POST", "/permissions/{id}", "answer_permission", "permission", names=PERMISSION),
    Route("GET", "/traces", "list_recent_entries", fixed={"limit": 1_000}, render=traces.traces, shape=answers.Traces),
    Route("GET", "/traces/stats", "count_session_entries", render=traces.stats, shape=answers.TraceStats),
    Route("GET", "/traces/{sessionId}.{number}", "get_session_entry", render=traces.trace, shape=answers.OneTrace),
)  # fmt: skip
