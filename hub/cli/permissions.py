"""`permissions list`, `answer` and `watch`: what agents ask, answered from a terminal."""

import json
import sys
from contextlib import suppress
from typing import Any

import click

from hub.cli.options import INTERRUPTED, UNANSWERED, examples, finish
from hub.cli.questions import Questions
from hub.cli.transcripts import Json, Screen, lines_of_permission
from hub.cli.turns import either
from hub.cli.ways import Facts, Opener, every, way_options

STATUSES = ("pending", "allowed", "denied", "cancelled", "expired")


@click.command("list", epilog=examples("trivium permissions list", "trivium permissions list --status denied --session-id ID"))
@click.option("--status", type=click.Choice(STATUSES), default="pending", show_default=True)
@click.option("--session-id", metavar="ID", help="Only what is asked in this session.")
@click.option("--workspace-id", metavar="ID", help="Only what is asked in this workspace.")
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON.")
@way_options
def list_(to: Opener, status: str, session_id: str | None, workspace_id: str | None, as_json: bool) -> None:
    """List what agents ask, and what they would do."""

    async def listed() -> list[Json]:
        where = {"status": status, "sessionId": session_id, "workspaceId": workspace_id}
        async with to() as way:
            return [one async for one in every(way, "list_permissions", "permissions", **where)]

    permissions = finish(listed())
    if as_json:
        click.echo(json.dumps({"permissions": permissions}, ensure_ascii=False))
        return
    screen = Screen(beside=False)
    for permission in permissions:
        screen.tell(
            f"{permission['id']}  session {permission['sessionId']}", *lines_of_permission(permission), *_decided(permission), dim=False
        )
    if not permissions:
        screen.tell(f"No permissions are {status}.", dim=False)
    elif status == "pending":
        click.echo("`trivium permissions answer ID allow` or `deny` answers; `trivium permissions watch` asks you.", err=True)


@click.command(epilog=examples("trivium permissions answer PERMISSION_ID allow", "trivium permissions answer PERMISSION_ID --option once"))
@click.argument("permission_id")
@click.argument("decision", type=click.Choice(("allow", "deny")), required=False)
@click.option("--option", "option_id", metavar="ID", help="One of the answers that the agent offers, instead of allow or deny.")
@click.option("--always", is_flag=True, help="For requests like this one, too, as far as the agent offers that.")
@click.option("--reason", metavar="TEXT", help="Why; whoever reads it sees that.")
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
@way_options
def answer(
    to: Opener, permission_id: str, decision: str | None, option_id: str | None, always: bool, reason: str | None, as_json: bool
) -> None:
    """Answer what an agent asks. The first answer counts."""
    if (decision is None) == (option_id is None):
        raise click.UsageError("Say allow or deny, or give --option.")
    given: dict[str, Any] = {"permissionId": permission_id, "decision": decision, "optionId": option_id, "reason": reason}

    async def answered() -> Json:
        async with to() as way:
            return await way.call("answer_permission", **given, always=always or None)

    permission = finish(answered())
    if as_json:
        click.echo(json.dumps(permission, ensure_ascii=False))
    else:
        Screen(beside=False).tell(f"{permission['title']}: {permission['status']}.", dim=False)


@click.command(epilog=examples("trivium permissions watch", "trivium permissions watch --session-id ID"))
@click.option("--session-id", metavar="ID", help="Only what is asked in this session.")
@way_options
def watch(to: Opener, session_id: str | None) -> None:
    """Ask you what agents ask, as it comes.

    What somebody else answers meanwhile is not asked any more. Ctrl-C leaves.
    """
    with suppress(KeyboardInterrupt):
        sys.exit(finish(_watched(to, session_id)))
    sys.exit(INTERRUPTED)


async def _watched(to: Opener, session_id: str | None) -> int:
    async with to() as way, way.following() as facts:
        screen = Screen()
        questions = Questions(way, screen, piped=True)
        await questions.find(sessionId=session_id)
        screen.tell("Waiting for what agents ask. Ctrl-C leaves.")
        return await either(_heard(facts, questions, session_id), questions.put())


async def _heard(facts: Facts, questions: Questions, session_id: str | None) -> int:
    async for page in facts:
        for fact in page:
            data = fact.get("data") or {}
            if fact["name"].startswith("permission.") and session_id in (None, data.get("sessionId")):
                questions.hear(fact)
    return UNANSWERED


def _decided(permission: Json) -> list[str]:
    if permission["status"] == "pending":
        return []
    by, reason = permission.get("decidedBy"), permission.get("reason")
    return [f"  {permission['status']}{f' by {by}' if by else ''}{f': {reason}' if reason else ''}"]
