"""Which media types an agent takes (specification 1.0 §3.1.1, §4.4.1): what its card says, and what it is sent."""

from collections.abc import Sequence

from hub.domain.agents import Agent
from hub.ports import Json
from protocols.a2a.errors import ContentTypeNotSupported

MODES = ["text/plain", "application/json"]
"""Of an agent that says nothing else."""


def named(text: str | None) -> list[str]:
    """With commas between them."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def input_modes(agent: Agent | None) -> list[str]:
    """None: the hub itself."""
    return named(agent.metadata.get("inputModes") if agent else None) or MODES


def expect_taken(parts: Sequence[Json], modes: Sequence[str]) -> None:
    """Raises ContentTypeNotSupported for the first part that says a type which is not taken."""
    for number, part in enumerate(parts):
        type_ = part.get("mediaType", "").partition(";")[0].strip().lower()
        if type_ and not any(_takes(mode.lower(), type_, part) for mode in modes):
            raise ContentTypeNotSupported(f"message.parts[{number}].mediaType: {type_[:100]} is not taken. Taken are: {', '.join(modes)}.")


def _takes(mode: str, type_: str, part: Json) -> bool:
    """A text is a text, whatever it is marked up with, and data is JSON; a file is what it says. `image` stands for image/*."""
    if mode in ("*", "*/*", type_):
        return True
    kind, _, what = mode.partition("/")
    if what in ("", "*"):
        return type_.startswith(f"{kind}/")
    return ("text" in part and kind == "text" and type_.startswith("text/")) or (
        "data" in part and what == "json" and type_.endswith("json")
    )
