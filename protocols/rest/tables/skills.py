"""Skills that others offer, and installing them."""

from hub.operations.waiting import LONGEST
from protocols.rest.route import SKILL, Route

ROUTES: tuple[Route, ...] = (
    Route("GET", "/skills/catalog", "list_skill_catalog"),
    Route("POST", "/skills/catalog", "install_skills"),
    Route("GET", "/skills/clone", "list_skills", names=SKILL, fixed={"own": False}, required=frozenset({"repoPath"})),
    Route("POST", "/skills/clone", "clone_skills", fixed={"timeoutSeconds": LONGEST}, ignored=frozenset({"skillsDir"})),
    Route("POST", "/skills/upload", "install_skill_archive", fixed={"replace": True}, upload="archive"),
)
