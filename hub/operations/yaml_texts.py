"""YAML that somebody sends: as much of it as JSON has, so that a few lines are never a document without end."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from hub.domain.errors import Invalid

if TYPE_CHECKING:
    from yaml import SafeLoader

LONGEST = 50_000
"""Characters: reading them takes a tenth of a second, in which the hub does nothing else."""
OTHERWISE = frozenset({"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"})
"""Words that YAML 1.1 takes for more than JSON, or for too much."""


def json_of(text: str) -> bytes:
    """The same as JSON. Raises Invalid."""
    try:
        raw = orjson.dumps(_parsed(text))
    except (TypeError, ValueError, RecursionError):
        raise Invalid("yamlContent: it has values that JSON does not know, like sets or numbers of more than 64 bits.") from None
    if b"\\u0000" in raw:
        raise Invalid("yamlContent: it holds a NUL character, which no text may.")
    return raw


def _parsed(text: str) -> Any:
    from yaml import MarkedYAMLError, YAMLError

    loader = None
    try:
        loader = _loader()(text)
        return loader.get_single_data()
    except MarkedYAMLError as error:
        line = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Invalid(f"yamlContent: it is no YAML{line}: {error.problem}.") from None
    except (YAMLError, ValueError, RecursionError):
        raise Invalid("yamlContent: it is no YAML: it has signs or numbers that cannot be, or is nested too deep.") from None
    finally:
        if loader:
            loader.dispose()


@cache
def _loader() -> "type[SafeLoader]":
    """No dates, `on` and `yes` are words, and no aliases."""
    from yaml import AliasEvent, SafeLoader
    from yaml.composer import ComposerError

    class PlainLoader(SafeLoader):
        yaml_implicit_resolvers = {
            first: [one for one in resolvers if one[0] not in OTHERWISE] for first, resolvers in SafeLoader.yaml_implicit_resolvers.items()
        }

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(AliasEvent):
                raise ComposerError(problem="aliases (*name) are not taken")
            return super().compose_node(parent, index)

    PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(?:true|True|TRUE|false|False|FALSE)$"), [*"tTfF"])
    return PlainLoader
