"""Shared sessions: what each mode lets whom do, what is kept secret, and what a participant is told of at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import Forbidden, Refused
from hub.domain.model import utc_now
from hub.ports import HubStore, Json
from tests.core.support import ask, kinds, refusal
from tests.protocols.conftest import Http
from tests.protocols.sse import listening
from tests.protocols.test_rest import answered
from tests.protocols.working import FakeWorker, new_session, text, turn


class Shared:
    """A session that ada hosts."""

    def __init__(self, hub: Hub, session: str, made: Json) -> None:
        self.hub, self.session, self.invitation, self.id = hub, session, made["inviteToken"], made["session"]["id"]
        self.ada = self._acting(made["hostParticipant"])

    @classmethod
    async def of(cls, hub: Hub, mode: str = "prompt_with_approval", **more: Any) -> "Shared":
        session = await new_session(hub)
        return cls(hub, session, await ask(hub, "create_shared_session", hostSessionId=session, hostUserId="ada", mode=mode, **more))

    async def joined(self, user: str, role: str = "collaborator") -> Json:
        given = {"sharedSessionId": self.id, "inviteToken": self.invitation, "userId": user, "role": role}
        return self._acting((await ask(self.hub, "join_shared_session", **given))["participant"])

    def _acting(self, participant: Json) -> Json:
        return {"sharedSessionId": self.id, "participantId": participant["id"], "participantToken": participant["accessToken"]}

    async def prompts(self) -> list[str]:
        prompts = (await ask(self.hub, "list_prompts", sessionId=self.session))["prompts"]
        return [prompt["content"][0]["text"] for prompt in prompts]


@pytest.mark.parametrize(
    ("mode", "role", "comments", "prompts"),
    [
        ("view_only", "collaborator", False, None), ("comment_only", "collaborator", True, None),
        ("prompt_with_approval", "collaborator", True, "pending"), ("prompt_direct", "collaborator", True, "approved"),
        ("prompt_direct", "viewer", False, None),
    ],
)  # fmt: skip
async def test_a_mode_says_what_others_than_the_host_may_do(hub: Hub, mode: str, role: str, comments: bool, prompts: str | None) -> None:
    shared = await Shared.of(hub, mode)
    bob = await shared.joined("bob", role)
    assert await kinds([ask(hub, "send_shared_message", **bob, text="Hm.")]) == ["ok" if comments else "forbidden"]
    if prompts is None:
        assert isinstance(await refusal(ask(hub, "send_shared_prompt", **bob, prompt="Stir.")), Forbidden)
    else:
        assert (await ask(hub, "send_shared_prompt", **bob, prompt="Stir."))["status"] == prompts
    assert await shared.prompts() == (["Stir."] if prompts == "approved" else [])
    await ask(hub, "send_shared_message", **shared.ada, text="Well.")
    assert (await ask(hub, "send_shared_prompt", **shared.ada, prompt="Serve."))["status"] == "approved"


async def test_over_the_web_api_it_is_said_that_nobody_has_to_approve(hub: Hub, http: Http) -> None:
    shared = await Shared.of(hub)
    given = {name: shared.ada[name] for name in ("participantId", "participantToken")}
    sent = await answered(http, "POST", f"/shared-sessions/{shared.id}/prompts", {**given, "prompt": "Serve."})
    assert sent == (200, {"status": "approved", "approval": None})


async def test_a_prompt_is_sent_once_when_its_host_approves_it_twice_at_once(hub: Hub) -> None:
    shared = await Shared.of(hub)
    asked = await ask(hub, "send_shared_prompt", **await shared.joined("bob"), prompt="Stir.")
    answer = {**shared.ada, "approvalId": asked["approval"]["id"]}
    answers = [ask(hub, "answer_prompt_approval", **answer, action=action) for action in ("approve", "approve", "reject")]
    assert await kinds(answers) == ["conflict", "conflict", "ok"]
    details = await ask(hub, "get_shared_session", sharedSessionId=shared.id)
    assert await shared.prompts() == (["Stir."] if details["approvals"][0]["status"] == "approved" else [])


async def test_secrets_are_told_once_and_are_nowhere_in_the_store(hub: Hub) -> None:
    shared = await Shared.of(hub)
    bob = await shared.joined("bob")
    secrets = (shared.invitation, shared.ada["participantToken"], bob["participantToken"])
    reads = ("get_shared_session", "list_participants", "list_shared_messages")
    told = [str(await ask(hub, operation, sharedSessionId=shared.id)) for operation in reads]
    told += [str(await ask(hub, "list_events", limit=500)), str(await ask(hub, "list_shared_sessions"))]
    assert not any(secret in one for secret in (*secrets, "igest") for one in told)


async def test_a_token_is_of_one_participant_of_one_session(hub: Hub) -> None:
    one, other = await Shared.of(hub), await Shared.of(hub)
    bob, eve = await one.joined("bob"), await other.joined("eve")
    for mixed in ({**bob, "participantToken": eve["participantToken"]}, {**eve, "sharedSessionId": one.id}):
        assert isinstance(await refusal(ask(hub, "send_shared_message", **mixed, text="?")), Forbidden)
    await ask(hub, "leave_shared_session", **bob)
    assert isinstance(await refusal(ask(hub, "send_shared_message", **bob, text="?")), Forbidden)


async def test_who_may_not_prompt_a_session_may_not_share_it(hub: Hub) -> None:
    session = await new_session(hub)
    caller = Caller(grants=frozenset({"read", "shared_sessions.write"}))
    given = {"hostSessionId": session, "hostUserId": "ada"}
    assert isinstance(await refusal(hub.call("create_shared_session", given, caller)), Forbidden)


async def test_after_its_time_nothing_happens_in_it_any_more(store: HubStore) -> None:
    now = [utc_now()]

    def clock() -> datetime:
        return now[0]

    hub = Hub(store, clock)
    shared = await Shared.of(hub, expiresInMinutes=5)
    now[0] += timedelta(minutes=6)
    assert isinstance(await refusal(ask(hub, "send_shared_message", **shared.ada, text="Late.")), Refused)
    [listed] = (await ask(hub, "list_shared_sessions"))["sessions"]
    assert listed["status"] == "expired"


async def test_a_participant_is_told_of_everything_until_it_is_over(hub: Hub, http: Http) -> None:
    shared = await Shared.of(hub)
    bob = await shared.joined("bob")
    other = await Shared.of(hub)
    query = {name: bob[name] for name in ("participantId", "participantToken")}
    async with listening(http, f"/api/shared-sessions/{shared.id}/stream", **query) as stream:
        connected = await stream.frame()
        await ask(hub, "send_shared_message", **other.ada, text="Elsewhere.")
        await ask(hub, "send_shared_message", **shared.ada, text="Look.")
        await ask(hub, "send_shared_prompt", **bob, prompt="Stir.")
        said, asked, prompt = await stream.frames(3)
        await turn(hub, await FakeWorker.of(hub, shared.session), shared.session, "Cook", text("Cooked."))
        updates = await stream.frames(2)
        await ask(hub, "close_shared_session", **shared.ada)
        while (closed := await stream.frame()).data["type"] != "shared_session_closed":
            assert closed.data["type"] in ("session_update", "prompt_approval_rejected")
    assert (connected.data["type"], len(connected.data["participants"])) == ("connected", 2)
    assert [frame.data["type"] for frame in (said, asked, prompt)] == [
        "shared_message_created", "prompt_approval_asked", "shared_message_created"
    ]  # fmt: skip
    assert (said.data["message"]["text"], asked.data["approval"]["status"]) == ("Look.", "pending")
    assert {frame.data["type"] for frame in updates} == {"session_update"}


async def test_the_stream_is_a_participants_alone(hub: Hub, http: Http) -> None:
    shared = await Shared.of(hub)
    for query, status in (({}, 400), ({"participantId": shared.ada["participantId"], "participantToken": "guessed"}, 403)):
        async with http.get(f"/api/shared-sessions/{shared.id}/stream", params=query) as response:
            assert response.status == status
