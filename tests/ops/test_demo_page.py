"""The evening's page: what services told, added up and aligned."""

from datetime import UTC, datetime
from typing import Any

from rich.cells import cell_len

from ops.demo.figures import Books, Figures
from ops.demo.page import page
from ops.demo.text import amount, columns, count, duration, listed

AT = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


def usd(sum_: str) -> dict[str, str]:
    return {"amount": sum_, "currency": "USD"}


def refund(reason: str, status: str, sum_: str, *, kind: str = "money_only", paid: bool = False) -> dict[str, Any]:
    ended = AT.isoformat() if status in ("closed", "refused", "withdrawn") else None
    return {
        "reason": reason, "status": status, "kind": kind, "amount": usd(sum_), "ended_at": ended,
        "paid_at": AT.isoformat() if paid else None,
    }  # fmt: skip


def ticket(kind: str, status: str, *, outcome: str | None = None, late: bool = False) -> dict[str, Any]:
    return {
        "kind": kind, "status": status, "outcome": outcome, "tier": None, "assignee_staff_id": "s-1",
        "clocks": [{"kind": "first_reply", "late": late}],
    }  # fmt: skip


def reply(seconds: int, *, late: bool = False) -> dict[str, Any]:
    return {
        "ticket_kind": "complaint", "target_seconds": 15, "status": "met", "late": late,
        "started_at": "2026-11-22T10:00:00Z", "ended_at": f"2026-11-22T10:00:{seconds:02d}Z",
    }  # fmt: skip


def message(event: str, event_id: str, channel: str = "inbox") -> dict[str, Any]:
    status, failure = ("unread", None) if channel == "inbox" else ("failed", "no_contact")
    return {
        "event": event, "event_id": event_id, "channel": channel, "status": status, "failure": failure,
        "recipient_staff_id": "s-1", "recipient_customer_id": None, "ticket_id": "t-1",
    }  # fmt: skip


BOOK = {
    "currency": "USD", "orders": 3, "paid": usd("100.00"), "kept": usd("70.00"), "refunded": usd("20.00"),
    "in_flight": usd("10.00"), "balanced": True,
}  # fmt: skip
SEEN = Figures(
    purchases=[{"shop": "cdnow", "customers": 2, "orders": 3, "spend": "100.00", "refunded": "20.00", "net": "80.00",
                "currency": "USD"}],
    tickets=[ticket("complaint", "closed", outcome="solved"), ticket("complaint", "new", late=True),
             ticket("inquiry", "closed", outcome="withdrawn")],
    replies=[reply(1), reply(3), reply(20, late=True)],
    complaints={"opened": 2, "ended": {"closed": 1, "withdrawn": 0, "unreachable": 0},
                "promises": {"kept": 1, "broken": 0}, "grades": [{"grade": "repeat", "complaints": 2}],
                "natures": [{"nature": "founded", "complaints": 2}],
                "units": [{"name": "华东仓", "complaints": 2, "founded": 1}],
                "agents": [{"staff_id": "s-1", "handled": 1, "on_promise": "100.00"}]},
    refunds=[refund("quality", "closed", "12.50", paid=True), refund("quality", "closed", "7.50", paid=True),
             refund("quality", "pay_failed", "10.00"), refund("late", "refused", "5.00"),
             refund("wrong_item", "closed", "9.00", kind="exchange")],
    answers=[[{"verdict": "applied", "result": "failed"}, {"verdict": "applied", "result": "paid"}]],
    books=Books([BOOK], [{"status": "paid", "count": 2, "amount": usd("20.00")}], "20.00", 0),
    staff=[{"staff_id": "s-1", "number": "S-1", "aliases": [{"shop": "tea", "alias": "菲菲"}]},
           {"staff_id": "s-2", "number": "S-2", "aliases": []}],
    shifts=[{"staff_id": "s-1", "status": "ended"}],
    sheets=[{"status": "accepted"}],
    today=[{"flag_meaning": "cleared"}, {"flag_meaning": None}],
    credits=[{"staff_id": "s-1", "counted": True}],
    pool={"pool": {"amount": "1.00", "currency": "CNY"}},
    messages=[message("ticket.assigned", "e-1"), message("ticket.assigned", "e-1"), message("refund.paid", "e-2", "email")],
)  # fmt: skip


def line_of(beginning: str) -> list[str]:
    """The words of the page's line that begins so."""
    (found,) = (line for line in page(SEEN, AT).splitlines() if line.startswith(f"  {beginning}"))
    return found.removeprefix(f"  {beginning}").split()


def test_the_page_adds_up_what_it_was_told() -> None:
    assert line_of("quality 质量问题") == ["3", "2", "20.00", "10.00", "0", "0"]
    assert line_of("late 延迟") == ["1", "0", "0.00", "0.00", "0", "1"]
    assert line_of("wrong item 发错货") == ["1", "0", "0.00", "0.00", "1", "0"]
    assert line_of("payments that could not be made at first:") == ["1,", "with", "1", "failures", "in", "all"]
    assert line_of("inquiry 转办工单") == ["1", "0", "1", "0", "0"]
    assert line_of("balanced 平衡") == ["yes"]
    assert line_of("菲菲") == ["ended", "1", "1", "1", "100.00%", "1"]
    assert line_of("told twice of one event by one channel:") == ["1", "of", "2"]
    (replies,) = (line.split() for line in page(SEEN, AT).splitlines() if "15.0 s" in line)
    assert replies[4:] == ["2", "1", "0", "3.0", "s", "16.6", "s", "20.0", "s"]
    assert page(SEEN, AT).startswith("THE DAY  日报  2026-11-22 18:30\n")


def test_books_that_do_not_add_up_are_said_so() -> None:
    assert SEEN.books.balance
    assert not Books([{**BOOK, "kept": usd("70.01")}], [], "20.00", 0).balance
    assert not Books([{**BOOK, "balanced": False}], [], "20.00", 0).balance
    assert not Books([BOOK], [], "19.99", 0).balance, "the customer service deducts another sum"
    assert not Books([BOOK], [], "20.00", 1).balance, "an alarm is open"


def test_columns_are_as_wide_as_they_look() -> None:
    lines = columns([("投诉", "1"), ("refund 退款", "69,659")])
    assert lines == ["投诉              1", "refund 退款  69,659"]
    assert len({cell_len(line) for line in lines}) == 1


def test_figures_are_written_as_people_read_them() -> None:
    assert (count(69_659), amount("2500315.63")) == ("69,659", "2,500,315.63")
    assert [duration(seconds) for seconds in (1.44, 119, 300, 7200)] == ["1.4 s", "119.0 s", "5 min", "2 h"]
    assert listed({"b": 1, "a": 1, "c": 2}) == "c 2, a 1, b 1"
    assert listed({}) == "none"
