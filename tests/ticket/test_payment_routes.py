"""`/v1/payments` as its callers see it (T22, T55): payments, books, alarms, lists."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from payment_desk import Payments
from refund_desk import Refunds
from stage import NOON
from ticket_desk import Desk, faults

from kit.ids import new_id

SPAN = {"starts_at": (NOON - timedelta(hours=1)).isoformat(), "ends_at": (NOON + timedelta(hours=1)).isoformat()}


@pytest.fixture
async def payments(desk: Desk) -> Payments:
    return Payments(await Refunds(desk).settle_in())


async def get(payments: Payments, path: str, role: str = "finance", **by: Any) -> httpx.Response:
    return await payments.desk.call("GET", f"/v1/payments{path}", role, **by)


async def test_payments_are_listed_newest_first_page_by_page(payments: Payments) -> None:
    made = [await payments.due(f"A-{n}") for n in range(3)]
    await payments.say(made[0], "paid")
    keys = sorted((one["payment_key"] for one in made), reverse=True)
    first = (await get(payments, "?limit=2")).json()
    second = (await get(payments, f"?limit=2&cursor={first['next_cursor']}")).json()
    assert [one["payment_key"] for one in (*first["items"], *second["items"])] == keys
    assert second["next_cursor"] is None
    (paid,) = (await get(payments, "?status=paid")).json()["items"]
    assert (paid["reference"], paid["amount"]) == ("R-1", {"amount": "40.00", "currency": "CNY"})
    assert (await get(payments, f"?order_id={made[1]['order_id']}&cause=refund")).json()["items"][0][
        "order_no"
    ] == "A-1"
    assert (await get(payments, "?cause=goodwill")).json()["items"] == []
    assert "payer-1" not in (await get(payments, "")).text


async def test_a_payment_shows_what_was_said_of_it(payments: Payments) -> None:
    refund = await payments.due()
    await payments.say(refund, "failed", reference="F-1")
    await payments.say(refund, "paid", reference="R-1")
    await payments.say(refund, "failed", reference="F-2")
    shown = (await get(payments, f"/{refund['payment_key']}")).json()
    assert shown["status"] == "paid"
    assert [(one["reference"], one["verdict"]) for one in shown["answers"]] == [
        ("F-1", "applied"), ("R-1", "applied"), ("F-2", "late"),
    ]  # fmt: skip
    assert (await get(payments, f"/{new_id()}")).status_code == 404


async def test_who_sees_payments(payments: Payments) -> None:
    """X1, X6: of the shops of the token; never a storefront or a buyer."""
    refund = await payments.due()
    path = f"/{refund['payment_key']}"
    assert (await get(payments, path, "agent", shops=["other"])).status_code == 404
    assert (await get(payments, "", "agent", shops=["other"])).json()["items"] == []
    for address in ("", path, "/alarms", "/books/main/A-1"):
        assert (await get(payments, address, "storefront")).status_code == 403
        assert (await get(payments, address, "service", account_id=new_id())).status_code == 403
    assert (await get(payments, "/balance", "agent")).status_code == 403
    assert (await get(payments, "/balance", "finance", shops=["main"])).status_code == 403


async def test_the_balance_of_all_books(payments: Payments) -> None:
    paid, due = await payments.due("A-1"), await payments.due("A-2")
    await payments.say(paid, "paid")
    assert due["status"] == "paying"
    shown = (await get(payments, "/balance")).json()
    (books,) = shown["books"]
    assert (books["orders"], books["balanced"]) == (2, True)
    amounts = {name: books[name]["amount"] for name in ("paid", "kept", "refunded", "in_flight")}
    assert amounts == {"paid": "80.00", "kept": "0.00", "refunded": "40.00", "in_flight": "40.00"}
    assert [(one["status"], one["count"], one["amount"]["amount"]) for one in shown["payments"]] == [
        ("due", 1, "40.00"), ("paid", 1, "40.00"),
    ]  # fmt: skip
    await payments.desk.change("UPDATE order_book SET paid_minor = paid_minor + 1, kept_minor = kept_minor + 1")
    assert (await get(payments, "/balance")).json()["books"][0]["balanced"] is False


async def test_the_book_of_an_order(payments: Payments) -> None:
    await payments.due()
    book = (await get(payments, "/books/main/A-1", "agent")).json()
    assert [book[name]["amount"] for name in ("paid", "kept", "refunded", "in_flight")] == [
        "40.00",
        "0.00",
        "0.00",
        "40.00",
    ]
    assert [(line["line_no"], line["taken_back"], line["in_flight"]["amount"]) for line in book["lines"]] == [
        (1, 2, "40.00")
    ]
    await payments.desk.put("A-2")
    assert (await get(payments, "/books/main/A-2")).json()["type"] == "/problems/order-unpaid"
    assert (await get(payments, "/books/main/A-3")).status_code == 404


MISSHAPEN = (
    ({"amount": "-1.00"}, "/amount"),
    ({"amount": "1.001"}, ""),
    ({"result": "failed"}, ""),
    ({"failure": "closed"}, ""),
    ({"result": "unknown"}, "/result"),
    ({"at": "yesterday"}, "/at"),
    ({"payment_reference": ""}, "/payment_reference"),
    ({"payment_key": "7"}, "/payment_key"),
    ({"colour": "red"}, "/colour"),
)


async def test_an_answer_has_its_shape(desk: Desk) -> None:
    payments = Payments(Refunds(desk))
    for said, where in MISSHAPEN:
        answer = await payments.send(**{"payment_key": str(new_id()), "amount": "1.00", **said})
        assert faults(answer) == [where], said
    assert await payments.alarms() == []


async def test_a_list_that_is_sent_is_compared(payments: Payments) -> None:
    """T55: matched to the cent; one that nobody told us of is settled by it. Another shop's and a cent astray are
    alarms, and so is one of ours that it leaves out."""
    paid = [await payments.due(f"A-{n}") for n in range(3)]
    untold = await payments.due("A-9")
    for place, refund in enumerate(paid):
        await payments.say(refund, "paid", reference=f"R-{place}")
    listed = [listing(paid[0], "R-0"), listing(paid[1], "R-1", amount="39.99"), listing(untold, "R-9")]
    listed.append({**listing(untold, "R-X"), "payment_key": str(new_id())})
    made = await send_list(payments, listed)
    assert made.status_code == 201, made.text
    counts = {name: made.json()[name] for name in ("listed", "matched", "settled", "drifted", "missing")}
    assert counts == {"listed": 4, "matched": 1, "settled": 1, "drifted": 2, "missing": 1}
    assert sorted(await payments.alarms()) == ["listed_differs", "listed_missing", "listed_unknown"]
    assert await payments.payment(untold) == ("paid", "R-9")
    assert await payments.refunds.book("A-1") == (40_00, 0, 0, 40_00)
    (alarm,) = (await get(payments, "/alarms?kind=listed_differs")).json()["items"]
    assert (alarm["expected"]["amount"], alarm["found"]["amount"]) == ("40.00", "39.99")
    again = (await send_list(payments, listed)).json()
    assert (again["matched"], again["settled"], again["drifted"], again["missing"]) == (2, 0, 2, 1)
    assert len(await payments.alarms()) == 3


async def test_a_list_is_of_the_shops_of_its_sender(payments: Payments) -> None:
    """Payments of another shop are no drift of this one's list, and it can't speak for them."""
    refund = await payments.due()
    await payments.say(refund, "paid")
    made = (await send_list(payments, [], shops=["other"])).json()
    assert (made["missing"], made["drifted"]) == (0, 0)
    made = (await send_list(payments, [listing(refund, "R-1")], shops=["other"])).json()
    assert (made["matched"], made["drifted"]) == (0, 1)
    assert (await send_list(payments, [], account_id=new_id())).status_code == 403


async def test_a_list_has_a_span(payments: Payments) -> None:
    for ends_at in (NOON - timedelta(hours=1), NOON + timedelta(days=31)):
        refused = await send_list(payments, [], ends_at=ends_at.isoformat())
        assert faults(refused) == [""]


def listing(refund: dict[str, Any], reference: str, amount: str = "40.00") -> dict[str, Any]:
    """A payment as the payment side lists it."""
    told = {"payment_key": refund["payment_key"], "payment_reference": reference}
    return {**told, "amount": amount, "currency": "CNY", "at": NOON.isoformat()}


async def send_list(
    payments: Payments, listed: list[dict[str, Any]], *, ends_at: str = SPAN["ends_at"], **by: Any
) -> httpx.Response:
    """POST /v1/payments/reconciliations."""
    body = {**SPAN, "ends_at": ends_at, "payments": listed}
    return await payments.desk.call("POST", "/v1/payments/reconciliations", "storefront", json=body, **by)
