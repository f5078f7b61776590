"""The calls that are made to a backend, in this order: what is made by one is used by the next ones, and ends at the end."""

from protocols.parity.stories import boards, code, definitions, endings, jobs, product, sessions, sharing, work
from protocols.parity.stories.base import Call

STORIES: tuple[Call, ...] = (
    *work.CALLS, *boards.CALLS, *code.CALLS, *sessions.CALLS, *sharing.CALLS, *jobs.CALLS, *definitions.CALLS, *product.CALLS,
)  # fmt: skip
ENDINGS: tuple[Call, ...] = endings.CALLS
