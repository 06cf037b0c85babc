"""Use cases of the desk: signing in and out, and giving out what waits (T4, T44)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.work import Work
from services.ticket.dispatch.schemas import AgentAtDesk, DeskPublic, GroupAtDesk
from services.ticket.group import service as groups
from services.ticket.handover import pending
from services.ticket.handover import service as handovers
from services.ticket.routing import service as routing
from services.ticket.shift import lifecycle as shift_life
from services.ticket.shift import service as shifts
from services.ticket.shift.lifecycle import Presence, ShiftLike
from services.ticket.sight import ALL_SHOPS
from services.ticket.ticket import queue

AT_ONCE = 20
Waiting = tuple[list[UUID], list[UUID]]
_COUNTED = 1000


async def sign_in(work: Work, shift_id: UUID) -> ShiftLike:
    """到岗: from now on they are given work, and at the end a sheet is due (T44, T46)."""
    shift = await shifts.sign_in(work, shift_id)
    await handovers.expect_sheet(work, shift)
    return shift


async def sign_out(work: Work, shift_id: UUID, override_reason: str | None) -> ShiftLike:
    """离岗. Raises Problem `customers-waiting` for a shift that stays on while customers wait (T44)."""
    shift = await shifts.lock_own(work, shift_id)
    waiting = await pending.customers_waiting(work, shift) if shift.stays_on else 0
    await shifts.sign_out(work, shift, waiting, override_reason)
    await handovers.draft_at_end(work, shift)
    return shift


async def close_forgotten(work: Work, shift_id: UUID, facts: Mapping[str, Any]) -> None:
    """The timer long after the planned end: whoever forgot to sign out is signed out, with a sheet."""
    shift = await shifts.close_forgotten(work, shift_id, facts)
    if shift is not None:
        await handovers.draft_at_end(work, shift)


async def groups_with_hands(work: Work) -> list[str]:
    """The groups of which somebody takes work now and has a hand free."""
    here = await shifts.anybody_here(work.session, work.now)
    free = await routing.has_room(work, here) if here else []
    codes = await groups.codes_of(work.session, free) if free else {}
    return sorted({code for its in codes.values() for code in its})


async def waiting_in(work: Work, group: str) -> Waiting:
    """What is to be given out next in a group: chats and the rest each for itself, so that chats nobody may take any
    more of hold nothing else up."""
    chats, rest = [await queue.queued(work.session, group, AT_ONCE, chats=are_chats) for are_chats in (True, False)]
    return chats, rest


async def give_out(work: Work, group: str, ticket_id: UUID) -> bool | None:
    """Give one waiting ticket to whoever of the group has a hand free. False when nobody has one for such a ticket;
    None when somebody else was at it."""
    sought = await queue.claim(work.session, ticket_id)
    if sought is None:
        return None
    routed = await routing.route_within(work, group, sought)
    if routed.staff_id is None:
        return False
    await queue.assign_routed(work, ticket_id, routed)
    return True


async def look_at_desk(work: Work, group: str | None) -> DeskPublic:
    """Who is on shift now, whether they are here, what each has open, and what waits in which group (T44)."""
    shops = None if ALL_SHOPS in work.actor.shops else sorted(work.actor.shops)
    running = await shifts.everybody_on(work.session, shops)
    staff_ids = [shift.staff_id for shift in running]
    codes = await groups.codes_of(work.session, staff_ids)
    if group is not None:
        running = [shift for shift in running if group in codes[shift.staff_id]]
    seats = await routing.load_of(work.session, staff_ids)
    agents = []
    for shift in running:
        seat = seats.get(shift.staff_id)
        agents.append(
            _agent(work, shift, codes[shift.staff_id]).model_copy(
                update={
                    "open_tickets": seat.open_tickets if seat else 0,
                    "open_chats": seat.open_chats if seat else 0,
                    "last_given_at": seat.last_given_at if seat else None,
                }
            )
        )
    chat_limit = await routing.chat_limit(work)
    seen = await _groups(work, shops, group, agents)
    return DeskPublic(at=work.now, chat_limit=chat_limit, agents=agents, groups=seen)


async def _groups(
    work: Work, shops: Sequence[str] | None, group: str | None, agents: Sequence[AgentAtDesk]
) -> list[GroupAtDesk]:
    found = []
    for one in await groups.active(work.session):
        if group not in (None, one.code) or (shops is not None and one.shops and not set(one.shops) & set(shops)):
            continue
        taking = sum(agent.takes_work for agent in agents if one.code in agent.groups)
        waiting = await queue.count_queued(work.session, one.code, shops, _COUNTED)
        found.append(GroupAtDesk(code=one.code, taking_work=taking, waiting=waiting))
    return found


def _agent(work: Work, shift: ShiftLike, codes: list[str]) -> AgentAtDesk:
    return AgentAtDesk(
        staff_id=shift.staff_id,
        shift_id=shift.shift_id,
        shop=shift.shop,
        preset=shift.preset,
        planned_end=shift.planned_end,
        presence=Presence(shift.presence),
        presence_since=shift.presence_since,
        duty=shift_life.duty_at(shift, work.now),
        takes_work=shift_life.takes_work(shift, work.now),
        auto_reply=shift.auto_reply_until is not None and work.now < shift.auto_reply_until,
        groups=codes,
        open_tickets=0,
        open_chats=0,
        last_given_at=None,
    )
