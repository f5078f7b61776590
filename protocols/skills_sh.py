"""The search of skills.sh, as its own command line asks it: https://github.com/vercel-labs/skills"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from hub.domain.errors import Upstream
from hub.domain.skills import CatalogSkill
from protocols.asking import Asking


class SkillsSh:
    """A SkillsCatalog."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def search(self, query: str, limit: int) -> Sequence[CatalogSkill]:
        said = await self._asking.ask("GET", f"/api/search?{urlencode({'q': query, 'limit': limit})}", {"User-Agent": "trivium"})
        skills = said.get("skills") if isinstance(said, dict) else None
        if not isinstance(skills, list):
            raise Upstream("skills.sh answered something else than its list of skills.")
        return [found for one in skills[:limit] if (found := _skill(one))]


def _skill(one: Any) -> CatalogSkill | None:
    """None for what this hub does not understand: the format may grow."""
    match one:
        case {"name": str(name), "id": str(slug), "source": str(source)}:
            installs = one.get("installs")
            return CatalogSkill(name=name, slug=slug, source=source, installs=installs if isinstance(installs, int) else 0)
    return None
