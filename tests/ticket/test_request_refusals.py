"""What is refused of service requests, and changes nothing (T60, T40, X6): over HTTP, on a real database."""

import asyncio
from typing import Any

import pytest
from request_desk import ENDS, FORMS, PHONE, UNITS, Requests
from test_request_life import DRAWING, STATES
from ticket_desk import Desk, faults

from kit.ids import new_id

BODIES: dict[str, dict[str, Any]] = {
    "return": {"missing": ["title"]}, "resubmit": {"form": FORMS["invoice"]}, "reject": {"reason": "不受理"},
    "dispatch": {}, "withdraw": {"reason": "不需要了"}, "record": {"step": "issued", "facts": {"number": "1"}},
}  # fmt: skip
DECIDING = ("return", "approve", "reject", "finish")


@pytest.fixture
async def requests(desk: Desk) -> Requests:
    return await Requests(desk).settle_in()


async def test_what_is_not_drawn_writes_nothing(requests: Requests) -> None:
    """T60, I10: every verb in every state, over HTTP as in the drawing."""
    for state in STATES:
        request = await requests.at(state)
        before = await requests.written()
        allowed = [one for one, moves in DRAWING.items() if state in moves]
        assert request["allowed"] == allowed
        for verb in ("review", "return", "resubmit", "approve", "reject", "dispatch", "finish", "withdraw", "record"):
            if verb in allowed:
                continue
            refused = await requests.verb(request, verb, **BODIES.get(verb, {}))
            body = refused.json()
            assert (refused.status_code, body["type"]) == (409, "/problems/transition-refused"), (state, verb, body)
            assert body["allowed"] == allowed, (state, verb)
        assert await requests.written() == before, state


async def test_what_decides_asks_for_what_was_seen(requests: Requests) -> None:
    """T60: 428 without If-Match, 412 for what somebody else has changed meanwhile."""
    reviewed, sent = await requests.at("under_review"), await requests.at("dispatched")
    before = await requests.written()
    for verb in DECIDING:
        request, body = sent if verb == "finish" else reviewed, BODIES.get(verb, {})
        assert (await requests.verb(request, verb, match=None, **body)).status_code == 428, verb
        assert (await requests.verb(request, verb, match='"1"', **body)).status_code == 412, verb
    assert await requests.written() == before


async def test_a_form_that_breaks_its_schema_changes_nothing(requests: Requests) -> None:
    """T60: 422 with the place of each fault, in the caller's language, and never with what was filled in; for every
    shipped type."""
    before = await requests.written()
    for kind, form in FORMS.items():
        first = next(iter(form))
        body = {"type": kind, "form": {**form, first: None, "telefon": PHONE}}
        for language, said in (("en", "is not a known field"), ("zh-CN", "不认识的字段")):
            answer = await requests.ask("POST", json=body, headers={"Accept-Language": language})
            assert set(faults(answer)) >= {f"/form/{first}", "/form/telefon"}, kind
            assert said in [one["detail"] for one in answer.json()["errors"]], kind
            assert PHONE not in answer.text, kind
    assert await requests.written() == before


async def test_a_resubmitted_form_is_judged_as_well(requests: Requests) -> None:
    """T60: what was returned stays returned."""
    request = await requests.at("returned")
    before = await requests.written()
    refused = await requests.verb(request, "resubmit", form={"title": PHONE})
    assert set(faults(refused)) == {"/form/delivery", "/form/title_kind"}
    assert await requests.written() == before
    assert (await requests.get(request))["round"] == 1


NO_REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"type": "no-such"}, "/type"), ({"type": ""}, "/type"), ({"form": []}, "/form"), ({"form": None}, "/form"),
    ({"status": "done"}, "/status"), ({"shop": "-"}, "/shop"), ({"organisation_id": "7"}, "/organisation_id"),
    ({"channel": "pigeon"}, "/channel"), ({"form": {**FORMS["invoice"], "title": "a\nb\x00"}}, "/form"),
]  # fmt: skip


async def test_what_is_no_request_is_refused(requests: Requests) -> None:
    before = await requests.written()
    for facts, pointer in NO_REQUESTS:
        answer = await requests.ask("POST", json={"type": "invoice", "form": FORMS["invoice"], **facts})
        assert faults(answer) == [pointer]
    assert await requests.written() == before


async def test_what_can_be_missing_is_of_the_type(requests: Requests) -> None:
    """T60: codes of the type, so that no free text goes into the event (X6)."""
    request = await requests.at("under_review")
    for missing, pointer in ((["title", PHONE], "/missing/1"), ([], "/missing"), (["phone"], "/missing/0")):
        assert faults(await requests.verb(request, "return", missing=missing)) == [pointer]


async def test_documents_are_those_wanted_and_files_the_tickets(requests: Requests) -> None:
    """T60: another ticket's file is none of this one's."""
    request, other = await requests.at("under_review", "open-shop"), await requests.submit("open-shop")
    done = await requests.at("approved", "open-shop")
    foreign = await requests.attach(other)
    path = f"/{request['service_request_id']}/documents"
    before = await requests.written()
    body = {"attachment_id": str(foreign)}
    assert faults(await requests.ask("PUT", f"{path}/business-licence", json=body)) == ["/attachment_id"]
    assert (await requests.ask("PUT", f"{path}/passport", json=body)).status_code == 404
    refused = await requests.ask("PUT", f"/{done['service_request_id']}/documents/business-licence", json=body)
    assert refused.json()["allowed"] == ["dispatch", "withdraw", "weigh"]
    assert await requests.written() == before


async def test_steps_come_in_their_order(requests: Requests) -> None:
    """T60: refused with what comes first; a step of the work isn't recorded while it is reviewed."""
    request = await requests.at("dispatched")
    before = await requests.written()
    sent = {"step": "sent", "facts": {"carrier": "中通", "number": "ZT1"}}
    early = await requests.verb(request, "record", **sent)
    assert (early.json()["type"], early.json()["steps"][0]["step"]) == ("/problems/steps-open", "issued")
    for body, pointer in (
        ({"step": "no-such"}, "/step"),
        ({"step": "issued", "facts": {"number": ""}}, "/facts/number"),
        ({"step": "issued"}, "/facts/number"),
        ({"step": "issued", "facts": {"number": "1"}, "choice": str(new_id())}, "/choice"),
    ):
        assert faults(await requests.verb(request, "record", **body)) == [pointer]
    finish = await requests.verb(request, "finish")
    assert [one["step"] for one in finish.json()["steps"]] == ["issued", "sent"]
    assert await requests.written() == before
    reviewed = await requests.at("under_review")
    refused = await requests.verb(reviewed, "record", **BODIES["record"])
    assert refused.json()["type"] == "/problems/transition-refused"


async def test_a_step_without_a_form_takes_no_facts(requests: Requests) -> None:
    request = await requests.at("dispatched", "replace-box")
    refused = await requests.verb(request, "record", step="replaced", facts={"note": PHONE})
    assert faults(refused) == ["/facts"]
    await requests.record(request, step="replaced")
    again = await requests.verb(request, "record", step="replaced")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-exists")


async def test_a_closed_unit_takes_nothing(requests: Requests) -> None:
    request = await requests.at("approved")
    await requests.desk.change("UPDATE unit_copy SET active = false")
    unit_id = str(UNITS["finance"])
    for body, pointer in (({"unit_id": unit_id}, "/unit_id"), ({}, "/unit_id")):
        assert faults(await requests.verb(request, "dispatch", **body)) == [pointer]


async def test_two_who_approve_at_once_do_it_once(requests: Requests) -> None:
    """T60, I1: under the ticket's row lock."""
    request = await requests.at("under_review")
    match = f'"{request["ticket"]["version"]}"'
    answers = await asyncio.gather(*(requests.verb(request, "approve", match=match) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]
    assert [one["subject"] for one in await requests.told(request)].count("service_request.approved") == 1


class TestBuyers:
    """A storefront's token for one buyer: their own, and nothing of the house (T40, X6)."""

    @pytest.fixture
    def ming(self, desk: Desk) -> dict[str, Any]:
        return {"role": "storefront", "by": {"account_id": desk.account("ming")}}

    @pytest.fixture
    def hua(self, desk: Desk) -> dict[str, Any]:
        return {"role": "storefront", "by": {"account_id": desk.account("hua")}}

    async def test_they_submit_see_and_complete_their_own(self, requests: Requests, ming: dict[str, Any]) -> None:
        request = await requests.submit("change-address", **ming)
        own = await requests.get(request, "storefront", **ming["by"])
        assert (own["status"], own["allowed"]) == ("submitted", ["withdraw", "document"])
        assert (own["ticket"]["clocks"], own["ticket"]["group"], own["ticket"]["tags"]) == ([], None, [])
        await requests.done(request, "review")
        await requests.done(request, "return", missing=["address"], note="请补充门牌号")
        back = await requests.verb(request, "resubmit", match=None, form=FORMS["change-address"], **ming)
        assert (back.status_code, back.json()["round"]) == (200, 2)
        listed = await requests.ask("GET", role="storefront", by=ming["by"])
        assert [one["number"] for one in listed.json()["items"]] == [request["number"]]

    async def test_anothers_is_not_there(self, requests: Requests, ming: dict[str, Any], hua: dict[str, Any]) -> None:
        """T40: 404 as for what doesn't exist, and the attempt is recorded."""
        request = await requests.submit("logistics-plan", **ming)
        await requests.done(request, "review")
        await requests.done(request, "return", missing=["cargo"])
        before = await requests.written()
        path = f"/{request['service_request_id']}"
        asked = [
            await requests.ask("GET", path, **hua),
            await requests.verb(request, "resubmit", match=None, form=FORMS["logistics-plan"], **hua),
            await requests.verb(request, "withdraw", match=None, reason="别人的", **hua),
            await requests.verb(request, "record", match=None, step="choose", choice=str(new_id()), **hua),
            await requests.ask("PUT", f"{path}/documents/x", json={"attachment_id": str(new_id())}, **hua),
        ]
        assert {one.status_code for one in asked} == {404}
        nothing = await requests.ask("GET", f"/{new_id()}", **hua)
        assert {key: value for key, value in nothing.json().items() if key != "request_id"} == {
            key: value for key, value in asked[0].json().items() if key != "request_id"
        }
        assert (await requests.ask("GET", role="storefront", by=hua["by"])).json()["items"] == []
        assert (await requests.written())[2:] == before[2:]

    async def test_they_do_not_do_what_the_house_does(self, requests: Requests, ming: dict[str, Any]) -> None:
        """G2, T60: neither the department's verbs nor its steps; nor do they ask by the unit."""
        request = await requests.at("dispatched", "logistics-plan", **ming)
        for verb in ("review", "return", "approve", "reject", "dispatch", "finish", "weigh", "reveal"):
            refused = await requests.verb(request, verb, match=None, **{**ENDS["logistics-plan"], **ming})
            assert refused.status_code == 403, verb
        offer = await requests.verb(request, "record", match=None, step="offer", facts={}, **ming)
        assert (offer.status_code, offer.json()["step"]) == (403, "offer")
        assert (await requests.ask("GET", f"?unit_id={new_id()}", role="storefront")).status_code == 403

    async def test_a_step_of_the_house_is_not_there_for_them(self, requests: Requests, ming: dict[str, Any]) -> None:
        request = await requests.at("dispatched", "charter", **ming)
        assert faults(await requests.verb(request, "record", match=None, step="quote", **ming)) == ["/step"]

    async def test_what_is_not_for_customers_they_do_not_hand_in(
        self, requests: Requests, ming: dict[str, Any]
    ) -> None:
        body = {"type": "phone-order", "form": FORMS["phone-order"]}
        assert faults(await requests.ask("POST", json=body, **ming)) == ["/type"]

    async def test_an_order_of_another_buyer_is_not_there(self, requests: Requests, hua: dict[str, Any]) -> None:
        """T40: as for any ticket."""
        await requests.desk.put("A-1", buyer="ming")
        body = {"type": "invoice", "form": FORMS["invoice"], "order_no": "A-1"}
        assert (await requests.ask("POST", json=body, **hua)).status_code == 404

    async def test_another_shops_is_not_there(self, requests: Requests) -> None:
        """X1."""
        request = await requests.submit("invoice")
        away = {"shops": ["elsewhere"]}
        path = f"/{request['service_request_id']}"
        assert (await requests.ask("GET", path, by=away)).status_code == 404
        assert (await requests.verb(request, "review", by=away)).status_code == 404
        assert (await requests.ask("GET", by=away)).json()["items"] == []
        assert (await requests.ask("GET", "/types?shop=main", by=away)).status_code == 403
        body = {"type": "invoice", "form": FORMS["invoice"]}
        assert (await requests.ask("POST", json=body, by=away)).status_code == 403
