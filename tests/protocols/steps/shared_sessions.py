"""A session that is shared."""

from tests.protocols.steps.base import no, ok

ADA = {
    "sharedSessionId": "$shared.session.id",
    "participantId": "$shared.hostParticipant.id",
    "participantToken": "$shared.hostParticipant.accessToken",
}
BOB = {"sharedSessionId": "$shared.session.id", "participantId": "$bob.participant.id", "participantToken": "$bob.participant.accessToken"}
EVE = {"sharedSessionId": "$shared.session.id", "participantId": "$eve.participant.id", "participantToken": "$eve.participant.accessToken"}
INVITED = {"sharedSessionId": "$shared.session.id", "inviteToken": "$shared.inviteToken"}

STEPS = (
    ok("start_session", {"provider": "opencode", "name": "Shared"}, "watched"),
    ok("create_shared_session", {
        "hostSessionId": "$watched.id", "hostUserId": "ada", "mode": "prompt_with_approval", "expiresInMinutes": 60,
    }, "shared"),
    no("not_found", "create_shared_session", {"hostSessionId": "nothing", "hostUserId": "ada"}),
    no("invalid", "create_shared_session", {"hostSessionId": "$watched.id", "hostUserId": "ada", "workspaceId": "lab"}),
    no("invalid", "create_shared_session", {"hostSessionId": "$watched.id", "hostUserId": "ada", "idempotencyKey": "s"}),
    ok("list_shared_sessions", {"hostSessionId": "$watched.id", "status": "active"}),
    no("invalid", "list_shared_sessions", {"status": "gone"}),
    ok("join_shared_session", {**INVITED, "userId": "bob", "displayName": "Bob"}, "bob"),
    ok("join_shared_session", {**INVITED, "userId": "eve", "role": "viewer"}, "eve"),
    no("forbidden", "join_shared_session", {**INVITED, "userId": "mallory", "inviteToken": "guessed"}),
    no("not_found", "join_shared_session", {**INVITED, "userId": "bob", "sharedSessionId": "nothing"}),
    ok("watch_shared_session", BOB),
    no("not_found", "watch_shared_session", {**BOB, "sharedSessionId": "nothing"}),
    no("forbidden", "watch_shared_session", {**BOB, "participantToken": "guessed"}),
    ok("send_shared_message", {**BOB, "text": "Look at the pot."}),
    no("not_found", "send_shared_message", {**BOB, "text": "?", "sharedSessionId": "nothing"}),
    no("forbidden", "send_shared_message", {**EVE, "text": "Me, too."}),
    ok("send_shared_prompt", {**BOB, "prompt": "Stir."}, "asked"),
    no("not_found", "send_shared_prompt", {**BOB, "prompt": "?", "sharedSessionId": "nothing"}),
    no("forbidden", "send_shared_prompt", {**EVE, "prompt": "Burn it."}),
    no("forbidden", "answer_prompt_approval", {**BOB, "approvalId": "$asked.approval.id", "action": "approve"}),
    ok("answer_prompt_approval", {**ADA, "approvalId": "$asked.approval.id", "action": "approve"}),
    no("conflict", "answer_prompt_approval", {**ADA, "approvalId": "$asked.approval.id", "action": "reject"}),
    no("not_found", "answer_prompt_approval", {**ADA, "approvalId": "nothing", "action": "reject"}),
    ok("send_shared_prompt", {**ADA, "prompt": "Serve."}),
    ok("list_shared_messages", {"sharedSessionId": "$shared.session.id"}),
    no("not_found", "list_shared_messages", {"sharedSessionId": "nothing"}),
    ok("leave_shared_session", EVE),
    no("not_found", "leave_shared_session", {**EVE, "sharedSessionId": "nothing"}),
    no("forbidden", "leave_shared_session", EVE),
    no("conflict", "leave_shared_session", ADA),
    ok("list_participants", {"sharedSessionId": "$shared.session.id"}),
    no("not_found", "list_participants", {"sharedSessionId": "nothing"}),
    ok("get_shared_session", {"sharedSessionId": "$shared.session.id"}),
    no("not_found", "get_shared_session", {"sharedSessionId": "nothing"}),
    no("not_found", "close_shared_session", {**ADA, "sharedSessionId": "nothing"}),
    no("forbidden", "close_shared_session", BOB),
    ok("close_shared_session", ADA),
    no("conflict", "send_shared_message", {**BOB, "text": "Too late."}),
    ok("delete_session", {"sessionId": "$watched.id"}),
)  # fmt: skip
