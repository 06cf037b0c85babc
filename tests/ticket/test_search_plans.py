"""A search looks at a bounded number of rows, whatever is asked, and a rare word is found by its index (T5)."""

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from reviews import reviews
from test_search_reviews import opened
from ticket_desk import Desk

from services.ticket.search import finding

pytestmark = pytest.mark.plans

ROWS = 8_000
NEAR = 200


@pytest.fixture
async def crowded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(finding, "LOOK_NEAR", NEAR)
    monkeypatch.setattr(finding, "LOOK_FAR", 4 * NEAR)
    monkeypatch.setattr(finding, "FEW_PLACES", NEAR)
    texts = random.Random(3).sample(reviews(), ROWS)
    await opened(desk, [*texts[: ROWS // 2], "榴莲坏了", *texts[ROWS // 2 :]])
    await desk.change("ANALYZE ticket, ticket_text")
    return desk


async def asked(desk: Desk, q: str, **by: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The answer, and every step of the plans that led to it."""
    with desk.statements() as sent:
        answer = await desk.call("GET", f"/v1/tickets/search?q={quote(q)}", **by)
    assert answer.status_code == 200, answer.text
    connection = await desk.client.runtime.database.connect()
    steps: list[dict[str, Any]] = []
    try:
        for statement, values in sent:
            ((told,),) = await connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *values)
            steps += list(_steps(orjson.loads(told)[0]["Plan"]))
    finally:
        await connection.close()
    return answer.json(), steps


def _steps(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _steps(child)


def looked_at(steps: list[dict[str, Any]]) -> float:
    """How many rows of tables were read in all."""
    tables = [step for step in steps if step.get("Relation Name") in ("ticket", "ticket_text")]
    removed = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    return sum(
        (step["Actual Rows"] + sum(step.get(name, 0) for name in removed)) * step["Actual Loops"] for step in tables
    )


@pytest.mark.parametrize("q", ["榴莲", "鲸鱼", "酒店", "鲸", "鲸鱼 酒店", "鲸鱼榴莲酒店"])
async def test_no_word_makes_a_search_walk_far(crowded: Desk, q: str) -> None:
    _, steps = await asked(crowded, q)
    assert not [step for step in steps if step["Node Type"] == "Seq Scan" and step["Actual Rows"] > 1]
    assert looked_at(steps) < 12 * NEAR


async def test_a_rare_word_is_found_by_the_index(crowded: Desk) -> None:
    answer, steps = await asked(crowded, "榴莲")
    assert len(answer["items"]) == 1
    assert "ix_ticket_text_entries" in {step.get("Index Name") for step in steps}


async def test_what_is_common_and_far_away_comes_in_short_pages(crowded: Desk) -> None:
    """Two common words that hardly meet: no page looks at everything, all pages together do, and miss nothing."""
    total = (
        await crowded.rows("SELECT count(*) FROM ticket_text WHERE plain LIKE '%酒店%' AND plain LIKE '%内容%'")
    )[0][0]
    found, cursor, pages = 0, "", 0
    while True:
        answer = (await crowded.call("GET", f"/v1/tickets/search?q={quote('酒店 内容')}{cursor}")).json()
        found, pages = found + len(answer["items"]), pages + 1
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert found == total
    assert pages >= ROWS // (4 * NEAR)
