"""Shared sessions."""

from hub.app import Hub
from tests.core.support import ask
from tests.protocols.cases.base import case
from tests.protocols.working import new_session

SHARED = "/shared-sessions/{sharedSessionId}"
HERE = "/shared-sessions/{shared}"
ADA = {"participantId": "{ada}", "participantToken": "{adas}"}
BOB = {"participantId": "{bob}", "participantToken": "{bobs}"}


async def prepare(hub: Hub) -> dict[str, str]:
    """A session that ada shares with bob, who wants its agent to be told something."""
    session = await new_session(hub)
    shared = await ask(hub, "create_shared_session", hostSessionId=session, hostUserId="ada", mode="prompt_with_approval")
    here, ada = shared["session"]["id"], shared["hostParticipant"]
    bob = (await ask(hub, "join_shared_session", sharedSessionId=here, inviteToken=shared["inviteToken"], userId="bob"))["participant"]
    bobs = {"sharedSessionId": here, "participantId": bob["id"], "participantToken": bob["accessToken"]}
    asked = await ask(hub, "send_shared_prompt", **bobs, prompt="Stir.")
    return {
        "session": session, "shared": here, "ada": ada["id"], "adas": ada["accessToken"], "bob": bob["id"], "bobs": bob["accessToken"],
        "invitation": shared["inviteToken"], "approval": asked["approval"]["id"],
    }  # fmt: skip


CASES = (
    case("GET", "/shared-sessions", "/shared-sessions?workspaceId=default&hostSessionId={session}&status=active", 200, "sessions"),
    case("POST", "/shared-sessions", "/shared-sessions", 201, "session inviteToken hostParticipant",
         {"hostSessionId": "{session}", "hostUserId": "ada", "hostDisplayName": "Ada", "workspaceId": "default", "expiresInMinutes": 5}),
    case("GET", SHARED, HERE, 200, "session participants approvals"),
    case("DELETE", SHARED, HERE, 200, "closed session", ADA),
    case("POST", f"{SHARED}/join", f"{HERE}/join", 200, "session participant",
         {"inviteToken": "{invitation}", "userId": "eve", "role": "viewer"}),
    case("POST", f"{SHARED}/leave", f"{HERE}/leave", 200, "participant", BOB),
    case("GET", f"{SHARED}/participants", f"{HERE}/participants", 200, "participants"),
    case("GET", f"{SHARED}/messages", f"{HERE}/messages", 200, "messages"),
    case("POST", f"{SHARED}/messages", f"{HERE}/messages", 200, "message", {**BOB, "text": "Look."}),
    case("POST", f"{SHARED}/prompts", f"{HERE}/prompts", 200, "status approval", {**BOB, "prompt": "Serve."}),
    case("POST", f"{SHARED}/prompts", f"{HERE}/prompts", 200, "status approval", {**ADA, "prompt": "Serve."}),
    case("POST", f"{SHARED}/approvals/{{approvalId}}", f"{HERE}/approvals/{{approval}}", 200, "approval", {**ADA, "action": "approve"}),
)  # fmt: skip
