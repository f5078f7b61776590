"""`run`: a coding agent is given a prompt in a session, and what it does is shown as it does it."""

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from hub.cli.options import INTERRUPTED, examples, finish, standard_input_text
from hub.cli.ways import Opener, way_options

if TYPE_CHECKING:
    from hub.cli.questions import Decision


@click.command(epilog=examples('trivium run opencode "Fix the failing test"', 'trivium run --session ID "And now the docs" --allow'))
@click.argument("words", nargs=-1, metavar="[AGENT] PROMPT")
@click.option("--session", "session_id", metavar="ID", help="Go on with this session; AGENT is left out then.")
@click.option("--cwd", metavar="DIR", help="The folder that it works in (default: this one).")
@click.option("--name", metavar="NAME", help="What the session is called.")
@click.option("--mode", metavar="ID", help="One of the modes that the agent offers.")
@click.option("--specialist", metavar="ID", help="The specialist whose instructions it works by.")
@click.option("--workspace-id", metavar="ID", help="The workspace that the session is of.")
@click.option("--allow", "--yes", "decision", flag_value="allow", help="Allow everything that is asked in this run.")
@click.option("--deny", "decision", flag_value="deny", help="Deny everything that is asked in this run.")
@click.option("--json", "as_json", is_flag=True, help="Print what happens as /api/events tells it, an object a line.")
@way_options
def run(
    to: Opener, words: tuple[str, ...], session_id: str | None, decision: "Decision | None", as_json: bool, **given: str | None
) -> None:
    """Have AGENT work on PROMPT in a new session, and show what it does; PROMPT - reads standard input.

    AGENT is a coding agent like opencode or claude, or an agent of the hub by its id or name. What it says is the output. What it asks,
    you answer on the terminal. Without --url it works on the database: a hub that serves on it runs the session, or else this command
    does. Ctrl-C cancels the turn, a second one leaves.

    Exit code 0: done; 1: failed, or an error; 3: refused; 4: cancelled; 5: it asks, and nobody answers.
    """
    agent, text = _agent_and_prompt(words, session_id)
    if session_id and (wrong := next((name for name in ("cwd", "specialist", "workspace_id") if given[name]), None)):
        raise click.UsageError(f"--{wrong.replace('_', '-')} is for a new session. Leave it out, or leave --session out.")
    if given["cwd"]:
        given["cwd"] = os.path.abspath(given["cwd"])
    from hub.cli.runs import ran
    from hub.cli.transcripts import Screen

    begin = {"session_id": session_id, "agent": agent, "text": standard_input_text() if text == "-" else text, **given}
    with suppress(KeyboardInterrupt):
        sys.exit(finish(ran(to, begin, decision, Screen(as_json))))
    sys.exit(INTERRUPTED)


def _agent_and_prompt(words: tuple[str, ...], session_id: str | None) -> tuple[str, str]:
    wanted = 1 if session_id else 2
    if len(words) != wanted:
        shape = 'trivium run --session ID "PROMPT"' if session_id else 'trivium run AGENT "PROMPT"'
        raise click.UsageError(f"Write {shape}, with quotes around the prompt.")
    return ("" if session_id else words[0]), words[-1]
