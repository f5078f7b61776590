"""Specialists and skills as people write them: Markdown behind front matter in YAML, or YAML alone.

Of YAML only what a form needs is taken: texts, lists and maps. So `version: 1.0` is a text, and no file grows when it is read.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from hub.domain.errors import Invalid
from hub.domain.model import Instant
from hub.domain.skills import Skill
from hub.domain.specialists import Specialist, SpecialistSource
from hub.operations.base import Input, Name, Text
from hub.operations.specialists import CreateSpecialist
from hub.validation import validated

if TYPE_CHECKING:
    from yaml import BaseLoader

FRONT = re.compile(r"\A---[ \t]*\n(?P<head>.*?)^---[ \t]*(?:\n|\Z)(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)
LARGEST = 256_000
"""Bytes of a file."""
LONGEST_HEAD = 64_000
"""Characters of YAML: its parser is slow. A longer prompt stands below the front matter."""
SAYS = "It begins with ---, lines like `name: A name`, and --- again."

Fields = dict[str, Any]


class Broken(Exception):
    """A file that defines nothing. The message says to its author why."""


class SkillHead(Input):
    """https://agentskills.io/specification: the front matter, without what is for the agent alone."""

    name: Annotated[str, Field(max_length=64, pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    description: Annotated[str, Field(min_length=1, max_length=1024)]
    license: Name | None = None
    compatibility: Annotated[str, Field(max_length=500)] | None = None
    metadata: dict[str, Text] = {}
    content: Text


def decoded(raw: bytes) -> str:
    """Raises Broken."""
    if len(raw) > LARGEST:
        raise Broken(f"It is larger than {LARGEST} bytes.")
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Broken("It is not UTF-8.") from None


def specialist(text: str, name: str, changed: Instant, source: SpecialistSource) -> Specialist:
    """Its id is the file's name, unless it says another one. Raises Broken."""
    stem, _, ending = name.rpartition(".")
    fields = _yaml(text) if ending != "md" else _with_body(text, "systemPrompt")
    if "modelTier" in fields:  # the web backends' files say it so
        fields["defaultModelTier"] = fields.pop("modelTier")
    for upper in fields.keys() & {"role", "defaultModelTier"}:
        fields[upper] = str(fields[upper]).upper()
    if "workspaceId" in fields:
        raise Broken("workspaceId: what a file defines is there in every workspace. Leave it out.")
    given = _checked(CreateSpecialist, {"id": stem, "name": stem, **fields})
    own = {field: getattr(given, field) for field in CreateSpecialist.model_fields if field in Specialist.model_fields}
    return Specialist(**own, source=source, created_at=changed, updated_at=changed)


def skill(text: str) -> Skill:
    """Raises Broken."""
    fields = _with_body(text, "content")
    metadata = fields.get("metadata")
    texts = {name: value for name, value in metadata.items() if isinstance(value, str)} if isinstance(metadata, dict) else {}
    head = _checked(SkillHead, {name: fields[name] for name in fields.keys() & SkillHead.model_fields.keys()} | {"metadata": texts})
    return Skill(**{name: getattr(head, name) for name in SkillHead.model_fields}, short_description=texts.get("short-description"))


def _with_body(text: str, body: str) -> Fields:
    """The front matter's fields, and under the name of `body` what stands below it."""
    parts = FRONT.match(text)
    if parts is None:
        raise Broken(f"There is no front matter. {SAYS}")
    # the first line is the ---, so that an error names the file's own line
    return {**_yaml(f"\n{parts['head']}"), body: parts["body"].strip()}


def _yaml(text: str) -> Fields:
    """The fields that have a value."""
    from yaml import MarkedYAMLError, YAMLError

    if len(text) > LONGEST_HEAD:
        raise Broken(f"Its YAML is longer than {LONGEST_HEAD} characters. Put the prompt into a Markdown file, below the front matter.")
    loader = None
    try:
        loader = _loader()(text)
        said = loader.get_single_data()
    except MarkedYAMLError as error:
        line = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Broken(f"It is no YAML{line}: {error.problem}.") from None
    except (YAMLError, RecursionError):
        raise Broken("It is no YAML: it has signs that no text may have, or is nested too deep.") from None
    finally:
        if loader:
            loader.dispose()
    if not isinstance(said, dict):
        raise Broken(f"It names no fields. {SAYS}")
    return {name: value for name, value in said.items() if value != ""}


@cache
def _loader() -> "type[BaseLoader]":
    """Takes no aliases: a few lines of them would be a document without end."""
    from yaml import AliasEvent, BaseLoader
    from yaml.composer import ComposerError

    class PlainLoader(BaseLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(AliasEvent):
                raise ComposerError(problem="aliases (*name) are not taken")
            return super().compose_node(parent, index)

    return PlainLoader


def _checked(model: type[Input], fields: Fields) -> Any:
    try:
        return validated(model, fields)
    except Invalid as error:
        raise Broken(str(error)) from None
