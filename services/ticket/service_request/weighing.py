"""溢短装 on a request (T61): the quantity loaded, as the port's platform tells it, what is payable, and the claim."""

from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from kit.ids import new_id
from kit.problems import invalid
from kit.work import Work
from services.ticket.service_request import store
from services.ticket.service_request.case import begin, settle
from services.ticket.service_request.lifecycle import LIFE
from services.ticket.service_request.models import OverShort, ShortageClaim
from services.ticket.service_request.over_short import Contract, Settlement
from services.ticket.service_request.over_short import settle as settled
from services.ticket.service_request.service import Seen
from services.ticket.service_request.weighing_schemas import OverShortAsked, OverShortRecord

_MOST_MINOR = 10**15


def reckon(asked: OverShortAsked) -> Settlement:
    """What follows from what was loaded. Raises Problem `invalid-request` for what comes to more than an amount can
    say."""
    found = settled(contract_of(asked), Fraction(asked.loaded), consented=asked.consented)
    amounts = (found.payable, found.excess_price, found.shortage_price, found.difference)
    if any(abs(one.minor) >= _MOST_MINOR for one in amounts):
        raise invalid("/loaded", "金额超出范围", "comes to more than an amount can say")
    return found


def contract_of(asked: OverShortAsked) -> Contract:
    """What was agreed."""
    quantity, percent = Fraction(asked.quantity), Fraction(asked.tolerance_percent)
    return Contract(quantity, percent, Fraction(asked.unit_price), asked.currency)


async def weigh(work: Work, request_id: UUID, asked: OverShortRecord) -> Seen:
    """Record what was loaded: the latest word counts, a shortage is reported as a claim with it.

    Raises Problem `invalid-request` for a type on which nothing is weighed, `transition-refused`, `stale-version`,
    `not-found`.
    """
    found = reckon(asked)
    case = await begin(work, request_id)
    if not case.kind.over_short:
        raise invalid("", "该类型没有溢短装", "is for requests of types on which goods are weighed")
    LIFE.move(case.request, "weigh")
    over_short = _row(work, request_id, asked, found)
    await store.add(work.session, over_short)
    if found.shortage:
        claim = ShortageClaim(
            over_short_id=over_short.over_short_id,
            request_id=request_id,
            shortage=_decimal(found.shortage),
            claimed_minor=found.shortage_price.minor,
            currency=asked.currency,
            reported_at=work.now,
        )
        await store.add(work.session, claim)
    after = {"over_short_id": str(over_short.over_short_id), "payable_minor": found.payable.minor}
    await settle(work, case, "weigh", after={**after, "claim": bool(found.shortage), "currency": asked.currency})
    return case.request, case.ticket


def _row(work: Work, request_id: UUID, asked: OverShortRecord, found: Settlement) -> OverShort:
    return OverShort(
        over_short_id=new_id(),
        request_id=request_id,
        quantity=Decimal(asked.quantity),
        tolerance_percent=Decimal(asked.tolerance_percent),
        unit_price=Decimal(asked.unit_price),
        currency=asked.currency,
        loaded=Decimal(asked.loaded),
        unit=asked.unit,
        reference=asked.reference,
        consented=asked.consented,
        payable_quantity=_decimal(found.payable_quantity),
        payable_minor=found.payable.minor,
        excess=_decimal(found.excess),
        difference_minor=found.difference.minor,
        recorded_by=work.actor.subject,
        recorded_at=work.now,
    )


def _decimal(quantity: Fraction) -> Decimal:
    """Exact: what is computed of decimals by sums and percents is one."""
    return Decimal(quantity.numerator) / Decimal(quantity.denominator)
