"""After-sales told with canaries: who is paid, parcels that come back and go out again, an order that goes elsewhere."""

from datetime import UTC, datetime, timedelta
from typing import Any

from canaries import ASKED, FILE, FORM, MOVED, PAYEE, RETURNED
from canary_story import TEXT, Teller, an_order

RECEIVED = datetime.now(UTC) - timedelta(days=1)


async def after_sales(teller: Teller) -> None:
    """A return that is paid, an exchange sent ahead of its return, a changed order, goodwill, a service request, and
    what is refused."""
    await returned_and_paid(teller)
    await exchanged(teller)
    await changed_and_soothed(teller)
    await moved_by_form(teller)


async def returned_and_paid(teller: Teller) -> None:
    """A parcel comes back under two numbers, is inspected, and the payer gets the money."""
    case = await approved(teller, "CAN-R", "return_and_money")
    parcel = {"carrier": "圆通", "tracking_number": RETURNED["tracking"]}
    for wrong in (parcel | {"tracking_number": [ASKED["phone"]]}, parcel | {ASKED["name"]: ASKED["phone"]}):
        await teller.say("storefront", "POST", f"{case}/ship-back", wrong, expect=422)
    sent = await teller.say("storefront", "POST", f"{case}/ship-back", parcel, expect=200, Idempotency_Key="back")
    parcel_id = sent["parcels"][0]["parcel_id"]
    await teller.say("storefront", "POST", f"{case}/parcels/{ASKED['phone']}/correct", parcel, expect=422)
    better = {"carrier": "京东", "tracking_number": RETURNED["corrected"]}
    path = f"{case}/parcels/{parcel_id}/correct"
    await teller.say("storefront", "POST", path, better, expect=200, Idempotency_Key="correct")
    await teller.say("agent", "GET", f"{case}/return", expect=200)
    counted = {"parcel_id": parcel_id, "lines": [{"line_no": 1, "quantity": 1}], "note": TEXT}
    await teller.say("agent", "POST", f"{case}/receipts", counted, expect=201, Idempotency_Key="receipt")
    found = {"lines": [{"line_no": 1, "sound": 1}], "note": TEXT}
    await decided(teller, "agent", f"{case}/inspect", case, found)
    await paid(teller, case)


async def paid(teller: Teller, case: str) -> None:
    """The payment side says another amount, then the right one; finance looks at it."""
    refund = await teller.say("agent", "GET", case, expect=200)
    said = {
        "payment_key": refund["payment_key"], "result": "paid", "payment_reference": "CANARY-PAID-1",
        **refund["amount"], "at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    await teller.say("storefront", "POST", "/v1/payments/answers", said | {"amount": "0.01"}, Idempotency_Key="wrong")
    await teller.say("storefront", "POST", "/v1/payments/answers", said, expect=200, Idempotency_Key="right")
    await teller.say("finance", "GET", f"/v1/payments/{refund['payment_key']}", expect=200)
    await teller.say("finance", "GET", "/v1/payments/alarms", expect=200)
    await teller.say("buyer", "GET", case, expect=200)


async def exchanged(teller: Teller) -> None:
    """What is sent instead is on its way before the other is, and is lost once."""
    case = await approved(teller, "CAN-X", "exchange")
    exchange = case.replace("refunds", "exchanges")
    article = {"articles": [{"line_no": 1, "sku": "TEA", "quantity": 1}]}
    await decided(teller, "agent", f"{exchange}/replace", case, article)
    for number, verb in ((RETURNED["ahead"], "lose"), (RETURNED["replacement"], "receive")):
        sent = {"courier": "EMS", "tracking_number": number, "ahead": True}
        await teller.say("agent", "POST", f"{exchange}/send", sent, expect=200, Idempotency_Key=f"send-{verb}")
        reason = {"reason": TEXT[:190]} if verb == "lose" else None
        await teller.say("agent", "POST", f"{exchange}/{verb}", reason, expect=200, Idempotency_Key=f"then-{verb}")
    await teller.say("agent", "GET", exchange, expect=200)


async def changed_and_soothed(teller: Teller) -> None:
    """An order goes to somebody else, whom the storefront reads; its buyer is given something for the trouble."""
    await teller.say("storefront", "PUT", "/v1/orders/main/CAN-C", an_order(FILE["buyer_ref"]), expect=201)
    asked = {"order_no": "CAN-C", "recipient": MOVED, "reason": "buyer_asked"}
    made = await teller.say("storefront", "POST", "/v1/order-changes", asked, expect=201, Idempotency_Key="change")
    change = f"/v1/order-changes/{made['change_id']}"
    await teller.say("agent", "GET", change, expect=200)
    await teller.say("agent", "POST", f"{change}/agree", expect=200, Idempotency_Key="agree", If_Match=teller.etag)
    await teller.say("agent", "POST", f"{change}/recipient", expect=403)
    await teller.say("storefront", "POST", f"{change}/recipient", expect=200)
    ticket = {"subject": "小瑕疵", "description": TEXT, "order_no": "CAN-C", "channel": "phone"}
    opened = await teller.say("agent", "POST", "/v1/tickets", ticket, expect=201, Idempotency_Key="flaw")
    offer = {"line_no": 1, "amount": "1.00", "defect": TEXT[:190]}
    path = f"/v1/tickets/{opened['ticket_id']}/goodwill"
    await teller.say("supervisor", "POST", path, offer, expect=201, Idempotency_Key="goodwill")


async def moved_by_form(teller: Teller) -> None:
    """A customer fills in where everything is to go from now on; it is given back, handed in again, and looked at."""
    asked = {"type": "change-address", "form": FORM, "order_no": "CAN-C"}
    broken = {"name": [ASKED["name"]], "phone": f"{ASKED['phone']}99999", ASKED["phone"]: ASKED["id_number"]}
    path = "/v1/service-requests"
    await teller.say("agent", "POST", path, asked | {"form": broken}, expect=422, Idempotency_Key="broken-form")
    made = await teller.say("agent", "POST", path, asked, expect=201, Idempotency_Key="form")
    request = f"{path}/{made['service_request_id']}"
    await teller.say("agent", "POST", f"{request}/review", expect=200, Idempotency_Key="review-form")
    back = {"missing": ["address"], "note": TEXT}
    await decided(teller, "agent", f"{request}/return", request, back)
    await teller.say("agent", "POST", f"{request}/resubmit", {"form": FORM}, expect=200, Idempotency_Key="form-again")
    await teller.say("agent", "GET", f"{path}?limit=5", expect=200)


async def approved(teller: Teller, order_no: str, kind: str) -> str:
    """The path of a request of that kind, of an order that has arrived, approved."""
    arrived = {
        "shipped_at": (RECEIVED - timedelta(days=2)).isoformat(), "received_at": RECEIVED.isoformat(),
        "placed_at": (RECEIVED - timedelta(days=3)).isoformat(), "paid_at": (RECEIVED - timedelta(days=3)).isoformat(),
        "payer_token": PAYEE["token"],
    }  # fmt: skip
    order = an_order(FILE["buyer_ref"]) | arrived
    await teller.say("storefront", "PUT", f"/v1/orders/main/{order_no}", order, expect=201)
    asked = {
        "order_no": order_no, "kind": kind, "reason": "quality", "lines": [{"line_no": 1, "quantity": 1}], "text": TEXT,
    }  # fmt: skip
    key = f"ask-{order_no}"
    made = await teller.say("storefront", "POST", "/v1/refunds", asked, expect=201, Idempotency_Key=key)
    case = f"/v1/refunds/{made['refund_id']}"
    await teller.say("agent", "POST", f"{case}/review", expect=200, Idempotency_Key=f"review-{order_no}")
    await decided(teller, "agent", f"{case}/approve", case)
    return case


async def decided(teller: Teller, who: str, path: str, case: str, body: Any = None) -> None:
    """Decide on the request as it is now."""
    await teller.say(who, "GET", case, expect=200)
    await teller.say(
        who, "POST", path, body, expect=200, Idempotency_Key=path.replace("/", "-"), If_Match=teller.etag
    )
