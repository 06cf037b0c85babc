"""What of a cheaper change is put before those who approve (T28, T37, T56)."""

from contracts.customer.customer import Tier
from services.ticket.approval.service import Content, digest_of
from services.ticket.order_change.models import OrderChange

NOUN = "order_change"


def content_of(change: OrderChange, tier: str | None) -> Content:
    """The difference that is given back, bound to everything that it is given for."""
    seen = {
        "order": change.order_id, "terms": change.terms.hex(), "kinds": change.kinds, "lines": change.lines,
        "courier": change.courier, "recipient": (change.sealed_recipient or b"").hex(), "reason": change.reason,
        "activity": change.activity, "charged_to": change.charged_to_staff_id, "difference": change.difference_minor,
        "currency": change.currency,
    }  # fmt: skip
    return Content(
        noun=NOUN,
        shop=change.shop,
        order_id=change.order_id,
        account_id=change.account_id,
        reason=None,
        tier=Tier(tier) if tier else None,
        currency=change.currency,
        amount_minor=max(-change.difference_minor, 0),
        digest=digest_of(seen),
    )
