"""Sessions with coding agents, what they ask, and what they did."""

from protocols.rest import sessions, shapes, traces
from protocols.rest.route import ALL, PERMISSION, SESSION, Route

TRACE = {"eventType": "event", "startDate": "since", "endDate": "until"}

ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/sessions", "list_teams", fixed=ALL, ignored=frozenset({"surface"}), when="surface",
        render=sessions.teams, shape=shapes.Teams,
    ),
    Route("GET", "/sessions", "list_recent_sessions", fixed={"limit": 1_000}, render=sessions.sessions, shape=shapes.ManySessions),
    Route("GET", "/sessions/{id}", "get_session", names=SESSION, render=sessions.session, shape=shapes.OneSession),
    Route(
        "PATCH", "/sessions/{id}", "update_session", names=SESSION, required=frozenset({"name"}),
        render=sessions.done, shape=shapes.Done,
    ),
    Route("DELETE", "/sessions/{id}", "delete_session", names=SESSION, render=sessions.deleted, shape=shapes.SessionDeleted),
    Route(
        "GET", "/sessions/{id}/history", "read_session_history", names={**SESSION, "limit": "lastN"}, fixed={"lastN": 1_000},
        ignored=frozenset({"consolidated"}), render=sessions.history, shape=shapes.History,
    ),
    Route(
        "GET", "/sessions/{id}/transcript", "get_session_transcript", names={**SESSION, "limit": "lastN"},
        render=sessions.transcript, shape=shapes.Transcript,
    ),
    Route("GET", "/sessions/{id}/context", "get_session_context", names=SESSION, render=sessions.context, shape=shapes.Context),
    Route("POST", "/sessions/{id}/disconnect", "disconnect_session", names=SESSION, render=sessions.done, shape=shapes.Done),
    Route("POST", "/sessions/{id}/fork", "fork_session", names=SESSION, render=sessions.fork, shape=shapes.Forked),
    Route("GET", "/permissions", "list_permissions", fixed=ALL),
    Route("GET", "/permissions/{id}", "get_permission", "permission", names=PERMISSION),
    Route("POST", "/permissions/{id}", "answer_permission", "permission", names=PERMISSION),
    Route("GET", "/traces", "list_recent_entries", names=TRACE, fixed={"limit": 1_000}, render=traces.traces, shape=shapes.Traces),
    Route(
        "POST", "/traces/export", "list_recent_entries", names=TRACE, fixed=ALL, ignored=frozenset({"format"}),
        render=traces.export, shape=shapes.ExportedTraces,
    ),
    Route("GET", "/traces/stats", "count_session_entries", render=traces.stats, shape=shapes.TraceStats),
    Route("GET", "/traces/{sessionId}.{number}", "get_session_entry", render=traces.trace, shape=shapes.OneTrace),
)  # fmt: skip
