"""A skill is a folder with instructions for one sort of work, in the Agent Skills format. It is read from files and never stored."""

from hub.domain.model import Value


class SkillEntry(Value):
    """What tells whether to read it."""

    name: str
    description: str
    short_description: str | None = None
    license: str | None = None
    compatibility: str | None = None
    """What it needs: a product, programs, the network."""


class Skill(SkillEntry):
    metadata: dict[str, str] = {}
    content: str
    """The instructions, Markdown."""

    @property
    def entry(self) -> SkillEntry:
        return SkillEntry.trusted(**{name: getattr(self, name) for name in SkillEntry.model_fields})
