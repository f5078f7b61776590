"""What the tests of the client side share."""

from collections.abc import Awaitable

import pytest

from hub.ports import Json
from protocols.jsonrpc.peer import RpcError

INVALID_PARAMS, INTERNAL_ERROR, RESOURCE_NOT_FOUND, CONFLICT, BUSY = -32602, -32603, -32002, -32009, -32003


async def refused(answer: Awaitable[Json], code: int) -> str:
    """The message."""
    with pytest.raises(RpcError) as caught:
        await answer
    assert caught.value.code == code, caught.value.message
    return caught.value.message
