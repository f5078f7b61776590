"""The ways to fail, by meaning. Only these reach a caller; which code a wire gives them stands in `protocols/wire.py`."""

from typing import ClassVar, Literal

from pydantic import JsonValue

Kind = Literal[
    "invalid", "unknown_operation", "unauthenticated", "forbidden", "not_found", "conflict", "too_large", "unsupported_media",
    "busy", "unavailable", "unsupported", "upstream", "internal",
]  # fmt: skip


class HubError(Exception):
    """A failure that a caller may read. The message says what is allowed or what to do next; details are for machines."""

    kind: ClassVar[Kind]

    def __init__(self, message: str, **details: JsonValue) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def document(self) -> dict[str, JsonValue]:
        """The body of every error answer: the text, the kind and the details."""
        return {"error": self.message, "kind": self.kind, **({"details": self.details} if self.details else {})}


class Invalid(HubError):
    """The input is wrong and will stay wrong."""

    kind = "invalid"


class GateClosed(Invalid):
    """A card may not go into a column yet. What it lacks stands at the top of the answer, where boards look for it."""

    def document(self) -> dict[str, JsonValue]:
        return {**super().document(), **self.details}


class UnknownOperation(HubError):
    kind = "unknown_operation"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no operation {name[:80]!r}. GET /api/rpc/methods lists them all.")


class Unauthenticated(HubError):
    kind = "unauthenticated"


class Forbidden(HubError):
    kind = "forbidden"


WHERE_TO_LOOK = {
    **{
        noun: f" list_{noun.replace(' ', '_')}s shows what there is."
        for noun in (
            "workspace",
            "agent",
            "task",
            "note",
            "token",
            "provider",
            "codebase",
            "worktree",
            "board",
            "schedule",
            "workflow",
            "background task",
            "webhook config",
        )
    },
    "open session": " session/load or session/resume opens one.",
    "clone": " clone_repository makes one.",
    "branch": " get_branches shows what there is.",
    "path": " GET /api/docs shows what there is.",
    "resource": " resources/list and resources/templates/list show what there is.",
    "prompt": " prompts/list shows what there is.",
}
"""What a caller may do who asked for something that is not there."""


class NotFound(HubError):
    """No such record in the caller's tenant."""

    kind = "not_found"

    def __init__(self, noun: str, id_: str) -> None:
        super().__init__(f"There is no {noun} {id_[:120]!r}.{WHERE_TO_LOOK.get(noun, '')}", noun=noun, id=id_[:120])


class Conflict(HubError):
    """A record was not at the version that the unit of work had read. Nothing was done; running it again may succeed."""

    kind = "conflict"


class Refused(Conflict):
    """The state of a record does not allow it, so running it again by itself would not help."""


class Stale(Refused):
    """The caller's own expectation (a version, a base, a fencing token) is no longer met."""


class Duplicate(Refused):
    """A uniqueness that a record's declaration promises would be broken."""


class TooLarge(HubError):
    kind = "too_large"


class UnsupportedMedia(HubError):
    kind = "unsupported_media"


class Busy(HubError):
    """Too much waits already. Nothing was done; come back later."""

    kind = "busy"


class Unavailable(HubError):
    """The store did not answer. Whether the change took effect is not known, so nobody runs it again by itself."""

    kind = "unavailable"


class Unsupported(HubError):
    """The hub does not do this, and nothing about the request would change that."""

    kind = "unsupported"


class Upstream(HubError):
    """Another server that the hub asked for the caller failed, or refused. Whether it did something is not known."""

    kind = "upstream"


class Internal(HubError):
    """A defect of the hub: the trace is in its log, never on a wire."""

    kind = "internal"

    def __init__(self) -> None:
        super().__init__("The hub failed to do this. The reason is in its log.")
