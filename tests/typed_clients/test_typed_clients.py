"""The clients that the hub writes: they pass the strictest checks of their languages, and their examples run against a hub."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner

from hub.app import Hub
from hub.cli import commands
from protocols.rest.routes import ROUTES, STREAMS
from stores.memory import MemoryStore
from tests.node import modules, node
from tests.protocols.conftest import serving

EXAMPLES = Path(__file__).parents[2] / "examples"
STRICT = ("--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noImplicitOverride", "--noUnusedLocals")
TARGET = ("--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom,dom.iterable,dom.asynciterable", "--types", "")
TOLD = "refused with 409: conflict"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with serving(Hub(MemoryStore())) as http:
        yield str(http.make_url(""))


def written(language: str, to: Path) -> Path:
    answer = CliRunner().invoke(commands, ["client", language, "--output", str(to)])
    assert answer.exit_code == 0, answer.output
    return to


async def ran(command: Sequence[str | Path], cwd: Path, **variables: str) -> str:
    pipe, both = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    with anyio.fail_after(120):
        process = await asyncio.create_subprocess_exec(*command, cwd=cwd, env={**os.environ, **variables}, stdout=pipe, stderr=both)
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_the_typescript_client_is_strict_and_its_example_runs(tmp_path: Path, url: str) -> None:
    written("typescript", tmp_path / "trivium.ts")
    example = tmp_path / "web_client.ts"
    example.write_text((EXAMPLES / "web_client.ts").read_text())
    (tmp_path / "package.json").write_text('{"type": "module"}')
    compiler = modules() / ".bin" / "tsc"
    await ran([node(), compiler.resolve(), "--noEmit", "--allowImportingTsExtensions", *STRICT, *TARGET, example], tmp_path)
    said = await ran([node(), "--no-warnings", example], tmp_path, TRIVIUM_URL=url)
    assert said.splitlines() == [
        "1 task: Paint the door [door]", TOLD, "a task was made by local", "its labels changed", "it was deleted"
    ]  # fmt: skip


async def test_what_has_another_type_is_found_by_the_compiler(tmp_path: Path) -> None:
    written("typescript", tmp_path / "trivium.ts")
    wrong = tmp_path / "wrong.ts"
    wrong.write_text('import { Trivium } from "./trivium.ts";\nvoid new Trivium().createTask({ title: 7, objective: "o" });\n')
    compiler: list[str | Path] = [
        node(),
        (modules() / ".bin" / "tsc").resolve(),
        "--noEmit",
        "--allowImportingTsExtensions",
        *STRICT,
        *TARGET,
        wrong,
    ]
    with pytest.raises(AssertionError, match="'number' is not assignable to type 'string'"):
        await ran(compiler, tmp_path)


async def test_the_python_client_is_strict_and_its_example_runs(tmp_path: Path, url: str) -> None:
    written("python", tmp_path / "trivium_client.py")
    example = tmp_path / "web_client.py"
    example.write_text((EXAMPLES / "web_client.py").read_text())
    await ran([sys.executable, "-m", "mypy", "--strict", "--no-incremental", "trivium_client.py", "web_client.py"], tmp_path)
    said = await ran([sys.executable, example], tmp_path, TRIVIUM_URL=url)
    assert said.splitlines() == ["1 task: Paint the door ['door']", TOLD, "task.created", "task.updated", "task.deleted"]


@pytest.mark.parametrize("language", ["typescript", "python"])
def test_every_row_and_every_stream_is_in_it(language: str, tmp_path: Path) -> None:
    text = written(language, tmp_path / "client").read_text()
    for path in [*(route.path for route in ROUTES), *(stream.path for stream in STREAMS)]:
        assert f"/api{path}" in text


def test_without_a_file_it_goes_to_standard_output_and_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    assert "class Trivium(Connection):" in CliRunner().invoke(commands, ["client", "python"]).output
    refused = CliRunner().invoke(commands, ["client", "python", "--output", str(tmp_path / "nowhere" / "client.py")])
    assert (refused.exit_code, "--output: cannot write" in refused.output) == (1, True)
