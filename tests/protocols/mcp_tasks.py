"""Asking about tasks by hand, as a client of the tasks extension does."""

from typing import Any

from hub.app import Hub
from hub.ports import Json
from protocols.mcp.tasks import EXTENSION
from tests.core.support import ask
from tests.protocols.conftest import Http
from tests.protocols.mcp_messages import META, enveloped, headers_for, message

DECLARED: Json = {"extensions": {EXTENSION: {}}}
ELICITING: Json = {**DECLARED, "elicitation": {}}


def declaring(capabilities: Json, method: str, params: Json) -> Json:
    request = enveloped(message(method, params))
    request["params"]["_meta"][f"{META}clientCapabilities"] = capabilities
    return request


async def posted(http: Http, request: Json, **headers: str) -> tuple[int, Json]:
    async with http.post("/mcp", json=request, headers=headers_for(request) | headers) as response:
        answer: Json = await response.json()
        return response.status, answer


async def told(http: Http, method: str, task: str, capabilities: Json = ELICITING, **params: Any) -> tuple[int, Json]:
    return await posted(http, declaring(capabilities, method, {"taskId": task, **params}), **{"Mcp-Name": task})


async def got(http: Http, task: str, capabilities: Json = ELICITING) -> Json:
    status, answer = await told(http, "tasks/get", task, capabilities)
    assert (status, answer["result"]["resultType"], answer["result"]["taskId"]) == (200, "complete", task)
    assert "requestState" not in answer["result"]
    result: Json = answer["result"]
    return result


async def asked(hub: Hub, task: str) -> str:
    return str((await ask(hub, "request_input", taskId=task, message="Which?"))["inputRequests"][-1]["id"])
