"""The graph beside a list of commits: in which lane each stands, and the lines that pass its row from top to bottom."""

from collections.abc import Iterable, Iterator

from hub.domain.repositories import GraphEdge

Row = tuple[int, tuple[GraphEdge, ...]]


def rows(commits: Iterable[tuple[str, ...]]) -> Iterator[Row]:
    """For each commit, newest first and given as its name and those of its parents, its lane and its lines."""
    lanes: list[str | None] = []
    """Which commit each lane leads to."""
    for sha, *parents in commits:
        lane = _lane_to(sha, lanes)
        edges = [GraphEdge(from_lane=at, to_lane=lane if to == sha else at) for at, to in enumerate(lanes) if to and at != lane]
        lanes[:] = [None if to == sha else to for to in lanes]
        for number, parent in enumerate(parents):
            if number == 0 and parent not in lanes:
                lanes[lane] = parent
            edges.append(GraphEdge(from_lane=lane, to_lane=_lane_to(parent, lanes), is_merge=True if number else None))
        yield lane, tuple(edges)
        while lanes and lanes[-1] is None:
            lanes.pop()


def _lane_to(sha: str, lanes: list[str | None]) -> int:
    """The lane that leads there, or else the first free one, which does from now on."""
    if sha in lanes:
        return lanes.index(sha)
    if None not in lanes:
        lanes.append(None)
    at = lanes.index(None)
    lanes[at] = sha
    return at
