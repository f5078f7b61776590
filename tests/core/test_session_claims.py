"""Who runs a session: one worker at a time, and what an earlier run left unfinished has ended."""

import pytest

from hub.access import LOCAL
from hub.app import Hub
from hub.domain.errors import Stale
from hub.operations.session_claims import STOPPED
from hub.ports import Json
from tests.core.support import Clock, ask, refusal


@pytest.fixture
async def session_id(hub: Hub) -> str:
    """A session that waits to be run, with two prompts."""
    session = await ask(hub, "start_session", provider="opencode")
    for text in ("first", "second"):
        await ask(hub, "prompt_session", sessionId=session["id"], prompt=text)
    return str(session["id"])


async def claim(hub: Hub, session_id: str, **given: int) -> Json:
    return await ask(hub, "claim_session", sessionId=session_id, worker="w-1", leaseSeconds=30, **given)


async def test_a_claim_that_is_renewed_late_is_the_same_as_long_as_nobody_took_it(hub: Hub, clock: Clock, session_id: str) -> None:
    first = (await claim(hub, session_id))["claim"]
    clock.turn(60)
    late = (await claim(hub, session_id, claimToken=first["token"]))["claim"]
    assert late["token"] == first["token"]
    assert late["expiresAt"] > first["expiresAt"]


async def test_a_worker_that_takes_its_session_again_finds_no_turn_that_nobody_ends(hub: Hub, session_id: str) -> None:
    token = (await claim(hub, session_id))["claim"]["token"]
    await ask(hub, "report_session", sessionId=session_id, claimToken=token, status="ready")
    await ask(hub, "take_prompt", sessionId=session_id, claimToken=token)
    again = await claim(hub, session_id)
    assert (again["status"], again["state"], again.get("active"), again["queue"]) == ("connecting", "idle", None, [2])
    assert again["claim"]["token"] == token + 1
    [first, second] = (await ask(hub, "list_prompts", sessionId=session_id))["prompts"]
    assert (first["status"], first["reason"], second["status"]) == ("failed", STOPPED, "queued")
    late = hub.call("claim_session", {"sessionId": session_id, "worker": "w-1", "claimToken": token}, LOCAL)
    assert isinstance(await refusal(late), Stale)
