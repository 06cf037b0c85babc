"""What the database says of refunds is what `refund_model` says of them."""

from typing import Any, ClassVar

import httpx
from refund_model import Expected, Model


class DisagreementError(AssertionError):
    """The service does something else than the model says; all that there have been are remembered."""

    seen: ClassVar[list[str]] = []

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.seen.append(what)


def agree(answer: httpx.Response, expected: Expected) -> None:
    """What the API says is what the model says."""
    problem = answer.json().get("type", "").removeprefix("/problems/") if answer.is_error else None
    if (answer.status_code, problem) != expected:
        raise DisagreementError(f"{expected} was foretold, it is {answer.text}")


def check(model: Model, found: dict[str, Any]) -> None:
    """What the database says is what the model says; every sum, stage, line of the trail and event of it. Raises
    DisagreementError."""
    try:
        _check_all(model, found)
    except AssertionError as error:
        raise DisagreementError(str(error)) from error


def _check_all(model: Model, found: dict[str, Any]) -> None:
    books = {one["order_no"]: one for one in found["books"]}
    for sold_ in model.orders:
        book = books[sold_.number]
        counters = (book["paid_minor"], book["kept_minor"], book["in_flight_minor"], book["refunded_minor"])
        kept = sold_.paid - sold_.in_flight - sold_.refunded
        assert min(counters) >= 0, f"{sold_.number}: a counter below zero: {counters}"
        assert counters == (sold_.paid, kept, sold_.in_flight, sold_.refunded), f"{sold_.number}: {counters}"
    for row in found["lines"] or []:
        line = next(one.lines[row["line_no"]] for one in model.orders if one.number == row["order_no"])
        assert row["refunded_minor"] + row["in_flight_minor"] <= line.goods + line.freight
    rows = {one["refund_id"]: one for one in found["refunds"] or []}
    for claim in model.claims:
        row = rows[claim.refund_id]
        assert (row["status"], row["amount_minor"]) == (claim.stage, claim.amount), claim.kind
        assert row["trail"] == claim.trail, "one line in the trail for each change"
        assert row["told"] == claim.told, "the right events for each change"
        assert (row["payment"], row["paid"]) == (claim.payment, claim.amount if claim.payment == "paid" else 0)
        assert row["approvals"] == len(claim.approvals), "an approval is of what it says now"
    assert found["own"] == 0, "nobody approves what they asked for or wrote"
    _check_pieces(model, found)


def _check_pieces(model: Model, found: dict[str, Any]) -> None:
    """Never more pieces than were bought; and when all of a line are asked back, all of it is given (T26)."""
    taken = {(one["order_no"], one["line_no"]): one["taken_back"] for one in found["lines"] or []}
    for sold_ in model.orders:
        for line_no, line in sold_.lines.items():
            claims = sold_.taken(line_no)
            pieces = sum(one.pieces[line_no] for one in claims)
            assert taken.get((sold_.number, line_no), 0) == pieces <= line.quantity
            if pieces == line.quantity:
                whole = sum(sum(one.shares[line_no]) for one in claims)
                assert whole == line.goods + line.freight, "the remainder of a proration is lost"
