"""Opening tickets: by hand, by a rule, for a kind with stages of its own (T1, T4, T58)."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from contracts.customer.customer import Tier
from contracts.permissions import STOREFRONT
from contracts.ticket.ticket import AssignmentCause, IntakeChannel, TicketEvent, TicketKind, TicketSource
from kit import audit, outbox
from kit.ids import new_id
from kit.policies import in_force, prepare
from kit.policy import EVERYWHERE, PolicyKind
from kit.problems import Problem, invalid
from kit.refusals import refused
from kit.rows import made
from kit.work import Work
from services.ticket.calendar.policy import BUSINESS_HOURS
from services.ticket.clock import service as clocks
from services.ticket.clock.policy import FIRST_REPLY_LOAD, SLA_TARGETS
from services.ticket.copies import service as copies
from services.ticket.copies.service import Party
from services.ticket.link import service as links
from services.ticket.link.service import LinkKind
from services.ticket.message import service as messages
from services.ticket.order import service as orders
from services.ticket.order.lifecycle import OrderLike
from services.ticket.procedure import service as procedures
from services.ticket.procedure.policy import PROCEDURES
from services.ticket.routing import service as routing
from services.ticket.routing.policy import DESK_LOAD, ROUTING_RULES
from services.ticket.routing.service import Routed, Sought
from services.ticket.search import service as search
from services.ticket.ticket import lifecycle, replies, store
from services.ticket.ticket.change import due_from_clocks, said, timed
from services.ticket.ticket.kinds import expect_opened_here, read_details
from services.ticket.ticket.lifecycle import Hands, Opening
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.policy import AUTO_REPLY, TICKET_LIMITS
from services.ticket.ticket.schemas import TicketOpen


class Opened(NamedTuple):
    """A new ticket, and its clocks."""

    ticket: Ticket
    clocks: Sequence[clocks.Clock]


async def open_ticket(work: Work, asked: TicketOpen) -> Opened:
    """Open a ticket by hand (T1).

    Raises Problem `invalid-request` for a kind with an address of its own, for details that aren't the kind's and for
    a customer who is not the order's, `not-found` for an order that isn't there (or is another buyer's, T40),
    `not-yet-known` for a customer or a unit whose copy has not arrived.
    """
    expect_opened_here(asked.kind)
    opening = Opening(
        kind=asked.kind,
        shop=asked.shop,
        subject=asked.subject,
        description=asked.description,
        order_no=asked.order_no,
        customer_id=asked.customer_id,
        priority=asked.priority,
        channel=asked.channel,
        source=source_of(work),
        category=asked.category,
        unit_id=asked.unit_id,
        tags=asked.tags,
        details=read_details(asked.kind, asked.details),
    )
    return await _open(work, opening)


async def open_staged(work: Work, opening: Opening) -> Ticket:
    """Open a ticket of any kind: routed to whoever has a hand free, its clocks running, told (T1, T4, T43).

    Raises Problem `forbidden` for a shop that the caller doesn't serve, and those of `open_ticket`.
    """
    return (await _open(work, opening)).ticket


async def _open(work: Work, opening: Opening) -> Opened:
    if not work.actor.serves(opening.shop):
        raise Problem("forbidden", shop=opening.shop)
    if opening.unit_id is not None:
        await copies.expect_unit(work, opening.unit_id)
    order = (await orders.get_order(work, opening.shop, opening.order_no))[0] if opening.order_no else None
    if opening.tags:
        await expect_tags(work, opening.shop, opening.tags)
    return await place(work, opening, order, order.account_id if order else work.actor.account_id)


async def open_inquiry_of_problem(work: Work, order: OrderLike) -> UUID | None:
    """Open the inquiry of a *problem* flag, unless a ticket of that order is open already (T32).

    The caller holds the order's row lock, so two flags at once open one inquiry.
    """
    if await store.unfinished_of_order(work.session, order.order_id) is not None:
        return None
    opening = Opening(
        kind=TicketKind.INQUIRY,
        shop=order.shop,
        subject=f"问题订单 {order.order_no}",
        channel=IntakeChannel.API,
        source=TicketSource.ORDER_FLAG,
    )
    return (await place(work, opening, order, order.account_id)).ticket.ticket_id


async def place(work: Work, opening: Opening, order: OrderLike | None, account_id: UUID | None) -> Opened:
    """Put a ticket into the world. All its rows are gathered, and written with one statement."""
    party = await _party(work, opening, account_id)
    await prepare(work.session, _asked_policies(opening.shop), work.now)
    routed = await routing.route(work, _sought(opening, party))
    ticket = _row(work, opening, order, account_id, party, await store.next_number(work))
    ticket.group_code = routed.group
    told: list[TicketEvent] = [lifecycle.opened(ticket, opening)]
    if routed.group is not None:  # with nobody yet it waits in the group's queue, and the leads are to know
        to = Hands(routed.staff_id, routed.group, AssignmentCause.ROUTED)
        told.append(lifecycle.assign(ticket, to, work.actor, work.now))
    automatic = await replies.automatic(work, ticket, routed, party.language)
    if automatic is not None:
        told.append(replies.told(ticket, automatic, work.now))
    facts = timed(ticket, opening.emergency)
    begun = await clocks.begin(work, facts, open_chats=routed.open_chats)
    due_from_clocks(ticket, clocks.earliest_due(begun))
    await outbox.record(work, ticket, *told)
    await store.add(work.session, ticket)
    await _write_down(work, ticket, routed)
    search.index_new(work, ticket.ticket_id, ticket.shop, ticket.opened_at, *said(ticket))
    if automatic is not None:
        await messages.keep(work, automatic)
    above = {LinkKind.FOLLOWS: opening.follows_ticket_id, LinkKind.PARENT: opening.parent_ticket_id}
    await links.add_new(work, ticket.ticket_id, above)
    it = procedures.situation_of(opening.kind, opening.category, order)
    await procedures.begin(work, ticket.ticket_id, ticket.shop, it)
    return Opened(ticket, begun)


async def expect_tags(work: Work, shop: str, tags: Sequence[str]) -> None:
    """Raises Problem `invalid-request` for more tags than the policy allows (X3)."""
    most = (await in_force(work.session, TICKET_LIMITS, shop, work.now)).document.tags
    if len(tags) > most:
        raise invalid("/tags", f"最多 {most} 个", f"takes at most {most}")


def source_of(work: Work) -> TicketSource:
    """Who makes a ticket by calling us: a storefront for its buyer, else somebody by hand."""
    return TicketSource.STOREFRONT if STOREFRONT in work.actor.roles else TicketSource.MANUAL


async def _party(work: Work, opening: Opening, account_id: UUID | None) -> Party:
    """Whom it is about: whoever has the account, else who was asked for; with the tier of this moment (T58)."""
    owner = await copies.whom(work, opening.shop, None, account_id) if account_id else None
    if opening.customer_id is None:
        return owner or copies.NOBODY
    asked = await copies.whom(work, opening.shop, opening.customer_id, None)
    narrowed = work.actor.account_id
    if narrowed is not None and (owner is None or asked.customer_id != owner.customer_id):
        raise refused(work, Problem("not-found"), "customer", opening.customer_id, account_id=str(narrowed))
    if owner is not None and owner.customer_id is not None and asked.customer_id != owner.customer_id:
        raise invalid("/customer_id", "该订单属于另一位客户", "the order is another customer's")
    return asked


def _asked_policies(shop: str) -> list[tuple[PolicyKind[Any], str]]:
    """What opening asks of policies, here and in the rooms it calls."""
    of_the_shop = (ROUTING_RULES, AUTO_REPLY, SLA_TARGETS, FIRST_REPLY_LOAD, BUSINESS_HOURS, PROCEDURES)
    return [(DESK_LOAD, EVERYWHERE), *((kind, shop) for kind in of_the_shop)]


def _sought(opening: Opening, party: Party) -> Sought:
    return Sought(
        kind=opening.kind,
        category=opening.category,
        shop=opening.shop,
        tier=Tier(party.tier) if party.tier else None,
        channel=opening.channel,
        group=opening.group,
    )


def _row(
    work: Work, opening: Opening, order: OrderLike | None, account_id: UUID | None, party: Party, number: str
) -> Ticket:
    return made(
        Ticket,
        ticket_id=new_id(),
        number=number,
        kind=opening.kind,
        shop=opening.shop,
        status=lifecycle.LIFE.initial,
        subject=opening.subject,
        description=opening.description,
        details=dict(opening.details),
        category=opening.category,
        tags=list(opening.tags),
        customer_id=party.customer_id,
        account_id=account_id,
        tier=party.tier,
        order_id=order.order_id if order else None,
        order_no=order.order_no if order else None,
        unit_id=opening.unit_id,
        watchers=[],
        priority=opening.priority,
        channel=opening.channel,
        source=opening.source,
        opened_by=work.actor.subject,
        opened_by_staff_id=work.actor.staff_id,
        opened_at=work.now,
        touched_by=[],
    )


async def _write_down(work: Work, ticket: Ticket, routed: Routed) -> None:
    after = {"status": ticket.status, "kind": ticket.kind, "group": routed.group, "tier": ticket.tier}
    if routed.staff_id is not None:
        after["assignee"] = str(routed.staff_id)
    await audit.record(work, "open", "ticket", ticket.ticket_id, after=after)
