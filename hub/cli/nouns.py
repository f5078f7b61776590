"""A group of commands for each noun of the catalogue: `trivium tasks list`, `trivium notes show spec`.

The noun is the one in the operation's grant, because it is what a reader thinks of: claiming is done to tasks.
"""

import sys
from shutil import get_terminal_size
from typing import Any

import click

from hub.cli import permissions, sessions
from hub.cli.asking import add
from hub.cli.calling import answer
from hub.cli.fields import InputField, fields_of
from hub.cli.options import database_option, examples, settings_of_existing, standard_input_text
from hub.cli.registering import add_provider
from hub.cli.tables import rendered
from hub.operations import OPERATIONS
from hub.operations.base import Operation

LINKING = ("to", "from")
"""Words at the end of a name that only led to the noun."""
SAME = {"mail": ("message", "messages", "inbox"), "reservations": ("files",), "clones": ("repository",)}
"""What a noun is also called, at the end of a name."""
BY_HAND: dict[str, dict[str, click.Command]] = {
    "agents": {"add": add},
    "sessions": {"list": sessions.list_, "show": sessions.show, "attach": sessions.attach, "stop": sessions.stop},
    "providers": {"add": add_provider},
    "permissions": {"list": permissions.list_, "answer": permissions.answer, "watch": permissions.watch},
}
"""Commands of a noun that do more than one operation, or show it better. One that is made and has the same name goes by its whole name."""
Noun = click.Command
MEANINGS = {
    "git": "Git: what is done in a codebase and its worktrees, from staging to rebasing, and with branches.",
    "permission_policies": "Permission policies: what agents may do without asking, and what they may never do.",
}
"""What a noun is that has no module of its own name."""
EXAMPLES = {
    "workspaces": 'trivium workspaces create --title "The shop"',
    "agents": "trivium agents create --name Ada --role DEVELOPER",
    "tasks": 'trivium tasks create --title Login --objective "A login page that works" --priority high',
    "notes": "trivium notes set-content spec --content - < spec.md",
    "mail": "trivium mail read --agent-id AGENT_ID",
    "reservations": "trivium reservations reserve --agent-id AGENT_ID --paths 'src/**'",
    "mcp_servers": "trivium mcp-servers create --name files --type stdio --command uvx --args mcp-files",
    "providers": "trivium providers create --id mine --command my-agent --args acp --env-names MY_API_KEY",
    "sessions": 'trivium run opencode "Fix the failing test"',
    "permissions": "trivium permissions answer PERMISSION_ID allow",
    "permission_policies": "trivium permission-policies save --effect allow --tool-kind read",
    "remote_agents": "trivium agents add https://agents.example.com",
    "specialists": "trivium specialists update gate --model opus",
    "skills": "trivium skills show NAME",
    "events": "trivium events list --kinds task --after 100",
}


class NounGroup(click.Group):
    """An operation is also known by its whole name: `reservations reserve-files` is `reservations reserve`."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        whole = (made for made in self.commands.values() if isinstance(made, OperationCommand) and made.whole_name == cmd_name)
        return super().get_command(ctx, cmd_name) or next(whole, None)


def noun_of(operation: Operation) -> str:
    return operation.grant.partition(".")[0]


def command_names(noun: str, operations: list[Operation]) -> dict[str, Operation]:
    """The operations by what they are called under their noun: create_task is `create`; a second `delete` is `delete-tasks`."""
    named: dict[str, Operation] = {}
    for operation in operations:
        words = operation.name.split("_")
        short = [word for word in words if word not in (*noun.split("_"), *singular(noun).split("_"))]
        while short and short[-1] in (*LINKING, *SAME.get(noun, ())):
            short.pop()
        for at, word in enumerate(short):
            short[at] = "show" if word == "get" else word
        name = "-".join(short)
        named["-".join(words) if not name or name in named else name] = operation
    return named


def singular(noun: str) -> str:
    return f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")


def _typed(noun: str) -> str:
    return noun.replace("_", "-")


def nouns() -> dict[str, Noun]:
    """A noun that has only one operation is that command itself."""
    grouped: dict[str, list[Operation]] = {}
    for operation in OPERATIONS.values():
        grouped.setdefault(noun_of(operation), []).append(operation)
    made: dict[str, Noun] = {}
    for noun, operations in grouped.items():
        if len(operations) == 1:
            made[_typed(noun)] = command(_typed(noun), noun, operations[0])
        else:
            named = command_names(noun, operations)
            commands: dict[str, click.Command] = {name: command(name, noun, operation) for name, operation in named.items()}
            for name, better in BY_HAND.get(noun, {}).items():
                if name in commands:
                    commands[named[name].name.replace("_", "-")] = hidden = commands.pop(name)
                    hidden.hidden = True
                commands[name] = better
            told = MEANINGS.get(noun) or _meaning(noun, operations[0])
            epilog = examples(EXAMPLES[noun]) if noun in EXAMPLES else None
            made[_typed(noun)] = NounGroup(_typed(noun), commands, help=told, no_args_is_help=True, epilog=epilog)
    return made


def _meaning(noun: str, first: Operation) -> str:
    """The module of that name says it, else that of the noun's first operation."""
    module = sys.modules.get(f"hub.operations.{noun}") or sys.modules[first.handler.__module__]
    return (module.__doc__ or "").partition(". ")[0].rstrip(".\n") + "."


def command(name: str, noun: str, operation: Operation) -> click.Command:
    """Its parameters are made when it is run or asked for help: the schemas of all operations take half a second."""
    made = OperationCommand(name, callback=None, help=operation.description, short_help=operation.description.partition(". ")[0])
    made.noun, made.operation = noun, operation
    return made


class OperationCommand(click.Command):
    noun: str
    operation: Operation
    _fields: list[InputField] | None = None

    @property
    def whole_name(self) -> str:
        return self.operation.name.replace("_", "-")

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        if self._fields is None:
            self._fields = fields_of(self.operation)
            self.params = self._parameters(self._fields)
        return super().get_params(ctx)

    def invoke(self, ctx: click.Context) -> None:
        as_json, settings = ctx.params["as_json"], settings_of_existing(ctx.params["db"])
        arguments = self._arguments(ctx)
        if arguments.get("content") == "-":
            arguments["content"] = standard_input_text()
        said = answer(settings, self.operation.name, arguments, document=as_json)
        click.echo(said if as_json else rendered(said, get_terminal_size().columns if sys.stdout.isatty() else None))

    def _arguments(self, ctx: click.Context) -> dict[str, Any]:
        """What was said, by its names on the wire. Raises UsageError when something is missing."""
        given, main = dict(ctx.params), self._main
        if main and given["main"] is not None:
            if given[main.name] not in (None, given["main"]):
                raise click.UsageError(f"{_metavar(main)} and {main.option} are not the same: give one of them.", ctx)
            given[main.name] = given["main"]
        fields = self._fields or ()
        for field in fields:
            if field.required and given[field.name] in (None, ()):
                missing = f"argument {_metavar(field)!r}" if field == main else f"option {field.option!r}"
                raise click.UsageError(f"Missing {missing}.", ctx)
        return {field.alias: given[field.name] for field in fields if given[field.name] not in (None, ())}

    @property
    def _main(self) -> InputField | None:
        """The field that may be given without naming it: the noun's own id, or the one thing that a lone command needs."""
        fields = self._fields or ()
        name = singular(self.noun)
        names = (f"{name}_id", f"{name.rpartition('_')[2]}_id", *(() if self.operation.writes else ("name",)))
        own = [field for field in fields if field.name in names]
        alone = [field for field in fields if field.required] if self.name == self.noun else []
        return next(iter(own or alone), None)

    def _parameters(self, fields: list[InputField]) -> list[click.Parameter]:
        main = self._main
        options = [field.parameter(field.required and field != main) for field in fields]
        options += [click.Option(["--json", "as_json"], is_flag=True, help="Print the answer's JSON, exactly as `trivium call` does.")]
        if main:
            options[fields.index(main)].help = f"Another way to give {main.name.upper()}."
        shared = database_option(click.Command("shared")).params
        return [*([click.Argument(["main"], required=False, metavar=_metavar(main))] if main else []), *options, *shared]


def _metavar(main: InputField) -> str:
    return main.name.upper() if main.required else f"[{main.name.upper()}]"
