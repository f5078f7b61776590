"""Skills over the web API: a form with a file, and the catalogues, as the web frontend asks for them."""

from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.web import json_response

from hub.app import Hub
from hub.settings import Settings
from stores.library import FileLibrary
from stores.memory import MemoryStore
from tests.protocols.conftest import NOBODY, Http, asking_at, serving
from tests.protocols.steps.skills import ARCHIVE
from tests.protocols.test_upstreams import Server, server

__all__ = ["server"]
FOUND = {"name": "tidy", "slug": "acme/shop/tidy", "source": "acme/shop", "installs": 5}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "skills"


@pytest.fixture
async def http(folder: Path, github: str) -> AsyncIterator[Http]:
    hub = Hub(MemoryStore(), library=FileLibrary([], [folder]), upstreams=asking_at(github))
    async with serving(hub, Settings(database="memory:", max_body_bytes=10_000)) as client:
        yield client


def form(field: str = "file", content: bytes | None = None) -> FormData:
    made = FormData()
    made.add_field(field, b64decode(ARCHIVE) if content is None else content, filename="tidy.zip", content_type="application/zip")
    return made


async def upload(http: Http, data: Any, **headers: str) -> tuple[int, Any]:
    async with http.post("/api/skills/upload", data=data, headers=headers) as response:
        return response.status, await response.json()


async def asked(http: Http, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with http.request(method, f"/api{path}", json=body) as response:
        return response.status, await response.json()


async def test_a_zip_archive_that_is_uploaded_is_a_skill_and_uploaded_again_it_is_replaced(http: Http, folder: Path) -> None:
    for _ in range(2):
        assert await upload(http, form()) == (
            200, {"success": True, "installed": ["tidy"], "errors": [], "dest": str(folder), "message": "Installed: tidy."}
        )  # fmt: skip
    assert [skill["name"] for skill in (await asked(http, "GET", "/skills"))[1]["skills"]] == ["tidy"]


async def test_a_form_that_has_no_archive_is_told_so_and_leaves_nothing(http: Http, folder: Path) -> None:
    text = FormData({"file": "text"}, default_to_multipart=True)
    for data, told in (
        (form("other"), "file: the form must have a field of this name"), (text, "file: the form must have a field of this name"),
        (form(content=b"no archive"), "no zip archive"),
    ):  # fmt: skip
        status, answer = await upload(http, data)
        assert (status, told in answer["error"]) == (400, True), answer
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=x"):
        status, answer = await upload(http, b"--y broken", **{"Content-Type": content_type})
        assert (status, answer["kind"]) == (400, "invalid")
    bad_header = b'--x\r\nContent-Disposition: form-data; name="\x0f"\r\n\r\nPK\r\n--x--\r\n'
    assert (await upload(http, bad_header, **{"Content-Type": "multipart/form-data; boundary=x"}))[0] == 400
    assert (await upload(http, form(content=bytes(20_000))))[0] == 413
    assert (await upload(http, b"PK", **{"Content-Type": "application/zip"}))[0] == 415
    assert not folder.exists()


async def test_a_page_of_elsewhere_uploads_nothing(http: Http, folder: Path) -> None:
    """A form is what a browser sends without asking first."""
    assert (await upload(http, form(), Origin="https://evil.example.com"))[0] == 403
    assert not folder.exists()


async def test_only_an_upload_may_be_a_form(http: Http) -> None:
    async with http.post("/api/skills/catalog", data=form()) as response:
        assert response.status == 415


async def test_the_skills_of_a_repository_are_listed_and_installed_and_then_they_are_there(http: Http, folder: Path) -> None:
    of_github = "/skills/catalog?type=github&repo=acme/shop&path=skills/.curated&ref=HEAD"
    about = {"type": "github", "repo": "acme/shop", "path": "skills/.curated", "ref": "HEAD"}
    assert await asked(http, "GET", of_github) == (200, {**about, "skills": [{"name": "tidy", "installed": False}]})
    status, made = await asked(http, "POST", "/skills/catalog", {**about, "skills": ["tidy", "nothing"]})
    assert (status, made["success"], made["installed"], made["dest"]) == (200, True, ["tidy"], str(folder))
    assert [line.partition(":")[0] for line in made["errors"]] == ["nothing"]
    assert {path.name for path in (folder / "tidy").rglob("*")} == {"SKILL.md", "scripts", "tidy.sh"}
    assert (await asked(http, "GET", of_github))[1]["skills"] == [{"name": "tidy", "installed": True}]
    _, again = await asked(http, "POST", "/skills/catalog", {**about, "skills": ["tidy"]})
    assert (again["success"], "installed already" in again["errors"][0]) == (False, True)


async def test_what_skills_sh_finds_is_installed_from_its_repository(http: Http) -> None:
    search = "/skills/catalog?type=skillssh&q=tidy&limit=30"
    found = {"type": "skillssh", "query": "tidy", "count": 1, "skills": [{**FOUND, "installed": False}]}
    assert await asked(http, "GET", search) == (200, found)
    assert (await asked(http, "GET", "/skills/catalog?q=t"))[1]["skills"] == []
    _, made = await asked(http, "POST", "/skills/catalog", {"type": "skillssh", "skills": [{"name": "tidy", "source": "acme/shop"}]})
    assert (made["success"], made["installed"], made["errors"]) == (True, ["tidy"], [])
    assert (await asked(http, "GET", search))[1]["skills"] == [{**FOUND, "installed": True}]


@pytest.mark.parametrize(
    ("path", "status", "kind", "told"),
    [
        ("?q=tidy", 502, "upstream", "skills.sh answered something else"),
        ("?type=github&repo=a/none", 404, "not_found", "There is no public repository or branch on GitHub 'a/none HEAD'"),
        ("?type=github&repo=a/large", 502, "upstream", "there are too many"),
        ("?type=github&repo=a/..", 400, "invalid", "repo"),
        ("?type=github&repo=a/b&ref=../..%23", 400, "invalid", "ref"),
        ("?type=npm", 400, "invalid", "skillssh"),
    ],
)  # fmt: skip
async def test_a_catalogue_that_does_not_answer_well_is_told_of(server: Server, path: str, status: int, kind: str, told: str) -> None:
    missing = json_response({"message": "Not Found"}, status=404)
    server.answer = lambda request: json_response({"truncated": True, "tree": []}) if "large" in request.path else (
        missing if "none" in request.path else json_response([])
    )  # fmt: skip
    async with serving(Hub(MemoryStore(), upstreams=asking_at(server.url))) as http:
        answered, answer = await asked(http, "GET", f"/skills/catalog{path}")
        assert (answered, answer["kind"]) == (status, kind)
        assert told in answer["error"]


async def test_a_catalogue_that_cannot_be_reached_installs_nothing_and_says_why(folder: Path) -> None:
    async with serving(Hub(MemoryStore(), library=FileLibrary([], [folder]), upstreams=asking_at(NOBODY))) as http:
        status, answer = await asked(http, "GET", "/skills/catalog?q=tidy")
        assert (status, answer["error"].partition(" (")[0]) == (502, "skills.sh cannot be asked: nothing answers at its address")
        _, none = await asked(http, "POST", "/skills/catalog", {"type": "github", "repo": "a/b", "skills": ["tidy"]})
        assert (none["success"], none["installed"]) == (False, [])
        assert none["errors"][0].startswith("tidy: GitHub cannot be asked")
