"""`trivium serve --agent NAME=module:function`."""

from pathlib import Path

import pytest
from aiohttp import ClientSession

from hub.databases import SettingsError
from hub.settings import load
from tests.cli.conftest import Trivium

MODULE = '''
async def echo(turn):
    """Says it again.\\n\\nAnd nothing else."""
    return turn.text

class Streaming:
    async def __call__(self, turn):
        for word in turn.text.split():
            yield word

streaming = Streaming()

def plain(turn):
    return turn.text
'''


@pytest.fixture
def own(trivium: Trivium, monkeypatch: pytest.MonkeyPatch) -> Trivium:
    """With the module in the folder in which the hub is started."""
    monkeypatch.chdir(trivium.home)
    Path("own.py").write_text(MODULE)
    Path("broken.py").write_text("import own\nraise ZeroDivisionError('at start')\n")
    return trivium


async def test_functions_of_the_current_folder_are_agents_of_the_hub(own: Trivium) -> None:
    (own.home / "config.toml").write_text('agents = ["echo=own:echo"]\n')
    own.environ["TRIVIUM_CONFIG"] = str(own.home / "config.toml")
    for options in ((), ("--agent", "echo=own:echo", "--agent", "stream=own:streaming")):
        async with own.serving("serve", "--port", "0", *options) as serving, ClientSession(serving.ready["url"]) as http:
            agents = (await (await http.get("/api/agents")).json())["agents"]
            echo = next(agent for agent in agents if agent["id"] == "echo")
            assert (echo["name"], echo["presence"], echo["metadata"]["description"]) == ("echo", "online", "Says it again.")
            for agent, came in [("echo", "a b"), *([("stream", "ab")] if options else [])]:
                given = {"title": "t", "objective": "a b", "assignedTo": agent}
                made = (await (await http.post("/api/tasks", json=given)).json())["task"]
                wait = {"jsonrpc": "2.0", "id": 1, "method": "wait_for_task", "params": {"taskId": made["id"]}}
                assert (await (await http.post("/api/rpc", json=wait)).json())["result"]["reason"] == "ended"
                [artifact] = (await (await http.get(f"/api/tasks/{made['id']}/artifacts")).json())["artifacts"]
                assert artifact["content"] == came
            done = await serving.stop()
        assert done.code == 0
        assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("a=nowhere:echo", ("--agent a=nowhere:echo", "no module 'nowhere'")),
        ("a=own.deep:echo", ("no module 'own.deep'",)),
        ("a=own:nothing", ("'own' has no 'nothing'",)),
        ("a=own:plain", ("must be an async function", "async def plain(turn)")),
        ("a=broken:echo", ("ZeroDivisionError: at start", "broken.py, line 2")),
    ],
)
async def test_what_is_no_agent_is_one_line_and_nothing_is_begun(own: Trivium, agent: str, words: tuple[str, ...]) -> None:
    done = await own("serve", "--port", "0", "--db", "sqlite:hub.db", "--agent", agent)
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert all(word in done.err for word in words), done.err
    assert not Path("hub.db").exists()


@pytest.mark.parametrize("wrong", ["echo", "echo=", "echo=own", "a b=own:echo", "../a=own:echo", "a=own:echo,a=own:other", "=own:echo"])
def test_names_and_functions_have_one_form(wrong: str) -> None:
    with pytest.raises(SettingsError, match=r"TRIVIUM_AGENTS: .* like echo=my_agents:echo"):
        load({"TRIVIUM_AGENTS": wrong, "TRIVIUM_DB": "memory:"}, {})
    assert load({"TRIVIUM_AGENTS": "a=m:f, b-1=m.n:C.f"}, {}).agents == (("a", "m:f"), ("b-1", "m.n:C.f"))
