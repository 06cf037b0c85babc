"""Service requests through their door (T60), on a real database."""

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from request_desk import ADDRESS, ENDS, FORMS, NAME, PHONE, STEPS, UNITS, Requests
from ticket_desk import Desk, a_file

from kit.ids import new_id
from kit.rotation import reseal_all
from kit.vault import Vault, VaultKey
from kit.work import Transactions
from services.ticket.rotation import SEALED
from services.ticket.service_request.policy import REQUEST_TYPES


def _under(desk: Desk, *keys: VaultKey) -> Transactions:
    """The service's transactions, with a vault of these keys."""
    return replace(desk.client.transactions, vault=Vault(keys, search_key=bytes(32)))


@pytest.fixture
async def requests(desk: Desk) -> Requests:
    return await Requests(desk).settle_in()


@pytest.mark.parametrize("kinds", [list(FORMS)[part::3] for part in range(3)])
async def test_every_shipped_type_goes_its_way(requests: Requests, kinds: list[str]) -> None:
    """T60: submitted, reviewed, approved, dispatched, its steps in order, done; each with its event."""
    for kind in kinds:
        request = await requests.at("done", kind)
        assert (request["type"], request["status"], request["round"]) == (kind, "done", 1)
        assert request["outcome"] == ENDS.get(kind, {}).get("outcome")
        assert (request["ticket"]["status"], request["ticket"]["outcome"]) == ("closed", "solved")
        recorded = [(one["step"], len(one["records"])) for one in request["steps"]]
        assert recorded == [(one["step"], 1) for one in STEPS[kind]]
        told = [one["subject"].partition(".")[2] for one in await requests.told(request)]
        assert told == ["submitted", "approved", "done"], kind


async def test_the_shipped_policy_is_that_of_the_code(desk: Desk) -> None:
    """X3."""
    shipped = (await desk.call("GET", "/v1/policies/ticket/request-types", "manager")).json()["in_force"]["document"]
    assert REQUEST_TYPES.document.model_validate(shipped) == REQUEST_TYPES.default


async def test_each_change_leaves_one_line_and_its_event(requests: Requests) -> None:
    """X7, I1: in the trail of the request codes and counts, never what was filled in."""
    request = await requests.at("done")
    rows = await requests.desk.rows(
        "SELECT action, before, after FROM audit WHERE noun = 'service_request' AND aggregate_id = :one ORDER BY id",
        one=request["service_request_id"],
    )
    assert [row.action for row in rows] == [
        "submit", "review", "approve", "dispatch", "record", "record", "finish",
    ]  # fmt: skip
    assert (rows[1].before, rows[1].after) == ({"status": "submitted"}, {"status": "under_review"})
    assert rows[2].after == {"status": "approved", "unit_id": str(UNITS["finance"])}
    assert rows[3].after == {"status": "dispatched"}


async def test_its_clocks_are_those_of_its_kind(requests: Requests) -> None:
    """T43: first reply 4 h, solution 48 h of business; that of the solution stands still while it waits."""
    request = await requests.submit()
    clocks = {one["kind"]: one for one in request["ticket"]["clocks"]}
    assert set(clocks) == {"first_reply", "solution"}
    await requests.done(request, "review")
    returned = await requests.done(request, "return", missing=["tax_number"])
    assert (returned["ticket"]["status"], returned["ticket"]["waiting_on"]) == ("waiting", "customer")
    stand = {one["kind"]: one["status"] for one in returned["ticket"]["clocks"]}
    assert stand == {"first_reply": "running", "solution": "paused"}  # only an answer stops the first reply (T48)
    again = await requests.done(request, "resubmit", form=FORMS["invoice"])
    assert {one["status"] for one in again["ticket"]["clocks"]} == {"running"}
    assert again["ticket"]["status"] == "open"


async def test_a_returned_request_says_what_is_missing(requests: Requests) -> None:
    """T60, T48: codes in the event, a word to the customer as a message, which answers them."""
    request = await requests.at("under_review", "open-shop")
    returned = await requests.done(
        request, "return", missing=["business-licence", "phone"], note=f"请补充营业执照，致电 {PHONE}"
    )
    assert (returned["status"], returned["missing"]) == ("returned", ["business-licence", "phone"])
    told = (await requests.told(request))[-1]
    assert (told["subject"], told["missing"]) == ("service_request.returned", ["business-licence", "phone"])
    assert PHONE not in str(told)
    answered = [one for one in returned["ticket"]["clocks"] if one["kind"] == "first_reply"]
    assert [one["status"] for one in answered] == ["met"]
    form = {**FORMS["open-shop"], "company": "福记食品有限公司"}
    again = await requests.done(request, "resubmit", form=form)
    assert (again["status"], again["round"], again["missing"]) == ("submitted", 2, [])
    assert again["form"]["company"] == "福记食品有限公司"
    assert [one["round"] for one in await requests.told(request)] == [1, 1, 2]
    kept = await requests.desk.rows("SELECT round FROM service_request_form ORDER BY round")
    assert [row.round for row in kept] == [1, 2]


async def test_a_new_round_is_reviewed_from_the_beginning(requests: Requests) -> None:
    """T60: what was checked of the first form says nothing of the second."""
    request = await requests.at("under_review", "correction")
    await requests.record(request, step="checked")
    await requests.done(request, "return", missing=["right"])
    await requests.done(request, "resubmit", form=FORMS["correction"])
    again = await requests.done(request, "review")
    assert (requests.records(again, "checked"), again["next_step"]) == ([], "checked")
    refused = await requests.verb(request, "approve")
    assert (refused.status_code, refused.json()["steps"][0]["step"]) == (409, "checked")


async def test_documents_are_wanted_before_approval(requests: Requests) -> None:
    """T60: a required one that isn't there, or was removed since, is named."""
    request = await requests.at("under_review", "open-shop")
    for step in STEPS["open-shop"][:3]:
        await requests.record(request, **step)
    refused = await requests.verb(request, "approve")
    assert (refused.status_code, refused.json()["missing"]) == (409, ["business-licence"])
    first = (await requests.give(request, "business-licence")).json()["documents"][0]["attachment_id"]
    ticket = f"/v1/tickets/{request['service_request_id']}/attachments"
    removed = await requests.desk.call("DELETE", f"{ticket}/{first}", "supervisor", json={"reason": "拍糊了"})
    assert removed.status_code == 204
    assert (await requests.verb(request, "approve")).json()["missing"] == ["business-licence"]
    await requests.give(request, "business-licence")
    assert (await requests.verb(request, "approve")).json()["status"] == "approved"


async def test_an_approval_dispatches_where_the_type_says_so(requests: Requests) -> None:
    """T60: an approved logistics order goes to the platform; the event names its unit."""
    request = await requests.at("under_review", "logistics")
    approved = await requests.done(request, "approve")
    assert (approved["status"], approved["unit_id"]) == ("dispatched", str(UNITS["logistics-platform"]))
    told = (await requests.told(request))[-1]
    assert (told["subject"], told["unit_id"]) == ("service_request.approved", approved["unit_id"])


async def test_an_approval_names_the_unit_that_is_to_do_it(requests: Requests) -> None:
    """T60: so that it can be told; whoever dispatches may still name another."""
    request = await requests.at("approved", "invoice")
    assert (request["status"], request["unit_id"]) == ("approved", str(UNITS["finance"]))
    assert (await requests.told(request))[-1]["unit_id"] == request["unit_id"]
    elsewhere = await requests.done(request, "dispatch", unit_id=str(UNITS["delivery"]))
    assert (elsewhere["status"], elsewhere["unit_id"]) == ("dispatched", str(UNITS["delivery"]))


async def test_an_unknown_unit_is_named_by_hand(desk: Desk) -> None:
    """T60: a type's unit that isn't known here stops nothing."""
    requests = Requests(desk)
    request = await requests.at("under_review", "logistics")
    assert (await requests.done(request, "approve"))["status"] == "approved"
    unnamed = await requests.verb(request, "dispatch")
    assert (unnamed.status_code, unnamed.json()["errors"][0]["pointer"]) == (422, "/unit_id")
    assert (await requests.verb(request, "dispatch", unit_id=str(new_id()))).status_code == 409
    await requests.settle_in()
    sent = await requests.done(request, "dispatch", unit_id=str(UNITS["logistics"]))
    assert (sent["status"], sent["unit_id"]) == ("dispatched", str(UNITS["logistics"]))


async def test_a_customer_picks_a_plan_and_pays(requests: Requests) -> None:
    """T60: offered to the customer, who picks one and goes to payment; meanwhile it waits for them."""
    account = requests.desk.account("ming")
    ming: dict[str, Any] = {"role": "storefront", "by": {"account_id": account}}
    request = await requests.at("dispatched", "logistics-plan", **ming)
    for price in ("52000.00", "49000.00"):
        facts = {"carrier": "中远海运", "price": price, "currency": "CNY", "arrival": "2026-12-09"}
        offered = await requests.record(request, step="offer", facts=facts)
    assert (offered["ticket"]["status"], offered["ticket"]["waiting_on"]) == ("waiting", "customer")
    shown = await requests.get(request, "storefront", account_id=account)
    offers = requests.records(shown, "offer")
    assert [one["facts"]["price"] for one in offers] == ["52000.00", "49000.00"]
    assert {one["recorded_by"] for one in offers} == {"staff"}
    choice = {"step": "choose", "choice": offers[1]["step_id"]}
    chosen = await requests.verb(request, "record", match=None, **ming, **choice)
    assert chosen.status_code == 200, chosen.text
    assert requests.records(chosen.json(), "choose")[0]["choice"] == offers[1]["step_id"]
    paid = await requests.verb(request, "record", match=None, **ming, step="payment", facts={"order_no": "A-9"})
    assert (paid.json()["next_step"], paid.json()["ticket"]["status"]) == (None, "open")
    assert (await requests.done(request, "finish", outcome="paid"))["status"] == "done"


async def test_what_carriers_quoted_is_the_houses_own(requests: Requests) -> None:
    """T60, X6: a charter's quotes are collected inside; the customer sees what is offered."""
    request = await requests.at("dispatched", "charter")
    for step in STEPS["charter"][:2]:
        await requests.record(request, **step)
    inside = await requests.get(request)
    outside = await requests.get(request, "storefront")
    assert [one["step"] for one in inside["steps"]] == ["quote", "offer", "agree", "sign"]
    assert [one["step"] for one in outside["steps"]] == ["offer", "agree", "sign"]
    assert requests.records(outside, "offer")[0]["choice"] is None
    assert (outside["unit_id"], outside["allowed"]) == (None, ["record"])


async def test_a_confirmed_correction_earns_its_coupon(requests: Requests) -> None:
    """T60: 3.00, told with the event, for the customer's request alone."""
    await requests.desk.hear(a_file(customer_id=(mings := new_id())))
    request = await requests.at("done", "correction", customer_id=str(mings))
    assert request["coupon"] == {"amount": "3.00", "currency": "CNY"}
    assert (await requests.told(request))[-1]["coupon"] == request["coupon"]
    nobodys = await requests.at("done", "correction")
    assert (nobodys["outcome"], nobodys["coupon"]) == ("confirmed", None)


async def test_a_cancellation_says_how_it_ended_and_why(requests: Requests) -> None:
    """T60: saved or left, with its cause."""
    request = await requests.at("dispatched", "cancellation")
    await requests.record(request, **STEPS["cancellation"][0])
    before = await requests.written()
    for body, pointer in (({}, "/outcome"), ({"outcome": "left"}, "/cause"), ({"outcome": "kept"}, "/outcome")):
        refused = await requests.verb(request, "finish", **body)
        assert [one["pointer"] for one in refused.json()["errors"]] == [pointer]
    assert await requests.written() == before
    left = await requests.done(request, "finish", outcome="left", cause="moved")
    assert (left["outcome"], left["cause"]) == ("left", "moved")
    assert (await requests.get(request, "storefront"))["cause"] is None


async def test_a_change_of_address_has_its_checklist(requests: Requests) -> None:
    """T53, T60: its open steps keep the request from being finished."""
    request = await requests.at("dispatched", "change-address")
    await requests.record(request, step="changed")
    refused = await requests.verb(request, "finish")
    assert (refused.status_code, refused.json()["steps"][0]["procedure"]) == (409, "change-of-address")
    await requests.tick_all(request)
    assert (await requests.done(request, "finish"))["status"] == "done"


async def test_what_customers_write_lies_sealed_and_is_shown_masked(requests: Requests) -> None:
    """X6: in no table in plain, in no event, in no line of the trail; open only with a reason, which is written."""
    request = await requests.at("under_review", "change-address")
    assert request["form"] == {"name": "李**", "phone": "138****5678", "address": "上海市浦东新****"}
    shown = await requests.verb(request, "reveal", reason=f"核对地址 {PHONE}")
    assert shown.json()["form"] == {"name": NAME, "phone": PHONE, "address": ADDRESS}
    tables = ("service_request", "service_request_form", "service_request_step", "ticket", "audit", "ticket_text")
    for table in tables:
        rows = str(await requests.desk.rows(f"SELECT t::text FROM {table} t"))
        assert not [one for one in (PHONE, ADDRESS, NAME) if one in rows], table
    events = await requests.desk.rows("SELECT body FROM outbox")
    assert not [row for row in events if PHONE.encode() in bytes(row.body) or NAME.encode() in bytes(row.body)]
    revealed = await requests.desk.rows("SELECT actor, reason FROM audit WHERE action = 'reveal'")
    assert [(row.actor, row.reason) for row in revealed] == [("agent:test", "核对地址 ****")]


async def test_seals_are_renewed_and_open_nowhere_else(requests: Requests) -> None:
    """X6: `kefu reseal` brings forms and facts under a new key; a seal of one request opens in no other."""
    desk, (old, new) = requests.desk, (VaultKey(name, os.urandom(32)) for name in ("2025", "2026"))
    desk.client.runtime.transactions = _under(desk, old)
    done, other = await requests.at("done"), await requests.submit("charter")
    assert await reseal_all(_under(desk, new, old), SEALED, at_once=2) == 4  # two forms, the facts of two steps
    desk.client.runtime.transactions = _under(desk, new)
    assert (await requests.get(done))["form"]["title"] == "上**"
    await desk.change(
        "UPDATE service_request_form SET sealed_form = (SELECT sealed_form FROM service_request_form"
        " WHERE request_id = :done) WHERE request_id = :other",
        done=done["service_request_id"], other=other["service_request_id"],
    )  # fmt: skip
    assert (await requests.ask("GET", f"/{other['service_request_id']}")).status_code == 500


async def test_a_rejected_request_says_why(requests: Requests) -> None:
    """T60: to the customer; the ticket is closed as refused."""
    request = await requests.at("rejected")
    outside = await requests.get(request, "storefront")
    assert (outside["reason"], outside["ticket"]["status"], outside["allowed"]) == ("不在受理范围", "closed", [])
    assert request["ticket"]["outcome"] == "refused"


async def test_a_withdrawn_request_is_over(requests: Requests) -> None:
    request = await requests.at("withdrawn")
    assert (request["status"], request["ticket"]["status"]) == ("withdrawn", "cancelled")


async def test_it_goes_to_the_group_of_its_type(requests: Requests) -> None:
    """T4, T60: the type's group, where there is one; else where any ticket goes."""
    desk = requests.desk
    for code in ("service", "logistics"):
        made = await desk.call("POST", "/v1/groups", "supervisor", json={"code": code, "name": code})
        assert made.status_code == 201, made.text
    assert (await requests.submit("logistics"))["ticket"]["group"] == "logistics"
    assert (await requests.submit("invoice"))["ticket"]["group"] == "service"


async def test_requests_are_listed_and_filtered(requests: Requests) -> None:
    """T60: newest first, page by page, by everything that is asked of them."""
    made = [await requests.submit(kind) for kind in ("invoice", "correction", "invoice")]
    requests.desk.clock.advance(timedelta(minutes=1))
    sent = await requests.at("dispatched", "replace-box", organisation_id=str(org := new_id()))

    async def listed(query: str = "") -> list[str]:
        answer = await requests.ask("GET", query)
        assert answer.status_code == 200, answer.text
        return [one["number"] for one in answer.json()["items"]]

    newest = [one["number"] for one in (sent, *reversed(made))]
    assert await listed() == newest
    assert await listed("?type=invoice") == [made[2]["number"], made[0]["number"]]
    assert await listed("?status=dispatched") == [sent["number"]]
    assert await listed(f"?unit_id={UNITS['delivery']}") == [sent["number"]]
    assert await listed(f"?organisation_id={org}") == [sent["number"]]
    assert await listed("?shop=elsewhere") == []
    first = (await requests.ask("GET", "?limit=3")).json()
    rest = (await requests.ask("GET", f"?limit=3&cursor={first['next_cursor']}")).json()
    assert [one["number"] for one in first["items"] + rest["items"]] == newest
    assert rest["next_cursor"] is None


async def test_types_are_shown_to_whom_they_are_for(requests: Requests) -> None:
    """T60: forms to everybody, groups, units and outcomes to the house; customers don't take their own phone orders."""
    inside = {one["code"]: one for one in (await requests.ask("GET", "/types")).json()["items"]}
    outside = {one["code"]: one for one in (await requests.ask("GET", "/types", "storefront")).json()["items"]}
    assert set(inside) - set(outside) == {"phone-order"}
    assert (inside["invoice"]["unit"], outside["invoice"]["unit"]) == ("finance", None)
    assert outside["invoice"]["form"] == inside["invoice"]["form"]
    assert (outside["cancellation"]["steps"], outside["cancellation"]["outcomes"]) == ([], [])
