"""Tickets, for the rooms above and the routes: the one way in; what stands behind it is split by what it does."""

from services.ticket.ticket.activity import last_activity
from services.ticket.ticket.change import (
    changed,
    is_unfinished,
    know_customers,
    locked,
    locked_all,
    timed,
    write_down,
)
from services.ticket.ticket.conversation import list_messages, write_message
from services.ticket.ticket.editing import (
    absorb,
    edit_ticket,
    expect_stamp,
    set_deadline,
    unwatch_ticket,
    watch_ticket,
)
from services.ticket.ticket.followups import open_beside, open_follow_up
from services.ticket.ticket.handing import assign_ticket, escalate_ticket, release_ticket, take_ticket
from services.ticket.ticket.leaving import RETURN_TIMER, keep_staff, return_tickets
from services.ticket.ticket.lifecycle import Opening, TicketLike
from services.ticket.ticket.models import Ticket
from services.ticket.ticket.opening import Opened, open_inquiry_of_problem, open_staged, open_ticket, source_of
from services.ticket.ticket.reading import (
    Listed,
    clocks_of,
    describe,
    get_ticket,
    history,
    list_tickets,
    show,
    show_all,
    show_new,
)
from services.ticket.ticket.staged import Leg, follow, lock, run_legs
from services.ticket.ticket.verbs import (
    cancel_ticket,
    close_ticket,
    reopen_ticket,
    resume_ticket,
    solve_ticket,
    start_ticket,
    wait_with_ticket,
)  # fmt: skip

__all__ = [
    "RETURN_TIMER", "Leg", "Listed", "Opened", "Opening", "Ticket", "TicketLike", "absorb", "assign_ticket",
    "cancel_ticket",
    "changed", "clocks_of",
    "close_ticket", "describe", "edit_ticket", "escalate_ticket", "expect_stamp", "follow", "get_ticket",
    "history", "is_unfinished", "keep_staff", "know_customers", "last_activity",
    "list_messages", "list_tickets", "lock", "locked", "locked_all", "open_beside", "open_follow_up",
    "open_inquiry_of_problem", "open_staged", "open_ticket",
    "release_ticket", "reopen_ticket", "resume_ticket", "return_tickets", "run_legs", "set_deadline", "show",
    "show_all", "show_new", "solve_ticket", "source_of", "start_ticket", "take_ticket", "timed", "unwatch_ticket",
    "wait_with_ticket", "watch_ticket", "write_down", "write_message",
]  # fmt: skip
