"""The stories themselves: what they use is made before, and what they make is taken away."""

from protocols.parity.stories import ENDINGS, STORIES
from protocols.parity.world import NAME

GIVEN = {"tag", "absent", "provider", "repository", "other", "folder", "sha"}
"""What a world has from the beginning, or cannot have at all."""
INSIDE = ("agents", "tasks", "notes", "artifacts", "kanban", "codebases", "shared-sessions", "a2a", "mcp")
"""What ends with the workspace, or with the backend's connection."""


def test_every_name_is_made_by_a_call_before() -> None:
    known = {*GIVEN}
    for call in (*STORIES, *ENDINGS):
        used = {*NAME.findall(f"{call.url} {call.body} {dict(call.headers)}")}
        assert used <= known, f"{call.method} {call.url}"
        known |= {*call.keep}
        assert {*NAME.findall(call.undo or "")} <= known, f"{call.method} {call.url}"


def test_what_outlives_the_workspace_is_taken_away_by_whoever_made_it() -> None:
    for call in STORIES:
        if call.keep and call.method == "POST" and not any(f"/{part}" in call.url for part in INSIDE):
            assert call.undo or call.url == "/api/acp", f"{call.method} {call.url}"
    assert any(call.url == "/api/acp" and call.undo == "DELETE /api/sessions/{session}" for call in STORIES)
