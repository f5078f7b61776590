"""The command line. Every command but `connect` works on the database itself, so none but `serve` needs a port."""

import errno
import os
import sys
from typing import Any

import click

from hub.cli.asking import ask
from hub.cli.calling import call
from hub.cli.clients import client
from hub.cli.connecting import connect
from hub.cli.examining import doctor
from hub.cli.moving import export, import_
from hub.cli.options import Failure
from hub.cli.parity import parity
from hub.cli.running import run
from hub.cli.serving import acp, mcp, serve
from hub.version import VERSION


class Commands(click.Group):
    """The commands written by hand, and a group for each noun of the catalogue, which is imported only when it is needed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """No command means `serve`, also with its options."""
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "-h", "--version")):
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or self._nouns().get(cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *self._nouns()]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in (("Commands", self.commands), ("What the hub holds", self._nouns())):
            with formatter.section(title):
                formatter.write_dl([(name, command.get_short_help_str(100)) for name, command in commands.items()])

    def _nouns(self) -> dict[str, click.Command]:
        from hub.cli.nouns import nouns

        return nouns()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(VERSION, prog_name="trivium")
def commands(**_: Any) -> None:
    """The hub where coding agents meet: tasks, notes, mail and file reservations, shared over MCP, JSON-RPC and REST.

    Plain `trivium` starts it on this machine.
    """


for command in (serve, mcp, acp, connect, ask, run, doctor, call, client, export, import_, parity):
    commands.add_command(command)


def main() -> None:
    _open_standard_streams()
    try:
        commands(prog_name="trivium")
    except OSError as error:
        left = _unwritten()  # a long text is written past what is kept back, and leaves nothing there
        if not left and (error.filename or error.errno not in (errno.ENOSPC, errno.EPIPE)):
            raise
        Failure(f"cannot write the output: {error.strerror or error}").show()
        sys.exit(1)


def _open_standard_streams() -> None:
    """Whoever closed one of the three must not have the event loop or the database take its number."""
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:  # the lowest number that is free is this one
            setattr(sys, name, open(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _unwritten() -> bool:
    """Whether there is output that cannot be written. It is let go, so that the interpreter does not try once more."""
    failed = False
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            failed = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return failed
