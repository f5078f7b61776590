"""`doctor`: what is right and wrong with this installation."""

import json
import os
from typing import Any

import click

from hub.cli.options import database_option, examples, finish, setting_options
from hub.databases import SettingsError
from hub.settings import config_path, load, unknown


@click.command(epilog=examples("trivium doctor", "trivium doctor --db sqlite:hub.db --json"))
@setting_options("host", "port")
@database_option
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool, **given: Any) -> None:
    """Look at the settings, the database and the port, and say what to do about what is wrong.

    The exit code is 1 when something is wrong.
    """
    findings = finish(_findings(given))
    if as_json:
        click.echo(json.dumps([{"ok": ok, "what": what, "nextStep": step} for ok, what, step in findings]))
    else:
        for ok, what, step in findings:
            mark = (
                click.style("WRONG", fg="red")
                if not ok
                else click.style("note ", fg="yellow")
                if step
                else click.style("ok   ", fg="green")
            )
            click.echo(f"{mark} {what}" + (f"\n      {step}" if step else ""))
    if not all(ok for ok, _, _ in findings):
        raise SystemExit(1)


async def _findings(given: dict[str, Any]) -> list[tuple[bool, str, str]]:
    from hub.doctor import examined
    from hub.main import opened

    try:
        settings = load(os.environ, given)
    except SettingsError as error:
        return [(False, str(error), "Set it right, and look again.")]
    strangers = [(True, told, "Unset it, or write it as `trivium serve --help` does.") for told in unknown(os.environ)]
    return strangers + [finding async for finding in examined(settings, config_path(os.environ), opened)]
