"""What an agent may ask of the session's client (ACP v1 §fs, §terminal). `sessionId` is read by whoever passes the request on."""

from typing import Annotated, TypeVar

from pydantic import Field, ValidationError

from hub.domain.model import Value
from hub.ports import Json
from protocols.jsonrpc.peer import INVALID_PARAMS, RpcError

RESOURCE_NOT_FOUND = -32002
MOST_PROBLEMS = 5

Count = Annotated[int, Field(ge=0)]
V = TypeVar("V", bound=Value)


class ReadTextFile(Value):
    path: str
    line: Count | None = None
    """From 1."""
    limit: Count | None = None
    """Lines."""


class WriteTextFile(Value):
    path: str
    content: str


class Variable(Value):
    name: Annotated[str, Field(pattern=r"^[^=]+$")]
    value: str


class CreateTerminal(Value):
    command: Annotated[str, Field(min_length=1)]
    args: list[str] | None = None
    env: list[Variable] | None = None
    cwd: str | None = None
    output_byte_limit: Count | None = None


class OfTerminal(Value):
    terminal_id: str


def checked(model: type[V], params: Json) -> V:
    """Raises RpcError, which says what is wrong with which field."""
    try:
        return model.model_validate(params, strict=True, by_name=False, by_alias=True)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)[:MOST_PROBLEMS]
        told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in problems)
        raise RpcError(INVALID_PARAMS, told) from None
