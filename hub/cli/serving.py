"""`serve` and `mcp`: the hub as a process that others talk to."""

import json
import os
from dataclasses import replace
from typing import Any

import click

from hub.addresses import MCP, exposed
from hub.cli.options import database_option, examples, finish, setting_options, settings_from
from hub.settings import PORT, ROWS, VARIABLES, Settings, config_path, unknown


class ServeCommand(click.Command):
    """Its help lists where else the settings may stand."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Settings, also as variables"):
            formatter.write_text(", ".join([*(row.variable for row in ROWS), *VARIABLES, "DATABASE_URL"]))
            formatter.write_text(f"Or as lines of {config_path(os.environ)}, like port = {PORT}.")
        super().format_epilog(ctx, formatter)


@click.command(
    cls=ServeCommand,
    epilog=examples("trivium serve", "trivium serve --port 0 --db memory:", "trivium serve --db postgresql://hub@db.example.com/trivium"),
)
@setting_options("host", "port", "grpc_port", "ui")
@database_option
@setting_options("agents")
@setting_options("auth", "public_url", "oauth_issuer", "oauth_audience", "oauth_tenant_claim")
@setting_options("durability", "log_format", "log_level", "allowed_hosts", "allowed_origins", "max_body_bytes", "shutdown_seconds")
@click.option("--ready-json", is_flag=True, help="Print one line of JSON on standard output as soon as the hub answers.")
@click.option("--conformance", is_flag=True, hidden=True, help="Serve the MCP conformance suite's fixtures at /mcp.")
def serve(ready_json: bool, conformance: bool, **given: Any) -> None:
    """Start the hub; Ctrl-C stops it. This is also what plain `trivium` does."""
    settings = replace(settings_from(**given), conformance=conformance)
    from hub import logs, main

    logs.set_up(settings)
    for told in unknown(os.environ):
        main.log.warning("%s", told)

    def ready(started: main.Started) -> None:
        if settings.log_format == "json":
            main.log.info("listening at %s, database %s", started["url"], started["database"])
        else:
            click.echo(welcome(started, settings), err=True)
        if ready_json:
            click.echo(json.dumps(started))

    finish(main.serve(settings, ready))


@click.command(epilog='\b\nExample, in an MCP client\'s configuration:\n  {"command": "trivium", "args": ["mcp"]}')
@click.option(
    "--profile", type=click.Choice(("core", "coordination", "kanban", "full")), default="core", show_default=True,
    help="Which tools: core, what an agent needs every day; coordination, to lead others too; kanban, to plan; or full.",
)  # fmt: skip
@database_option
@setting_options("durability", "log_format", "log_level")
def mcp(profile: str, **given: Any) -> None:
    """Serve one MCP client over standard input and output.

    The client starts this by itself. Many may run at once over the same database, also beside `trivium serve`.
    """
    settings = settings_from(**given)
    from hub import logs, main

    logs.set_up(settings)
    finish(main.stdio(settings, profile))


@click.command(
    epilog='\b\nExample, in the settings of Zed:\n'
    '  "agent_servers": {"Trivium": {"type": "custom", "command": "trivium", "args": ["acp"]}}'
)  # fmt: skip
@click.option("--agent", metavar="ID", help="Who works in new sessions: an agent of the hub, or a provider (`trivium providers list`).")
@click.option("--workspace", metavar="ID", help="The workspace of new sessions; left out: default.")
@database_option
@setting_options("durability", "log_format", "log_level")
def acp(agent: str | None, workspace: str | None, **given: Any) -> None:
    """Serve an editor that speaks ACP over standard input and output.

    The editor starts this by itself; its agent is whichever of the hub's is chosen there. Many may run at once over the same database,
    also beside `trivium serve`: all see the same sessions.
    """
    settings = settings_from(**given)
    from hub import logs, main

    logs.set_up(settings)
    finish(main.acp(settings, agent, workspace))


def welcome(started: dict[str, Any], settings: Settings) -> str:
    from hub.clients import CLIENTS

    doors = started["doors"]
    lines = [f"Trivium {started['version']} listens at {started['url']}", f"  database   {started['database']}"]
    lines += [f"  {name:<10} {doors[name]}" for name in ("docs", "mcp", "acp", "a2a", "rpc", "events", "health")]
    if settings.ui:
        lines.append(f"  ui         {started['url']}/, from {settings.ui}")
    if settings.auth_required:
        lines.append("  tokens     required: `trivium tokens create --name NAME` makes one, for Authorization: Bearer TOKEN")
    if settings.oauth_issuer:
        lines.append(f"  oauth      access tokens of {settings.oauth_issuer} for {settings.oauth_audience or settings.url + MCP}")
    if caution := exposed(settings.host, settings.auth_required):
        lines.append(f"  CAUTION    {caution}")
    if settings.database == "memory:":
        lines.append("  CAUTION    the database is in memory: everything is gone when the hub stops")
    token = " --token TOKEN" if settings.auth_required else ""
    lines += ["", f"Connect an agent (`trivium connect CLIENT{token} --write` does it for you):"]
    lines += [f"  {client.title:<12} {client.in_short(doors['mcp'])}" for client in CLIENTS.values()]
    lines += ["", 'Give a coding agent work, and follow it: trivium run opencode "Fix the failing test"']
    return "\n".join([*lines, "", "Ctrl-C stops the hub."])
