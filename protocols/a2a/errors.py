"""A2A's errors (specification 1.0.1 §3.3.2, §5.4) and what they are on each wire: one row an error."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from hub.domain.errors import (
    Busy,
    Conflict,
    Forbidden,
    HubError,
    Invalid,
    NotFound,
    Refused,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unsupported,
    UnsupportedMedia,
    Upstream,
)

DOMAIN = "a2a-protocol.org"
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


class Violation(NamedTuple):
    """What is wrong with one field of the request."""

    field: str
    description: str


class A2AError(Exception):
    """A failure as A2A names it. The message is for people and says what is allowed; `metadata` is for machines, texts only."""

    code: ClassVar[int]
    """JSON-RPC."""
    status: ClassVar[str]
    """gRPC."""
    http: ClassVar[int]
    reason: ClassVar[str]
    """UPPER_SNAKE_CASE, in ErrorInfo."""
    says: ClassVar[str]
    """The message where nothing better is known."""

    def __init__(self, message: str | None = None, violations: Sequence[Violation] = (), **metadata: str) -> None:
        super().__init__(message or self.says)
        self.message, self.violations, self.metadata = message or self.says, violations, metadata

    def details(self) -> list[dict[str, Any]]:
        """`error.data` of JSON-RPC, `error.details` of HTTP+JSON."""
        info = {"@type": ERROR_INFO, "reason": self.reason, "domain": DOMAIN, "metadata": self.metadata}
        if not self.violations:
            return [info]
        return [info, {"@type": BAD_REQUEST, "fieldViolations": [one._asdict() for one in self.violations]}]

    def jsonrpc(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "data": self.details()}

    def rest(self) -> dict[str, Any]:
        """The body of an HTTP+JSON answer (AIP-193)."""
        return {"error": {"code": self.http, "status": self.status, "message": self.message, "details": self.details()}}


class TaskNotFound(A2AError):
    code, status, http, reason = -32001, "NOT_FOUND", 404, "TASK_NOT_FOUND"
    says = "There is no such task. ListTasks shows those that there are; a new task begins with a message without taskId."


class TaskNotCancelable(A2AError):
    code, status, http, reason = -32002, "FAILED_PRECONDITION", 400, "TASK_NOT_CANCELABLE"
    says = "The task has ended, and stays as it ended."


class PushNotificationNotSupported(A2AError):
    code, status, http, reason = -32003, "FAILED_PRECONDITION", 400, "PUSH_NOTIFICATION_NOT_SUPPORTED"
    says = "This agent sends no push notifications. SubscribeToTask streams what happens to a task."


class UnsupportedOperation(A2AError):
    code, status, http, reason = -32004, "FAILED_PRECONDITION", 400, "UNSUPPORTED_OPERATION"
    says = "The state of the task does not allow this."


class ContentTypeNotSupported(A2AError):
    code, status, http, reason = -32005, "INVALID_ARGUMENT", 400, "CONTENT_TYPE_NOT_SUPPORTED"
    says = "The content type is not supported."


class InvalidAgentResponse(A2AError):
    code, status, http, reason = -32006, "INTERNAL", 500, "INVALID_AGENT_RESPONSE"
    says = "The agent answered what A2A does not know."


class ExtendedAgentCardNotConfigured(A2AError):
    code, status, http, reason = -32007, "FAILED_PRECONDITION", 400, "EXTENDED_AGENT_CARD_NOT_CONFIGURED"
    says = "This agent has no extended card."


class ExtensionSupportRequired(A2AError):
    code, status, http, reason = -32008, "FAILED_PRECONDITION", 400, "EXTENSION_SUPPORT_REQUIRED"
    says = "The agent needs an extension that the request does not name in A2A-Extensions."


class VersionNotSupported(A2AError):
    code, status, http, reason = -32009, "FAILED_PRECONDITION", 400, "VERSION_NOT_SUPPORTED"
    says = "This version of A2A is not supported."


class JSONParse(A2AError):
    code, status, http, reason = -32700, "INVALID_ARGUMENT", 400, "INVALID_REQUEST"
    says = "The body is not valid JSON."


class InvalidRequest(A2AError):
    code, status, http, reason = -32600, "INVALID_ARGUMENT", 400, "INVALID_REQUEST"
    says = "The body is no request."


class MethodNotFound(A2AError):
    code, status, http, reason = -32601, "NOT_FOUND", 404, "METHOD_NOT_FOUND"
    says = "There is no such method."


class InvalidParams(A2AError):
    code, status, http, reason = -32602, "INVALID_ARGUMENT", 400, "INVALID_PARAMS"
    says = "The parameters are wrong."


class NoSuch(InvalidParams):
    """What a parameter or the address names, and no task, is not there."""

    status, http, reason = "NOT_FOUND", 404, "NOT_FOUND"
    says = "There is nothing under this name."


class InternalError(A2AError):
    code, status, http, reason = -32603, "INTERNAL", 500, "INTERNAL_ERROR"
    says = "The hub failed to do this. The reason is in its log."


class Aborted(InternalError):
    status, http, reason = "ABORTED", 409, "ABORTED"
    says = "Others changed the task at the same time. Ask again."


class Unreachable(InternalError):
    status, http, reason = "UNAVAILABLE", 503, "UNAVAILABLE"
    says = "The hub cannot do this now. Ask again later."


class TooMuch(InvalidParams):
    status, http, reason = "RESOURCE_EXHAUSTED", 413, "TOO_LARGE"
    says = "The request is too large."


def of(error: HubError) -> A2AError:
    """What A2A says for it. Unauthenticated and Forbidden are none of A2A's errors: they are raised again as they are."""
    match error:
        case Unauthenticated() | Forbidden():
            raise error
        case NotFound() if error.details["noun"] == "task":
            return TaskNotFound()
        case NotFound():
            return NoSuch(error.message)
        case Invalid():
            return invalid(error)
        case Refused() | Unsupported():
            return UnsupportedOperation(error.message)
        case Conflict():
            return Aborted()
        case UnsupportedMedia():
            return ContentTypeNotSupported(error.message)
        case TooLarge():
            return TooMuch(error.message)
        case Busy() | Unavailable() | Upstream():
            return Unreachable(error.message)
        case _:
            return InternalError()


def invalid(error: Invalid) -> InvalidParams:
    """With a violation for each field that the hub names."""
    problems = error.details.get("problems")
    texts = [str(one) for one in problems] if isinstance(problems, list) else [error.message]
    named = [Violation(field, what.strip()) for text in texts for field, colon, what in [text.partition(":")] if colon and " " not in field]
    return InvalidParams(error.message, named)
