"""Skills that are installed, each one in the place of itself, and what GitHub tells of a codebase."""

from base64 import b64encode
from io import BytesIO
from zipfile import ZipFile, ZipInfo

from tests.protocols.github import TIDY, TOKEN
from tests.protocols.steps.base import no, ok
from tests.repositories import repository_of

LIBRARY = str(TIDY.parents[2])
HOUSE = repository_of("steps of skills")


def zipped(files: dict[str, bytes]) -> str:
    """In base64, and always the same."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(ZipInfo(name), content)
    return b64encode(made.getvalue()).decode()


ARCHIVE = zipped({"tidy/SKILL.md": TIDY.read_bytes(), "tidy/scripts/tidy.sh": b"#!/bin/sh"})
SKILLS = (
    ok("install_skill_archive", {"archive": ARCHIVE, "replace": True}),
    no("conflict", "install_skill_archive", {"archive": ARCHIVE, "replace": False}),
    no("invalid", "install_skill_archive", {"archive": zipped({"README.md": b"?"}), "replace": True}),
    no("invalid", "install_skill_archive", {"archive": "%%%", "replace": True}),
    ok("import_skills", {"repository": LIBRARY, "names": ["tidy", "nothing"], "replace": True}),
    no("invalid", "import_skills", {"repository": "here"}),
    ok("list_skills", {"repository": LIBRARY, "own": False}),
    ok("list_skill_catalog", {"type": "github", "repo": "acme/shop"}),
    ok("list_skill_catalog", {"q": "tidy"}),
    ok("list_skill_catalog", {"q": "t", "limit": 5}),
    no("invalid", "list_skill_catalog", {"type": "github", "repo": "acme"}),
    no("upstream", "list_skill_catalog", {"type": "github", "repo": "acme/other"}),
    ok("install_skills", {"type": "github", "repo": "acme/shop", "skills": ["tidy", "nothing"]}),
    ok("install_skills", {"skills": [{"name": "tidy", "source": "acme/shop"}]}),
    no("invalid", "install_skills", {"skills": ["tidy"]}),
    ok("clone_skills", {"url": "ada/skills", "timeoutSeconds": 0}),
    no("invalid", "clone_skills", {"url": "file:///etc", "timeoutSeconds": 0}),
    ok("cancel_clone", {"cloneId": "ada--skills"}),
    ok("create_workspace", {"title": "Issues", "id": "issues"}),
    no("not_found", "list_github_issues", {"workspaceId": "issues"}),
    ok("create_codebase", {"workspaceId": "issues", "repoPath": HOUSE, "label": "Shop"}, "shop"),
    no("invalid", "list_github_issues", {"workspaceId": "issues"}),
    ok("update_codebase", {"codebaseId": "$shop.id", "sourceUrl": "https://github.com/acme/shop.git"}),
    ok("create_board", {"workspaceId": "issues", "name": "Bugs"}, "bugs"),
    ok("get_github_access", {"boardId": "$bugs.id"}),
    ok("update_board", {"boardId": "$bugs.id", "githubToken": TOKEN}),
    ok("get_github_access", {"boardId": "$bugs.id"}),
    ok("get_github_access"),
    no("not_found", "get_github_access", {"boardId": "nothing"}),
    ok("list_github_issues", {"workspaceId": "issues", "boardId": "$bugs.id", "state": "all"}),
    ok("list_github_pulls", {"workspaceId": "issues", "codebaseId": "$shop.id"}),
    no("not_found", "list_github_issues", {"workspaceId": "issues", "codebaseId": "nothing"}),
    no("not_found", "list_github_pulls", {"workspaceId": "nowhere"}),
    no("invalid", "list_github_pulls", {"workspaceId": "issues", "state": "merged"}),
    no("invalid", "list_github_issues", {"workspaceId": "issues", "state": "merged"}),
)
