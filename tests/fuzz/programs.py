"""What clients do one after another, while what they did before still goes on."""

from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

from tests.fuzz.messages import VERSIONS

What = Literal[
    "initialize", "delete", "stream", "resume", "wait", "wait with progress", "quick", "batch", "subscribe", "cancel", "answer",
    "listen", "wait alone", "leave", "change",
]  # fmt: skip


@dataclass(frozen=True)
class Step:
    what: What
    which: int
    """Of the sessions, or of the connections."""
    id: int | str
    """Of the request."""
    streams: bool
    """Whether the client takes a stream as the answer."""
    turns: int
    """How often the loop turns before the next step."""
    version: str


STEP = st.builds(
    Step,
    st.sampled_from((
        "initialize", "delete", "stream", "stream", "resume", "wait", "wait", "wait with progress", "quick", "batch", "subscribe",
        "cancel", "answer", "listen", "wait alone", "leave", "leave", "change",
    )),
    st.integers(0, 3), st.sampled_from((1, 1, "1", 2)), st.booleans(), st.sampled_from((0, 1, 2, 3, 5, 8, 30)), st.sampled_from(VERSIONS),
)  # fmt: skip
FIRST = Step("initialize", 0, 1, False, 0, VERSIONS[-1])
PROGRAMS = st.lists(STEP, min_size=1, max_size=12)
