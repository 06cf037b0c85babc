"""Use cases of routing: a ticket finds its group and its agent, whose seat is taken and given back (T4)."""

from dataclasses import dataclass
from uuid import UUID

from contracts.ticket.ticket import IntakeChannel
from kit.policies import in_force
from kit.work import Work
from services.ticket.routing.policy import ROUTING_RULES, Sought

__all__ = ["Routed", "Sought", "release", "route", "take"]


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a ticket went. Nobody: it waits in the group's queue. `open_chats` counts this one, given for chats that
    somebody got (T41). `overflow`: everybody of the group had as much as they may."""

    group: str | None
    staff_id: UUID | None
    open_chats: int | None
    overflow: bool
    policy_version: int


async def route(work: Work, sought: Sought) -> Routed:
    """The group of such a ticket and the least-loaded of its agents on shift, whose seat it takes (T4)."""
    rules = await in_force(work.session, ROUTING_RULES, sought.shop, work.now)
    return Routed(None, None, None, overflow=False, policy_version=rules.version)


async def take(work: Work, staff_id: UUID, channel: IntakeChannel) -> int:  # noqa: ARG001 - seats come next
    """Somebody is given a ticket by hand: one more at their seat. Returns their open chats with it (T4)."""
    return 1


async def release(work: Work, staff_id: UUID, channel: IntakeChannel) -> None:
    """A ticket has left their seat: solved, closed, cancelled or given to another; never below none (T4)."""
