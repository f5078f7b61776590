"""From an operation's answer to a CallToolResult as JSON: its text first, then hints, then links to the records it names.

An answer that is too long for a model's context is cut where it can be read on.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from hub.domain.errors import Invalid
from hub.operations.agents import AgentViews
from hub.operations.base import Listing, Output
from hub.operations.notes import Conversion
from hub.operations.search import SearchResult
from hub.operations.tasks import ReadyTasks
from hub.operations.waiting import Waited
from hub.ports import Json
from protocols.mcp.pages import cut, size
from protocols.mcp.shortening import dumped, shortened
from protocols.mcp.uris import TEMPLATES, uri

LIMIT = 76_000
"""Bytes of an answer's text: about 19,000 tokens. With hints and links it stays below 20,000, where clients begin to cut."""
LINKS = 10
"""Links to records in one result."""
NAMED: dict[type, tuple[str, ...]] = {
    AgentViews: ("agents",), ReadyTasks: ("tasks",), SearchResult: ("hits",), Waited: ("task",), Conversion: ("note", "tasks"),
}  # fmt: skip
"""Results that name records, one or many, and in which fields."""


def completed(name: str, output: Output, arguments: Mapping[str, Any], links: bool, writes: bool, offset: int | None) -> str:
    """`offset` asks for a part of the text, from that character on. Raises Invalid when the text ends before."""
    text = output.to_json()
    if offset is None and size(text) <= LIMIT:
        return result(text, (), _links(output, LINKS) if links else "")
    if offset is None and (page := cut(name, output, text, arguments, LIMIT)):
        return result(page.text, (page.hint,), _links(output, min(page.shown, LINKS)) if links else "")
    structured = dumped(shortened(orjson.loads(text), LIMIT))
    shown = _links(output, LINKS) if links else ""
    if writes:
        return result(structured, ("It was done. This answer is cut: what is long in it ends with …",), shown)
    part, hint = _part(name, text, offset or 0)
    return result(part, (hint,), shown, structured)


def result(text: str, hints: Sequence[str] = (), links: str = "", structured: str | None = None) -> str:
    """`structured` is the text itself unless it is given."""
    told = "".join(f",{_text(hint)}" for hint in hints)
    return f'{{"content":[{_text(text)}{told}{links}],"structuredContent":{structured or text},"isError":false}}'


def failed(document: Json) -> str:
    return f'{{"content":[{_text(dumped(document))}],"isError":true}}'


def _text(text: str) -> str:
    return f'{{"type":"text","text":{dumped(text)}}}'


def _part(name: str, text: str, offset: int) -> tuple[str, str]:
    """What fits of the text from a character on, and how to go on."""
    if not 0 <= offset < len(text):
        raise Invalid(f"offset: the answer has {len(text)} characters, counted from 0.")
    part = text[offset : offset + LIMIT]
    if not part.isascii():
        part = part.encode()[:LIMIT].decode(errors="ignore")
    end = offset + len(part)
    shown = f"These are characters {offset} to {end - 1} of {len(text)} of the answer's JSON."
    if end == len(text):
        return part, f"{shown} It ends here."
    return part, f"{shown} Call {name} again with the same arguments and offset={end} for the next."


def _links(output: Output, most: int) -> str:
    """As items of `content`, each with a comma before it."""
    if isinstance(output, Listing):
        if output.type.kind not in TEMPLATES:
            return ""
        kind = output.type.kind
        named: Iterator[Json] = map(orjson.loads, output.bodies[:most])
        return "".join(_link(kind, one.get("workspaceId"), one["id"], one.get("title") or one.get("name")) for one in named)
    fields = NAMED.get(type(output))
    return "".join(_linked(one) for one in [*_named(output, fields)][:most]) if fields else _linked(output)


def _named(output: Output, fields: tuple[str, ...]) -> Iterator[object]:
    for field in fields:
        value = getattr(output, field)
        yield from value if isinstance(value, tuple) else (value,)


def _linked(one: Any) -> str:
    """One of a Record, a hit of a search, or a task made from a note; of anything else none."""
    kind, id_ = getattr(one, "kind", None), getattr(one, "id", None)
    if kind is None and (id_ := getattr(one, "task_id", None)):
        kind = "task"
    if kind not in TEMPLATES or id_ is None:
        return ""
    return _link(kind, getattr(one, "workspace_id", None), id_, getattr(one, "title", None) or getattr(one, "name", None))


def _link(kind: Any, workspace_id: str | None, id_: str, title: str | None) -> str:
    ids = {"workspaceId": workspace_id or "", f"{kind}Id": id_}
    return f',{{"type":"resource_link","uri":{dumped(uri(kind, **ids))},"name":{dumped(title or id_)}}}'
