"""`trivium serve`: what it says when it answers, and how it stops."""

import asyncio
import json
import signal
import sys
from contextlib import suppress

import pytest
from aiohttp import ClientError, ClientSession, ClientTimeout

from hub.settings import ROWS
from tests.cli.conftest import PATIENCE, ROOT, Serving, Trivium
from tests.postgres import free_port

TIMEOUT = ClientTimeout(total=10)


async def test_one_line_of_json_tells_every_door_and_each_of_them_answers(trivium: Trivium) -> None:
    async with trivium.serving("serve", "--port", "0") as serving, ClientSession(timeout=TIMEOUT) as http:
        ready = serving.ready
        assert ready["pid"] == serving.process.pid
        assert ready["database"] == f"sqlite:{trivium.home}/.local/share/trivium/hub.db"
        assert set(ready["doors"]) == {"rest", "mcp", "acp", "a2a", "rpc", "openapi", "docs", "events", "health"}
        for door in ("openapi", "docs", "events", "health"):
            async with http.get(ready["doors"][door]) as answer:
                assert answer.status == 200, door
        async with http.get(f"{ready['doors']['rest']}/tasks") as answer:
            assert answer.status == 200
        call = {"jsonrpc": "2.0", "id": 1, "method": "get_health"}
        async with http.post(ready["doors"]["rpc"], json=call) as answer:
            assert (await answer.json())["result"]["version"] == ready["version"]
        done = await serving.stop()
    assert done.code == 0
    assert done.out == ""


async def test_people_read_on_standard_error_how_to_connect_each_client(trivium: Trivium) -> None:
    async with trivium.serving("--port", "0", "--db", "memory:") as serving:
        url = serving.ready["doors"]["mcp"]
        done = await serving.stop()
    for told in (f"claude mcp add --transport http trivium {url}", "codex mcp add", '"httpUrl"', "opencode.json", "~/.cursor/mcp.json"):
        assert told in done.err
    assert f"a2a        {url.removesuffix('/mcp')}/a2a" in done.err
    assert f"acp        {url.removesuffix('/mcp')}/acp" in done.err
    assert "~/.jetbrains/acp.json" in done.err
    assert "everything is gone when the hub stops" in done.err


async def test_a_hub_that_listens_beyond_this_machine_says_so(trivium: Trivium) -> None:
    async with trivium.serving("serve", "--host", "0.0.0.0", "--port", "0") as serving:
        assert serving.ready["url"].startswith("http://127.0.0.1:")
        done = await serving.stop()
    assert "tokens     required" in done.err


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_streams_and_keeps_every_commit_that_was_acknowledged(trivium: Trivium, by: signal.Signals) -> None:
    async with trivium.serving("serve", "--port", "0") as serving, ClientSession(timeout=TIMEOUT) as http:
        stream = await http.get(serving.ready["doors"]["events"])
        assert await stream.content.readline() == b": connected\n"
        acknowledged: list[str] = []
        enough = asyncio.Event()

        async def create(number: int) -> None:
            while True:
                task = {"title": f"task {number}", "objective": "survive"}
                try:
                    async with http.post(f"{serving.ready['doors']['rest']}/tasks", json=task) as answer:
                        if answer.status != 201:
                            return
                        acknowledged.append((await answer.json())["task"]["id"])
                except (ClientError, ConnectionError):
                    return
                if len(acknowledged) > 50:
                    enough.set()

        async with asyncio.TaskGroup() as callers:
            for number in range(10):
                callers.create_task(create(number))
            await enough.wait()
            done = await serving.stop(by)
        assert done.code == 0
        with suppress(ClientError):  # a stream that is cut is one that ended
            await stream.read()
    assert done.err.count("stopping") == 1
    assert "Traceback" not in done.err
    kept: set[str] = set()
    cursor = ""
    while page := (await trivium.json("call", "list_tasks", "--json", json.dumps({"limit": 500, "cursor": cursor})))["tasks"]:
        kept |= {task["id"] for task in page}
        cursor = page[-1]["id"]
    assert kept >= set(acknowledged)


async def test_a_request_that_never_ends_does_not_hold_the_hub_up(trivium: Trivium) -> None:
    async with trivium.serving("serve", "--port", "0", "--shutdown-seconds", "1") as serving:
        port = int(serving.ready["url"].rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /api/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        async with asyncio.timeout(3):
            done = await serving.stop()
        writer.close()
    assert done.code == 0


async def test_a_taken_port_is_one_line_with_the_next_step(trivium: Trivium) -> None:
    async with trivium.serving("serve", "--port", "0") as serving:
        port = serving.ready["url"].rpartition(":")[2]
        done = await trivium("serve", "--port", port)
    assert done.code == 1
    assert done.err.startswith(f"error: port {port} of 127.0.0.1 is in use")
    assert done.err.count("\n") == 1
    assert "--port 0" in done.err


async def test_a_frontend_that_is_not_there_is_one_line_with_the_next_step(trivium: Trivium) -> None:
    for folder in ("nowhere", "."):
        done = await trivium("serve", "--port", "0", "--ui", folder)
        assert (done.code, done.err.count("\n")) == (1, 1)
        assert done.err.startswith("error: --ui: there is no index.html in /")
        assert "static export" in done.err


async def test_a_frontend_is_served_beside_the_doors(trivium: Trivium) -> None:
    (trivium.home / "out").mkdir()
    (trivium.home / "out" / "index.html").write_text("the frontend")
    trivium.environ["TRIVIUM_UI"] = str(trivium.home / "out")
    async with trivium.serving("serve", "--port", "0") as serving, ClientSession(timeout=TIMEOUT) as http:
        async with http.get(serving.ready["url"]) as answer:
            assert (answer.status, await answer.text()) == (200, "the frontend")
        async with http.get(serving.ready["doors"]["health"]) as answer:
            assert answer.status == 200
        done = await serving.stop()
    assert f"  ui         {serving.ready['url']}/, from {trivium.home}/out\n" in done.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("serve", "--port", "x"), "error: --port: 'x' is not allowed. Give a whole number from 0 to 65535; 0 takes a free port.\n"),
        (("serve", "--host", "192.0.2.1"), "error: cannot listen on port 3210 of 192.0.2.1: Cannot assign requested address. Give"),
        (("serve", "--db", "sqlite:/proc/hub.db"), "error: Cannot open /proc/hub.db: "),
        (("call", "get_health", "--db", "x"), "error: --db: 'x' is no database. Allowed: memory:, sqlite:PATH or postgresql://"),
        (("call", "get_health", "--db", "sqlite:/tmp/none/typo.db"), "error: There is no database /tmp/none/typo.db. `trivium serve --db"),
        (("tasks", "list", "--db", "sqlite:/tmp/none/typo.db"), "error: There is no database /tmp/none/typo.db. `trivium serve --db"),
        (("tasks", "list", "--db", "x"), "error: --db: 'x' is no database."),
    ],
)  # fmt: skip
async def test_what_cannot_start_is_one_line(trivium: Trivium, arguments: tuple[str, ...], told: str) -> None:
    done = await trivium(*arguments)
    assert done.code == 1
    assert done.err.startswith(told)
    assert done.err.count("\n") == 1


async def test_a_wrong_option_is_a_matter_of_usage(trivium: Trivium) -> None:
    done = await trivium("serve", "--prot", "1")
    assert done.code == 2
    assert "--port" in done.err


async def test_a_postgres_that_is_not_there_is_an_error_and_never_another_store(trivium: Trivium) -> None:
    trivium.environ["DATABASE_URL"] = f"postgresql://u:secret@127.0.0.1:{free_port()}/hub"
    done = await trivium("serve", "--port", "0")
    assert done.code == 1
    assert done.err.startswith("error: Cannot use the Postgres database: ")
    assert "secret" not in done.err


async def test_a_postgres_is_served_and_its_password_never_shown(trivium: Trivium, postgres_url: str) -> None:
    trivium.environ["DATABASE_URL"] = postgres_url.replace("trivium@", "trivium:secret@")
    async with trivium.serving("serve", "--port", "0") as serving, ClientSession(timeout=TIMEOUT) as http:
        assert serving.ready["database"].startswith("postgresql://trivium:***@")
        async with http.get(serving.ready["doors"]["health"]) as answer:
            assert answer.status == 200
        done = await serving.stop()
    assert done.code == 0
    assert "secret" not in done.err


async def test_the_log_can_be_one_json_object_a_line(trivium: Trivium) -> None:
    async with trivium.serving("serve", "--port", "0", "--log-format", "json") as serving:
        done = await serving.stop()
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert [line["message"].partition(" ")[0] for line in lines] == ["listening", "stopping:"]
    assert set(lines[0]) == {"time", "level", "logger", "message"}


async def test_the_data_folder_and_what_is_in_it_are_for_their_owner_alone(trivium: Trivium) -> None:
    async with trivium.serving("serve", "--port", "0"):
        folder = trivium.home / ".local" / "share" / "trivium"
        assert {path.name for path in folder.iterdir()} == {"hub.db", "hub.db-wal", "hub.db-shm"}
        assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.iterdir()))


async def test_the_help_lists_the_settings_and_a_variable_that_is_none_is_told_of(trivium: Trivium) -> None:
    words = (await trivium("serve", "--help")).out.replace(",", " ").split()
    assert {row.variable for row in ROWS} <= set(words)
    assert f"{trivium.home}/.config/trivium/config.toml" in "".join(words)
    trivium.environ["TRIVIUM_PROT"] = "1"
    async with trivium.serving("serve", "--port", "0") as serving:
        done = await serving.stop()
    assert done.err.count("TRIVIUM_PROT is no setting") == 1
    assert done.code == 0


async def test_a_second_signal_stops_at_once(trivium: Trivium) -> None:
    async with trivium.serving("serve", "--port", "0", "--shutdown-seconds", "60") as serving:
        _, writer = await asyncio.open_connection("127.0.0.1", int(serving.ready["url"].rpartition(":")[2]))
        writer.write(b"POST /api/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        await writer.drain()
        serving.process.send_signal(signal.SIGINT)
        assert serving.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            await serving.process.stderr.readuntil(b"stopping")
        done = await serving.stop(signal.SIGINT)
        writer.close()
    assert done.code == -signal.SIGINT


async def test_commands_beside_a_server_see_and_change_the_same_database(trivium: Trivium) -> None:
    async with trivium.serving("serve", "--port", "0") as serving, ClientSession(timeout=TIMEOUT) as http:
        task = await trivium.json("tasks", "create", "--title", "a", "--objective", "b", "--json")
        async with http.get(f"{serving.ready['doors']['rest']}/tasks/{task['id']}") as answer:
            assert (await answer.json())["task"]["title"] == "a"
        assert await _next_event(http, serving, after=1) == "task.created"


async def _next_event(http: ClientSession, serving: Serving, after: int) -> str:
    async with http.get(serving.ready["doors"]["events"], params={"after": str(after)}) as stream:
        async for line in stream.content:
            if line.startswith(b"event: "):
                return line.decode().split()[1]
    raise AssertionError("the stream ended")


async def test_the_command_line_imports_nothing_heavy_by_itself() -> None:
    code = "import sys, hub.cli; print([name for name in ('pydantic', 'aiohttp', 'mcp', 'asyncpg', 'aiosqlite') if name in sys.modules])"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    assert (await process.communicate())[0] == b"[]\n"
