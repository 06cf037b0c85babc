"""Real Chinese reviews are found again, by words of two, three and four characters: as many as hold the word (T5)."""

import random
from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

import pytest
from reviews import reviews
from sqlalchemy import text
from stage import NOON
from ticket_desk import Desk

from kit.ids import new_id
from kit.principals import system
from services.ticket.search import finding, store, words
from services.ticket.search.finding import Sought
from services.ticket.search.query import terms_of

pytestmark = pytest.mark.plans

ASKED = ("质量", "客服", "退货", "快递", "服务态度", "性价比", "质量太差", "酒店", "电脑", "包装", "垃圾", "物流")
_TICKETS = text("""
INSERT INTO ticket (ticket_id, number, kind, shop, status, subject, priority, channel, source, opened_by, opened_at,
    times_reopened, touched_by, version, event_seq)
SELECT id, 'T-' || n + :first, 'inquiry', 'main', 'open', '评价', 'normal', 'chat',
    'manual', 'staff:x', :now, 0, '[]', 1, 1
FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS u (id, n)
""")


async def opened(desk: Desk, texts: Sequence[str]) -> None:
    """A ticket of each text, with its words."""
    for first in range(0, len(texts), 1000):
        await _some(desk, texts[first : first + 1000], first)


async def _some(desk: Desk, texts: Sequence[str], first: int) -> None:
    ids = [new_id() for _ in texts]
    async with desk.client.runtime.transactions.begin(system("test")) as work:
        await work.session.execute(_TICKETS, {"ids": ids, "first": first, "now": NOON})
        kept = [
            store.row(one, one, ("main", NOON), body, internal=False) for one, body in zip(ids, texts, strict=True)
        ]
        await store.keep_many(work.session, kept)


def holding(folded: Sequence[str], *asked: str) -> int:
    """The truth: how many texts have all these as a part, full and half width and case alike."""
    parts = [words.folded(word) for word in asked]
    return sum(all(part in body for part in parts) for body in folded)


def a_piece(dice: random.Random, texts: Sequence[str], length: int) -> str:
    """So many neighbouring Chinese characters out of some text."""
    while True:
        runs = [run for run in words.runs(dice.choice(texts)) if words.is_chinese(run) and len(run) >= length]
        if runs:
            run = dice.choice(runs)
            at = dice.randrange(len(run) - length + 1)
            return run[at : at + length]


async def test_a_few_hundred_reviews_through_the_door(desk: Desk) -> None:
    """Every page of every search, through HTTP; each count is the substring count."""
    dice = random.Random(7)
    texts = dice.sample(reviews(), 400)
    await opened(desk, texts)
    folded = [words.folded(body) for body in texts]
    asked = [*ASKED, *(a_piece(dice, texts, length) for length in (2, 3, 4) for _ in range(8))]
    for word in asked:
        found: list[str] = []
        params: dict[str, str | int] = {"q": word, "limit": 50, "count": "true"}
        while True:
            answer = (await desk.call("GET", f"/v1/tickets/search?{urlencode(params)}")).json()
            found += [hit["ticket_id"] for hit in answer["items"]]
            for hit in answer["items"]:
                (piece, *_) = hit["highlights"]
                assert any(word in piece["text"][start:end] for start, end in piece["hits"]), (word, piece)
            if answer["next_cursor"] is None:
                break
            params["cursor"] = answer["next_cursor"]
        assert len(found) == len(set(found)) == holding(folded, word) == answer["count"], word
        assert found == sorted(found, reverse=True)


async def test_the_whole_corpus_by_either_way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """35,123 reviews: the index and the walk give the same, and the same as a substring count."""
    texts = reviews()
    assert len(texts) == 35_123
    await opened(desk, texts)
    await desk.change("ANALYZE ticket, ticket_text")
    dice = random.Random(11)
    asked = [(word,) for word in ASKED] + [("质量", "客服"), ("快递", "包装", "垃圾")]
    asked += [(a_piece(dice, texts, length),) for length in (2, 2, 3, 3, 4, 4)]
    folded = [words.folded(body) for body in texts]
    async with desk.client.runtime.database.reading() as session:
        for near in (finding.LOOK_NEAR, 50):
            monkeypatch.setattr(finding, "LOOK_NEAR", near)
            for one in asked:
                sought = Sought(terms_of(" ".join(one)), {}, internal=True, now=NOON)
                found: list[UUID] = []
                after = None
                while True:
                    page = await finding.find(session, sought, after, 2_000)
                    found += page.ticket_ids
                    after = page.next_after
                    if after is None:
                        break
                assert len(found) == len(set(found)) == holding(folded, *one), (near, one)
