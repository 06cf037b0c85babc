"""The storefront's events about refunds (T22), and what lies sealed of a payment (X6)."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from payment_desk import Payments
from refund_desk import Refunds
from stage import NOON
from ticket_desk import Desk

from contracts.price import Price
from contracts.storefront import StorefrontRefundFailed, StorefrontRefundPaid
from kit.envelope import Meta
from kit.ids import new_id
from kit.inbox import Verdict
from kit.principals import system
from kit.reasons import RefusedEventError
from kit.rotation import reseal_all
from kit.subscriber import Arrival
from kit.vault import Vault, VaultKey, _derive
from services.ticket.payment import rotation
from services.ticket.payment.service import begin_calls


@pytest.fixture
async def payments(desk: Desk) -> Payments:
    return Payments(await Refunds(desk).settle_in())


def paid(refund_id: str, amount: str = "40.00", **facts: object) -> StorefrontRefundPaid:
    told = {"refund_id": refund_id, "amount": Price(amount=amount, currency="CNY"), "payment_reference": "R-1"}
    return StorefrontRefundPaid.model_validate({**told, "paid_at": NOON, **facts})


async def test_events_of_many_refunds_are_taken_as_one_batch(payments: Payments) -> None:
    """Some true, one twice, one that can't be: each by itself, in one transaction, all acknowledged."""
    made = [await payments.due(f"A-{n}") for n in range(3)]
    ids = [one["refund_id"] for one in made]
    failed = StorefrontRefundFailed.model_validate(
        {**paid(ids[2]).model_dump(), "failure": "closed", "failed_at": NOON, "payment_reference": "F-1"}
    )
    told = [
        paid(ids[0]), paid(ids[0]), paid(ids[1], "39.99", payment_reference="R-2"), failed,
        paid(str(new_id()), payment_reference="R-4"),
    ]  # fmt: skip
    assert await payments.desk.hear(*told) == [Verdict.APPLY] * 5
    assert [(await payments.payment(one))[0] for one in made] == ["paid", "due", "failed"]
    assert sorted(await payments.alarms()) == ["answer_amount", "answer_unknown"]


async def test_an_event_that_says_no_amount_or_is_misaddressed_is_buried(payments: Payments) -> None:
    refund = await payments.due()
    subscriber = payments.desk.subscriber("storefront", "storefront.refund")
    for event, address in (
        (paid(refund["refund_id"], "40.001"), refund["refund_id"]),
        (paid(refund["refund_id"]), str(new_id())),
    ):
        arrival = Arrival(event.noun(), Meta(new_id(), event.SUBJECT, UUID(address), 1, NOON), event)
        with pytest.raises(RefusedEventError):
            await subscriber.apply([arrival])
    assert (await payments.payment(refund))[0] == "due"


async def test_the_payee_lies_sealed_and_goes_under_a_new_key(payments: Payments) -> None:
    await payments.due()
    (row,) = await payments.desk.rows("SELECT sealed_payee FROM payment")
    assert row.sealed_payee is not None
    assert b"payer-1" not in row.sealed_payee
    development = VaultKey("development", _derive(payments.desk.client.runtime.settings.key, "development seal"))
    newer = VaultKey("newer", bytes(32))
    vault = Vault((newer, development), search_key=bytes(32))
    transactions = replace(payments.desk.client.transactions, vault=vault)
    assert await reseal_all(transactions, [rotation.reseal_payees], at_once=1) == 1
    assert await reseal_all(transactions, [rotation.reseal_payees], at_once=1) == 0
    only = replace(transactions, vault=Vault((newer,), search_key=bytes(32)))
    async with only.begin(system("test")) as work:
        (order,) = await begin_calls(work, 10)
    assert order.payee_token == "payer-1"


async def test_a_payment_ordered_later_than_it_is_told_is_still_an_alarm(payments: Payments) -> None:
    """A refund with a return has its number from its approval on, but nothing is to be paid until the goods are in."""
    await payments.refunds.order("A-1")
    refund = await payments.refunds.approved(kind="return_and_money", reason="quality")
    assert refund["status"] == "waiting_for_goods"
    before = await payments.all_rows()
    await payments.desk.hear(paid(refund["refund_id"], refund["amount"]["amount"], paid_at=NOON + timedelta(1)))
    assert await payments.all_rows() == before
    assert await payments.alarms() == ["answer_unknown"]
