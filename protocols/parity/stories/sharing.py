"""Sessions that people work in together."""

from protocols.parity.stories.base import call

SHARED = "/api/shared-sessions/{shared}"
HOST = {"participantId": "{host}", "participantToken": "{hostToken}"}
GUEST = {"participantId": "{guest}", "participantToken": "{guestToken}"}
BEGIN = {"hostSessionId": "{session}", "hostUserId": "host-{tag}", "mode": "prompt_with_approval", "workspaceId": "{workspace}"}
BEGUN = {
    "shared": "session.id", "invitation": "inviteToken", "host": "hostParticipant.id", "hostToken": "hostParticipant.accessToken",
}  # fmt: skip

CALLS = (
    call("POST /api/shared-sessions", BEGIN, keep=BEGUN),
    call("GET /api/shared-sessions?workspaceId={workspace}"),
    call(f"GET {SHARED}"),
    call(f"POST {SHARED}/join", {"inviteToken": "{invitation}", "userId": "guest-{tag}", "displayName": "Guest", "role": "collaborator"},
         keep={"guest": "participant.id", "guestToken": "participant.accessToken"}),
    call(f"POST {SHARED}/join", {"inviteToken": "wrong", "userId": "stranger"}, expects=403),
    call(f"GET {SHARED}/participants"),
    call(f"POST {SHARED}/messages", {**GUEST, "text": "Hello."}),
    call(f"GET {SHARED}/messages"),
    call(f"POST {SHARED}/prompts", {**GUEST, "prompt": "Say it again."}, keep={"approval": "approval.id"}),
    call(f"POST {SHARED}/approvals/{{approval}}", {**HOST, "action": "reject"}),
    call(f"GET {SHARED}/stream?participantId={{guest}}&participantToken={{guestToken}}"),
    call(f"POST {SHARED}/leave", GUEST),
    call(f"DELETE {SHARED}", HOST),
)  # fmt: skip
