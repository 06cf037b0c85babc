"""Many hands on after-sales at the same moment, in any order: nobody waits for one another, nothing is counted twice,
and whatever somebody sends is either done or refused (T22, T26, T28, T55, I12)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from uuid import UUID

import httpx
import pytest
from approval_desk import Approvals
from refund_desk import AGENT, ASKER, CHIEF, LEAD, OTHER_CHIEF, Json, Refunds, problem
from return_desk import Returns, lines
from ticket_desk import Desk, a_colleague

from contracts.appraisal.staff import StaffChanged
from kit.ids import new_id
from kit.testing.poll import eventually

DECIDED = {200, 201, 403, 404, 409, 412, 422}


@pytest.fixture
async def refunds(desk: Desk) -> Refunds:
    return await Refunds(desk).settle_in()


async def together(desk: Desk, *asked: Callable[[], Awaitable[httpx.Response]]) -> list[httpx.Response]:
    """All of them at the same moment; every one of them is done or refused. Whoever was told to come again for want
    of a connection does, but nobody is because two waited for each other."""

    async def patiently(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        async def answered() -> httpx.Response | None:
            answer = await ask()
            return None if answer.status_code == 503 else answer

        return await eventually(answered, within=60)

    answers = await asyncio.gather(*(patiently(ask) for ask in asked))
    assert {answer.status_code for answer in answers} <= DECIDED
    (found,) = await desk.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert found.deadlocks == 0
    return answers


async def of_team(refunds: Refunds, *members: UUID) -> UUID:
    """These are of one team, which has more to give than is asked here."""
    team = new_id()
    await Approvals(refunds.desk).policy("team-budgets", {"currency": "CNY", "teams": {str(team): "100000.00"}})
    for who in members:
        state = a_colleague(staff_id=who).model_copy(update={"team_id": team})
        await refunds.desk.hear(
            StaffChanged(staff=state, changed_by="staff:chief", changed_at=refunds.desk.clock.now())
        )
    return team


async def reviewed(refunds: Refunds, many: int, order_no: str = "A-1", **asked: object) -> list[Json]:
    """So many requests for one piece, looked into."""
    made = [
        await refunds.ask((ASKER, AGENT)[n % 2], order_no=order_no, pieces={1: 1}, channel="letter", **asked)
        for n in range(many)
    ]
    return [await refunds.done(one, "review") for one in made]


async def test_withdrawn_and_approved_at_once_in_one_team(refunds: Refunds) -> None:
    """T56: who gives the team's money back and who takes of it hold the same locks in the same order."""
    team = await of_team(refunds, ASKER, AGENT)
    await refunds.order("A-1", (40, "400.00"))
    kept: Sequence[Json] = await reviewed(refunds, 4)
    kept = [await refunds.done(one, "approve", CHIEF) for one in kept]
    for _ in range(2):
        fresh = await reviewed(refunds, 4)
        await together(
            refunds.desk,
            *(partial(refunds.verb, one, "withdraw", match=one["ticket"]["version"]) for one in kept),
            *(partial(refunds.verb, one, "approve", CHIEF, match=one["ticket"]["version"]) for one in fresh),
        )
        kept = [await refunds.get(one) for one in fresh]
    assert {one["status"] for one in kept} == {"waiting_for_goods"}
    assert await Approvals(refunds.desk).spent(team) == {"2026-11": 40_00}
    assert await refunds.book() == (400_00, 360_00, 40_00, 0)


async def test_asked_and_withdrawn_at_once_at_one_desk(refunds: Refunds) -> None:
    """T4: a new request takes a seat of the agent's, one that ends gives one back; both move pieces of one order."""
    await refunds.desk.hear(a_colleague("小美", staff_id=AGENT))
    await refunds.order("A-1", (60, "600.00"))
    ended = await reviewed(refunds, 4)
    for _ in range(2):
        answers = await together(
            refunds.desk,
            *(partial(refunds.try_asking, ASKER, pieces={1: 1}, channel="letter") for _ in range(4)),
            *(partial(refunds.verb, one, "withdraw", match=one["ticket"]["version"]) for one in ended),
        )
        ended = [answer.json() for answer in answers if answer.status_code == 201]
        assert len(ended) == 4
    assert await refunds.book() == (600_00, 600_00, 0, 0)


async def test_received_and_withdrawn_at_once_at_one_desk(refunds: Refunds) -> None:
    """T4, T22: a cheaper replacement that arrives gives the agent's seat back and pays the difference; whoever
    withdraws moves pieces of the same order and gives a seat of the same agent's back."""
    returns = Returns(refunds)
    await refunds.order("A-1", (60, "600.00"))
    sent = []
    for _ in range(4):
        refund = await returns.inspected(1, kind="exchange", channel="letter")
        await returns.choose(refund, {"sku": "SMALL", "unit_price": "9.00"})
        await refunds.done(refund, "approve", CHIEF)
        await returns.done(refund, "send", courier="顺丰", tracking_number="SF1")
        sent.append(await refunds.get(refund))
    ended = await reviewed(refunds, 4)
    assert {one["ticket"]["assignee_staff_id"] for one in (*sent, *ended)} == {str(AGENT)}
    await together(
        refunds.desk,
        *(partial(returns.exchange, one, "receive", match=one["ticket"]["version"]) for one in sent),
        *(partial(refunds.verb, one, "withdraw", match=one["ticket"]["version"]) for one in ended),
    )
    assert [(await refunds.get(one))["status"] for one in (*sent, *ended)] == ["received"] * 4 + ["withdrawn"] * 4
    assert await refunds.book() == (600_00, 596_00, 4_00, 0)


async def test_thirty_hands_on_one_return(refunds: Refunds) -> None:
    """T22, T28: whatever thirty people do with it at the same moment, and then again with what it has become, is what
    they would have done one after the other; it is paid once, and its money adds up."""
    await refunds.order("A-1", (4, "400.00"))
    refund = (await reviewed(refunds, 1))[0]
    for _ in range(3):
        refund = await refunds.get(refund)
        key, seen = refund["payment_key"] or str(new_id()), refund["ticket"]["version"]
        paid = {
            "payment_key": key, "result": "paid", "payment_reference": "P-1", "amount": refund["amount"]["amount"],
            "currency": "CNY", "at": "2026-11-21T12:00:00+08:00",
        }  # fmt: skip
        failed = {**paid, "result": "failed", "payment_reference": "F-1", "failure": "closed"}
        verbs: list[tuple[str, UUID, Json]] = [
            *[("approve", who, {}) for who in (CHIEF, OTHER_CHIEF, LEAD, ASKER, AGENT)],
            *[("receipts", AGENT, {"lines": lines({1: 1})})] * 4,
            *[("inspect", LEAD, {"lines": [{"line_no": 1, "sound": 1}]})] * 4,
            *[("ship-back", AGENT, {"carrier": "中通", "tracking_number": "ZT1"})] * 3,
            *[("retry", LEAD, {})] * 2,
            ("close", AGENT, {}),
            ("review", AGENT, {}),
        ]
        await together(
            refunds.desk,
            *(partial(refunds.verb, refund, verb, who, match=seen, **body) for verb, who, body in verbs),
            *[partial(refunds.edit, refund, LEAD, match=seen, lines=lines({1: 2})) for _ in range(2)],
            *[partial(refunds.desk.call, "POST", "/v1/payments/answers", "service", json=paid) for _ in range(4)],
            *[partial(refunds.desk.call, "POST", "/v1/payments/answers", "service", json=failed) for _ in range(3)],
        )
        told = await refunds.get(refund)
        gone = [told["amount"]["amount"] if told["payment_reference"] else "0.00"]
        paid_minor, _, _, refunded_minor = await refunds.book()
        assert (paid_minor, refunded_minor) == (400_00, int(gone[0].replace(".", "")))


async def test_approved_while_the_order_is_corrected(refunds: Refunds) -> None:
    """T26, T55: less was paid than it seemed, at the very moment at which it is given back: never more than that."""
    for turn in range(3):
        number = f"A-{turn}"
        await refunds.order(number, (2, "100.00"), (2, "100.00"))
        asked = await reviewed(refunds, 2, number, kind="money_only", wanted="45.00")

        async def corrected(number: str = number) -> httpx.Response:
            sold = [{"line_no": 1, "sku": "SKU-1", "quantity": 2, "paid_total": "60.00"}]
            told = {"lines": sold, "paid": "60.00", "revision": 2, "buyer_ref": "ming"}
            facts = {"placed_at": "2026-11-10T10:00:00+08:00", "paid_at": "2026-11-10T10:01:00+08:00"}
            return await refunds.desk.call("PUT", f"/v1/orders/main/{number}", "storefront", json={**told, **facts})

        await together(
            refunds.desk,
            *(partial(refunds.verb, one, "approve", CHIEF, match=one["ticket"]["version"]) for one in asked),
            corrected,
        )
        paid, kept, in_flight, _ = await refunds.book(number)
        assert (paid, in_flight) in {(60_00, 0), (60_00, 45_00), (200_00, 90_00)}
        assert kept >= 0


async def test_a_line_that_is_no_longer_of_the_order(refunds: Refunds) -> None:
    """T26: an order is corrected while a request is open: what is asked back of a line that it doesn't have any more
    is refused in words, and withdrawn like any other."""
    await refunds.order("A-1", (2, "100.00"), (3, "100.00"))
    refund = await refunds.done(await refunds.ask(pieces={2: 2}, kind="exchange"), "review")
    returned = await refunds.done(await refunds.ask(pieces={2: 1}, reason="late", kind="money_only"), "review")
    sold = [{"line_no": 1, "sku": "SKU-1", "quantity": 1, "paid_total": "100.00"}]
    await refunds.order("A-1", (2, "100.00"), lines=sold, paid="100.00", revision=2)
    for one in (refund, returned):
        assert (await refunds.edit(one, LEAD, reason="quality", lines=lines({2: 1}))).status_code in (409, 422)
        approved = await refunds.verb(one, "approve", CHIEF)
        assert approved.status_code in (200, 409, 422), approved.text
        shown = await refunds.call("GET", f"/v1/exchanges/{one['refund_id']}", AGENT)
        assert shown.status_code in (200, 404), shown.text
    received = await Returns(refunds).try_(refund, "receipts", AGENT, lines=lines({2: 2}))
    assert received.status_code == 201, received.text
    inspected = await Returns(refunds).try_inspecting(refund, {2: {"sound": 2}})
    assert inspected.status_code in (200, 409, 422), inspected.text
    await refunds.done(refund, "withdraw")


async def test_a_request_is_weighed_again_once_its_order_was_corrected(refunds: Refunds) -> None:
    """T26, T28: what can't be approved any more, because less was paid than it seemed, is put right by saying the same
    again."""
    await refunds.order("A-1", (2, "100.00"))
    refund = await refunds.done(await refunds.ask(pieces={1: 2}), "review")
    await refunds.order("A-1", (2, "60.00"), revision=2)
    assert problem(await refunds.verb(refund, "approve", CHIEF), 409) == "more-than-kept"
    edited = await refunds.edit(refund, LEAD, lines=lines({1: 2}))
    assert (edited.status_code, edited.json()["amount"]["amount"]) == (200, "60.00")
    assert (await refunds.done(refund, "approve", CHIEF))["status"] == "waiting_for_goods"
    assert await refunds.book() == (60_00, 0, 60_00, 0)


HOSTILE: list[tuple[str, Json]] = [
    ("huge pieces", {"pieces": {1: 10**18}}),
    ("negative pieces", {"pieces": {1: -1}}),
    ("a line number beyond everything", {"pieces": {10**30: 1}}),
    ("five thousand lines", {"pieces": dict.fromkeys(range(1, 5001), 1)}),
    *[(f"wanted {wanted}", {"kind": "money_only", "wanted": wanted})
      for wanted in ("NaN", "-5.00", "Infinity", "1e9", "999999999999.99", "0.001", "", " 5", "٥", 5.0, True, {})],
]  # fmt: skip


@pytest.mark.parametrize("doing", [*(what for what, _ in HOSTILE[:4]), "sums"])
async def test_hostile_requests_are_refused_in_words(refunds: Refunds, doing: str) -> None:
    await refunds.order("A-1", (2, "100.00"))
    before = await refunds.written()
    for what, body in HOSTILE:
        if what == doing or (doing == "sums" and what.startswith("wanted")):
            for path in ("", "/quotes"):
                wish = {"order_no": "A-1", "kind": "return_and_money", "reason": "quality", **body}
                wish["lines"] = lines(wish.pop("pieces", {1: 2}))
                answer = await refunds.call("POST", f"/v1/refunds{path}", json=wish)
                assert problem(answer, answer.status_code) in {"invalid-request", "more-than-bought", "too-large"}
                assert str(body.get("wanted") or "~") not in answer.text
    assert await refunds.written() == before


async def test_an_article_that_costs_more_than_there_is_money(refunds: Refunds) -> None:
    """X4: what nobody could pay is refused before it is more than the database can hold."""
    await refunds.order("A-1", (2, "100.00"))
    returns = Returns(refunds)
    refund = await returns.waiting(CHIEF, kind="exchange")
    dear = {"line_no": 1, "sku": "GOLD", "quantity": 1_000_000, "unit_price": "999999999999.99"}
    answer = await returns.exchange(refund, "replace", articles=[dear])
    assert problem(answer, 422) == "invalid-request"
