"""Which paths are a frontend's. The doors keep theirs, also those at which nothing is."""

DOORS = ("api", "mcp", "acp", "a2a", "agents", r"\.well-known")
PAGES = "/{path:(?!(?:" + "|".join(DOORS) + ")(?:/|$)).*}"
A2A_PAGE, A2A_PIECES = "/a2a", r"/a2a/{piece:__next\.[^/]*}"
"""The frontend's page about A2A has the address of the door, which has nothing to GET there."""
