"""Use cases of routing: a ticket finds its group and its agent, whose seat is taken and given back (T4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ticket.ticket import IntakeChannel
from kit.policies import in_force
from kit.policy import EVERYWHERE
from kit.problems import Problem
from kit.work import Work
from services.ticket.group import service as groups
from services.ticket.group.lifecycle import GroupLike, takes
from services.ticket.routing import store
from services.ticket.routing.models import Seat
from services.ticket.routing.policy import CHATS, DESK_LOAD, ROUTING_RULES, DeskLoad, Sought, able, in_order
from services.ticket.routing.store import Taken
from services.ticket.shift import service as shifts

__all__ = [
    "Routed",
    "Sought",
    "chat_limit",
    "has_room",
    "load_of",
    "lock_seats",
    "release",
    "route",
    "route_within",
    "take",
]

_NO_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a ticket went. Nobody: it waits in the group's queue. `open_chats` counts this one, given for chats that
    somebody got (T41). `overflow`: everybody of the group had as much as they may; `at_meal`: the only one there is
    at a meal (T44)."""

    group: str | None
    staff_id: UUID | None
    open_chats: int | None
    overflow: bool
    policy_version: int
    at_meal: bool = False


async def route(work: Work, sought: Sought) -> Routed:
    """The group of such a ticket and the least-loaded of its agents on shift, whose seat it takes (T4).

    Nobody on shift: it waits in the group's queue. All at their limit: the overflow group helps out, else it waits.
    """
    rules = await in_force(work.session, ROUTING_RULES, sought.shop, work.now)
    known = {group.code: group for group in await groups.active(work.session)}
    if not known:
        return Routed(None, None, None, overflow=False, policy_version=rules.version)
    sought = rules.document.needing(sought)
    codes = in_order(rules.document, known.values(), sought)
    spare = _taking(known.get(rules.document.overflow or ""), sought)
    members = await groups.members_by_code(work.session, [*codes, *([spare] if spare else [])])
    code = _first_able(codes, known, members, sought)
    if code is None:
        return Routed(None, None, None, overflow=False, policy_version=rules.version)
    found = await _seat(work, known[code], members[code], sought)
    if found.taken is not None:
        return _routed(code, found.taken, sought, overflow=False, version=rules.version)
    if not found.anybody:
        at_meal = await shifts.anybody_at_meal(work.session, members[code], work.now)
        return Routed(code, None, None, overflow=False, policy_version=rules.version, at_meal=at_meal)
    if spare is not None and spare != code:
        helped = await _seat(work, known[spare], members[spare], sought)
        if helped.taken is not None:
            return _routed(spare, helped.taken, sought, overflow=True, version=rules.version)
    return _routed(code, None, sought, overflow=True, version=rules.version)


async def route_within(work: Work, code: str, sought: Sought) -> Routed:
    """Who of that group, retired or not, takes a ticket that waits in its queue; nobody when none has room (T4)."""
    rules = await in_force(work.session, ROUTING_RULES, sought.shop, work.now)
    members = (await groups.members_by_code(work.session, [code]))[code]
    needing = rules.document.needing(sought)
    found = await _seat(work, await groups.by_code(work.session, code), members, needing)
    return _routed(code, found.taken, sought, overflow=False, version=rules.version)


async def take(work: Work, staff_id: UUID, channel: IntakeChannel, *, passed_on: bool = False) -> int:
    """Somebody is given a ticket by hand: one more at their seat. Returns their open chats with it (T4).

    Raises Problem `desk-full` above the limit, unless the policy lets leads exceed it, or work is `passed_on` at the
    end of a shift (T46).
    """
    load = await _limits(work)
    limits = {"chats": load.open_chats, "tickets": load.open_tickets or _NO_LIMIT}
    if passed_on or load.hand_assignment_may_exceed:
        limits = {"chats": _NO_LIMIT, "tickets": _NO_LIMIT}
    taken = await store.take_best(work.session, [staff_id], chat=channel in CHATS, now=work.now, **limits)
    if taken is None:
        raise Problem("desk-full", limit=load.open_chats)
    return taken.open_chats


async def release(work: Work, staff_id: UUID, channel: IntakeChannel) -> None:
    """A ticket has left their seat: solved, closed, cancelled or given to another; never below none (T4)."""
    await store.release(work.session, staff_id, chat=channel in CHATS)


async def lock_seats(work: Work, staff_ids: Sequence[UUID]) -> None:
    """Hold several seats before work moves between them."""
    await store.lock(work.session, staff_ids)


async def load_of(session: AsyncSession, staff_ids: Sequence[UUID]) -> dict[UUID, Seat]:
    """What these have open."""
    return await store.seats(session, staff_ids)


async def has_room(work: Work, staff_ids: Sequence[UUID]) -> list[UUID]:
    """Who of these may be given something: a full house of chats leaves room for the rest."""
    load = await _limits(work)
    seats = await store.seats(work.session, staff_ids)
    most = load.open_tickets or _NO_LIMIT
    return [one for one in staff_ids if one not in seats or seats[one].open_tickets < most]


async def chat_limit(work: Work) -> int:
    """How many open chats one person takes."""
    return (await _limits(work)).open_chats


@dataclass(frozen=True, slots=True)
class _Found:
    taken: Taken | None
    anybody: bool


async def _seat(
    work: Work, group: GroupLike | None, members: Mapping[UUID, frozenset[str]], sought: Sought
) -> _Found:
    """Take the best seat of the group's members who are here and able. Who needs a skill that nobody in the group has
    is answered by anybody of it."""
    if group is None:
        return _Found(None, anybody=False)
    fit = able(members, group.skills, sought.skills) or able(members, group.skills, frozenset())
    here = await shifts.taking_work(work.session, fit, work.now) if fit else []
    if not here:
        return _Found(None, anybody=False)
    load = await _limits(work)
    await store.wait_turn(work.session, group.code)
    taken = await store.take_best(
        work.session,
        here,
        chat=sought.channel in CHATS,
        chats=load.open_chats,
        tickets=load.open_tickets or _NO_LIMIT,
        now=work.now,
    )
    return _Found(taken, anybody=True)


def _taking(group: GroupLike | None, sought: Sought) -> str | None:
    fits = group is not None and takes(group, sought.shop, sought.kind, sought.category)
    return group.code if group is not None and fits else None


def _first_able(
    codes: Sequence[str],
    known: Mapping[str, GroupLike],
    members: Mapping[str, Mapping[UUID, frozenset[str]]],
    sought: Sought,
) -> str | None:
    """The first group with somebody who can do it, else the first with anybody, else the first."""
    for skills in (sought.skills, frozenset[str]()):
        for code in codes:
            if able(members[code], known[code].skills, skills):
                return code
    return codes[0] if codes else None


def _routed(code: str, taken: Taken | None, sought: Sought, *, overflow: bool, version: int) -> Routed:
    chats = taken.open_chats if taken is not None and sought.channel in CHATS else None
    return Routed(code, taken.staff_id if taken else None, chats, overflow=overflow, policy_version=version)


async def _limits(work: Work) -> DeskLoad:
    """A person's limit counts over all shops, so it is the company's."""
    return (await in_force(work.session, DESK_LOAD, EVERYWHERE, work.now)).document
