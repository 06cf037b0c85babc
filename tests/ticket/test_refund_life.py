"""T20 to T22, T28: from a request to its money over the API; who may do what, and what a buyer sees of it."""

from uuid import UUID

import orjson
import pytest
from refund_desk import AGENT, ASKER, CHIEF, FINANCE, LEAD, OTHER_CHIEF, Refunds, problem
from ticket_desk import Desk, a_file

from contracts.customer.customer import ShopTier, Tier
from kit.ids import new_id
from kit.principals import system
from services.ticket.refund.rotation import reseal_payees
from services.ticket.refund.weighing import payee_place


@pytest.fixture
async def refunds(desk: Desk) -> Refunds:
    return await Refunds(desk).settle_in()


async def told(desk: Desk, refund_id: str) -> list[dict[str, object]]:
    """The events of a request, in their order."""
    rows = await desk.rows(
        "SELECT body FROM outbox WHERE noun = 'refund' AND aggregate_id = :one ORDER BY sequence", one=refund_id
    )
    return [orjson.loads(bytes(row.body)) for row in rows]


async def test_money_only_is_asked_approved_and_paid(refunds: Refunds) -> None:
    """T22, T55: what was asked for is in flight from the approval on, and refunded once the payment side has paid."""
    desk = refunds.desk
    await refunds.order("A-1", (2, "40.00"), freight="8.00", shipped_at=None, received_at=None)
    asked = await refunds.ask(kind="money_only", reason="no_reason")
    assert (asked["status"], asked["amount"]["amount"], asked["ticket"]["status"]) == ("requested", "48.00", "new")
    assert await refunds.book() == (4800, 4800, 0, 0)
    await refunds.done(asked, "review")
    paying = await refunds.done(asked, "approve", AGENT)
    assert (paying["status"], paying["attempt"]) == ("paying", 1)
    assert await refunds.book() == (4800, 0, 4800, 0)
    await refunds.answered(paying)
    paid = await refunds.get(asked)
    assert (paid["status"], paid["payment_reference"], paid["ticket"]["status"]) == ("paid", "pay-1", "solved")
    assert await refunds.book() == (4800, 0, 0, 4800)
    closed = await refunds.done(asked, "close")
    assert (closed["status"], closed["ticket"]["status"], closed["allowed"]) == ("closed", "closed", [])
    events = await told(desk, asked["refund_id"])
    rows = await desk.rows("SELECT subject, sequence FROM outbox WHERE noun = 'refund' ORDER BY id")
    assert [row.sequence for row in rows] == [1, 2, 3]
    assert [row.subject for row in rows] == ["refund.requested", "refund.approved", "refund.paid"]
    approved, settled = events[1], events[2]
    assert approved["pay_now"] is True
    assert (approved["goods"], approved["freight"], approved["payment_key"]) == (
        {"amount": "40.00", "currency": "CNY"}, {"amount": "8.00", "currency": "CNY"}, paying["payment_key"],
    )  # fmt: skip
    assert (settled["order_fully_refunded"], settled["order_refunded"]) == (
        True,
        {"amount": "48.00", "currency": "CNY"},
    )
    trail = await desk.rows("SELECT action FROM audit WHERE noun = 'refund' ORDER BY id")
    assert [row.action for row in trail] == ["request", "review", "approve", "paid", "close"]


async def test_a_failed_payment_is_tried_again_under_the_same_number(refunds: Refunds) -> None:
    """T22: failed can be retried; the money stays in flight, and is paid once."""
    await refunds.order("A-1", (2, "40.00"), shipped_at=None, received_at=None)
    paying = await refunds.approved(kind="money_only", reason="no_reason")
    await refunds.answered(paying, "failed")
    failed = await refunds.get(paying)
    assert (failed["status"], failed["failure"]) == ("pay_failed", "account_closed")
    assert await refunds.book() == (4000, 0, 4000, 0)
    assert problem(await refunds.verb(paying, "refuse", grounds="unpayable"), 409) == "transition-refused"
    again = await refunds.done(paying, "retry", FINANCE)
    assert (again["status"], again["payment_key"], again["attempt"]) == ("paying", paying["payment_key"], 2)
    await refunds.answered(again)
    assert (await refunds.get(paying))["status"] == "paid"
    events = await told(refunds.desk, paying["refund_id"])
    assert [one.get("attempt") for one in events[1:]] == [1, 1, 2, None]


async def test_nobody_approves_what_they_asked_for_under_whatever_login(refunds: Refunds) -> None:
    """T28, T56: four eyes; the same member of staff under another login is the same person; the attempt is written."""
    await refunds.order("A-1", (2, "40.00"), shipped_at=None, received_at=None)
    asked = await refunds.done(await refunds.ask(kind="money_only", reason="no_reason"), "review")
    before = await refunds.written()
    assert problem(await refunds.verb(asked, "approve", ASKER), 403) == "own-request"
    disguised = {"role": "manager", "sub": "another-login", "staff_id": ASKER}
    assert problem(await refunds.verb(asked, "approve", by=disguised), 403) == "own-request"
    assert await refunds.written() == before
    assert (await refunds.done(asked, "approve", AGENT))["status"] == "paying"


async def test_above_a_limit_others_have_to_approve(refunds: Refunds) -> None:
    """T28: agent up to 50, supervisor up to 500, two above 5,000; the refusal says who may."""
    await refunds.order("A-1", (1, "6000.00"), shipped_at=None, received_at=None)
    asked = await refunds.done(await refunds.ask(kind="money_only", reason="no_reason", pieces={1: 1}), "review")
    for who in (AGENT, LEAD):
        refused = await refunds.verb(asked, "approve", who)
        assert problem(refused, 403) == "beyond-authority"
        assert "manager" in refused.json()["who_may"]
    half = await refunds.done(asked, "approve", CHIEF)
    assert (half["status"], half["approved_by"], half["approvals"]["steps"]) == (
        "under_review", [f"manager:{CHIEF}"], [["finance", "manager"]],
    )  # fmt: skip
    assert await refunds.book() == (600000, 600000, 0, 0)
    assert problem(await refunds.verb(asked, "approve", CHIEF), 403) == "own-request"
    assert (await refunds.done(asked, "approve", OTHER_CHIEF))["status"] == "paying"


async def test_what_was_approved_in_part_is_void_once_it_is_edited(refunds: Refunds) -> None:
    """T28: an approval is bound to the content; a decision is asked with what was read."""
    await refunds.order("A-1", (1, "6000.00"), (1, "10.00"), shipped_at=None, received_at=None)
    asked = await refunds.done(await refunds.ask(kind="money_only", reason="no_reason", pieces={1: 1}), "review")
    half = await refunds.done(asked, "approve", CHIEF)
    seen = half["ticket"]["version"]
    both = [{"line_no": 1, "quantity": 1}, {"line_no": 2, "quantity": 1}]
    edited = (await refunds.edit(asked, AGENT, lines=both)).json()
    assert (edited["amount"]["amount"], edited["approved_by"]) == ("6010.00", [])
    assert problem(await refunds.verb(asked, "approve", OTHER_CHIEF, match=seen), 412) == "stale-version"
    assert problem(await refunds.verb(asked, "approve", OTHER_CHIEF, match=None), 428) == "precondition-required"
    assert (await refunds.done(asked, "approve", OTHER_CHIEF))["status"] == "under_review"
    assert (await refunds.done(asked, "approve", CHIEF))["status"] == "paying"


async def test_a_buyer_opens_sees_and_withdraws_its_own_and_nothing_inside(refunds: Refunds) -> None:
    """T20, T40, X6: a token that acts for one buyer; another's request doesn't exist for it."""
    desk = refunds.desk
    await refunds.order("A-1", (2, "400.00"), shipped_at=None, received_at=None)
    ming = {"role": "storefront", "account_id": desk.account("ming")}
    hua = {"role": "storefront", "account_id": desk.account("hua")}
    quote = (await refunds.quote(by=ming, kind="money_only", reason="no_reason")).json()
    assert (quote["amount"]["amount"], quote["approvals"], quote["fee"], quote["fault"]) == (
        "400.00",
        None,
        None,
        None,
    )
    before = await refunds.written()
    assert problem(await refunds.try_asking(by=hua, kind="money_only", reason="no_reason"), 404) == "not-found"
    assert await refunds.written() == before
    asked = await refunds.ask(by=ming, kind="money_only", reason="no_reason", text="买多了")
    assert asked["allowed"] == ["give-evidence", "withdraw"]
    assert asked["ticket"]["description"] == "买多了"
    await refunds.done(asked, "review")
    seen = await refunds.get(asked, by=ming)
    inside = ("fault", "fee", "shipped", "unfounded", "approvals", "payment_key", "failure", "parcel")
    assert [seen[name] for name in inside] == [None] * len(inside)
    assert (seen["approved_by"], seen["attempt"], seen["ticket"]["assignee_staff_id"]) == ([], 0, None)
    assert (await refunds.call("GET", f"/v1/refunds/{asked['refund_id']}", by=hua)).status_code == 404
    assert problem(await refunds.verb(asked, "withdraw", by=hua), 404) == "not-found"
    assert (await refunds.call("GET", "/v1/refunds", by=hua)).json()["items"] == []
    assert [one["refund_id"] for one in (await refunds.call("GET", "/v1/refunds", by=ming)).json()["items"]] == [
        asked["refund_id"]
    ]
    gone = await refunds.done(asked, "withdraw", by=ming)
    assert (gone["status"], gone["ticket"]["outcome"]) == ("withdrawn", "withdrawn")
    again = await refunds.ask(by=ming, kind="money_only", reason="no_reason")
    assert again["refund_id"] != asked["refund_id"]


async def test_a_request_of_another_shop_is_not_there(refunds: Refunds) -> None:
    """X1."""
    await refunds.order()
    asked = await refunds.ask()
    outlet = {"role": "manager", "staff_id": new_id(), "shops": ["outlet"]}
    assert (await refunds.call("GET", f"/v1/refunds/{asked['refund_id']}", by=outlet)).status_code == 404
    assert (await refunds.call("GET", "/v1/refunds", by=outlet)).json()["items"] == []


async def test_the_fee_of_the_reason_is_a_cost_as_long_as_it_stands(refunds: Refunds) -> None:
    """T29, T57: booked with the approval, told with the payment, gone when nothing is given after all."""
    desk = refunds.desk
    await refunds.order("A-1", (2, "40.00"), shipped_at=None, received_at=None)
    paying = await refunds.approved(kind="money_only", reason="out_of_stock", pieces={1: 1})
    assert paying["fee"]["amount"] == "2.00"
    await refunds.answered(paying)
    (*_, paid) = await told(desk, paying["refund_id"])
    assert paid["costs"] == [
        {"kind": "fee", "amount": {"amount": "2.00", "currency": "CNY"}, "bearer": "company", "bearer_code": None,
         "unit_id": None, "staff_id": None},
    ]  # fmt: skip
    other = await refunds.approved(kind="money_only", reason="out_of_stock", pieces={1: 1})
    await refunds.answered(other, "failed", retryable=False)
    await refunds.done(other, "refuse", grounds="unpayable")
    (row,) = await desk.rows("SELECT amount_minor FROM case_cost WHERE ticket_id = :one", one=other["refund_id"])
    assert row.amount_minor == 0
    assert await refunds.book() == (4000, 2000, 0, 2000)
    (*_, refused) = await told(desk, other["refund_id"])
    assert (refused["grounds"], refused["unfounded"]) == ("unpayable", False)


async def test_the_tier_of_its_day_decides(refunds: Refunds) -> None:
    """T58, T43: the tier that the customer had when it was asked for, whatever they become; it halves the targets."""
    desk = refunds.desk
    ming, customer = desk.account("ming"), new_id()
    key, small = ShopTier(shop="main", tier=Tier.KEY), ShopTier(shop="main", tier=Tier.SMALL)
    await desk.hear(a_file(ming, customer_id=customer, tiers=(key,)))
    await refunds.order()
    asked = await refunds.ask()
    await desk.hear(a_file(ming, customer_id=customer, tiers=(small,)))
    seen = await refunds.get(asked)
    assert seen["ticket"]["tier"] == "key"
    clocks = await desk.rows("SELECT kind, target_seconds FROM clock WHERE ticket_id = :one", one=asked["refund_id"])
    assert {row.kind: row.target_seconds for row in clocks} == {"agree": 12 * 3600}
    (row,) = await desk.rows("SELECT tier FROM approval_case WHERE case_id = :one", one=asked["refund_id"])
    assert row.tier == "key"


async def test_each_leg_has_its_clock(refunds: Refunds) -> None:
    """T43, T47: agree until it is approved, then ship back, while the customer is waited for; edited, agree anew."""
    desk = refunds.desk
    await refunds.order()
    back = await refunds.approved(pieces={1: 1})
    assert (back["status"], back["ticket"]["waiting_on"]) == ("waiting_for_goods", "customer")
    assert await legs(desk, back) == {"agree": "met", "ship_back": "running"}
    edited = (await refunds.edit(back, lines=[{"line_no": 1, "quantity": 2}])).json()
    assert (edited["status"], edited["approved_at"], edited["ticket"]["status"]) == ("under_review", None, "open")
    assert await refunds.book() == (4000, 4000, 0, 0)
    running = [name for name, status in (await legs(desk, back, running=True)).items()]
    assert running == ["agree"]
    await refunds.done(back, "approve", CHIEF)
    assert await refunds.book() == (4000, 0, 4000, 0)
    await refunds.order("A-2", (2, "40.00"), shipped_at=None, received_at=None)
    unshipped = await refunds.ask(order_no="A-2", kind="money_only", reason="no_reason")
    assert await legs(desk, unshipped) == {"first_reply": "running", "solution": "running"}


async def legs(desk: Desk, refund: dict[str, object], *, running: bool = False) -> dict[str, str]:
    """The clocks of a request's ticket, the newest of each kind, or those that run."""
    rows = await desk.rows(
        "SELECT kind, status FROM clock WHERE ticket_id = :one ORDER BY clock_id", one=refund["refund_id"]
    )
    return {row.kind: row.status for row in rows if not running or row.status == "running"}


async def test_who_gets_the_money_lies_sealed_and_comes_under_a_new_key(refunds: Refunds) -> None:
    """T20, X6: the payer's token as the order has it, in no table in plain; `kefu reseal` finds it."""
    desk = refunds.desk
    await refunds.order("A-1", (2, "40.00"), payer_token="payer-token-1", shipped_at=None, received_at=None)
    paying = await refunds.approved(kind="money_only", reason="no_reason")
    (approved,) = [one for one in await told(desk, paying["refund_id"]) if "pay_now" in one]
    assert approved["payee_token"] == "payer-token-1"
    (row,) = await desk.rows("SELECT to_jsonb(r) AS row, sealed_payee FROM refund r")
    assert "payer-token" not in str(row.row)
    vault = desk.client.transactions.vault
    assert vault is not None
    place = payee_place(UUID(paying["refund_id"]))
    assert vault.open(bytes(row.sealed_payee), place) == "payer-token-1"
    async with desk.client.transactions.begin(system("test")) as work:
        assert await reseal_payees(work, None, 10) == (0, None)
