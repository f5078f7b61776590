"""What no editor should send: each gets an error that says what is allowed, and the connection goes on."""

from typing import Any

import acp
import anyio
import orjson
import pytest

from hub.access import LOCAL
from hub.app import Hub
from protocols.acp.agent import Agent, Start
from tests.core.support import ask, on_memory
from tests.editors.editor import Editor
from tests.jsonrpc.streams import memory_pair
from tests.protocols.requirements import meets

pytestmark = on_memory
SESSION = {"sessionId": "nothing"}
PROMPT = [{"type": "text", "text": "say hello"}]


@meets("params")
@pytest.mark.parametrize(
    ("method", "params", "says"),
    [
        ("initialize", {}, "protocolVersion: Field required"),
        ("initialize", {"protocolVersion": "one"}, "protocolVersion: "),
        ("session/new", {"mcpServers": []}, "cwd: Field required"),
        ("session/new", {"cwd": "relative/folder", "mcpServers": []}, "cwd: it must be an absolute path"),
        ("session/new", {"cwd": "", "mcpServers": []}, "cwd: it must be an absolute path"),
        ("session/new", {"cwd": "/tmp", "mcpServers": ["files"]}, "mcpServers.0: "),
        ("session/load", {"cwd": "/tmp"}, "sessionId: Field required"),
        ("session/load", {"sessionId": "x", "cwd": "../x"}, "cwd: it must be an absolute path"),
        ("session/list", {"cwd": "here"}, "cwd: it must be an absolute path"),
        ("session/prompt", {"sessionId": "x"}, "prompt: Field required"),
        ("session/prompt", {"sessionId": "x", "prompt": []}, "prompt: "),
        ("session/prompt", {"sessionId": "x", "prompt": "hello"}, "prompt: "),
        ("session/prompt", {"sessionId": "x" * 300, "prompt": PROMPT}, "sessionId: "),
        ("session/set_mode", {"sessionId": "x"}, "modeId: Field required"),
        ("session/set_config_option", {"sessionId": "x", "configId": "y"}, "value"),
        ("session/prompt", {"sessionId": "a\x00b", "prompt": PROMPT}, "NUL"),
    ],
)
async def test_params_that_are_wrong_are_told_by_name(editor: Editor, method: str, params: dict[str, Any], says: str) -> None:
    with pytest.raises(acp.RequestError) as refused:
        await editor.ask(method, **params)
    assert refused.value.code == -32602
    assert says in str(refused.value)


@meets("params")
@pytest.mark.parametrize("block", [{"type": "smell"}, {"type": "image"}, {}, {"type": "text"}])
async def test_content_that_is_none_is_refused_and_nothing_is_kept_of_it(editor: Editor, hub: Hub, block: dict[str, Any]) -> None:
    session_id = await editor.new_session()
    with pytest.raises(acp.RequestError, match="content block") as refused:
        await editor.ask("session/prompt", sessionId=session_id, prompt=[block])
    assert refused.value.code == -32602
    assert (await ask(hub, "list_prompts", sessionId=session_id))["prompts"] == []


@meets("unknown session")
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("session/load", {"cwd": "/tmp"}),
        ("session/resume", {"cwd": "/tmp"}),
        ("session/fork", {"cwd": "/tmp"}),
        ("session/close", {}),
        ("session/delete", {}),
        ("session/prompt", {"prompt": PROMPT}),
        ("session/set_mode", {"modeId": "ask"}),
        ("session/set_config_option", {"configId": "model", "value": "small"}),
        ("_session/steering", {"prompt": PROMPT}),
    ],
)
async def test_an_unknown_session_is_not_found(editor: Editor, method: str, params: dict[str, Any]) -> None:
    with pytest.raises(acp.RequestError) as refused:
        await editor.ask(method, **SESSION, **params)
    assert refused.value.code == -32002


@meets("unknown methods")
@pytest.mark.parametrize("method", ["session/nothing", "_other/thing", "fs/read_text_file", "logout", ""])
async def test_an_unknown_method_is_not_found_and_an_unknown_notification_is_ignored(editor: Editor, method: str) -> None:
    await editor.tell(method, anything=1)
    with pytest.raises(acp.RequestError) as refused:
        await editor.ask(method)
    assert refused.value.code == -32601
    assert len([one for one in editor.wire if "error" in one]) == 1


class Lines:
    """An editor that sends whatever it likes."""

    def __init__(self, hub: Hub) -> None:
        self._here, there = memory_pair()
        self._answers = self._here.receive()
        self.agent = Agent(there, hub, LOCAL, Start())

    async def send(self, line: bytes) -> None:
        await self._here.send(line)

    async def answer(self) -> Any:
        with anyio.fail_after(10):
            async for line in self._answers:
                return orjson.loads(line)

    async def close(self) -> None:
        await self._here.close()


def message(id_: Any, method: str, params: Any) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})


@meets("initialize first", "ids", "garbage")
async def test_ids_come_back_as_they_are_and_garbage_ends_nothing(hub: Hub) -> None:
    lines = Lines(hub)
    async with anyio.create_task_group() as group:
        group.start_soon(lines.agent.serve)
        await lines.send(message("early", "session/list", {}))
        refused = await lines.answer()
        assert (refused["id"], refused["error"]["code"], refused["error"]["message"]) == ("early", -32600, "Send initialize first.")
        for id_ in (0, "0", "a-b", -1, 2**40):
            for garbage in (b"hello", b"[]", b"[1,2]", b"7", b"{", b'\xff\xfe{"id":1}', b'{"id":9,"result":{}}', b'{"jsonrpc":"2.0"}'):
                await lines.send(garbage)
            await lines.send(message(id_, "initialize", {"protocolVersion": 1}))
            answer = await lines.answer()
            assert (answer["id"], answer["result"]["protocolVersion"]) == (id_, 1)
        odd: Any
        for odd in (1.5, True, [], {}):
            await lines.send(message(odd, "session/list", {}))
            assert (await lines.answer())["error"]["code"] == -32600
        await lines.send(message(1, "session/list", []))
        assert (await lines.answer())["error"]["code"] == -32602
        await lines.close()


@meets("large")
async def test_a_message_of_twenty_megabytes_is_taken(editor: Editor, hub: Hub) -> None:
    session_id = await editor.new_session()
    image = {"type": "image", "mimeType": "image/png", "data": "A" * 20_000_000}
    assert (await editor.ask("session/prompt", sessionId=session_id, prompt=[*PROMPT, image]))["stopReason"] == "end_turn"


@meets("inside")
async def test_a_defect_is_told_without_its_text(editor: Editor, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("/secret/path")

    monkeypatch.setattr(hub.store, "look", broken)
    with pytest.raises(acp.RequestError) as refused:
        await editor.new_session()
    assert refused.value.code == -32603
    assert "secret" not in str(refused.value)
