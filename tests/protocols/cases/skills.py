"""Skills that are installed, and what GitHub tells of a codebase."""

from hub.app import Hub
from tests.core.support import ask
from tests.protocols.cases.base import case
from tests.protocols.steps.skills import ARCHIVE, LIBRARY
from tests.repositories import repository_of

HOUSE = repository_of("cases of skills")
INSTALLED = "success installed errors dest message"


async def prepare(hub: Hub) -> dict[str, str]:
    await ask(hub, "create_codebase", repoPath=HOUSE, sourceUrl="git@github.com:acme/shop.git")
    return {"library": LIBRARY}


CASES = (
    case("GET", "/skills/catalog", "/skills/catalog?type=skillssh&q=tidy&limit=30", 200, "type skills query count"),
    case("GET", "/skills/catalog", "/skills/catalog?type=github&repo=acme/shop&path=skills/.curated&ref=HEAD", 200,
         "type skills repo path ref"),
    case("POST", "/skills/catalog", "/skills/catalog", 200, INSTALLED,
         {"type": "github", "repo": "acme/shop", "path": "skills/.curated", "ref": "HEAD", "skills": ["tidy"]}),
    case("POST", "/skills/catalog", "/skills/catalog", 200, INSTALLED,
         {"type": "skillssh", "skills": [{"name": "tidy", "source": "acme/shop"}]}),
    case("GET", "/skills/clone", "/skills/clone?repoPath={library}", 200, "skills problems"),
    case("POST", "/skills/clone", "/skills/clone", 200, "success imported count repoPath source error",
         {"url": "ada/skills", "timeoutSeconds": 0}),
    case("POST", "/skills/upload", "/skills/upload", 200, INSTALLED, {"archive": ARCHIVE}),
    case("GET", "/github/issues", "/github/issues?workspaceId=default&state=all", 200, "repo codebase issues"),
    case("GET", "/github/pulls", "/github/pulls?workspaceId=default&state=open", 200, "repo codebase pulls"),
    case("GET", "/github/access", "/github/access?boardId=board-default", 200, "available source"),
)  # fmt: skip
