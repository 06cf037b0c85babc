"""A person's file: opened, completed, changed; one person, one file (C1, C3)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from customer_orders import account_of, an_order
from person_desk import MING, Files
from stage import Starter

from contracts.catalogue import decode


@pytest.fixture
async def files(start_service: Starter) -> AsyncIterator[Files]:
    async with start_service("customer") as client:
        yield Files(client)


async def test_a_new_file_is_answered_masked(files: Files) -> None:
    made = await files.open(**MING)
    assert made.status_code == 201, made.text
    body = made.json()
    assert made.headers["location"] == f"/v1/customers/{body['customer_id']}"
    assert made.headers["etag"] == '"1"'
    assert (body["name"], body["id_number"]) == ("李**", "1****X")
    assert (body["phones"], body["emails"]) == (["138****5678", "****4321"], ["M****@example.com"])
    assert (body["wechat"], body["qq"], body["payment_account"]) == ("mi****chat", "10****3456", "to****7364")
    assert body["addresses"] == ["江苏省连云港****"]
    assert [account["buyer_ref"] for account in body["accounts"]] == ["旺旺****2026"]
    assert body["accounts"][0]["account_id"] == str(account_of("旺旺小明同学2026"))
    assert (body["occupation"], body["tags"], body["hobbies"]) == ("教师", ["老客户"], ["钓鱼"])
    assert (body["risk"], body["notes"], body["habits"]) == ("low", "喜欢晚上联系", None)
    assert body["provisional"] is False
    assert await files.read(body["customer_id"]) == body


async def test_birthday_and_gender_are_derived_when_missing(files: Files) -> None:
    body = (await files.open(id_number="11010519491231002X")).json()
    assert (body["birthday"], body["gender"]) == ("1949-12-31", "female")


@pytest.mark.parametrize(("field", "value"), [("birthday", "1949-12-30"), ("gender", "male")])
async def test_what_contradicts_the_id_number_is_refused(files: Files, field: str, value: str) -> None:
    refused = await files.open(id_number="11010519491231002X", **{field: value})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == f"/{field}"
    made = (await files.open(phones=["13812345678"], **{field: value})).json()
    later = await files.change(made["customer_id"], 1, id_number="11010519491231002X")
    assert (later.status_code, later.json()["errors"][0]["pointer"]) == (422, "/id_number")
    cleared = await files.change(made["customer_id"], 1, id_number="11010519491231002X", **{field: None})
    assert (cleared.json()["birthday"], cleared.json()["gender"]) == ("1949-12-31", "female")
    again = await files.change(made["customer_id"], 2, **{field: value})
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (422, f"/{field}")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"phones": ["13812345678", "+999 1234567"]}, "/phones/1"),
        ({"phones": ["12"]}, "/phones/0"),
        ({"emails": ["nobody"]}, "/emails/0"),
        ({"id_number": "110105194912310021"}, "/id_number"),
        ({"id_number": "110105199002300021"}, "/id_number"),
        ({"qq": "01"}, "/qq"),
        ({"phones": ["13812345678"], "birthday": "2026-11-22"}, "/birthday"),
        ({"phones": ["13812345678"], "birthday": "1899-01-01"}, "/birthday"),
        ({"phones": ["13812345678"], "birthday": 0}, "/birthday"),
        ({"phones": None}, "/phones"),
        ({"phones": ["13812345678"], "gender": "x"}, "/gender"),
        ({"phones": ["13812345678"], "language": "中文"}, "/language"),
        ({"phones": ["13812345678"], "orders": 3}, "/orders"),
        ({"name": "李小明"}, ""),
        ({}, ""),
    ],
)
async def test_bad_input_is_refused_where_it_stands(files: Files, body: dict[str, Any], pointer: str) -> None:
    refused = await files.open(**body)
    assert refused.status_code == 422, refused.text
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]
    assert await files.one("SELECT count(*) FROM person_file") == 0


@pytest.mark.parametrize(
    ("field", "again"),
    [
        ("phones", ["+86 138-1234-5678"]),
        ("emails", ["ming@EXAMPLE.com"]),
        ("id_number", "11010519491231002X"),
        ("accounts", [{"shop": "main", "buyer_ref": "旺旺小明同学2026"}]),
    ],
)
async def test_a_second_file_of_a_person_is_refused_naming_the_first(files: Files, field: str, again: Any) -> None:
    first = (await files.open(**MING)).json()
    refused = await files.open(**{"name": "小明", field: again})
    assert refused.status_code == 409
    body = refused.json()
    assert body["type"] == "/problems/already-exists"
    assert (body["customer_id"], body["number"], body["fields"]) == (first["customer_id"], first["number"], [field])
    assert "5678" not in refused.text
    assert await files.one("SELECT count(*) FROM person_file") == 1
    assert await files.one("SELECT count(*) FROM audit") == 1


async def test_of_twenty_at_once_one_opens_the_file(files: Files) -> None:
    """Race-safe by the index itself (C3); the same values in another order never wait for each other in a ring."""
    phones = [f"1381234567{digit}" for digit in range(4)]
    answers = await asyncio.gather(
        *(files.open(phones=phones if turn % 2 else phones[::-1], emails=["m@example.com"]) for turn in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    (made,) = [answer.json() for answer in answers if answer.status_code == 201]
    assert {answer.json()["customer_id"] for answer in answers if answer.status_code == 409} == {made["customer_id"]}
    assert await files.one("SELECT count(*) FROM person_file") == 1
    assert await files.events() == ["customer.created"]


async def test_an_account_with_a_provisional_file_completes_it(files: Files) -> None:
    await files.hear(an_order("A-1", buyer="旺旺小明同学2026"))
    provisional = await files.customer_of("旺旺小明同学2026")
    made = await files.open(**MING)
    assert made.status_code == 200, made.text
    assert (made.json()["customer_id"], made.json()["provisional"]) == (str(provisional), False)
    assert made.headers["etag"] == '"2"'
    assert made.json()["purchases"][0]["orders"] == 1
    assert await files.events() == ["customer.created", "customer.changed"]
    assert (await files.open(**MING)).status_code == 409


async def test_completing_brings_new_accounts_along(files: Files) -> None:
    await files.hear(an_order("A-1", buyer="ming"))
    both = [{"shop": "main", "buyer_ref": "ming"}, {"shop": "outlet", "buyer_ref": "ming"}]
    made = (await files.open(accounts=both)).json()
    assert made["customer_id"] == str(await files.customer_of("ming"))
    assert await files.customer_of("ming", "outlet") == await files.customer_of("ming")
    body = await files.one("SELECT body FROM outbox WHERE subject = 'customer.changed'")
    event: Any = decode("customer.changed", body)
    assert len(event.customer.accounts) == 2
    assert not event.customer.provisional
    await files.hear(an_order("B-1", buyer="ming", shop="outlet"))
    assert await files.one("SELECT count(*) FROM person_file") == 1


async def test_two_provisional_files_are_never_made_one_here(files: Files) -> None:
    """Making one file of two is a merge, with a history of its own (C3)."""
    await files.hear(an_order("A-1", buyer="ming"), an_order("A-2", buyer="ming", shop="outlet"))
    both = [{"shop": "main", "buyer_ref": "ming"}, {"shop": "outlet", "buyer_ref": "ming"}]
    refused = await files.open(accounts=both)
    assert (refused.status_code, refused.json()["fields"]) == (409, ["accounts"])
    assert await files.one("SELECT count(*) FROM person_file WHERE provisional") == 2


async def test_a_first_order_and_a_new_file_at_once_make_one_file(files: Files) -> None:
    for turn in range(5):
        buyer = f"buyer-{turn}"
        made, _ = await asyncio.gather(
            files.open(accounts=[{"buyer_ref": buyer}], name="李小明"), files.hear(an_order(f"A-{turn}", buyer=buyer))
        )
        assert made.status_code in (200, 201)
        assert made.json()["customer_id"] == str(await files.customer_of(buyer))
    assert await files.one("SELECT count(*) FROM person_file") == 5
    assert await files.one("SELECT count(*) FROM person_file WHERE provisional") == 0


async def test_writing_in_a_provisional_file_completes_it(files: Files) -> None:
    await files.hear(an_order("A-1"))
    customer_id = await files.customer_of("ming")
    changed = await files.change(customer_id, 1, name="李小明", phones=["13812345678"])
    assert changed.status_code == 200, changed.text
    assert (changed.json()["provisional"], changed.json()["name"]) == (False, "李**")
    assert await files.events() == ["customer.created", "customer.changed"]


async def test_a_change_needs_the_version_that_was_read(files: Files) -> None:
    made = (await files.open(**MING)).json()
    customer_id = made["customer_id"]
    for version, status in ((None, 428), (7, 412)):
        refused = await files.change(customer_id, version, name="李大明")
        assert refused.status_code == status
    assert (await files.change(customer_id, 1, name="李大明")).headers["etag"] == '"2"'
    assert (await files.change(customer_id, 1, name="李小明")).status_code == 412


async def test_a_change_replaces_what_it_names_and_nothing_else(files: Files) -> None:
    made = (await files.open(**MING)).json()
    customer_id = made["customer_id"]
    answer = await files.change(
        customer_id, 1, phones=["010-87654321", "13900000001"], qq=None, notes=None, tags=["VIP"], habits="早起"
    )
    body = answer.json()
    assert body["phones"] == ["****4321", "139****0001"]
    assert (body["qq"], body["notes"], body["tags"], body["habits"]) == (None, None, ["VIP"], "早起")
    assert (body["name"], body["emails"], body["hobbies"]) == ("李**", ["M****@example.com"], ["钓鱼"])
    opened = (await files.reveal(customer_id, "phones")).json()
    assert opened["phones"] == ["+861087654321", "+8613900000001"]
    assert (await files.open(phones=["13812345678"])).status_code == 201  # given up, so free for somebody else


async def test_the_same_again_changes_nothing_and_tells_nothing(files: Files) -> None:
    made = (await files.open(**MING)).json()
    again = await files.change(made["customer_id"], 1, **MING)
    assert (again.status_code, again.headers["etag"]) == (200, '"1"')
    nothing = await files.change(made["customer_id"], 1)
    assert (nothing.status_code, nothing.headers["etag"]) == (200, '"1"')
    assert await files.one("SELECT count(*) FROM audit") == 1
    assert await files.events() == ["customer.created"]


async def test_what_others_may_not_know_is_no_event(files: Files) -> None:
    made = (await files.open(**MING)).json()
    await files.change(made["customer_id"], 1, name="李大明", phones=["13900000001"])
    assert await files.events() == ["customer.created"]
    await files.change(made["customer_id"], 2, language="en")
    assert await files.events() == ["customer.created", "customer.changed"]


async def test_a_value_of_another_file_cannot_be_taken(files: Files) -> None:
    ming = (await files.open(**MING)).json()
    hong = (await files.open(name="王红", phones=["13900000001"])).json()
    for body in ({"phones": ["13812345678"]}, {"accounts": MING["accounts"]}):
        refused = await files.change(hong["customer_id"], 1, **body)
        assert (refused.status_code, refused.json()["customer_id"]) == (409, ming["customer_id"])
    assert (await files.read(hong["customer_id"]))["phones"] == ["139****0001"]


async def test_two_files_that_swap_phones_at_once_end_in_order(files: Files) -> None:
    one = (await files.open(phones=["13900000001"])).json()
    two = (await files.open(phones=["13900000002"])).json()
    answers = await asyncio.gather(
        files.change(one["customer_id"], 1, phones=["13900000002"]),
        files.change(two["customer_id"], 1, phones=["13900000001"]),
    )
    assert all(answer.status_code in (200, 409, 503) for answer in answers)
    assert await files.one("SELECT count(*) FROM personal_value WHERE kind = 'phone'") == 2


async def test_a_file_is_found_by_phone_and_by_address(files: Files) -> None:
    ming = (await files.open(**MING)).json()
    await files.open(phones=["13900000001"])
    for query, found in (
        ("phone=138-1234-5678", [ming["customer_id"]]),
        ("phone=%2B8613812345678", [ming["customer_id"]]),
        ("email=ming@example.COM", [ming["customer_id"]]),
        ("phone=13812345678&email=ming@example.com", [ming["customer_id"]]),
        ("phone=13900000001&email=ming@example.com", []),
        ("phone=13900000009", []),
    ):
        answer = await files.client.call("GET", f"/v1/customers?{query}")
        assert [item["customer_id"] for item in answer.json()["items"]] == found, query
    refused = await files.client.call("GET", "/v1/customers?phone=12")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/phone")


async def test_somebody_without_an_account_is_in_sight_of_staff_of_any_shop(files: Files) -> None:
    made = (await files.open(phones=["13812345678"])).json()
    for claims, found in (({}, 1), ({"shops": ["outlet"]}, 1), ({"account_id": account_of("ming")}, 0)):
        role = "storefront" if "account_id" in claims else "agent"
        listed = await files.client.call("GET", "/v1/customers", role, **claims)
        assert len(listed.json()["items"]) == found, claims
        one = await files.client.call("GET", f"/v1/customers/{made['customer_id']}", role, **claims)
        assert one.status_code == (200 if found else 404)
    listed = await files.client.call("GET", "/v1/customers?shop=main")
    assert listed.json()["items"] == []


async def test_a_file_of_another_shop_is_neither_seen_nor_changed(files: Files) -> None:
    made = (await files.open(**MING)).json()
    refused = await files.change(made["customer_id"], 1, claims={"shops": ["outlet"]}, name="x")
    assert refused.status_code == 404
    other = {"phones": ["13900000001"], "accounts": [{"shop": "main", "buyer_ref": "hong"}]}
    answer = await files.client.call("POST", "/v1/customers", json=other, shops=["outlet"])
    assert (answer.status_code, answer.json()["shop"]) == (403, "main")


async def test_an_idempotency_key_opens_one_file(files: Files) -> None:
    key = {"Idempotency-Key": "k-1"}
    first, again = [await files.open(headers=key, **MING) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
