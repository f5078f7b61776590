"""`sessions list`, `show`, `attach` and `stop`: what a person wants of sessions on a terminal."""

import json
import sys
from contextlib import suppress
from datetime import datetime
from shutil import get_terminal_size

import click

from hub.cli.options import INTERRUPTED, examples, finish
from hub.cli.tables import rendered
from hub.cli.transcripts import Json, Screen, lines_of_permission
from hub.cli.ways import Facts, Opener, Way, every, way_options

NEWEST = 50
LATEST = 200
"""Entries of a history with which attaching begins."""
OVER = frozenset({"closed", "failed"})
UNSHOWN = (
    "version",
    "claim",
    "claimCount",
    "agentInfo",
    "capabilities",
    "modes",
    "configOptions",
    "config",
    "usage",
    "promptCount",
    "asking",
)
"""What of a session is nothing for people."""
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
TRIES = 5
ANSWERING = "`trivium permissions answer {id} allow` or `deny` answers."


@click.command("list", epilog=examples("trivium sessions list", "trivium sessions list --status ready --json"))
@click.option("--workspace-id", metavar="ID", help="Only those of this workspace.")
@click.option("--status", metavar="STATUS", help="queued, connecting, ready, dormant, failed or closed.")
@click.option("--json", "as_json", is_flag=True, help="Print the records as JSON.")
@way_options
def list_(to: Opener, workspace_id: str | None, status: str | None, as_json: bool) -> None:
    """List the sessions, the last active ones first."""

    async def listed() -> list[Json]:
        async with to() as way:
            return [one async for one in every(way, "list_sessions", "sessions", workspaceId=workspace_id, status=status)]

    sessions = sorted(finish(listed()), key=_active_at, reverse=True)
    shown = sessions if as_json else [_row(session) for session in sessions]
    document = json.dumps({"sessions": shown}, ensure_ascii=False)
    click.echo(document if as_json else rendered(document, get_terminal_size().columns if sys.stdout.isatty() else None))


@click.command(epilog=examples("trivium sessions show SESSION_ID --last 10"))
@click.argument("session_id")
@click.option(
    "--last", type=click.IntRange(1, 10_000), default=NEWEST, show_default=True, help="So many entries of its history, the newest."
)
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON, with its entries.")
@way_options
def show(to: Opener, session_id: str, last: int, as_json: bool) -> None:
    """Show a session and what was done in it."""

    async def read() -> tuple[Json, list[Json], list[Json]]:
        async with to() as way:
            return *await _history(way, session_id, last), await _pending(way, session_id)

    session, entries, pending = finish(read())
    if as_json:
        click.echo(json.dumps({**session, "entries": entries, "pendingPermissions": pending}, ensure_ascii=False))
        return
    record = {name: value for name, value in session.items() if name not in UNSHOWN}
    click.echo(rendered(json.dumps(record, ensure_ascii=False)) + "\n")
    _show_history(Screen(beside=False), session, entries, pending)


@click.command(epilog=examples("trivium sessions attach SESSION_ID"))
@click.argument("session_id")
@way_options
def attach(to: Opener, session_id: str) -> None:
    """Show what happens in a session, as it happens.

    It ends when the session is closed, or has failed. Ctrl-C leaves; the session goes on.
    """
    with suppress(KeyboardInterrupt):
        finish(_attached(to, session_id))
        return
    sys.exit(INTERRUPTED)


@click.command(epilog=examples("trivium sessions stop SESSION_ID", "trivium sessions stop SESSION_ID --disconnect"))
@click.argument("session_id")
@click.option("--disconnect", is_flag=True, help="Only end its process: the next prompt starts it again.")
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
@way_options
def stop(to: Opener, session_id: str, disconnect: bool, as_json: bool) -> None:
    """Close a session, or only end its process.

    In a session that is closed prompts that wait are not sent. Its history stays.
    """

    async def stopped() -> Json:
        async with to() as way:
            return await way.call("disconnect_session" if disconnect else "close_session", sessionId=session_id)

    session = finish(stopped())
    click.echo(json.dumps(session, ensure_ascii=False) if as_json else f"{session['id']} is {session['status']}.")
    if not as_json:
        again = f'`trivium run --session {session_id} "…"`' if session["status"] != "closed" else f"`trivium sessions resume {session_id}`"
        click.echo(f"{again} starts it again.", err=True)


async def _attached(to: Opener, session_id: str) -> None:
    async with to() as way, way.following() as facts:
        session, entries = await _history(way, session_id, LATEST)
        screen = Screen(beside=False)
        _show_history(screen, session, entries, await _pending(way, session_id))
        if session["status"] not in OVER:
            await _followed(way, facts, session, screen)


async def _followed(way: Way, facts: Facts, session: Json, screen: Screen) -> None:
    async for page in facts:
        for fact in page:
            what, data = fact["name"], fact.get("data") or {}
            if what == "permission.requested" and data.get("sessionId") == session["id"]:
                permission = await way.call("get_permission", permissionId=fact["recordId"])
                screen.tell(*lines_of_permission(permission), ANSWERING.format(id=permission["id"]), dim=False)
            if fact["recordId"] != session["id"] or fact["version"] <= session["version"]:
                continue  # what happened by then was in the history
            for update in data.get("updates", ()):
                screen.update(update)
            status = what.removeprefix("session.")
            if status in (*OVER, "dormant", "deleted"):
                screen.tell(_standing(status, data.get("reason")))
                if status != "dormant":
                    return


async def _history(way: Way, session_id: str, last: int) -> tuple[Json, list[Json]]:
    """Of one moment; where too much happens for that, its end may be told twice."""
    for _ in range(TRIES):
        session = await way.call("get_session", sessionId=session_id)
        entries: list[Json] = (await way.call("read_session_history", sessionId=session_id, lastN=last))["sessionEntries"]
        if (await way.call("get_session", sessionId=session_id))["version"] == session["version"]:
            break
    return session, entries


async def _pending(way: Way, session_id: str) -> list[Json]:
    return [one async for one in every(way, "list_permissions", "permissions", sessionId=session_id, status="pending")]


def _show_history(screen: Screen, session: Json, entries: list[Json], pending: list[Json]) -> None:
    earlier = entries[0]["number"] - 1 if entries else 0
    if earlier:
        screen.tell(f"({earlier:,} earlier entries)")
    for entry in entries:
        screen.update(entry["update"])
    screen.end()
    for permission in pending:
        screen.tell(*lines_of_permission(permission), ANSWERING.format(id=permission["id"]), dim=False)
    if session["status"] in (*OVER, "dormant"):
        screen.tell(_standing(session["status"], session.get("reason")))


def _standing(status: str, reason: str | None) -> str:
    return f"The session is {status}: {reason}" if reason else f"The session is {status}."


def _active_at(session: Json) -> str:
    return str(session.get("activeAt") or session["createdAt"])


def _row(session: Json) -> Json:
    from hub.domain.model import utc_now

    seconds = max((utc_now() - datetime.fromisoformat(_active_at(session))).total_seconds(), 0)
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), UNITS[-1])
    shown = {name: session.get(name) for name in ("id", "name", "provider", "status", "state")}
    return {**shown, "waiting": len(session["queue"]), "age": f"{int(seconds // size)} {unit}"}
