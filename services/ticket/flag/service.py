"""Use cases of flags."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ticket.order import FlagColour, FlagMeaning
from kit import audit, outbox
from kit.clock import business_date
from kit.ids import new_id
from kit.policies import in_force
from kit.problems import Fault, Problem
from kit.work import Work
from services.ticket.confirmation import service as confirmation
from services.ticket.copies import service as copies
from services.ticket.flag import lifecycle, store
from services.ticket.flag.models import Flag
from services.ticket.flag.policy import FLAG_SCHEME
from services.ticket.flag.remark import read_remark
from services.ticket.order import service as orders
from services.ticket.ticket import service as tickets


async def flag_order(
    work: Work, shop: str, order_no: str, colour: FlagColour | None, remark: str | None
) -> tuple[Flag, UUID | None]:
    """Put a flag on an order; a *problem* opens an inquiry unless a ticket of that order is open (T32).

    Returns the flag and the inquiry it opened. Raises Problem `not-found`; `invalid-request` for a colour that the
    shop's scheme doesn't use; `not-confirmed` when it would clear an order that nobody has confirmed with its buyer
    (T34).
    """
    order = await orders.lock_order(work, shop, order_no)
    work.expect_version(order.version)
    scheme = await in_force(work.session, FLAG_SCHEME, shop, work.now)
    meaning = scheme.document.meaning_of(colour) if colour else None
    if colour and meaning is None:
        raise _unused_colour(list(scheme.document.meanings))
    if meaning is FlagMeaning.CLEARED:
        await confirmation.expect_confirmed(work, order)
    read = read_remark(remark or "", business_date(work.now))
    flag = Flag(
        flag_id=new_id(),
        order_id=order.order_id,
        colour=colour,
        meaning=meaning,
        remark=remark,
        agent=read.agent,
        staff_id=await _signer(work, shop, read.agent),
        content=read.content,
        marked_on=read.marked_on,
        policy_version=scheme.version,
        flagged_by=work.actor.subject,
        flagged_by_staff_id=work.actor.staff_id,
        flagged_at=work.now,
    )
    before = {"meaning": order.flag_meaning}
    event = lifecycle.put_flag(order, flag)
    order.version += 1
    store.add(work.session, flag)
    await outbox.record(work, order, event)
    after = {"meaning": meaning, "colour": colour, "policy": scheme.version}
    await audit.record(work, "flag", "order", order.order_id, before=before, after=after)
    opened = await tickets.open_inquiry_of_problem(work, order) if meaning is FlagMeaning.PROBLEM else None
    return flag, opened


async def problems_of(session: AsyncSession, staff_id: UUID, limit: int) -> list[tuple[UUID, str]]:
    """The problem orders (T32) that this member of staff has flagged, by id and number; for whoever takes over."""
    return await store.problems_of(session, staff_id, limit)


async def _signer(work: Work, shop: str, agent: str | None) -> UUID | None:
    """Whose flag it is: the member of staff with the alias in the remark, else who put it (T31, A1)."""
    return await copies.staff_by_alias(work.session, shop, agent) if agent else work.actor.staff_id


def _unused_colour(used: list[FlagColour]) -> Problem:
    names = ", ".join(used)
    fault = Fault("/colour", f"本店的旗子方案只使用：{names}", f"this shop's flag scheme uses only: {names}")
    return Problem("invalid-request", faults=[fault])
