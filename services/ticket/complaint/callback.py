"""内部核实与回访: the unit says that it is done, the customer says whether it is (T11, T12). Pure."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum

from contracts.ticket.complaint import CallManner, ComplaintCallback, ComplaintCalledBack
from kit.principals import Principal
from services.ticket.complaint.lifecycle import (
    AboutLike,
    ComplaintLike,
    ended,
    expect_disinterested,
    expect_drawn,
    move,
)
from services.ticket.complaint.policy import ComplaintCallbacks
from services.ticket.complaint.promise import measure
from services.ticket.complaint.telling import common

BusinessDays = Callable[[date, date], int]
"""How many business days there are from the one day to the other, both included."""


class Verification(StrEnum):
    """What verifying inside gave (T12)."""

    SETTLED = "settled"
    NOT_SETTLED = "not_settled"
    NOT_CARRIED_OUT = "not_carried_out"


def verify(complaint: ComplaintLike, result: Verification, by: Principal, at: datetime) -> None:
    """内部核实: settled, not settled (a new solution is due) or not carried out yet (it stays); both have a counter.

    Raises Problem `transition-refused`, and `own-case` for the person responsible.
    """
    expect_drawn(complaint, "verify")
    expect_disinterested(complaint, by)
    move(complaint, f"verify/{result}")
    if result is Verification.SETTLED:
        complaint.verified_at = at
    elif result is Verification.NOT_SETTLED:
        complaint.times_not_settled += 1
    else:
        complaint.times_not_carried_out += 1


def call_back(
    complaint: ComplaintLike,
    about: AboutLike,
    result: ComplaintCallback,
    manner: CallManner,
    rules: ComplaintCallbacks,
    days: BusinessDays,
    by: Principal,
    at: datetime,
    today: date,
) -> ComplaintCalledBack:
    """回访: what the customer says, or that nobody was reached.

    Satisfied ends the loop; unsatisfied goes back for a new solution and counts for the grade; not settled means that
    what the unit confirmed has not been done. A contact resets the misses; so many of them, over enough business
    days, end it as unreachable. Raises Problem `transition-refused`, and `own-case` for the person responsible.
    """
    expect_drawn(complaint, "call-back")
    expect_disinterested(complaint, by)
    if result is ComplaintCallback.MISSED:
        _missed(complaint, about, rules, days, by, at, today)
    else:
        move(complaint, f"call-back/{result}")
        complaint.times_missed, complaint.first_missed_on = 0, None
        _answered(complaint, result)
    return ComplaintCalledBack(
        **common(complaint, about),
        result=result,
        manner=manner,
        times_unsatisfied=complaint.times_unsatisfied,
        times_missed=complaint.times_missed,
        staff_id=by.staff_id,
        called_at=at,
    )


def _answered(complaint: ComplaintLike, result: ComplaintCallback) -> None:
    if result is ComplaintCallback.NOT_SETTLED:
        complaint.verified_at = None
        complaint.times_not_settled += 1
        return
    measure(complaint)
    if result is ComplaintCallback.UNSATISFIED:
        complaint.verified_at = None
        complaint.times_unsatisfied += 1


def _missed(
    complaint: ComplaintLike,
    about: AboutLike,
    rules: ComplaintCallbacks,
    days: BusinessDays,
    by: Principal,
    at: datetime,
    today: date,
) -> None:
    complaint.times_missed += 1
    complaint.first_missed_on = complaint.first_missed_on or today
    if not rules.gives_up(complaint.times_missed, days(complaint.first_missed_on, today)):
        move(complaint, "call-back/missed")
        return
    move(complaint, "call-back/missed_again")
    measure(complaint)
    ended(complaint, about, by, at)
