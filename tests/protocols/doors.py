"""Every door as the same thing: an operation and its arguments in, the answer or the error document out."""

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from click.testing import CliRunner

from hub.access import LOCAL
from hub.app import Hub
from hub.cli import commands
from hub.domain.errors import HubError
from hub.ports import Json
from protocols.rest.route import Route
from protocols.rest.routes import ROUTES
from protocols.wire import CODES
from tests.conftest import open_database
from tests.protocols.conftest import Http, furnished, serving
from tests.protocols.mcp_messages import MODERN, enveloped, headers_for, initialize_params
from tests.protocols.transcripts import Ask

ROOT = Path(__file__).parents[2]
Door = Callable[[str], AbstractAsyncContextManager[Ask]]
"""From the `--db` of an empty store to what asks through the door."""


@asynccontextmanager
async def opened(database: str) -> AsyncIterator[Hub]:
    store = await open_database(database)
    try:
        yield furnished(store)
    finally:
        await store.close()


def through(hub: Hub) -> Ask:
    async def ask(operation: str, arguments: Json) -> tuple[bool, Any]:
        try:
            return True, json.loads((await hub.call(operation, arguments, LOCAL)).to_json())
        except HubError as error:
            return False, error.document()

    return ask


@asynccontextmanager
async def hub_itself(database: str) -> AsyncIterator[Ask]:
    async with opened(database) as hub:
        yield through(hub)


@asynccontextmanager
async def rpc(database: str) -> AsyncIterator[Ask]:
    async with opened(database) as hub, serving(hub) as http:

        async def ask(operation: str, arguments: Json) -> tuple[bool, Any]:
            request = {"jsonrpc": "2.0", "id": 1, "method": operation, "params": arguments}
            answer = await (await http.post("/api/rpc", json=request)).json()
            if "result" in answer:
                return True, answer["result"]
            error = answer["error"]
            assert (error["code"], error["message"]) == (CODES[error["data"]["kind"]].jsonrpc, error["data"]["error"])
            return False, error["data"]

        yield ask


@asynccontextmanager
async def rest(database: str) -> AsyncIterator[Ask]:
    """What the web API has no way to say goes to the hub itself, so that the story goes on."""
    async with opened(database) as hub, serving(hub) as http:
        direct, turns = through(hub), Counter[str]()

        async def ask(operation: str, arguments: Json) -> tuple[bool, Any]:
            routes = [route for route in ROUTES if route.operation == operation and sayable(route, arguments)]
            if not routes:
                return await direct(operation, arguments)
            turns[operation] += 1
            return await over_rest(http, routes[turns[operation] % len(routes)], arguments, direct)

        yield ask


def sayable(route: Route, arguments: Json) -> bool:
    """Whether path and query, which are text, can carry the arguments, and a fixed one is not wanted otherwise."""
    given = web_names(route, arguments)
    in_path = path_names(route)
    texts = given if route.method in ("GET", "DELETE") else {name: given.get(name) for name in in_path}
    return (
        not any(given.get(name) in (None, "") for name in [*in_path, *chosen_by(route)])
        and not any(isinstance(value, dict) or (isinstance(value, str) and "," in value) for value in texts.values())
        and not given.keys() & (route.ignored - {route.when})
        and route.required <= given.keys()
    )


def chosen_by(route: Route) -> list[str]:
    """The argument that picks the row; one that only picks it can always be said."""
    return [route.when] if route.when and route.when not in route.ignored else []


def path_names(route: Route) -> list[str]:
    return re.findall(r"{(\w+)}", route.path)


def web_names(route: Route, arguments: Json) -> Json:
    back = {own: web for web, own in route.names.items()}
    marker = {route.when: "team"} if route.when in route.ignored else {}
    return {back.get(name, name): value for name, value in arguments.items()} | marker


async def over_rest(http: Http, route: Route, arguments: Json, direct: Ask) -> tuple[bool, Any]:
    given = web_names(route, arguments)
    path = f"/api{route.path}".format(**{name: given.pop(name) for name in path_names(route)})
    if route.method in ("GET", "DELETE"):
        query = {name: text_of(value) for name, value in given.items()}
        response = await http.request(route.method, path, params=query)
    else:
        chosen = {route.when: "chosen"} if route.when else {}
        response = await http.request(route.method, path, json=chosen | given)
    answer: Any = await (response.text() if route.file and response.ok else response.json())
    if response.status >= 400:
        assert response.status == CODES[answer["kind"]].http
        return False, answer
    assert response.status in {route.status, 201 if route.replaces else route.status}
    if route.envelope:
        assert answer.keys() == {route.envelope}
        return True, answer[route.envelope]
    if route.shape and answer.keys() & {"task", "tasks"}:
        return True, whole_tasks(answer)
    return True, await whole(route, answer, arguments, direct) if route.render else answer


def text_of(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


async def whole_definition(route: Route, answer: Json, arguments: Json, direct: Ask) -> Any:
    match route.operation:
        case "create_mcp_server" | "update_mcp_server" | "create_specialist" | "update_specialist":
            [record] = [value for name, value in answer.items() if name != "message"]
            assert answer.keys() == {"server" if "server" in route.operation else "specialist", "message"}
            return record
        case "delete_mcp_server" | "delete_specialist":
            assert answer.keys() == {"success", "message"} | ({"deleted"} if route.operation == "delete_specialist" else set())
            return {"deleted": True, "id": arguments[route.names["id"]], "deletedCount": 1}
        case "uninstall_agent":
            assert answer.keys() == {"success", "agentId", "message"}
            return {"deleted": True, "id": answer["agentId"], "deletedCount": 1}
        case "list_registry_agents":
            _, known = await direct(route.operation, arguments)
            assert (answer["agentCount"], answer["version"]) == (len(known["agents"]), known["version"])
            return known
        case "list_specialists" | "get_memory":
            assert answer.keys() == {"success", "message"}
            return (await direct(route.operation, arguments))[1]
        case "list_skills":
            _, skills = await direct(route.operation, arguments)
            assert answer == {"reloaded": True, "count": len(skills["skills"])}
            return skills
        case other:
            raise AssertionError(f"{other} has a rendering that this test does not know")


async def whole(route: Route, answer: Json, arguments: Json, direct: Ask) -> Any:
    """The operation's answer behind one that the web API shapes in its own way."""
    if route.path.startswith(("/sessions", "/traces")):
        return await whole_session(route.operation, answer, arguments, direct)
    if route.path.startswith(("/mcp-servers", "/specialists", "/skills", "/acp", "/system", "/memory")):
        return await whole_definition(route, answer, arguments, direct)
    match route.operation:
        case "create_agent":
            agent: Json = answer.pop("agent")
            assert answer == {"agentId": agent["id"], "name": agent["name"], "role": agent["role"], "status": agent["status"]}
            return agent
        case "update_agent":
            _, read = await direct("list_agents", {"workspaceId": "default"})
            agent = next(agent for agent in read["agents"] if agent["id"] == answer["id"])
            assert answer == {"updated": True, "id": agent["id"], "status": agent["status"]}
            return agent
        case "set_task_status":
            assert answer == {"updated": True}
            return (await direct("get_task", {"taskId": arguments["taskId"]}))[1]
        case "export_boards":
            return {"yaml": answer}
        case "decompose_tasks":
            return {**answer, "cards": [unsummarized(card) for card in answer["cards"]]}
        case "delete_tasks":
            return {**answer, "id": arguments["workspaceId"]}
        case "delete_note":
            assert answer == {"deleted": True, "noteId": arguments["noteId"]}
            return {"deleted": True, "id": arguments["noteId"], "deletedCount": 1}
        case "send_shared_prompt":
            assert answer.keys() == {"status", "approval"}
            return {name: value for name, value in answer.items() if value is not None}
        case other:
            raise AssertionError(f"{other} has a rendering that this test does not know")


def whole_tasks(answer: Json) -> Json:
    """What the summaries say is tested by themselves: see test_web_tasks."""
    if "tasks" in answer:
        return {**answer, "tasks": [unsummarized(task) for task in answer["tasks"]]}
    assert answer.keys() == {"task"}
    return unsummarized(answer["task"])


def unsummarized(task: Json) -> Json:
    summaries = {"artifactSummary", "evidenceSummary", "storyReadiness", "investValidation"}
    assert summaries <= task.keys()
    return {name: value for name, value in task.items() if name not in summaries}


async def whole_session(operation: str, answer: Json, arguments: Json, direct: Ask) -> Any:
    """What the shapes say is tested by themselves: see test_web_sessions."""
    match operation:
        case "update_session" | "disconnect_session":
            assert answer == {"ok": True}
            return (await direct("get_session", {"sessionId": arguments["sessionId"]}))[1]
        case "delete_session":
            assert answer == {"ok": True, "deleted": True}
            return {"deleted": True, "id": arguments["sessionId"], "deletedCount": 1}
        case "fork_session":
            return (await direct("get_session", {"sessionId": answer["sessionId"]}))[1]
    return (await direct(operation, arguments))[1]


def mcp_http(version: str) -> Door:
    @asynccontextmanager
    async def door(database: str) -> AsyncIterator[Ask]:
        async with opened(database) as hub, serving(hub) as http:
            session: dict[str, str] = {}
            if version != MODERN:
                opening = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": initialize_params(version)}
                response = await http.post("/mcp?profile=full", json=opening)
                assert (await response.json())["result"]["protocolVersion"] == version
                session = {"Mcp-Session-Id": response.headers["Mcp-Session-Id"], "MCP-Protocol-Version": version}

            async def ask(operation: str, arguments: Json) -> tuple[bool, Any]:
                params = {"name": operation, "arguments": arguments}
                call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
                if version == MODERN:
                    call = enveloped(call)
                response = await http.post("/mcp?profile=full", json=call, headers=session or headers_for(call))
                assert response.status == 200
                return told((await response.json())["result"])

            yield ask

    return door


def mcp_stdio(version: str) -> Door:
    @asynccontextmanager
    async def door(database: str) -> AsyncIterator[Ask]:
        pipe = asyncio.subprocess.PIPE
        arguments = ("-m", "hub.cli", "mcp", "--profile", "full", "--db", database)
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe, cwd=ROOT, limit=2**20)
        assert process.stdin
        assert process.stdout
        reads, writes = process.stdout, process.stdin

        async def request(method: str, params: Json) -> Any:
            message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            writes.write(json.dumps(enveloped(message) if version == MODERN else message).encode() + b"\n")
            with anyio.fail_after(20):
                return json.loads(await reads.readline())["result"]

        async def ask(operation: str, arguments: Json) -> tuple[bool, Any]:
            return told(await request("tools/call", {"name": operation, "arguments": arguments}))

        try:
            if version != MODERN:
                assert (await request("initialize", initialize_params(version)))["protocolVersion"] == version
                writes.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
            yield ask
        finally:
            writes.close()
            with anyio.fail_after(10):
                code = await process.wait()
        assert code == 0

    return door


def told(result: Json) -> tuple[bool, Any]:
    """A tool's result: its first text is the structured content, or the error document and what to do next. Links may follow."""
    text, *links = result["content"]
    answer = json.loads(text["text"])
    assert {link["type"] for link in links} <= {"resource_link"}
    if result.get("isError"):
        answer.pop("next", None)
        return False, answer
    assert result["structuredContent"] == answer
    return True, answer


@asynccontextmanager
async def cli(database: str) -> AsyncIterator[Ask]:
    """`trivium call`, in this process: each call opens the store, which must be there, and closes it again."""
    async with opened(database):
        pass

    async def ask(operation: str, arguments: Json) -> tuple[bool, Any]:
        command = ["call", operation, "--json", json.dumps(arguments), "--db", database]
        done = await asyncio.to_thread(CliRunner().invoke, commands, command)
        assert done.exit_code in (0, 1), done.output
        return done.exit_code == 0, json.loads(done.stdout)

    yield ask
