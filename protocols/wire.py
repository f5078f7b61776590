"""What each kind of error is on each wire. A new kind without a row here fails the type check."""

from typing import NamedTuple, assert_never, get_args

from hub.domain.errors import HubError, Kind


class Codes(NamedTuple):
    http: int
    jsonrpc: int
    """JSON-RPC 2.0 §5.1; ours lie in the range that it leaves to servers."""
    acp: int | None = None
    """Where ACP has a code of its own."""


def _codes(kind: Kind) -> Codes:  # noqa: C901 - a table, of which the type checker sees that it is whole
    match kind:
        case "invalid":
            return Codes(400, -32602)
        case "unknown_operation":
            return Codes(404, -32601)
        case "unauthenticated":
            return Codes(401, -32010, acp=-32000)
        case "forbidden":
            return Codes(403, -32011)
        case "not_found":
            return Codes(404, -32004, acp=-32002)
        case "conflict":
            return Codes(409, -32009)
        case "too_large":
            return Codes(413, -32013)
        case "unsupported_media":
            return Codes(415, -32015)
        case "busy":
            return Codes(503, -32003)
        case "unavailable":
            return Codes(503, -32005)
        case "unsupported":
            return Codes(501, -32016)
        case "upstream":
            return Codes(502, -32017)
        case "internal":
            return Codes(500, -32603)
        case _:
            assert_never(kind)


CODES: dict[Kind, Codes] = {kind: _codes(kind) for kind in get_args(Kind)}


def http_status(error: HubError) -> int:
    return CODES[error.kind].http


def jsonrpc_code(error: HubError) -> int:
    return CODES[error.kind].jsonrpc


def acp_code(error: HubError) -> int:
    codes = CODES[error.kind]
    return codes.acp or codes.jsonrpc
