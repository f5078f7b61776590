"""`trivium doctor`: what is wrong, and what to do about it."""

import socket
import sqlite3

import pytest

from tests.cli.conftest import Trivium
from tests.postgres import free_port


async def test_a_fresh_machine_is_well_and_nothing_is_made_on_it(trivium: Trivium) -> None:
    done = await trivium("doctor", "--port", str(free_port()))
    assert done.code == 0
    assert "the first start makes it" in done.out
    assert "is free" in done.out
    assert list(trivium.home.iterdir()) == []


async def test_a_database_in_use_is_well_beside_a_hub_that_answers(trivium: Trivium) -> None:
    async with trivium.serving("serve", "--port", "0") as serving:
        done = await trivium("doctor", "--port", serving.ready["url"].rpartition(":")[2])
    assert done.code == 0, done.out
    for told in ("the database answers", "as declared", "integrity: ok", "another process has the database open", "a hub answers at port"):
        assert told in done.out


async def test_the_findings_are_json_for_programs(trivium: Trivium) -> None:
    findings = await trivium.json("doctor", "--json", "--port", "0")
    assert all(set(finding) == {"ok", "what", "nextStep"} and finding["ok"] is True for finding in findings)


async def test_a_port_of_somebody_else_is_wrong(trivium: Trivium) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = await trivium("doctor", "--port", str(other.getsockname()[1]))
    assert done.code == 1
    assert "cannot be listened on" in done.out
    assert "--port" in done.out


async def test_a_schema_that_drifted_is_wrong(trivium: Trivium) -> None:
    await trivium.json("call", "get_health", "--db", "sqlite:hub.db")
    with sqlite3.connect(trivium.home / "hub.db") as raw:
        raw.execute("CREATE TABLE stranger (a)")
    raw.close()
    done = await trivium("doctor", "--db", "sqlite:hub.db", "--port", "0")
    assert done.code == 1
    assert "stranger" in done.out


async def test_a_newer_schema_is_wrong(trivium: Trivium) -> None:
    await trivium.json("call", "get_health", "--db", "sqlite:hub.db")
    with sqlite3.connect(trivium.home / "hub.db") as raw:
        raw.execute("UPDATE schema_version SET version = 99")
    raw.close()
    done = await trivium("doctor", "--db", "sqlite:hub.db", "--port", "0")
    assert done.code == 1
    assert "schema 99" in done.out
    assert "Start the newer Trivium" in done.out


@pytest.mark.parametrize(
    ("arguments", "told", "step"),
    [
        (("--port", "x"), "--port: 'x' is not allowed", "0 to 65535"),
        (("--db", "sqlite:text.txt"), "Cannot open", "--db sqlite:PATH"),
        (("--db", "sqlite:text.txt/hub.db"), "there is no file", "--db sqlite:PATH"),
        (("--db", "postgresql://u:secret@127.0.0.1:1/hub"), "Cannot use the Postgres database", "DATABASE_URL"),
    ],
)  # fmt: skip
async def test_what_is_wrong_comes_with_the_next_step(trivium: Trivium, arguments: tuple[str, ...], told: str, step: str) -> None:
    (trivium.home / "text.txt").write_text("this is no database, but it is long enough to be looked at as one\n" * 100)
    done = await trivium("doctor", "--port", "0", *arguments)
    assert done.code == 1
    assert told in done.out
    assert step in done.out
    assert "secret" not in done.out + done.err


async def test_a_postgres_is_looked_at_without_showing_its_password(trivium: Trivium, postgres_url: str) -> None:
    done = await trivium("doctor", "--port", "0", "--db", postgres_url.replace("trivium@", "trivium:secret@"))
    assert done.code == 0, done.out
    assert "schema as declared" in done.out
    assert "secret" not in done.out


