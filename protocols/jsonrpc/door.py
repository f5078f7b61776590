"""JSON-RPC 2.0 at /api/rpc: every operation by its own name, and the web API's methods by theirs.

jsonrpcserver dispatches; this facade decodes once, gives it one request at a time (so that each bad element of a batch gets its
own error, §6), and encodes once.
"""

import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # 5.0.9 opens its schema with a deprecated call
    from jsonrpcserver import Error, Success, async_dispatch_to_serializable

from hub.access import Caller
from hub.app import Hub
from hub.domain.errors import HubError, Invalid, UnknownOperation
from hub.operations import OPERATIONS
from hub.operations.base import Output
from protocols.wire import jsonrpc_code

MOST_IN_A_BATCH = 100
PARSE_ERROR, INVALID_REQUEST = -32700, -32600
Method = Callable[..., Awaitable[Any]]


class Further(Protocol):
    """Another way to an operation: its own names and its own form of the answer."""

    @property
    def operation(self) -> str: ...
    def arguments(self, params: Mapping[str, Any]) -> Mapping[str, Any]: ...
    def answer(self, output: Output) -> str: ...


@dataclass(frozen=True)
class Plain:
    """The operation as it is."""

    operation: str

    def arguments(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return params

    def answer(self, output: Output) -> str:
        return output.to_json()


class Rpc:
    """`further` are methods under names of somebody else's; an operation's own name is its method."""

    def __init__(self, hub: Hub, further: Mapping[str, Further]) -> None:
        self._hub = hub
        plain = {name: self._method(Plain(name)) for name in OPERATIONS}
        self.methods: dict[str, Method] = plain | {name: self._method(row) for name, row in further.items()}

    async def answer(self, body: bytes, caller: Caller) -> tuple[bytes, int]:
        """The response document and its HTTP status; no bytes where only notifications were sent."""
        try:
            given = orjson.loads(body)
        except ValueError:
            return orjson.dumps(_error(None, PARSE_ERROR, "Parse error")), 400
        if isinstance(given, list):
            if not 0 < len(given) <= MOST_IN_A_BATCH:
                return orjson.dumps(_error(None, INVALID_REQUEST, f"A batch holds 1 to {MOST_IN_A_BATCH} requests")), 400
            answers = [answer for one in given if (answer := await self._one(one, caller)) is not None]
            return orjson.dumps(answers) if answers else b"", 200
        answer = await self._one(given, caller)
        bad = answer is not None and answer.get("error", {}).get("code") == INVALID_REQUEST
        return orjson.dumps(answer) if answer is not None else b"", 400 if bad else 200

    async def _one(self, request: Any, caller: Caller) -> dict[str, Any] | None:
        if (problem := _problem(request)) is not None:
            return _error(_id(request), INVALID_REQUEST, problem)
        if (refusal := self._refusal(request)) is not None:
            code, message, data = jsonrpc_code(refusal), refusal.message, refusal.document()
            return _error(_id(request), code, message, data) if "id" in request else None
        answer: Any = await async_dispatch_to_serializable(
            request, methods=self.methods, context=caller, deserializer=_as_it_is, validator=_as_it_is
        )
        return answer  # type: ignore[no-any-return]

    def _refusal(self, request: dict[str, Any]) -> HubError | None:
        """What jsonrpcserver would tell in its own way: it repeats the method's name, however long, and counts parameters."""
        if request["method"] not in self.methods:
            return UnknownOperation(request["method"])
        return Invalid("Params are given by name: an object") if isinstance(request.get("params"), list) else None

    def _method(self, row: Further) -> Method:
        async def method(caller: Caller, /, **params: Any) -> Any:
            try:
                output = await self._hub.call(row.operation, row.arguments(params), caller)
            except HubError as error:
                return Error(jsonrpc_code(error), error.message, error.document())
            return Success(orjson.Fragment(row.answer(output)))

        return method


def _problem(request: Any) -> str | None:
    """What makes it no request (§4)."""
    if not isinstance(request, dict) or request.get("jsonrpc") != "2.0" or not isinstance(request.get("method"), str):
        return 'A request is an object with "jsonrpc": "2.0" and a "method"'
    if request.get("id") is not None and _id(request) is None:
        return "An id is a string or a number"
    if not isinstance(request.get("params", {}), dict | list):
        return "Params are an object"
    return None


def _id(request: Any) -> str | float | None:
    id_ = request.get("id") if isinstance(request, dict) else None
    return id_ if isinstance(id_, str | int | float) and not isinstance(id_, bool) else None


def _error(id_: str | float | None, code: int, message: str, data: object = None) -> dict[str, Any]:
    error = {"code": code, "message": message, **({"data": data} if data is not None else {})}
    return {"jsonrpc": "2.0", "error": error, "id": id_}


def _as_it_is(value: Any) -> Any:
    return value
