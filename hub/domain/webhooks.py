"""What GitHub tells of a repository, who is told of it here, and what became of that."""

import re
from collections.abc import Iterator
from typing import ClassVar, Literal

import orjson
from pydantic import JsonValue

from hub.domain.mcp_servers import MASK
from hub.domain.model import Record, Value

REPO = r"^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$"
"""owner/name; a name is more than dots."""
LogOutcome = Literal["triggered", "skipped", "error"]
LONGEST_PAYLOAD = 20_000
"""Characters of an event's JSON that are kept and told. A longer one is left out."""
LONGEST_FILLING, MOST_PLACES = 20_000, 20
"""Characters that stand for one place in a template, and places that are filled in."""
DEFAULT_TEMPLATE = "GitHub told of {event} {action} in {repo}, by {sender}: {title}\n{url}\n\n{body}"
Payload = dict[str, JsonValue]
SUBJECTS = ("issue", "pull_request", "check_run", "check_suite", "workflow_run", "workflow_job", "discussion", "release")
"""What an event may be about, as its payload names it."""


class WebhookConfig(Record):
    kind: ClassVar[str] = "webhook_config"
    plural: ClassVar[str] = "configs"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "repo")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",), ("repo",))

    workspace_id: str
    name: str
    repo: str
    """owner/name."""
    github_token: str | None = None
    """Sealed."""
    webhook_secret: str
    """Sealed. GitHub signs with it whatever it sends."""
    event_types: tuple[str, ...]
    label_filter: tuple[str, ...] = ()
    """Only events of what has one of these labels; none: all."""
    trigger_agent_id: str
    """Of the provider or the specialist that the tasks are for."""
    workflow_id: str | None = None
    """The workflow to run instead of a single task."""
    enabled: bool = True
    prompt_template: str | None = None

    def column(self, name: str) -> str | None:
        """GitHub's names are the same in small and capital letters."""
        value = super().column(name)
        return value.lower() if value and name == "repo" else value

    def shown(self) -> "WebhookConfig":
        """As a caller may see it."""
        return self.model_copy(update={"github_token": MASK if self.github_token else None, "webhook_secret": MASK})

    def skips(self, event: str, payload: Payload) -> str | None:
        """Why it does nothing about the event, if it does not."""
        if event not in self.event_types:
            return f"It is for {', '.join(self.event_types)}."
        if self.label_filter and not set(self.label_filter) & set(labels(payload)):
            return f"None of its labels is there: {', '.join(self.label_filter)}."
        return None

    def prompt(self, event: str, payload: Payload) -> str:
        about = _about(payload)
        filling = {
            "event": event, "action": _text(payload, "action"), "repo": self.repo, "sender": _text(_object(payload, "sender"), "login"),
            "title": _text(about, "title") or _text(about, "name"), "number": _text(about, "number"),
            "url": _text(about, "html_url") or _text(_object(payload, "repository"), "html_url"),
            "body": _text(_object(payload, "comment"), "body") or _text(about, "body"), "payload": kept(payload) or "",
        }  # fmt: skip
        template = self.prompt_template or DEFAULT_TEMPLATE
        filled = re.sub(r"\{(\w+)\}", lambda found: filling.get(found[1], found[0])[:LONGEST_FILLING], template, count=MOST_PLACES)
        return filled.strip() or f"GitHub told of {event} in {self.repo}."


class WebhookLog(Record):
    kind: ClassVar[str] = "webhook_log"
    plural: ClassVar[str] = "logs"
    columns: ClassVar[tuple[str, ...]] = ("workspace_id", "config_id")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("workspace_id",), ("config_id",))

    workspace_id: str
    config_id: str
    delivery: str
    """GitHub's own id of what it sent."""
    event_type: str
    event_action: str | None = None
    payload: Payload | None = None
    """Left out of what was skipped, and where it is long."""
    background_task_id: str | None = None
    workflow_run_id: str | None = None
    signature_valid: bool = True
    """What nobody signed is refused, and not logged."""
    outcome: LogOutcome
    error_message: str | None = None
    """Also why it was skipped."""


class GithubHook(Value):
    """A webhook of a repository, as GitHub knows it."""

    id: int
    url: str
    """Where GitHub sends its events to."""
    events: tuple[str, ...] = ()
    active: bool = True


def labels(payload: Payload) -> Iterator[str]:
    for part in (_object(payload, "issue"), _object(payload, "pull_request")):
        listed = part.get("labels")
        yield from (_text(one, "name") for one in (listed if isinstance(listed, list) else ()) if isinstance(one, dict))
    yield _text(_object(payload, "label"), "name")


def repo_of(payload: Payload) -> str:
    """In small letters; empty for none."""
    return _text(_object(payload, "repository"), "full_name").lower()


def kept(payload: Payload) -> str | None:
    text = orjson.dumps(payload).decode()
    return text if len(text) <= LONGEST_PAYLOAD else None


def _about(payload: Payload) -> Payload:
    return next((found for name in SUBJECTS if (found := _object(payload, name))), {})


def _object(payload: Payload, name: str) -> Payload:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}


def _text(payload: Payload, name: str) -> str:
    found = payload.get(name)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
