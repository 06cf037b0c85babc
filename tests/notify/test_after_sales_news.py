"""Refunds, goodwill, parcels, order changes, requests and drifts are told to whom they concern (N3)."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from notify_desk import Desk, a_ticket, an_order, closed
from stage import Starter

from contracts.appraisal.staff import StaffRole
from contracts.event import Event
from contracts.examples import example
from contracts.price import Difference, Price
from contracts.ticket.order import OrderChangeRequested, OrderShipped
from contracts.ticket.payment import DriftKind
from contracts.ticket.refund import CostBearer, RefundKind
from contracts.ticket.ticket import TicketKind, TicketOutcome, TicketStatus
from kit.ids import new_id
from services.notify.template.policy import CHINESE, ENGLISH, Wording, shown

NUMBER = "T20261107-000130"


@pytest.fixture
async def desk(start_service: Starter) -> AsyncIterator[Desk]:
    async with start_service("notify") as client:
        yield Desk(client)


def told(subject: str, **facts: Any) -> Event:
    """The example of that subject with these facts."""
    return example(subject).model_copy(update={"customer_id": None, "account_id": None, **facts})


async def letter(desk: Desk, language: str = CHINESE) -> tuple[str, str]:
    """Subject and body of the only message to a customer."""
    ((template, version, variables),) = await desk.rows(
        "SELECT template, template_version, variables FROM notification WHERE channel = 'email'"
    )
    ((subject, body, known),) = await desk.rows(
        "SELECT subject, body, variables FROM template WHERE (name, version, language) = (:name, :version, :language)",
        name=template,
        version=version,
        language=language,
    )
    return Wording(language=language, subject=subject, body=body, variables=known).fill(variables)


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"kind": RefundKind.MONEY_ONLY, "pay_now": True}, "refund-approved-customer"),
        ({"kind": RefundKind.RETURN_AND_MONEY, "pay_now": False}, "refund-goods-wanted-customer"),
        ({"kind": RefundKind.RETURN_AND_MONEY, "pay_now": True}, "refund-approved-customer"),
        ({"kind": RefundKind.EXCHANGE, "pay_now": False}, "refund-goods-wanted-customer"),
        ({"kind": RefundKind.RESEND, "pay_now": False}, "refund-resend-customer"),
    ],
)
async def test_an_approved_refund_tells_the_customer_what_comes_next_and_the_assignee(
    desk: Desk, facts: dict[str, Any], rule: str
) -> None:
    ann, customer_id = await desk.know(), new_id()
    await desk.hear(told("refund.approved", assignee_staff_id=ann, customer_id=customer_id, **facts))
    assert await desk.written() == {(customer_id, rule)}
    assert await desk.told() == {(ann, "refund-approved")}


async def test_a_refund_whose_payment_is_tried_again_is_not_told_twice(desk: Desk) -> None:
    """T22"""
    refund_id, customer_id, ann = new_id(), new_id(), await desk.know()
    about = {"refund_id": refund_id, "customer_id": customer_id, "assignee_staff_id": ann, "pay_now": True}
    await desk.hear(told("refund.approved", **about))
    await desk.hear(told("refund.approved", **about, attempt=2), told("refund.approved", **about, attempt=3))
    assert await desk.count("notification") == 2


async def test_the_letter_of_a_return_asks_for_the_goods(desk: Desk) -> None:
    await desk.hear(told("refund.approved", customer_id=new_id(), pay_now=False))
    subject, body = await letter(desk)
    assert subject == f"您的退货退款申请 {NUMBER} 已同意，请寄回商品"
    assert body.startswith("您好：\n\n您的退货退款申请")
    assert (await letter(desk, ENGLISH))[
        0
    ] == f"Your return and refund {NUMBER} is approved: please send the goods back"


async def test_a_paid_refund_is_told_with_its_amount(desk: Desk) -> None:
    ann, customer_id = await desk.know(), new_id()
    await desk.hear(told("refund.paid", customer_id=customer_id, assignee_staff_id=ann))
    assert await desk.written() == {(customer_id, "refund-paid-customer")}
    assert await letter(desk) == (
        "退款 44.68 CNY 已到账",
        f"您好：\n\n订单 2026112100017 的退款 44.68 CNY 已按原支付方式退回（{NUMBER}）。\n",
    )
    (message,) = await desk.inbox(ann)
    assert message["title"] == f"退货退款 {NUMBER} 已到账"


async def test_a_failed_payment_is_told_to_the_assignee_and_finance_not_to_the_customer(desk: Desk) -> None:
    ann, finance = await desk.know(), await desk.know(StaffRole.FINANCE)
    await desk.know(StaffRole.SUPERVISOR)
    await desk.hear(told("refund.failed", assignee_staff_id=ann, customer_id=new_id()))
    assert await desk.told() == {(ann, "refund-failed"), (finance, "refund-failed")}
    assert await desk.written() == set()
    (message,) = await desk.inbox(finance)
    assert "44.68 CNY 失败：payee_account_frozen" in message["body"]


async def test_a_failed_payment_of_nobody_is_the_supervisors_matter(desk: Desk) -> None:
    chief = await desk.know(StaffRole.SUPERVISOR)
    await desk.hear(told("refund.failed", assignee_staff_id=None))
    assert await desk.told() == {(chief, "refund-failed")}


async def test_a_refused_refund_is_told_once_although_its_ticket_is_closed_with_it(desk: Desk) -> None:
    customer_id = new_id()
    ended = {"status": TicketStatus.CLOSED, "customer_id": customer_id, "kind": TicketKind.REFUND}
    refused = closed(a_ticket(**ended)).model_copy(update={"outcome": TicketOutcome.REFUSED})
    await desk.hear(told("refund.refused", customer_id=customer_id), refused)
    assert await desk.written() == {(customer_id, "refund-refused-customer")}


async def test_the_end_of_a_withdrawn_refund_is_told_by_its_ticket(desk: Desk) -> None:
    customer_id = new_id()
    ended = {"status": TicketStatus.CLOSED, "customer_id": customer_id, "kind": TicketKind.REFUND}
    withdrawn = closed(a_ticket(**ended)).model_copy(update={"outcome": TicketOutcome.WITHDRAWN})
    await desk.hear(withdrawn)
    assert await desk.written() == {(customer_id, "ticket-closed-customer")}


async def test_goodwill_and_a_replacement_are_told_to_the_customer(desk: Desk) -> None:
    """T22, T27"""
    customer_id = new_id()
    await desk.hear(told("goodwill.granted", customer_id=customer_id), told("exchange.sent", customer_id=customer_id))
    rules = {rule for _, rule in await desk.written()}
    assert rules == {"goodwill-granted-customer", "exchange-sent-customer"}


async def test_goodwill_that_could_not_be_paid_is_the_houses_matter(desk: Desk) -> None:
    """T27: as a refund's."""
    ann, finance = await desk.know(), await desk.know(StaffRole.FINANCE)
    await desk.hear(told("goodwill.failed", staff_id=ann, customer_id=new_id()))
    assert await desk.told() == {(ann, "goodwill-failed"), (finance, "goodwill-failed")}
    assert await desk.written() == set()
    (message,) = await desk.inbox(finance)
    assert message["title"].startswith("小额补偿 ")


async def test_whoever_bears_a_cost_from_now_on_hears_of_it(desk: Desk) -> None:
    """T57: a person; a unit or a courier has no inbox."""
    ann, event = await desk.know(), example("cost.rebooked")
    person = {"bearer": CostBearer.STAFF, "staff_id": ann, "unit_id": None, "bearer_code": None}
    courier = {"bearer": CostBearer.COURIER, "staff_id": None, "unit_id": None, "bearer_code": "zto"}
    for who in (person, courier):
        await desk.hear(event.model_copy(update={"cost_id": new_id(), "cost": event.cost.model_copy(update=who)}))
    assert await desk.told() == {(ann, "cost-rebooked")}
    (message,) = await desk.inbox(ann)
    assert event.cost.amount.amount in message["body"]


async def test_goodwill_that_is_tried_again_is_no_news(desk: Desk) -> None:
    """T22: the payment failed, and is asked for once more under the same number."""
    await desk.hear(told("goodwill.granted", customer_id=new_id(), attempt=2))
    assert await desk.written() == set()


async def test_a_shipped_order_is_told_to_whose_account_it_is(desk: Desk) -> None:
    """T34: the courier; an order's event names the account and not the customer."""
    order = an_order(courier="中通")
    customer_id = await desk.know_customer(order.account_id)
    await desk.hear(OrderShipped(order=order))
    assert await desk.written() == {(customer_id, "order-shipped-customer")}
    assert await letter(desk) == (
        "您的订单 A-1 已发货",
        "您好：\n\n您的订单 A-1 已由 中通 发出，运单号请在店铺查看。\n",
    )


@pytest.mark.parametrize("facts", [{"historic": True}, {"fake": True}, {"top_up_of": "A-0"}])
async def test_history_fake_orders_and_top_ups_have_no_parcel_to_tell_of(desk: Desk, facts: dict[str, Any]) -> None:
    order = an_order(**facts)
    await desk.know_customer(order.account_id)
    await desk.hear(OrderShipped(order=order))
    assert await desk.written() == set()


async def test_an_account_nobody_is_known_for_is_written_to_nowhere(desk: Desk) -> None:
    await desk.hear(OrderShipped(order=an_order()))
    assert await desk.count("notification") == 0


async def test_an_account_that_moved_leads_to_its_new_file(desk: Desk) -> None:
    """C3"""
    order = an_order()
    await desk.know_customer(order.account_id)
    survivor = await desk.know_customer(order.account_id)
    await desk.hear(OrderShipped(order=order))
    assert {customer_id for customer_id, _ in await desk.written()} == {survivor}


def changed(order_id: UUID | None = None, **facts: Any) -> OrderChangeRequested:
    """A change of an order that makes it dearer by 3.00."""
    change = example("order.change_requested")
    assert isinstance(change, OrderChangeRequested)
    more = {"difference": Difference(amount="3.00", currency="CNY"), "charged_to_staff_id": None, **facts}
    return change.model_copy(update=more)


async def test_an_agreed_change_is_told_to_the_customer_and_a_wrong_price_to_who_named_it(desk: Desk) -> None:
    """T37, T57"""
    ann = await desk.know()
    change = changed(charged_to_staff_id=ann)
    customer_id = await desk.know_customer(change.order.account_id)
    await desk.hear(change)
    assert await desk.written() == {(customer_id, "order-change-customer")}
    (message,) = await desk.inbox(ann)
    assert "差价 3.00 CNY 由您承担" in message["body"]
    await desk.hear(changed(), change.model_copy(update={"attempt": 2}))
    assert await desk.told() == {(ann, "order-wrong-price")}
    assert await desk.written() == {(customer_id, "order-change-customer")}


@pytest.mark.parametrize(
    ("coupon", "rule"),
    [(None, "request-done-customer"), (Price(amount="3.00", currency="CNY"), "request-done-coupon-customer")],
)
async def test_a_request_that_is_done_is_told_with_its_coupon_and_its_closed_ticket_is_not(
    desk: Desk, coupon: Price | None, rule: str
) -> None:
    """T60"""
    customer_id = new_id()
    ended = {"status": TicketStatus.CLOSED, "customer_id": customer_id, "kind": TicketKind.SERVICE_REQUEST}
    done = told("service_request.done", customer_id=customer_id, coupon=coupon)
    await desk.hear(done, closed(a_ticket(**ended)))
    assert await desk.written() == {(customer_id, rule)}


async def test_a_request_that_lacks_something_goes_back_to_the_customer(desk: Desk) -> None:
    customer_id = new_id()
    await desk.hear(told("service_request.returned", customer_id=customer_id))
    assert await desk.written() == {(customer_id, "request-returned-customer")}


async def test_what_does_not_add_up_is_told_to_finance_and_managers(desk: Desk) -> None:
    """T55"""
    finance, manager = await desk.know(StaffRole.FINANCE), await desk.know(StaffRole.MANAGER)
    await desk.know()
    price = Difference(amount="20.00", currency="CNY")
    about = {"kind": DriftKind.BOOK_COUNTERS, "shop": "main", "expected": price, "found": None}
    await desk.hear(example("payment.drifted").model_copy(update=about))
    assert await desk.told() == {(finance, "payment-drifted"), (manager, "payment-drifted")}
    (message,) = await desk.inbox(finance)
    assert message["title"] == "账款不符：账面与分录不符"
    assert "应为 20.00 CNY，实为 —。" in message["body"]


def test_every_code_has_a_word_in_both_languages() -> None:
    for variable, code in [*(("drift", one) for one in DriftKind), *(("kind", one) for one in RefundKind)]:
        assert not shown(variable, code, CHINESE).isascii(), code
        assert shown(variable, code, ENGLISH) != code or code == "exchange", code
