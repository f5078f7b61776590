"""A hub whose process ends in the middle goes on with what it had given to agents elsewhere."""

import json
import signal
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiohttp import ClientSession

from tests.cli.conftest import Trivium
from tests.protocols.a2a_peers import A2APeer, Work, peer_at_work

PATIENCE = 30


async def begun(peer: A2APeer, word: str) -> Work:
    """The task there whose message begins with the word, once it works or asks."""
    with anyio.fail_after(PATIENCE):
        while not (found := [work for work in peer.works.values() if work.history[0]["parts"][0]["text"].startswith(word) and work.events]):
            await anyio.lowlevel.checkpoint()
    return found[0]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
async def test_a_hub_that_ends_goes_on_with_its_remote_tasks_when_it_is_back(tmp_path: Path, ending: signal.Signals) -> None:
    trivium = Trivium(tmp_path, {"TRIVIUM_LEASE_SECONDS": "1"})
    async with peer_at_work() as peer:
        assert (await trivium("agents", "add", peer.url, "--id", "far")).code == 0

        async def give(text: str) -> str:
            given = {"messageId": text, "agentId": "far", "parts": [{"text": text}]}
            return str((await trivium.json("call", "send_task_message", "--json", json.dumps(given)))["id"])

        async with trivium.serving("serve", "--port", "0") as hub:
            waiting, asking = await give("wait for it"), await give("ask Which one?")
            work = await begun(peer, "wait")
            await begun(peer, "ask")
            with anyio.fail_after(PATIENCE):
                while not (await trivium.json("call", "get_task", "--json", json.dumps({"taskId": asking})))["inputRequests"]:
                    await anyio.lowlevel.checkpoint()
            await hub.stop(ending)
        task = await trivium.json("call", "get_task", "--json", json.dumps({"taskId": asking}))
        assert (task["status"], "failure" in task) == ("PENDING" if ending == signal.SIGTERM else "IN_PROGRESS", False)
        work.chunk("waited", {"text": "second "}, append=True)
        [question] = task["inputRequests"]
        answer = {"taskId": asking, "inputRequestId": question["id"], "response": {"answer": "this one"}}
        await trivium.json("call", "provide_input", "--json", json.dumps(answer))
        async with trivium.serving("serve", "--port", "0") as hub:
            work.answers.put_nowait({"parts": [{"text": "third"}]})
            outputs = []
            for id_ in (waiting, asking):
                waited = await trivium.json("call", "wait_for_task", "--json", json.dumps({"taskId": id_, "until": "ended"}))
                assert (waited["done"], waited["task"]["status"]) == (True, "COMPLETED"), waited
                state = await trivium.json("call", "get_task_state", "--json", json.dumps({"taskId": id_}))
                outputs += [artifact["content"] for artifact in state["artifacts"]]
            assert outputs == ["first second third", "this one"]
            await hub.stop()
        assert len(peer.works) == 2


async def test_each_tenants_own_agents_elsewhere_work_for_it(tmp_path: Path) -> None:
    trivium = Trivium(tmp_path)
    made = await trivium.json("tokens", "create", "--name", "acme", "--tenant", "acme", "--grants", "*", "--json")
    headers = {"Authorization": f"Bearer {made['token']}"}
    async with peer_at_work() as peer, trivium.serving("serve", "--port", "0", "--auth", "required") as hub:
        async with ClientSession(hub.ready["url"], headers=headers) as http:

            async def call(method: str, **params: object) -> dict[str, Any]:
                async with http.post("/api/rpc", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params}) as answer:
                    result: dict[str, Any] = (await answer.json())["result"]
                return result

            await call("register_remote_agent", url=peer.url, id="far")
            task = await call("send_task_message", messageId="m", agentId="far", parts=[{"text": "ask Which one?"}])
            waited = await call("wait_for_task", taskId=task["id"], timeoutSeconds=PATIENCE)
            [question] = waited["task"]["inputRequests"]
            await call("provide_input", taskId=task["id"], inputRequestId=question["id"], response={"answer": "this one"})
            waited = await call("wait_for_task", taskId=task["id"], until="ended", timeoutSeconds=PATIENCE)
            assert waited["task"]["status"] == "COMPLETED", waited
            [artifact] = (await call("get_task_state", taskId=task["id"]))["artifacts"]
            assert artifact["content"] == "this one"
        await hub.stop()
