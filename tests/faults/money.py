"""Money after a run: the payment side's ledger, the books, their entries, the payments, what was told and the trail
must all say the same."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from history import Outcome
from payment_stand_in import StandIn
from payouts import AMOUNT_MINOR, Office, reconciled
from tables import rows, value

ONE_EACH = {
    "payment": "SELECT payment_key::text AS key FROM payment WHERE status = 'paid'",
    "case": "SELECT payment_key::text AS key FROM refund WHERE status IN ('paid', 'closed')",
    "step in the trail": "SELECT aggregate_id::text AS key FROM audit WHERE noun = 'payment' AND action = 'pay'",
    "event": """
        SELECT r.payment_key::text AS key FROM outbox o JOIN refund r ON r.refund_id = o.aggregate_id
        WHERE o.subject = 'refund.paid'
    """,
    "entry": """
        SELECT DISTINCT r.payment_key::text AS key FROM book_entry b JOIN refund r ON r.refund_id = b.cause_id
        WHERE b.kind = 'refunded'
    """,
}
REFUNDED = {
    "books": "SELECT coalesce(sum(refunded_minor), 0) FROM order_book",
    "entries": "SELECT coalesce(sum(amount_minor), 0) FROM book_entry WHERE kind = 'refunded'",
}
NOTHING = {
    "in flight": "SELECT coalesce(sum(in_flight_minor), 0) FROM order_book",
    "off their order": "SELECT count(*) FROM order_book WHERE paid_minor <> kept_minor + refunded_minor + in_flight_minor",
    "payments open": "SELECT count(*) FROM payment WHERE status <> 'paid'",
    # One that only had to wait for its answer is no difference: that it came stands above.
    "alarms": "SELECT count(*) FROM book_alarm WHERE kind <> 'unresolved'",
}


def paid_again(causes: Iterable[str]) -> list[str]:
    """The payment side pays a number once; the cases that were paid under more than one."""
    return [f"{cause} was paid {times} times" for cause, times in Counter(causes).items() if times > 1]


async def faults_of(office: Office, side: StandIn) -> list[str]:
    """Everything about the money that is wrong."""
    running = office.running
    faults = [f"the payment side was told: {wrong}" for wrong in side.wrong]
    paid = set(side.left)
    faults += paid_again(side.asked[key][2] for key in paid)
    for name, query in ONE_EACH.items():
        known = Counter(row["key"] for row in await rows(running, "ticket", query))
        if known != Counter(paid):
            faults.append(f"{len(paid)} payments have left; {known.total()} know of one: {name}")
    for name, query in REFUNDED.items():
        if (total := await value(running, "ticket", query)) != len(paid) * AMOUNT_MINOR:
            faults.append(f"{name} say {total}, and {len(paid)} times {AMOUNT_MINOR} has left")
    for name, query in NOTHING.items():
        if count := await value(running, "ticket", query):
            faults.append(f"{name}: {count}")
    approved = len(office.history.those(Outcome.OK, "approve"))
    if not approved <= len(paid) <= approved + len(office.history.those(Outcome.UNKNOWN, "approve")):
        faults.append(f"{approved} refunds were approved, {len(paid)} were paid")
    listed: dict[str, Any] = {"listed": len(paid), "matched": len(paid), "settled": 0, "drifted": 0, "missing": 0}
    said = await reconciled(office, side)
    return faults if said == listed else [*faults, f"the list of the payment side came to {said}"]
