"""Search: full text over what agents write."""

import pytest

from hub.app import Hub
from hub.domain.errors import Invalid
from tests.core.support import ask, new_agent, new_task, on_memory, refusal


async def found(hub: Hub, query: str, **options: object) -> list[tuple[str, str]]:
    return [(hit["kind"], hit["title"]) for hit in (await ask(hub, "search", query=query, **options))["hits"]]


async def test_tasks_notes_messages_and_letters_are_found_each_by_what_it_says(hub: Hub) -> None:
    agent = await new_agent(hub)
    await new_task(hub, "needle in a task")
    await ask(hub, "create_note", title="a note", content="with a needle")
    await ask(hub, "append_message", agentId=agent, role="USER", content="the needle was said")
    await ask(hub, "send_message", fromAgentId=agent, toAgentIds=agent, content="needle by post", subject="mail")
    everything = [("letter", "mail"), ("message", "the needle was said"), ("note", "a note"), ("task", "needle in a task")]
    assert sorted(await found(hub, "needle")) == everything
    assert await found(hub, "NEEDLE said") == [everything[1]]
    assert await found(hub, "needle", kinds=["note"]) == [everything[2]]
    assert await found(hub, "haystack") == []


async def test_a_hit_shows_the_place_where_the_word_stands(hub: Hub) -> None:
    await ask(hub, "create_note", noteId="n", title="long", content="before " * 100 + "the needle\nis here " + "after " * 100)
    (hit,) = (await ask(hub, "search", query="needle"))["hits"]
    assert (hit["kind"], hit["id"], hit["workspaceId"], hit["title"]) == ("note", "n", "default", "long")
    assert "the needle is here" in hit["snippet"]
    assert len(hit["snippet"]) == 160


@pytest.mark.parametrize(
    "query",
    [
        '"needle',
        "needle*",
        "needle OR",
        "NOT needle",
        "needle -x",
        "(needle",
        "needle:x",
        "title:needle",
        "needle AND (",
        "needle & !",
        "^needle",
        "'; DROP TABLE task; --needle",
    ],
)
async def test_operators_of_the_engines_are_only_punctuation_and_words(hub: Hub, query: str) -> None:
    await new_task(hub, "needle or not and x title drop table task")
    await new_task(hub, "needle alone")
    plain = [("task", "needle or not and x title drop table task")]
    assert (await found(hub, query))[:2] in (plain, [*plain, ("task", "needle alone")], [("task", "needle alone"), *plain])


@pytest.mark.parametrize("query", ['"', "* - ()", "🜁", "", " "])
async def test_a_query_without_a_word_is_invalid(hub: Hub, query: str) -> None:
    assert isinstance(await refusal(ask(hub, "search", query=query)), Invalid)


async def test_hits_are_paged_and_the_last_page_says_so(hub: Hub) -> None:
    for at in range(5):
        await new_task(hub, f"needle {at}")
    seen: list[tuple[str, str]] = []
    cursor: int | None = 0
    while cursor is not None:
        page = await ask(hub, "search", query="needle", limit=2, cursor=cursor)
        seen += [(hit["kind"], hit["title"]) for hit in page["hits"]]
        cursor = page.get("nextCursor")
    assert seen == await found(hub, "needle")
    assert len(set(seen)) == 5


@on_memory
async def test_a_workspace_is_searched_alone(hub: Hub) -> None:
    await ask(hub, "create_workspace", id="v", title="v")
    await new_task(hub, "needle here")
    await new_task(hub, "needle there", workspaceId="v")
    assert await found(hub, "needle", workspaceId="v") == [("task", "needle there")]
    assert len(await found(hub, "needle")) == 2
