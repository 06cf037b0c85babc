"""A change is asked for: reckoned on the order as it stands, put on a ticket, and before those who approve (T37)."""

from collections.abc import Sequence
from uuid import UUID

from contracts.ticket.order import ChangeKind
from contracts.ticket.ticket import IntakeChannel, TicketKind
from kit import audit
from kit.ids import new_id
from kit.money import Money
from kit.policies import in_force
from kit.problems import Fault, Problem, invalid
from kit.work import Work
from services.ticket.approval import service as approvals
from services.ticket.book import service as books
from services.ticket.order import service as orders
from services.ticket.order.sealing import Recipient
from services.ticket.order.service import Order
from services.ticket.order_change import sealing, store
from services.ticket.order_change.content import content_of
from services.ticket.order_change.following import going_back
from services.ticket.order_change.lifecycle import LIFE
from services.ticket.order_change.models import OrderChange
from services.ticket.order_change.policy import ORDER_CHANGES
from services.ticket.order_change.schemas import LineChangePut, OrderChangeCreate, OrderChangeQuote
from services.ticket.order_change.showing import difference_of, line_shown
from services.ticket.order_change.terms import Terms, Wanted, WantedLine, digest_of, due_of, reckon
from services.ticket.surcharge import service as surcharges
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Opening, Ticket


async def request_change(work: Work, asked: OrderChangeCreate) -> OrderChange:
    """申请改单: it waits until somebody agrees.

    It stands on the ticket that is named, else on an inquiry that is opened for it. Raises Problem `not-found` for an
    order that isn't there or is another buyer's (T40), `order-closed` once it has shipped, `already-exists` while
    another change of it is under way, `invalid-request` for what can't be reckoned or isn't the caller's to say.
    """
    _expect_words_of_caller(work, asked)
    order = await orders.lock_order(work, asked.shop, asked.order_no)
    orders.expect_unshipped(order)
    rival = await store.open_of(work.session, order.order_id)
    if rival is not None:
        raise Problem("already-exists", change_id=str(rival.change_id))
    surcharge, terms = await _terms(work, order, asked)
    await _expect_given_nothing_back(work, order, terms)
    charged_to, policy_version = await _charged_to(work, order, asked, terms)
    ticket = await _ticket(work, order, asked.ticket_id)
    change = _row(work, order, asked, terms)
    change.ticket_id, change.surcharge_minor = ticket.ticket_id, surcharge or 0
    change.charged_to_staff_id, change.policy_version = charged_to, policy_version
    await store.add(work.session, change)
    if change.difference_minor < 0:
        await approvals.open_case(work, change.change_id, content_of(change, ticket.tier), work.actor)
    after = {
        "status": change.status, "kinds": change.kinds, "difference_minor": change.difference_minor,
        "reason": change.reason,
    }  # fmt: skip
    await audit.record(work, "request", "order_change", change.change_id, after=after)
    return change


async def quote_change(work: Work, asked: OrderChangeCreate) -> OrderChangeQuote:
    """What a change would come to and who would have to approve it; nothing is changed. Raises what `request_change`
    does, but for `already-exists`."""
    _expect_words_of_caller(work, asked)
    order, _ = await orders.get_order(work, asked.shop, asked.order_no)
    orders.expect_unshipped(order)
    surcharge, terms = await _terms(work, order, asked)
    await _expect_given_nothing_back(work, order, terms)
    charged_to, policy_version = await _charged_to(work, order, asked, terms)
    change = _row(work, order, asked, terms)
    change.charged_to_staff_id, change.policy_version = charged_to, policy_version
    steps: Sequence[frozenset[str]] = ()
    book = await books.look(work.session, order.order_id)
    if book is not None and terms.difference_minor < 0:
        steps = (await approvals.needed(work, content_of(change, None))).steps
    return OrderChangeQuote(
        order_id=order.order_id,
        kinds=list(terms.kinds),
        lines=[line_shown(line, order.currency) for line in terms.lines],
        due=difference_of(due_of(order), order.currency),
        difference=difference_of(terms.difference_minor, order.currency),
        surcharge=difference_of(surcharge or 0, order.currency),
        top_up_first=book is not None and terms.difference_minor > 0,
        approvals=[sorted(step) for step in steps],
    )


def _expect_words_of_caller(work: Work, asked: OrderChangeCreate) -> None:
    """A buyer says what they want, not what it costs nor who answers for it."""
    if work.actor.account_id is None:
        return
    said = [f"/lines/{place}/paid_total" for place, one in enumerate(asked.lines) if one.paid_total is not None]
    said += ["/charged_to_staff_id"] if asked.charged_to_staff_id is not None else []
    said += ["/activity"] if asked.activity is not None else []
    if said:
        faults = [Fault(place, "由店铺填写", "is the shop's to say") for place in said]
        raise Problem("invalid-request", faults=faults)


async def _terms(work: Work, order: Order, asked: OrderChangeCreate) -> tuple[int | None, Terms]:
    """What the new courier costs beyond the included ones, and what the whole change comes to."""
    surcharge = None
    if asked.courier is not None:
        quoted, _ = await surcharges.quote(work, order.shop, order.region, asked.courier)
        if quoted.currency != order.currency:
            raise invalid("/courier", "运费表的货币与订单不同", "the table's currency is not the order's")
        surcharge = quoted.surcharge_minor
    lines = [_line(place, one, order.currency) for place, one in enumerate(asked.lines)]
    return surcharge, reckon(order, Wanted(lines, asked.courier, surcharge, asked.recipient is not None))


def _line(place: int, line: LineChangePut, currency: str) -> WantedLine:
    paid = None
    if line.paid_total is not None:
        try:
            paid = Money.parse(line.paid_total, currency).minor
        except ValueError:
            raise invalid(
                f"/lines/{place}/paid_total", "金额的小数位超出币种", "has more decimals than its currency"
            ) from None
    return WantedLine(line.line_no, line.sku, line.colour, line.size, line.quantity, paid)


async def _expect_given_nothing_back(work: Work, order: Order, terms: Terms) -> None:
    """Raises Problem `conflict` for lines of which pieces or money go back already."""
    taken = going_back(await books.look(work.session, order.order_id), terms.lines)
    if taken:
        raise Problem("conflict", lines=taken, because="refunded")


async def _charged_to(work: Work, order: Order, asked: OrderChangeCreate, terms: Terms) -> tuple[UUID | None, int]:
    """Who answers for a wrong price, where the reason says that somebody does, with the version of the policy: who
    is named, else who last had the order's price changed (T57)."""
    rules = await in_force(work.session, ORDER_CHANGES, order.shop, work.now)
    reason = rules.document.reasons.get(asked.reason)
    if reason is None:
        names = ", ".join(sorted(rules.document.reasons))
        raise invalid("/reason", f"本店的改单原因只有：{names}", f"this shop's reasons are: {names}")
    if not reason.charged:
        if asked.charged_to_staff_id is not None:
            raise invalid("/charged_to_staff_id", "该原因不由个人承担", "nobody answers for this reason")
        return None, rules.version
    if ChangeKind.PRICE not in terms.kinds:
        raise invalid("/reason", "该原因只用于改价", "is a reason for changes of the price alone")
    charged_to = asked.charged_to_staff_id or await store.who_priced(work.session, order.order_id)
    if charged_to is None:
        raise invalid("/charged_to_staff_id", "须写明由谁承担", "has to say who answers for it")
    return charged_to, rules.version


async def _ticket(work: Work, order: Order, ticket_id: UUID | None) -> Ticket:
    """The ticket in which it came up. Raises Problem `not-found`, `invalid-request` for one of another order."""
    if ticket_id is not None:
        ticket = await tickets.get_ticket(work, ticket_id)
        if ticket.order_id != order.order_id:
            raise invalid("/ticket_id", "该工单不属于此订单", "is a ticket of another order")
        return ticket
    opening = Opening(
        kind=TicketKind.INQUIRY,
        shop=order.shop,
        subject=f"改单 {order.order_no}",
        order_no=order.order_no,
        channel=IntakeChannel.API,
        source=tickets.source_of(work),
    )
    return await tickets.open_staged(work, opening)


def _row(work: Work, order: Order, asked: OrderChangeCreate, terms: Terms) -> OrderChange:
    change_id = new_id()
    recipient = None if asked.recipient is None else Recipient(**asked.recipient.model_dump())
    return OrderChange(
        change_id=change_id,
        ticket_id=change_id,  # until its ticket is known
        order_id=order.order_id,
        shop=order.shop,
        order_no=order.order_no,
        account_id=order.account_id,
        status=LIFE.initial,
        revision=order.revision,
        terms=digest_of(order),
        kinds=[str(kind) for kind in terms.kinds],
        lines=list(terms.lines),
        courier_before=order.courier if asked.courier is not None else None,
        courier=asked.courier,
        surcharge_minor=0,
        sealed_recipient=None if recipient is None else sealing.seal(work.vault, change_id, recipient),
        currency=order.currency,
        due_minor=due_of(order),
        difference_minor=terms.difference_minor,
        reason=asked.reason,
        activity=asked.activity,
        requested_by=work.actor.subject,
        requested_by_staff_id=work.actor.staff_id,
        requested_at=work.now,
        policy_version=1,
    )
