"""解决方案与承诺: what is proposed, what is promised, and whether it is kept (T11, T16). Pure.

A promise binds from the moment the customer is told of it. A new solution doesn't put off what was promised before:
until the unit has confirmed that it is done, the earliest time that the customer was told counts. Whether it was kept
is decided by the next answer of the customer, against the time of that confirmation.
"""

from collections.abc import Sequence
from datetime import datetime

from contracts.ticket.complaint import ComplaintPromised, Solution
from kit.principals import Principal
from services.ticket.complaint.lifecycle import AboutLike, ComplaintLike, move
from services.ticket.complaint.policy import Promised
from services.ticket.complaint.telling import common


def propose(
    complaint: ComplaintLike,
    about: AboutLike,
    solutions: Sequence[Solution],
    estimated_for: datetime,
    promised: Promised,
    by: Principal,
    at: datetime,
) -> ComplaintPromised:
    """提出方案: solutions, the first of them the main one, and the time to promise. Raises `transition-refused`."""
    move(complaint, "propose")
    complaint.round += 1
    complaint.promised_for = promised.promised_for
    return ComplaintPromised(
        **common(complaint, about),
        solution=solutions[0],
        round=complaint.round,
        estimated_for=estimated_for,
        buffer=promised.buffer,
        promised_for=promised.promised_for,
        promised_by=by.subject,
        promised_at=at,
    )


def inform(complaint: ComplaintLike) -> None:
    """告知客户: from now on the promise binds. Raises Problem `transition-refused`."""
    move(complaint, "inform")
    told = [at for at in (complaint.due_at, complaint.promised_for) if at is not None]
    complaint.due_at = min(told)


def measure(complaint: ComplaintLike) -> None:
    """The unit's confirmation stands: was it in time? One broken promise makes a complaint that was not kept."""
    if complaint.due_at is not None and complaint.verified_at is not None:
        is_kept = complaint.verified_at <= complaint.due_at
        complaint.promise_kept = is_kept and complaint.promise_kept is not False
    complaint.due_at = None
