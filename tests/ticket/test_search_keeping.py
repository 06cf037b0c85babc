"""Texts are kept where they are found: written again, appended, moved (T3, T5)."""

from datetime import timedelta
from typing import Any

import pytest
from stage import NOON
from ticket_desk import Desk

from kit.ids import new_id
from kit.principals import system
from kit.work import Work
from services.ticket.search import service as search
from services.ticket.search import words


async def rows(desk: Desk) -> list[tuple[Any, ...]]:
    found = await desk.rows("SELECT body, internal, shop, tsvector_to_array(entries) FROM ticket_text ORDER BY body")
    return [(row[0], row[1], row[2], set(row[3])) for row in found]


async def test_a_ticket_s_own_text_is_written_again_in_place(desk: Desk) -> None:
    ticket_id = new_id()
    async with desk.client.runtime.transactions.begin(system("test")) as work:
        await search.index(work, ticket_id, "main", NOON, ["催发货", None, "三天了"])
        await search.index(work, ticket_id, "main", NOON, ["催退款", ""])
        await search.index(work, ticket_id, "main", NOON, ["催退款", ""])
    assert await rows(desk) == [("催退款", False, "main", {*words.entries("催退款"), "@shop:main", "@month:202611"})]


@pytest.mark.parametrize("internal", [True, False])
async def test_messages_are_appended_and_move_with_a_merge(desk: Desk, internal: bool) -> None:
    one, two = [await desk.open(subject=subject) for subject in ("甲甲", "乙乙")]
    await desk.change("DELETE FROM ticket_text")
    await desk.change(
        "UPDATE ticket SET shop = 'b', opened_at = :at WHERE ticket_id = :two",
        at=NOON + timedelta(days=40), two=two["ticket_id"],
    )  # fmt: skip
    message = new_id()

    async def kept(work: Work) -> None:
        await search.index(work, one["ticket_id"], "main", NOON, ["甲甲"])
        await search.append(work, one["ticket_id"], "顺丰", internal, text_id=message)
        await search.append(work, one["ticket_id"], "中通", internal)

    async with desk.client.runtime.transactions.begin(system("test")) as work:
        await kept(work)
        await search.move_texts(work, [message], two["ticket_id"])
    here, there = {"@shop:main", "@month:202611"}, {"@shop:b", "@month:202612"}
    assert sorted(await rows(desk), key=str) == sorted(
        [
            ("甲甲", False, "main", {*words.entries("甲甲"), *here}),
            ("中通", internal, "main", {*words.entries("中通"), *here}),
            ("顺丰", internal, "b", {*words.entries("顺丰"), *there}),
        ],
        key=str,
    )
    async with desk.client.runtime.transactions.begin(system("test")) as work:
        await search.move(work, one["ticket_id"], two["ticket_id"])
        await search.forget(work, message)
    assert sorted(await rows(desk), key=str) == sorted(
        [
            ("甲甲", False, "b", {*words.entries("甲甲"), *there}),
            ("中通", internal, "b", {*words.entries("中通"), *there}),
        ],
        key=str,
    )
