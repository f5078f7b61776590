"""From the fields of an input model to the options of a command."""

import json
from dataclasses import dataclass
from typing import Any

import click

from hub.operations.base import Operation

WEB_ONLY = ("create_git_hub_issue", "repo_path", "sync_to_git_hub")
"""Accepted because the web frontend says them; nobody needs to type them."""


class JsonValue(click.ParamType[Any]):
    name = "JSON"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return json.loads(value)
        except ValueError:
            self.fail(f'{value!r} is not JSON. Quote it for the shell, like \'{{"name": "value"}}\'.', param, ctx)


@dataclass(frozen=True, slots=True)
class InputField:
    """A field as its JSON schema tells of it, which is the same for every way to declare the field."""

    name: str
    alias: str
    required: bool
    schema: dict[str, Any]
    changes: bool
    """Of an operation that leaves as it is what is not said: the default is not what happens."""

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def shape(self) -> dict[str, Any]:
        """Without the null that stands for a field left out."""
        kinds = [kind for kind in self.schema.get("anyOf", ()) if kind.get("type") != "null"]
        return kinds[0] if kinds else self.schema

    @property
    def many(self) -> bool:
        return self.shape.get("type") == "array"

    def parameter(self, required: bool) -> click.Option:
        item = self.shape.get("items", {}) if self.many else self.shape
        flags = f"{self.option}/--no-{self.option[2:]}" if item.get("type") == "boolean" else self.option
        kind = None if item.get("type") == "boolean" else _type(item)
        return click.Option(
            [flags, self.name], type=kind, multiple=self.many, default=None, required=required, help=self._help(),
            hidden=self.name in WEB_ONLY, metavar=None if isinstance(kind, click.Choice | None) else kind.name.upper(),
        )  # fmt: skip

    def _help(self) -> str:
        default = self.schema.get("default")
        parts = [" ".join(self.schema.get("description", "").split())]
        parts += ["Repeatable."] if self.many else []
        parts += ["- reads standard input."] if self.name == "content" else []
        if default not in (None, "", [], {}) and not self.changes:
            parts.append(f"[default: {str(default).lower() if isinstance(default, bool) or 'enum' in self.shape else default}]")
        return " ".join(part for part in parts if part)


def fields_of(operation: Operation) -> list[InputField]:
    """What must be said stands first, what is seldom said last."""
    schema = operation.input.model_json_schema(by_alias=True)
    required = schema.get("required", ())
    models = operation.input.model_fields
    aliases = {name: field.alias or name for name, field in models.items()}
    changes = operation.name.startswith("update_")
    fields = [InputField(name, alias, alias in required, schema["properties"][alias], changes) for name, alias in aliases.items()]
    return sorted(fields, key=lambda field: (not field.required, field.name == "idempotency_key"))


def _type(item: dict[str, Any]) -> click.ParamType[Any]:
    if names := item.get("enum"):
        return click.Choice(names, case_sensitive=False)
    match item.get("type"):
        case "integer" if "minimum" in item or "maximum" in item:
            return click.IntRange(item.get("minimum"), item.get("maximum"))
        case "integer":
            return click.INT
        case "number":
            return click.FLOAT
        case "string":
            return click.STRING
        case _:
            return JsonValue()
