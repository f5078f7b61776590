"""Prompts: what a session's agent is told, one after the other. The hub queues them: agents differ in what they do with a second one."""

from asyncio import get_running_loop
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, JsonValue

from hub.domain.errors import Invalid, Refused
from hub.domain.model import new_id, numbered_key
from hub.domain.sessions import Delivery, Prompt, Session, SessionEntry, text_of_blocks
from hub.operations.base import Call, Id, Input, Listing, Mutation, Operation, Page, Result
from hub.operations.session_steps import cancel_permissions, standing, wake, withdraw
from hub.ports import Filter

BLOCKS = {"text": "text", "image": "data", "audio": "data", "resource_link": "uri", "resource": "resource"}
"""Content blocks of ACP, each with the field that it cannot be without."""
MOST_WAITING = 100
LAST = 500
"""Entries of a history that are looked through for what an agent answered last."""
LONGEST = 300
PATIENCE = 15.0


def _block(block: dict[str, JsonValue]) -> dict[str, JsonValue]:
    field = BLOCKS.get(str(block.get("type")))
    if field is None:
        raise ValueError(f"a content block is one of {', '.join(BLOCKS)}")
    if not block.get(field):
        raise ValueError(f"a content block of type {block['type']} has a field {field}")
    return block


Blocks = Annotated[
    tuple[Annotated[dict[str, JsonValue], BeforeValidator(_block)], ...], Field(min_length=1, max_length=100),
    BeforeValidator(lambda given: [{"type": "text", "text": given}] if isinstance(given, str) else given),
]  # fmt: skip


class PromptSession(Mutation):
    brief: ClassVar[tuple[str, ...]] = ("sessionId", "prompt", "delivery")

    session_id: Id
    prompt: Blocks
    """A text, or content blocks of ACP."""
    delivery: Delivery = "queue"
    """queue: after what runs and waits; interrupt: what runs is cancelled for it; steer: into what runs, where the agent can."""
    message_id: Id | None = None
    """Your own id of it; left out: a new one."""
    task_id: Id | None = None
    """The task that it works on."""


class CancelSession(Mutation):
    session_id: Id
    queued: bool = False
    """The prompts that wait are withdrawn, too."""


class WithdrawPrompt(Mutation):
    session_id: Id
    number: Annotated[int, Field(ge=1)]


class ListPrompts(Page):
    session_id: Id


class WaitForPrompt(Input):
    session_id: Id
    number: Annotated[int, Field(ge=1)] | None = None
    """Left out: the session's last one."""
    timeout_seconds: Annotated[float, Field(ge=0, le=LONGEST)] = 60
    """At most 300; 0: only look."""
    until: Literal["settled", "ended"] = "settled"
    """settled: it has ended, or the agent asks for permission."""


class WaitedForPrompt(Result):
    done: bool
    """It has ended."""
    reason: Literal["ended", "requires_action", "timeout"]
    next: str
    prompt: Prompt
    session: Session
    answer: str = ""
    """What the agent has said in its turn."""


NEXT = {
    "ended": "prompt.status and prompt.stopReason say how; read_session_history shows what was done.",
    "requires_action": "The agent asks for permission: list_permissions shows for what, answer_permission answers.",
    "timeout": "It goes on. Call wait_for_prompt again, or cancel_session.",
}


async def prompt_session(given: PromptSession, call: Call) -> Prompt:
    """Tell a session's agent what to do. The prompt waits its turn; wait_for_prompt tells what came of it."""
    session = await call.need(Session, given.session_id)
    _expect_promptable(session, given)
    prompt = Prompt(
        workspace_id=session.workspace_id, session_id=session.id, number=session.prompt_count + 1, content=given.prompt,
        message_id=given.message_id or new_id(), delivery=given.delivery, by=call.caller.subject, task_id=given.task_id,
    )  # fmt: skip
    call.unit.put(prompt)
    queue = (*session.queue, prompt.number) if given.delivery == "queue" else (prompt.number, *session.queue)
    session = session.model_copy(update={"prompt_count": prompt.number, "queue": queue, "active_at": call.now})
    if given.delivery == "interrupt" and session.active:
        session = await _cancelled(session, call)
    session = wake(session, call)
    call.write(session, "prompted", number=prompt.number, delivery=given.delivery, messageId=prompt.message_id)
    return prompt.stamped(1, call.now)


async def cancel_session(given: CancelSession, call: Call) -> Session:
    """Cancel what a session's agent does just now. The prompts that wait go on, unless queued is true."""
    session = await call.need(Session, given.session_id)
    asked = session
    if given.queued and session.queue:
        session = await withdraw(session, "It was withdrawn.", call)
    if session.active and not session.cancelling:
        session = await _cancelled(session, call)
    return session if session is asked else call.write(session, "cancelled")


async def withdraw_prompt(given: WithdrawPrompt, call: Call) -> Prompt:
    """Take a prompt back that waits. One that runs is ended with cancel_session."""
    session = await call.need(Session, given.session_id)
    prompt = await call.need(Prompt, numbered_key(session.id, given.number), str(given.number))
    if prompt.status != "queued" or given.number not in session.queue:
        raise Refused(f"The prompt is {prompt.status}; only one that waits can be withdrawn.", status=prompt.status)
    queue = tuple(number for number in session.queue if number != given.number)
    call.write(session.model_copy(update={"queue": queue}), "prompt_withdrawn", number=given.number)
    return call.unit.put(prompt.model_copy(update={"status": "cancelled", "reason": "It was withdrawn.", "ended_at": call.now}))


async def list_prompts(given: ListPrompts, call: Call) -> Listing[Prompt]:
    """List what a session's agent was told, the oldest first."""
    await call.need(Session, given.session_id)
    return await call.list(Prompt, given, session_id=given.session_id)


async def wait_for_prompt(given: WaitForPrompt, call: Call) -> WaitedForPrompt:
    """Wait until a session's agent has done what it was told, or asks for permission; next says what to call then."""
    loop = get_running_loop()
    deadline = loop.time() + given.timeout_seconds
    cursor = await call.unit.latest()
    while True:
        session = await call.need(Session, given.session_id)
        number = given.number or session.prompt_count
        prompt = await call.need(Prompt, numbered_key(session.id, number), str(number))
        if prompt.ended:
            session = await call.need(Session, given.session_id)  # the one before may be from the moment before its end
        asks = given.until == "settled" and session.state == "requires_action" and session.active == number
        left = deadline - loop.time()
        if prompt.ended or asks or left <= 0:
            reason: Literal["ended", "requires_action", "timeout"] = "ended" if prompt.ended else "requires_action" if asks else "timeout"
            answer = await _answer(session, number, call)
            return WaitedForPrompt(done=prompt.ended, reason=reason, next=NEXT[reason], prompt=prompt, session=session, answer=answer)
        page = await call.unit.events_after(cursor, Filter(kinds=(Session.kind,), record_id=session.id), 1)
        if not page.events:
            await call.unit.beyond(page.cursor, min(left, PATIENCE))
        cursor = page.cursor


async def _cancelled(session: Session, call: Call) -> Session:
    """Its turn is to end, and what it asks needs no answer."""
    session = await cancel_permissions(session.model_copy(update={"cancelling": True}), call)
    return standing(session, "running", call)


def _expect_promptable(session: Session, given: PromptSession) -> None:
    if session.status == "closed":
        raise Refused("The session is closed. resume_session opens it again.", status=session.status)
    if len(session.queue) >= MOST_WAITING:
        raise Refused(f"{MOST_WAITING} prompts wait already. Wait for them, or withdraw some with cancel_session.")
    if given.delivery == "steer" and session.active and "steer" not in session.capabilities:
        raise Refused("This agent takes nothing in the middle of a turn. Use delivery queue or interrupt.", delivery=["queue", "interrupt"])
    for kind in ("image", "audio"):
        if session.status == "ready" and kind not in session.capabilities and any(block["type"] == kind for block in given.prompt):
            raise Invalid(f"prompt: this agent takes no {kind}. Send text, or a resource_link.")


async def _answer(session: Session, number: int, call: Call) -> str:
    after = numbered_key(session.id, max(session.entry_count - LAST, 0))
    entries = await call.unit.find(SessionEntry, after, LAST, session_id=session.id)
    said = [one.update.get("content") for one in entries if one.prompt == number and one.update.get("sessionUpdate") == "agent_message"]
    return "".join(
        text_of_blocks(tuple(block for block in content if isinstance(block, dict))) for content in said if isinstance(content, list)
    )


OPERATIONS = (
    Operation(prompt_session, "sessions.write", writes=True, profiles=frozenset({"coordination"})),
    Operation(cancel_session, "sessions.write", writes=True, repeatable=True, profiles=frozenset({"coordination"})),
    Operation(withdraw_prompt, "sessions.write", writes=True),
    Operation(list_prompts, "sessions.read"),
    Operation(wait_for_prompt, "sessions.read", profiles=frozenset({"coordination"}), waits=True),
)
