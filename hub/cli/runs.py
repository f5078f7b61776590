"""A prompt in a session, new or old, from its beginning to its end."""

import os
from collections.abc import Awaitable
from typing import Any

from hub.cli.options import Failure
from hub.cli.questions import Decision, Questions
from hub.cli.transcripts import Json, Screen
from hub.cli.turns import Started, Turn, either, until_interrupted
from hub.cli.ways import Declined, Opener, Way, every


async def ran(to: Opener, begin: dict[str, Any], decision: Decision | None, screen: Screen) -> int:
    """Answers the exit code."""
    async with to() as way, way.following() as facts:
        started = await _begun(way, **begin)
        questions = Questions(way, screen, decision)
        if started.waits:
            screen.tell(f"It waits for what comes before it: `trivium sessions attach {started.session_id}{way.again}` shows that.")
        turn = Turn(way, facts, started, screen, questions)
        code = await until_interrupted(either(turn.follow(), questions.put()), turn.cancel)
        screen.tell(
            f"`trivium sessions show {started.session_id}{way.again}` shows what was done; "
            f'`trivium run --session {started.session_id} "…"{way.again}` goes on.'
        )
        return code


async def _begun(
    way: Way, session_id: str | None, agent: str, text: str, cwd: str | None, name: str | None, mode: str | None,
    specialist: str | None, workspace_id: str | None,
) -> Started:  # fmt: skip
    """The session, with the prompt in it."""
    if session_id is None:
        folder = cwd or (os.getcwd() if way.near else None)
        whose = await whose_session(way, agent, workspace_id)
        session = await way.call(
            "start_session", **whose, workspaceId=workspace_id, cwd=folder, name=name, modeId=mode, specialistId=specialist
        )
    elif name or mode:
        session = await way.call("update_session", sessionId=session_id, name=name, modeId=mode)
    else:
        session = await way.call("get_session", sessionId=session_id)
    prompt = await way.call("prompt_session", sessionId=session["id"], prompt=text)
    return Started(session["id"], prompt["number"], bool(session.get("active") or session["queue"]))


async def whose_session(way: Way, agent: str, workspace_id: str | None) -> dict[str, str]:
    """What start_session is told of whom it starts: an agent by its id, a provider, or else an agent by its name."""
    if known := await _known(way.call("get_agent", agentId=agent)):
        return {"agentId": known["id"]}
    if known := await _known(way.call("get_provider", providerId=agent)):
        return {"provider": known["id"]}
    named = [
        one["id"] async for one in every(way, "list_agents", "agents", workspaceId=workspace_id)
        if one["name"].casefold() == agent.casefold()
    ]  # fmt: skip
    if len(named) > 1:
        raise Failure(f"Several agents are called {agent[:80]!r}. Give an id: {', '.join(named[:10])}.")
    if not named:
        raise Failure(f"There is no coding agent or agent {agent[:80]!r}. `trivium providers list` and `trivium agents list` show them.")
    return {"agentId": named[0]}


async def _known(asked: Awaitable[Json]) -> Json | None:
    try:
        return await asked
    except Declined as declined:
        if declined.kind != "not_found":
            raise
    return None
