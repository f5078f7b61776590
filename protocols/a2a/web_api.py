"""A2A under the web API's old addresses, /api/a2a/*: what the web frontend reads and sends, over the same tasks.

At /api/a2a/rpc its own JSON-RPC methods are answered, and those of 0.3 too, which the card there promises.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import orjson
from aiohttp import web

from hub.app import Hub
from hub.domain.errors import Forbidden, HubError, Unauthenticated
from hub.domain.tasks import Task
from hub.operations.base import Output
from hub.operations.outputs import ChangedTasks, TaskState
from hub.ports import Json
from hub.version import VERSION
from protocols.a2a import errors, jsonrpc, v03_jsonrpc
from protocols.a2a.cards import HubCards
from protocols.a2a.errors import A2AError, InvalidParams, MethodNotFound, NoSuch, TaskNotFound
from protocols.a2a.framing import frames
from protocols.a2a.service import Asked, Service
from protocols.a2a.shapes import task_of
from protocols.a2a.v03_cards import card_to_v03
from protocols.a2a.v03_jsonrpc import translated
from protocols.a2a.web_shapes import described, listing, problem, sending, status_of, web_event, web_task, whole
from protocols.bodies import json_body, parsed
from protocols.streams import Streams

HEADERS = {"Cache-Control": "no-store"}
RPC = "/api/a2a/rpc"
Method = Callable[[Any, Asked], Awaitable[Any]]


class Coordination(NamedTuple):
    """A method of the web API's old bridge: an operation of the hub."""

    operation: str
    names: Mapping[str, str]
    answer: Callable[[Json], Any]


COORDINATION = {
    "list_agents": Coordination("list_agents", {"workspaceId": "workspaceId"}, lambda output: output["agents"]),
    "create_agent": Coordination(
        "create_agent", {"name": "name", "role": "role", "workspaceId": "workspaceId"}, lambda agent: {"agentId": agent["id"], **agent}
    ),
    "delegate_task": Coordination(
        "delegate_task", {"agentId": "agentId", "taskId": "taskId", "callerAgentId": "callerAgentId"}, lambda task: task
    ),
    "message_agent": Coordination(
        "send_message", {"fromAgentId": "fromAgentId", "toAgentId": "toAgentIds", "message": "content"},
        lambda letter: {"messageId": letter["id"], **letter},
    ),
}  # fmt: skip


class WebApi:
    def __init__(self, hub: Hub, service: Service, cards: HubCards, streams: Streams) -> None:
        self._hub, self._service, self._cards, self._streams = hub, service, cards, streams
        self._methods: dict[str, Method] = {
            "SendMessage": self._sent, "GetTask": self._got, "ListTasks": self._listed, "CancelTask": self._cancelled,
            "method_list": self._method_list, "initialize": self._initialized,
        }  # fmt: skip

    async def handle(self, request: web.Request, path: str, asked: Asked) -> web.StreamResponse:
        """`path` stands behind /api/a2a/."""
        try:
            match request.method, path.split("/"):
                case "GET", ["card"]:
                    return _json(await self._card(asked))
                case "GET", ["sessions"]:
                    return _json({"sessions": [], "count": 0})
                case "GET", ["rpc"]:
                    return _no_session(request)
                case "POST", ["rpc"]:
                    return await self._rpc(request, asked)
                case "GET", ["tasks"]:
                    return _json(await self._listed(dict(request.query), asked))
                case "POST", ["message"]:
                    return await self._message(request, asked)
                case (("GET" | "POST"), ["tasks", id_]):
                    return await self._task(request, id_, asked)
        except A2AError as error:
            return _json(problem(error), status_of(error))
        except HubError as error:
            said = errors.of(error)
            return _json(problem(said), status_of(said))
        raise web.HTTPNotFound

    async def _rpc(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        id_, method, params, refused = jsonrpc.read(await json_body(request))
        asked = replace(asked, version="0.3")
        try:
            if refused:
                raise refused
            if method in v03_jsonrpc.STREAMING:
                told = frames(v03_jsonrpc.stream(self._service, method, params, asked), *jsonrpc.enclosing(id_))
                return await self._streams.send(request, v03_jsonrpc.with_errors(told, id_))
            return _json({"jsonrpc": "2.0", "id": id_, "result": await self._answered(request, method, params, asked)})
        except A2AError as error:
            return _json({"jsonrpc": "2.0", "id": id_, "error": v03_jsonrpc.error_of(error)}, error.http)
        except (Unauthenticated, Forbidden):
            raise
        except HubError as error:
            said = errors.of(error)
            return _json({"jsonrpc": "2.0", "id": id_, "error": v03_jsonrpc.error_of(said)}, said.http)

    async def _answered(self, request: web.Request, method: str, params: Json, asked: Asked) -> Any:
        if method in self._methods:
            return await self._methods[method](params, asked)
        if method in COORDINATION:
            return await self._coordinated(COORDINATION[method], params, asked)
        if method in v03_jsonrpc.UNARY:
            return await v03_jsonrpc.answer(self._service, method, params, asked)
        if method.startswith("session/"):
            raise _unknown_session(request) or InvalidParams("sessionId: it must be in the query, ?sessionId=…")
        raise MethodNotFound(f"There is no method {method[:80]!r}. `method_list` names them all.")

    async def _sent(self, params: Any, asked: Asked) -> Json:
        sent = (await self._service.send(sending(params), asked))["task"]
        task = await self._hub.store.get(asked.caller.tenant, Task, sent["id"])
        return {"task": described(sent, task) if task else web_task(sent)}

    async def _got(self, params: Any, asked: Asked) -> Json:
        return {"task": whole(await self._state(str(params.get("id", "")), params.get("historyLength"), asked))}

    async def _listed(self, params: Any, asked: Asked) -> Json:
        page = await self._hub.call("list_changed_tasks", listing(params), asked.caller)
        assert isinstance(page, ChangedTasks)
        tasks = [described(task_of(task), task) for task in page.tasks]
        size = int(listing(params).get("limit", 50))
        return {"tasks": tasks, "totalSize": page.total, "pageSize": size, "nextPageToken": page.next_cursor or ""}

    async def _cancelled(self, params: Any, asked: Asked) -> Json:
        return {"task": web_task(await self._service.cancel({"id": params.get("id")}, asked))}

    async def _method_list(self, _: Any, __: Asked) -> Json:
        return {"methods": [*self._methods, *COORDINATION, *v03_jsonrpc.UNARY, *v03_jsonrpc.STREAMING]}

    async def _initialized(self, _: Any, __: Asked) -> Json:
        about = {"name": "trivium", "version": VERSION}
        return {"protocolVersion": "0.3.0", "agentInfo": about, "capabilities": {"sessions": False, "coordination": True}}

    async def _coordinated(self, row: Coordination, params: Json, asked: Asked) -> Json:
        """What the operation refuses is an answer here, as the old bridge gave it."""
        arguments = {new: params[old] for old, new in row.names.items() if params.get(old) is not None}
        try:
            output: Output = await self._hub.call(row.operation, arguments, asked.caller)
        except (Unauthenticated, Forbidden):
            raise
        except HubError as error:
            return {"success": False, "error": error.message}
        return {"success": True, "data": row.answer(orjson.loads(output.to_json()))}

    async def _message(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        given = parsed(await json_body(request))
        match request.query.get("action", "send"):
            case "send":
                return _json(await self._sent(given, asked))
            case "stream":
                updates = translated(self._service.stream(sending(given), asked), web_event)
                return await self._streams.send(request, frames(updates))
        raise InvalidParams("action: it must be send or stream")

    async def _task(self, request: web.Request, id_: str, asked: Asked) -> web.StreamResponse:
        """A history is answered to who asks for one."""
        action = request.query.get("action", "cancel" if request.method == "POST" else "get")
        match request.method, action:
            case "POST", "cancel":
                return _json((await self._cancelled({"id": id_}, asked))["task"])
            case "GET", "get":
                return _json(whole(await self._state(id_, request.query.get("historyLength", "0"), asked)))
            case "GET", "subscribe":
                updates = translated(self._service.subscribe({"id": id_}, asked), web_event)
                return await self._streams.send(request, frames(updates))
        raise InvalidParams("action: it must be get or subscribe with GET, cancel with POST")

    async def _state(self, id_: str, last: Any, asked: Asked) -> TaskState:
        if not id_:
            raise TaskNotFound
        history = {} if last is None else {"historyLength": int(last) if str(last).isascii() and str(last).isdecimal() else last}
        state = await self._hub.call("get_task_state", {"taskId": id_, **history}, asked.caller)
        assert isinstance(state, TaskState)
        return state

    async def _card(self, asked: Asked) -> Json:
        served = await self._cards.served(asked)
        assert served is not None  # it is the hub's own
        here = {"url": asked.base_url + RPC, "protocolBinding": "JSONRPC", "protocolVersion": "0.3"}
        return card_to_v03({**orjson.loads(served.body), "supportedInterfaces": [here]})


def _unknown_session(request: web.Request) -> A2AError | None:
    id_ = request.query.get("sessionId")
    return NoSuch(f"There is no session {id_[:80]!r}.") if id_ else None


def _no_session(request: web.Request) -> web.Response:
    """The old bridge streamed what happens in a session; the hub's tasks have streams of their own."""
    unknown = _unknown_session(request)
    text = unknown.message if unknown else "Missing sessionId parameter"
    return web.Response(text=text, status=404 if unknown else 400)


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json", headers=HEADERS)
