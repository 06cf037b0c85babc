"""The life of a change, verb by verb, and what the storefront is told of it; the shop account's life beside it (T35,
T37). The confirmation's checklist and the watch over accounts, as policies."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from contracts.examples.order import PAID
from contracts.ticket.order import ChangeKind
from kit.problems import Problem
from services.ticket.confirmation.policy import ORDER_CONFIRMATION, OrderConfirmation
from services.ticket.order_change import lifecycle as changes
from services.ticket.order_change.lifecycle import ChangeStatus
from services.ticket.order_change.policy import ORDER_CHANGES, OrderChanges
from services.ticket.shop_account import lifecycle as accounts
from services.ticket.shop_account.lifecycle import AccountStatus
from services.ticket.shop_account.policy import SHOP_ACCOUNT_WATCH, ShopAccountWatch

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
S = ChangeStatus
# Every arrow; what isn't here is refused.
ARROWS = {
    (S.REQUESTED, "approve"): S.REQUESTED, (S.REQUESTED, "agree"): S.AGREED, (S.REQUESTED, "ask-top-up"): S.TOPPING_UP,
    (S.REQUESTED, "give-back"): S.REFUNDING, (S.REQUESTED, "refuse"): S.REFUSED,
    (S.REQUESTED, "withdraw"): S.WITHDRAWN, (S.TOPPING_UP, "top-up"): S.AGREED, (S.TOPPING_UP, "refuse"): S.REFUSED,
    (S.TOPPING_UP, "withdraw"): S.WITHDRAWN, (S.AGREED, "confirm"): S.CONFIRMED, (S.AGREED, "refuse"): S.REFUSED,
    (S.REFUNDING, "retry"): S.REFUNDING, (S.REFUNDING, "confirm"): S.CONFIRMED, (S.REFUNDING, "refuse"): S.REFUSED,
    (S.CONFIRMED, "retry"): S.CONFIRMED,
}  # fmt: skip


@dataclass
class Change:
    """A change as the table holds it."""

    status: str = "requested"
    change_id: UUID = field(default_factory=uuid4)
    kinds: list[str] = field(default_factory=lambda: ["colour", "quantity"])
    lines: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {
                "line_no": 1,
                "old": {"sku": "TEA", "options": "红", "quantity": 2, "paid_minor": 20_00},
                "new": {"sku": "TEA", "colour": "蓝 13812345678", "size": None, "quantity": 1, "paid_minor": 10_00},
            }
        ]
    )
    courier: str | None = None
    currency: str = "CNY"
    difference_minor: int = -10_00
    reason: str = "buyer_asked"
    charged_to_staff_id: UUID | None = None
    payment_key: UUID | None = None
    attempt: int = 1
    requested_by: str = "agent:1"
    requested_at: datetime = NOW


@pytest.mark.parametrize(("status", "verb"), list(product(ChangeStatus, changes.LIFE.table)))
def test_every_verb_from_every_state(status: ChangeStatus, verb: str) -> None:
    """T37, I10."""
    change = Change(status)
    if (status, verb) in ARROWS:
        changes.move(change, verb)
        assert change.status == ARROWS[status, verb]
        return
    with pytest.raises(Problem) as met:
        changes.move(change, verb)
    assert (met.value.slug, change.status) == ("transition-refused", status)
    assert met.value.facts["allowed"] == changes.allowed(change), "nothing that moves by itself is offered"


@pytest.mark.parametrize(
    ("status", "key", "verbs"),
    [
        (S.REQUESTED, None, ["agree", "refuse", "withdraw"]),
        (S.TOPPING_UP, None, ["refuse", "withdraw"]),
        (S.AGREED, None, ["confirm", "refuse"]),
        (S.REFUNDING, uuid4(), ["retry", "confirm", "refuse"]),
        (S.CONFIRMED, None, []),
        (S.CONFIRMED, uuid4(), ["retry"]),
        (S.REFUSED, None, []),
        (S.WITHDRAWN, None, []),
    ],
)
def test_what_somebody_may_ask_for(status: ChangeStatus, key: UUID | None, verbs: list[str]) -> None:
    """One verb to agree, whatever it costs; none that moves by itself."""
    assert changes.allowed(Change(status, payment_key=key)) == verbs


def test_what_the_storefront_is_told() -> None:
    """T37, X6: what is another, and no phone number."""
    key = uuid4()
    told = changes.requested(Change(payment_key=key, courier="顺丰"), PAID)
    assert told.kinds == (ChangeKind.COLOUR, ChangeKind.QUANTITY)
    (line,) = told.lines
    assert (line.line_no, line.sku, line.quantity, line.colour, line.size) == (1, None, 1, "蓝 ****", None)
    assert line.paid_total is not None
    assert line.paid_total.amount == "10.00"
    assert told.difference is not None
    assert (told.difference.amount, told.payment_key, told.attempt, told.courier) == ("-10.00", key, 1, "顺丰")
    assert told.aggregate_id == PAID.order_id


def test_a_change_that_costs_the_same_has_no_difference() -> None:
    change = Change(difference_minor=0)
    change.lines[0]["new"]["paid_minor"] = 20_00
    told = changes.requested(change, PAID)
    assert (told.difference, told.payment_key, told.lines[0].paid_total) == (None, None, None)


A = AccountStatus
ACCOUNT_ARROWS = {
    (A.SIGNED_OUT, "sign-in"): A.SIGNED_IN, (A.SIGNED_IN, "sign-in"): A.SIGNED_IN,
    (A.SIGNED_IN, "heartbeat"): A.SIGNED_IN, (A.SIGNED_IN, "sign-out"): A.SIGNED_OUT,
    (A.SIGNED_IN, "fall-silent"): A.SIGNED_OUT, (A.SIGNED_OUT, "retire"): A.RETIRED,
    (A.SIGNED_IN, "retire"): A.RETIRED, (A.RETIRED, "restore"): A.SIGNED_OUT,
}  # fmt: skip


@dataclass
class Account:
    """A shop's account as the table holds it."""

    status: str = "signed_out"
    assigned_staff_id: UUID = field(default_factory=uuid4)
    delegate_staff_id: UUID | None = None
    signed_in_staff_id: UUID | None = None
    since: datetime = NOW
    seen_at: datetime | None = None


@pytest.mark.parametrize(("status", "verb"), list(product(AccountStatus, accounts.LIFE.table)))
def test_every_verb_of_an_account(status: AccountStatus, verb: str) -> None:
    """T35, I10."""
    account = Account(status)
    if (status, verb) in ACCOUNT_ARROWS:
        accounts.LIFE.move(account, verb)
        assert account.status == ACCOUNT_ARROWS[status, verb]
        return
    with pytest.raises(Problem):
        accounts.LIFE.move(account, verb)


def test_who_sits_down_at_an_account() -> None:
    """Its agent and the delegate, one in place of the other; nobody else, and nobody unknown."""
    agent, delegate, stranger = uuid4(), uuid4(), uuid4()
    account = Account(assigned_staff_id=agent, delegate_staff_id=delegate)
    for who in (agent, delegate, agent):
        accounts.sign_in(account, who, NOW)
        assert (account.status, account.signed_in_staff_id, account.seen_at) == ("signed_in", who, NOW)
    for nobody in (stranger, None):
        with pytest.raises(Problem) as met:
            accounts.sign_in(account, nobody, NOW)
        assert met.value.slug == "forbidden"
    for not_there in (delegate, None):
        with pytest.raises(Problem):
            accounts.heartbeat(account, not_there, NOW)
    later = NOW + timedelta(minutes=5)
    accounts.heartbeat(account, agent, later)
    assert (account.seen_at, account.since) == (later, NOW)
    accounts.leave(account, "sign-out", later)
    assert (account.status, account.signed_in_staff_id, account.since) == ("signed_out", None, later)
    assert "fall-silent" not in accounts.allowed(Account("signed_in"))


WATCH = SHOP_ACCOUNT_WATCH.default
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("wall", "watched"),
    [("00:00", False), ("08:59:59", False), ("09:00", True), ("12:00", True), ("23:59:59.999999", True)],
)
def test_the_hours_in_which_somebody_has_to_be_there(wall: str, watched: bool) -> None:
    """T35: 09:00–24:00 unless the shop says otherwise."""
    at = datetime.fromisoformat(f"2026-11-21T{wall}").replace(tzinfo=ZONE)
    assert WATCH.is_watched(at, ZONE) is watched


@pytest.mark.parametrize(("wall", "watched"), [("21:59", False), ("22:00", True), ("00:30", True), ("02:00", False)])
def test_hours_over_midnight(wall: str, watched: bool) -> None:
    rules = ShopAccountWatch.model_validate(
        {"every_minutes": 30, "silent_minutes": 10, "hours": [{"opens": "22:00", "closes": "02:00"}]}
    )
    at = datetime.fromisoformat(f"2026-11-21T{wall}").replace(tzinfo=ZONE)
    assert rules.is_watched(at, ZONE) is watched


@pytest.mark.parametrize(("minute", "slot"), [(0, 0), (1, 0), (29, 0), (30, 30), (31, 30), (59, 30)])
def test_it_is_looked_every_half_hour(minute: int, slot: int) -> None:
    """T35."""
    assert WATCH.slot_of(NOW.replace(minute=minute, second=59)) == NOW.replace(minute=slot)


@pytest.mark.parametrize(("minutes", "silent"), [(0, False), (10, False), (10.02, True), (60, True)])
def test_who_gives_no_sign_of_life(minutes: float, silent: bool) -> None:
    assert WATCH.is_silent(NOW - timedelta(minutes=minutes), NOW) is silent


@pytest.mark.parametrize(
    "broken", [{"every_minutes": 7}, {"every_minutes": 0}, {"silent_minutes": 0}, {"hours": [{"opens": "9", "closes": "10:00"}]}, {"who": 1}]
)  # fmt: skip
def test_a_watch_that_does_not_hold_together_is_refused(broken: dict[str, object]) -> None:
    """X3."""
    with pytest.raises(ValidationError):
        ShopAccountWatch.model_validate({**WATCH.model_dump(mode="json"), **broken})


@pytest.mark.parametrize(
    "broken",
    [
        {"steps": [{"code": "a", "zh": "甲", "en": "a"}] * 2},
        {"steps": [{"code": "A b", "zh": "甲", "en": "a"}]},
        {"steps": [{"code": "a", "zh": "甲", "en": "a", "facts": ["mood"]}]},
        {"steps": [{"code": "a", "zh": "", "en": "a"}]},
        {"unpaid_methods": "cash"},
        {"who": 1},
    ],
)
def test_a_checklist_that_does_not_hold_together_is_refused(broken: dict[str, object]) -> None:
    """T34, X3."""
    with pytest.raises(ValidationError):
        OrderConfirmation.model_validate({**ORDER_CONFIRMATION.default.model_dump(mode="json"), **broken})


def test_the_checklist_has_the_steps_of_the_rule() -> None:
    """T34: amount, item number, colour, address, contact, that the courier gets there, the dispatch time."""
    codes = [step.code for step in ORDER_CONFIRMATION.default.steps]
    assert codes == ["amount", "item_number", "colour", "address", "contact", "courier_reaches", "dispatch_told"]
    assert all(step.required for step in ORDER_CONFIRMATION.default.steps)


@pytest.mark.parametrize("broken", [{"reasons": {}}, {"reasons": {"Bad One": {"zh": "甲", "en": "a"}}}, {"more": 1}])
def test_reasons_that_do_not_hold_together_are_refused(broken: dict[str, object]) -> None:
    """T37, X3."""
    with pytest.raises(ValidationError):
        OrderChanges.model_validate({**ORDER_CHANGES.default.model_dump(mode="json"), **broken})
