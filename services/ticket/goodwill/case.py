"""One goodwill: found and locked with its ticket, put before those who approve, shown, written down (T28, X7)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from contracts.customer.customer import Tier
from kit import audit
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.approval.service import Content
from services.ticket.goodwill import lifecycle, store
from services.ticket.goodwill.lifecycle import GoodwillStatus
from services.ticket.goodwill.models import Goodwill
from services.ticket.order import service as orders
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Ticket

NOUN = "goodwill"


@dataclass(frozen=True, slots=True)
class Seen:
    """Goodwill with the roles that may still approve it."""

    goodwill: Goodwill
    who_may: tuple[str, ...] = ()


async def found(work: Work, ticket_id: UUID, goodwill_id: UUID) -> tuple[Ticket, Goodwill]:
    """Goodwill with its ticket. Raises Problem `not-found`, also for one of a ticket out of sight (X1, T40)."""
    ticket = await tickets.get_ticket(work, ticket_id)
    return ticket, _there(await store.get(work.session, goodwill_id), ticket)


async def locked(
    work: Work, ticket_id: UUID, goodwill_id: UUID, verb: str, *, decides: bool = False
) -> tuple[Ticket, Goodwill]:
    """The same under the ticket's row lock, for a verb that is drawn. Raises Problem `not-found`,
    `precondition-required` for a decision without If-Match, `stale-version`, `transition-refused`."""
    if decides and work.expected_version is None:
        raise Problem("precondition-required")
    ticket = await tickets.locked(work, ticket_id)
    goodwill = _there(await store.get(work.session, goodwill_id), ticket)
    work.expect_version(goodwill.version)
    lifecycle.expect_drawn(goodwill, verb)
    return ticket, goodwill


async def content_of(work: Work, ticket: Ticket, goodwill: Goodwill) -> Content:
    """All that whoever approves decides about; the payee is who paid the order, as it has it now (T20)."""
    payee = (await orders.party_of(work, goodwill.order_id)).payer_token
    facts = {
        "goodwill": goodwill.goodwill_id,
        "line": goodwill.line_no,
        "fault": goodwill.fault,
        "amount": [goodwill.amount_minor, goodwill.currency],
        "payee": hmac.digest(work.key, payee.encode(), sha256).hex() if payee else None,
    }
    return Content(
        noun=NOUN,
        shop=goodwill.shop,
        order_id=goodwill.order_id,
        account_id=goodwill.account_id,
        reason=None,
        tier=Tier(ticket.tier) if ticket.tier else None,
        currency=goodwill.currency,
        amount_minor=goodwill.amount_minor,
        digest=approvals.digest_of(facts),
    )


async def seen(work: Work, ticket: Ticket, goodwill: Goodwill) -> Seen:
    """As an answer shows it."""
    if GoodwillStatus(goodwill.status) is not GoodwillStatus.OFFERED:
        return Seen(goodwill)
    needed = await approvals.needed(work, await content_of(work, ticket, goodwill), goodwill.goodwill_id)
    return Seen(goodwill, tuple(sorted(frozenset().union(*needed.steps))))


async def moved(
    work: Work, goodwill: Goodwill, verb: str, before: Mapping[str, Any], reason: str | None = None
) -> None:
    """A new version, and one line in the trail."""
    goodwill.version += 1
    await write_down(work, goodwill, verb, before, reason)


async def write_down(
    work: Work, goodwill: Goodwill, verb: str, before: Mapping[str, Any], reason: str | None = None
) -> None:
    """One line in the trail. People write anything into a reason, and the trail is for ever (X6, X7)."""
    why = scrub(reason) if reason else None
    await audit.record(work, verb, NOUN, goodwill.goodwill_id, before=before, after=audited(goodwill), reason=why)


def audited(goodwill: Goodwill) -> dict[str, Any]:
    """What the trail says of it."""
    return {
        "status": goodwill.status,
        "amount_minor": goodwill.amount_minor,
        "approved_by": list(goodwill.approved_by),
        "attempts": goodwill.attempts,
        "failure": goodwill.failure,
    }


def _there(goodwill: Goodwill | None, ticket: Ticket) -> Goodwill:
    if goodwill is None or goodwill.ticket_id != ticket.ticket_id:
        raise Problem("not-found")
    return goodwill
