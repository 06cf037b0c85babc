"""What the storefront publishes and can't be applied falls out alone, and what is personal stays here (I7, X4, X6)."""

import pytest
from storefront_desk import Storefront, an_order, cny, news, order_key, told, written
from ticket_desk import LATER, PAID

from contracts.event import Event
from kit import subscriber as loop
from kit.envelope import headers
from kit.testing.poll import eventually

RECIPIENT = {"name": "李小明", "phone": "13812345678", "address": "江苏省连云港市海州区某路 1 号"}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between attempts, a fiftieth of their length."""
    monkeypatch.setattr(loop, "_FIRST_PAUSE", loop._FIRST_PAUSE / 50)


SUM, UNFIT = "AmountsDoNotAddUpError", "HTTP would refuse the order as well"
WRONG: tuple[tuple[str, Event], ...] = (
    (f"the handler failed: {SUM}", told("placed", "W-1", goods_total=cny("20.01"))),
    (f"the handler failed: {SUM}", told("placed", "W-2", paid=cny("19.99"))),
    (f"the handler failed: {SUM}", told("placed", "W-3", goods_total=cny("20.001"))),
    (f"the handler failed: {SUM}", told("placed", "W-4", freight={"amount": "1", "currency": "USD"})),
    (f"the handler failed: {SUM}", told("placed", "W-5", discount=cny("20.01"))),
    (f"{UNFIT}: /buyer_ref", told("placed", "W-6", buyer_ref="13812345678\n")),
    (f"{UNFIT}: /order_no", told("placed", "没有 7")),
    (f"{UNFIT}: /reason", news("cancelled", "W-8", reason="13812345678 打电话来", cancelled_at=LATER)),
    ("the handler failed: UnknownOrderError", news("received", "W-9", received_at=LATER)),
)


@pytest.mark.usefixtures("impatient")
async def test_what_can_not_be_applied_falls_out_alone(storefront: Storefront) -> None:
    """I7, X4: one dead letter each with its reason, and every other order is taken, before and after."""
    good = [told("placed", f"A-{n}") for n in range(20)]
    await storefront.publish(*good[:10], *(event for _, event in WRONG), *good[10:])
    await eventually(lambda: _count(storefront, len(WRONG)), within=15)
    await storefront.publish(news("paid", "A-1", paid=cny("99.00"), paid_at=PAID))  # not what is due
    await eventually(lambda: _count(storefront, len(WRONG) + 1), within=15)
    await storefront.publish(*(news("received", f"A-{n}", received_at=LATER) for n in range(2, 20)))

    async def all_received() -> bool:
        rows = await storefront.desk.rows("SELECT count(*) FROM shop_order WHERE received_at IS NOT NULL")
        return bool(rows[0].count == 18)

    await eventually(all_received, within=15)
    letters = await storefront.letters()
    reasons = {letter.aggregate_id: letter.reason for letter in letters}
    for name, event in WRONG:
        assert reasons[event.aggregate_id].partition(" (at")[0] == name
    assert reasons[order_key("main", "A-1")].startswith(f"the handler failed: {SUM} (at services.ticket.order.")
    assert len(letters) == len(WRONG) + 1
    assert (await storefront.desk.rows("SELECT count(*) FROM shop_order"))[0].count == 20


async def _count(storefront: Storefront, letters: int) -> bool:
    return len(await storefront.letters()) == letters


@pytest.mark.usefixtures("impatient")
async def test_an_event_under_another_orders_key_is_refused(storefront: Storefront) -> None:
    """E4: its sequence would be another order's."""
    event = told("placed", "A-1")
    meta = storefront.next_meta(told("placed", "A-2"))
    await storefront.bus.publish(event.SUBJECT, event.model_dump_json().encode(), headers(meta, owner="storefront"))
    await eventually(lambda: _count(storefront, 1), within=15)
    assert [(letter.reason, letter.attempts) for letter in await storefront.letters()] == [
        ("ce-subject is not the key of the order that the event tells about", 1)
    ]
    await storefront.publish(event)
    await eventually(lambda: storefront.desk.rows("SELECT 1 FROM shop_order WHERE order_no = 'A-1'"))


async def test_nothing_personal_is_told_on(storefront: Storefront) -> None:
    """X6: canaries in every place that may name a person, looked for in events, trail and order."""
    canaries = {"buyer": "旺旺canary", "payer": "payer-canary", "paid by": "payer-bird", "tracking": "SFCANARY1",
                "parcel": "SFBIRD1", **RECIPIENT}  # fmt: skip
    placed = an_order(buyer_ref=canaries["buyer"], recipient=RECIPIENT, payer_token=canaries["payer"],
                      tracking_no=canaries["tracking"])  # fmt: skip
    await storefront.tell(
        news("placed", order=placed),
        news("paid", paid=cny("20.00"), paid_at=PAID, payer_token=canaries["paid by"]),
        news("shipped", shipped_at=LATER, tracking_no=canaries["parcel"]),
        news("corrected", order=placed | {"revision": 2}),
    )
    seen = await written(storefront.desk)
    assert canaries["parcel"] in str(seen.pop("delivery"))
    assert [name for name, canary in canaries.items() if canary in str(seen)] == []
