"""Sessions, prompts and permissions as records: what may be asked of them, without anybody who runs them. On every store."""

from typing import Any

import pytest

from hub.access import READ, WRITE, Caller
from hub.app import Hub
from hub.domain.permissions import Permission, PermissionOption, PermissionPolicy, deciding
from hub.ports import Json
from protocols.identity import InvalidToken, caller_of_token
from tests.core.support import Clock, ask, names_of_events, new_agent, on_memory, refusal

AGENT = Caller(subject="an agent", grants=frozenset({READ, WRITE}))
OPTIONS = [{"optionId": "yes", "name": "Yes", "kind": "allow_once"}, {"optionId": "no", "name": "No", "kind": "reject_once"}]


async def started(hub: Hub, **given: Any) -> str:
    return str((await ask(hub, "start_session", provider="opencode", **given))["id"])


async def ready(hub: Hub, session_id: str, worker: str = "w", **about: Any) -> Json:
    """Under a claim; answers what names it."""
    claimed = await ask(hub, "claim_session", sessionId=session_id, worker=worker)
    held = {"sessionId": session_id, "claimToken": claimed["claim"]["token"]}
    await ask(hub, "report_session", **held, status="ready", **about)
    return held


async def asked(hub: Hub, held: Json, **given: Any) -> Json:
    return await ask(hub, "request_permission", **{**held, "title": "t", "toolCall": {}, "options": OPTIONS, **given})


async def test_a_claim_is_one_workers_until_it_runs_out(hub: Hub, clock: Clock) -> None:
    session_id = await started(hub)
    held = await ready(hub, session_id)
    assert (await refusal(hub.call("claim_session", {"sessionId": session_id, "worker": "other"}, Caller()))).kind == "conflict"
    clock.turn(31)
    assert (await ask(hub, "claim_session", sessionId=session_id, worker="other"))["claim"]["token"] == 2
    assert (await refusal(hub.call("report_session", {**held, "status": "ready"}, Caller()))).kind == "conflict"


async def test_who_takes_a_session_over_ends_the_turn_that_was_left_and_sends_what_waits(hub: Hub, clock: Clock) -> None:
    session_id = await started(hub)
    held = await ready(hub, session_id)
    for text in ("one", "two"):
        await ask(hub, "prompt_session", sessionId=session_id, prompt=text)
    await ask(hub, "take_prompt", **held)
    calls = [{"sessionUpdate": "tool_call", "toolCallId": status, "status": status} for status in ("completed", "in_progress")]
    await ask(hub, "report_session", **held, entries=[{"number": at, "update": one} for at, one in enumerate(calls, 1)])
    await asked(hub, held)
    clock.turn(31)
    taken = await ask(hub, "claim_session", sessionId=session_id, worker="other")
    assert (taken["status"], taken["state"], taken["queue"], "active" in taken) == ("connecting", "idle", [2], False)
    prompts = (await ask(hub, "list_prompts", sessionId=session_id))["prompts"]
    assert [(one["status"], "The hub stopped" in one.get("reason", "")) for one in prompts] == [("failed", True), ("queued", False)]
    assert [one["status"] for one in (await ask(hub, "list_permissions", sessionId=session_id))["permissions"]] == ["cancelled"]
    entries = [one["update"] for one in (await ask(hub, "read_session_history", sessionId=session_id))["sessionEntries"]]
    assert [one.get("status") or one["state"] for one in entries] == ["completed", "failed", "idle"]


async def test_a_session_that_is_given_back_is_dormant_or_somebody_elses_to_run(hub: Hub) -> None:
    session_id = await started(hub)
    held = await ready(hub, session_id)
    assert (await ask(hub, "report_session", **held, released=True, reason="It was idle."))["status"] == "dormant"
    await ask(hub, "prompt_session", sessionId=session_id, prompt="wake up")
    held = await ready(hub, session_id)
    back = await ask(hub, "report_session", **held, released=True)
    assert (back["status"], back["queue"], "claim" in back) == ("connecting", [1], False)


async def test_a_session_that_failed_fails_its_prompts_and_a_closed_one_takes_none(hub: Hub) -> None:
    session_id = await started(hub)
    await ask(hub, "prompt_session", sessionId=session_id, prompt="hello")
    claimed = await ask(hub, "claim_session", sessionId=session_id, worker="w")
    held = {"sessionId": session_id, "claimToken": claimed["claim"]["token"]}
    failed = await ask(hub, "report_session", **held, status="failed", reason="There is no such program.")
    assert (failed["status"], failed["queue"]) == ("failed", [])
    [prompt] = (await ask(hub, "list_prompts", sessionId=session_id))["prompts"]
    assert (prompt["status"], prompt["reason"]) == ("failed", "There is no such program.")
    await ask(hub, "close_session", sessionId=session_id)
    assert (await refusal(hub.call("prompt_session", {"sessionId": session_id, "prompt": "?"}, Caller()))).kind == "conflict"
    assert (await ask(hub, "resume_session", sessionId=session_id))["status"] == "connecting"


async def test_a_repeated_start_is_one_session(hub: Hub) -> None:
    one = await ask(hub, "start_session", provider="opencode", idempotencyKey="k")
    assert await ask(hub, "start_session", provider="opencode", idempotencyKey="k") == one
    assert (await names_of_events(hub)).count("session.created") == 1


async def test_an_agents_sessions_close_with_it_and_its_children_stand_below_it(hub: Hub) -> None:
    parent = await started(hub, agentId="boss", role="ROUTA")
    child = await ask(hub, "start_session", provider="opencode", parentSessionId=parent)
    agent = await ask(hub, "get_agent", agentId=child["agentId"])
    assert (agent["parentId"], agent["metadata"]["delegationDepth"]) == ("boss", "1")
    await ask(hub, "delete_agent", agentId="boss")
    assert (await ask(hub, "get_session", sessionId=parent))["status"] == "closed"


async def test_a_specialist_that_is_switched_off_is_not_started(hub: Hub) -> None:
    of = {"role": "GATE", "systemPrompt": "Check it.", "defaultProvider": "codex", "model": "large"}
    await ask(hub, "create_specialist", id="checker", name="Checker", **of)
    session = await ask(hub, "start_session", specialistId="checker")
    assert (session["provider"], session["role"], session["model"]) == ("codex", "GATE", "large")
    await ask(hub, "update_specialist", specialistId="checker", enabled=False)
    assert (await refusal(hub.call("start_session", {"specialistId": "checker"}, Caller()))).kind == "conflict"


@on_memory
@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("answer_permission", {"decision": "allow"}), ("save_permission_policy", {"effect": "allow", "path": "**"}),
        ("update_session", {"modeId": "bypass"}), ("update_session", {"config": {"mode": "bypass"}}),
        ("start_session", {"provider": "opencode", "modeId": "bypass"}), ("claim_session", {"worker": "me"}),
        ("report_session", {"claimToken": 1}), ("create_provider", {"id": "mine", "command": "evil"}),
    ],
)  # fmt: skip
async def test_an_agent_neither_answers_its_own_questions_nor_chooses_its_freedom(hub: Hub, operation: str, given: Json) -> None:
    session_id = await started(hub)
    permission = await asked(hub, await ready(hub, session_id))
    of = {"answer_permission": {"permissionId": permission["id"]}, "save_permission_policy": {}, "create_provider": {}, "start_session": {}}
    error = await refusal(hub.call(operation, {**of.get(operation, {"sessionId": session_id}), **given}, AGENT))
    assert error.kind == "forbidden"


@on_memory
async def test_a_question_is_answered_once_and_its_session_goes_on(hub: Hub) -> None:
    session_id = await started(hub)
    held = await ready(hub, session_id)
    await ask(hub, "prompt_session", sessionId=session_id, prompt="hello")
    await ask(hub, "take_prompt", **held)
    one, two = await asked(hub, held), await asked(hub, held)
    await ask(hub, "answer_permission", permissionId=one["id"], optionId="yes")
    assert (await ask(hub, "get_session", sessionId=session_id))["state"] == "requires_action"
    denied = await ask(hub, "answer_permission", permissionId=two["id"], decision="deny", reason="Not today.")
    assert (denied["status"], denied["optionId"], denied["decidedBy"]) == ("denied", "no", "local")
    assert (await ask(hub, "get_session", sessionId=session_id))["state"] == "running"


@on_memory
async def test_an_agent_that_offers_no_way_to_say_no_is_told_that_it_is_cancelled(hub: Hub) -> None:
    held = await ready(hub, await started(hub))
    permission = await asked(hub, held, options=OPTIONS[:1])
    denied = await ask(hub, "answer_permission", permissionId=permission["id"], decision="deny")
    assert (denied["status"], "optionId" in denied) == ("denied", False)


@on_memory
async def test_files_that_others_reserved_are_not_edited_and_shared_ones_are(hub: Hub) -> None:
    other, session_id = await new_agent(hub), await started(hub)
    held = await ready(hub, session_id)
    await ask(hub, "reserve_files", agentId=other, paths=["src/**"])
    await ask(hub, "reserve_files", agentId=other, paths=["docs/**"], exclusive=False)
    assert (await asked(hub, held, toolKind="edit", paths=["src/a.py"]))["status"] == "denied"
    assert (await asked(hub, held, toolKind="read", paths=["src/a.py"]))["status"] == "pending"
    assert (await asked(hub, held, toolKind="edit", paths=["docs/a.md", "/etc/src/a.py"]))["status"] == "pending"


def policy(effect: str, **given: Any) -> PermissionPolicy:
    return PermissionPolicy.model_validate({"workspace_id": "w", "effect": effect, **given})


def request(**given: Any) -> Permission:
    options = (PermissionOption(option_id="y", kind="allow_once"),)
    of = {"workspace_id": "w", "session_id": "s", "agent_id": "a", "title": "t", "tool_call": {}, "options": options, "expires_at": ""}
    return Permission.model_validate({**of, **given})


@pytest.mark.parametrize(
    ("given", "policies", "effect"),
    [
        ({"command": "npm test"}, [policy("allow", command="npm *")], "allow"),
        ({"command": "npm test; rm -rf /"}, [policy("allow", command="npm *")], None),
        ({"command": "npm test\nrm -rf /"}, [policy("allow", command="npm *")], None),
        ({"command": "npm $(rm -rf /)"}, [policy("allow", command="npm *")], None),
        ({"command": "rm -rf /; ls"}, [policy("deny", command="rm *"), policy("allow", tool_kind="other")], "deny"),
        ({"paths": ("src/a.py",)}, [policy("allow", path="src/**")], "allow"),
        ({"paths": ("src/a.py", "etc/x")}, [policy("allow", path="src/**")], None),
        ({"paths": ("src/a.py", "etc/x")}, [policy("deny", path="etc/**"), policy("allow", tool_kind="other")], "deny"),
        ({"paths": ("/etc/passwd",)}, [policy("allow", path="**")], None),
        ({}, [policy("allow", path="**")], None),
        ({"tool_kind": "edit"}, [policy("allow", tool_kind="edit"), policy("deny", tool_kind="edit")], "deny"),
        ({"tool_kind": "edit"}, [policy("deny", tool_kind="edit"), policy("allow", tool_kind="edit", agent_id="a")], "allow"),
        ({"tool_kind": "edit"}, [policy("allow", tool_kind="edit", agent_id="b")], None),
        ({"tool_kind": "edit", "paths": ("a",)}, [policy("allow", tool_kind="edit"), policy("ask", path="a")], "ask"),
        ({"command": "[ -f x ]"}, [policy("allow", command="[ -f x ]")], "allow"),
    ],
)
def test_the_most_specific_policy_decides_and_the_strictest_of_equals(
    given: Json, policies: list[PermissionPolicy], effect: str | None
) -> None:
    decided = deciding(request(**given), "opencode", policies)
    assert (decided.effect if decided else None) == effect


async def test_an_agents_credential_is_worth_nothing_once_its_session_is_given_back_or_taken_over(hub: Hub, clock: Clock) -> None:
    session_id = await started(hub)
    held = await ready(hub, session_id)
    one, two = await ask(hub, "issue_session_token", **held), await ask(hub, "issue_session_token", **held)
    with pytest.raises(InvalidToken):
        await caller_of_token(hub, one["token"], clock)
    caller = await caller_of_token(hub, two["token"], clock)
    assert (caller.subject, caller.grants) == (two["subject"], AGENT.grants)
    clock.turn(31)
    held = {**held, "claimToken": (await ask(hub, "claim_session", sessionId=session_id, worker="other"))["claim"]["token"]}
    with pytest.raises(InvalidToken):
        await caller_of_token(hub, two["token"], clock)
    three = await ask(hub, "issue_session_token", **held)
    await ask(hub, "report_session", **held, released=True)
    with pytest.raises(InvalidToken):
        await caller_of_token(hub, three["token"], clock)
    assert [one["id"] for one in (await ask(hub, "list_tokens"))["tokens"]] == [session_id]
    await ask(hub, "delete_session", sessionId=session_id)
    assert (await ask(hub, "list_tokens"))["tokens"] == []
