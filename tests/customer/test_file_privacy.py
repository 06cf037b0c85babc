"""Who sees what of a person: masked, sealed at rest, open for a reason that is written down (X6, T40)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest
from customer_orders import account_of, an_order
from person_desk import MING, Files
from sqlalchemy import text
from stage import KEY, Starter

from contracts.permissions import ROLES, roles_with
from kit.ids import new_id
from kit.kept import reseal_answers
from kit.rotation import reseal_all
from kit.vault import BrokenSealError, Vault, VaultKey, _derive, read_keys
from services.customer.rotation import SEALED

CANARIES = (
    "李小明", "13812345678", "87654321", "ming@example", "Ming@example", "11010519491231002", "ming_wechat",
    "1000123456", "91827364", "连云港市海州区某路", "旺旺小明同学", "喜欢晚上联系",
)  # fmt: skip


@pytest.fixture
async def files(start_service: Starter) -> AsyncIterator[Files]:
    async with start_service("customer") as client:
        yield Files(client)


async def _opened(files: Files) -> str:
    made = await files.open(**MING)
    assert made.status_code == 201, made.text
    customer_id: str = made.json()["customer_id"]
    return customer_id


async def test_what_is_asked_for_is_shown_open_and_written_down(files: Files) -> None:
    customer_id = await _opened(files)
    answer = await files.reveal(customer_id, "name", "phones", "id_number", "accounts")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "customer_id": customer_id,
        "name": "李小明",
        "id_number": "11010519491231002X",
        "phones": ["+8613812345678", "+861087654321"],
        "accounts": [
            {"shop": "main", "account_id": str(account_of("旺旺小明同学2026")), "buyer_ref": "旺旺小明同学2026"}
        ],
    }
    ((action, after, reason),) = await files.rows("SELECT action, after, reason FROM audit ORDER BY id OFFSET 1")
    assert (action, reason) == ("reveal", "客户来电核实")
    assert after == {"fields": ["name", "phones", "id_number", "accounts"]}


async def test_every_masked_field_can_be_revealed(files: Files) -> None:
    customer_id = await _opened(files)
    everything = ("name", "id_number", "phones", "emails", "wechat", "qq", "payment_account", "addresses", "accounts")
    body = (await files.reveal(customer_id, *everything)).json()
    assert body["emails"] == ["Ming@example.com"]
    assert (body["wechat"], body["qq"], body["payment_account"]) == ("ming_wechat", "1000123456", "token-91827364")
    assert body["addresses"] == ["江苏省连云港市海州区某路 1 号"]
    assert set(body) == {"customer_id", *everything}
    bare = (await files.open(phones=["13900000001"])).json()["customer_id"]
    empty = (await files.reveal(bare, "name", "emails", "accounts")).json()
    assert empty == {"customer_id": bare, "name": None, "emails": [], "accounts": []}


@pytest.mark.parametrize("reason", [None, "", "   ", "a\nb"])
async def test_a_reveal_without_a_reason_shows_nothing(files: Files, reason: str | None) -> None:
    customer_id = await _opened(files)
    refused = await files.reveal(customer_id, "phones", reason=reason)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/reason")
    assert await files.one("SELECT count(*) FROM audit") == 1


async def test_a_reason_that_quotes_the_phone_is_written_down_without_it(files: Files) -> None:
    """The trail is never erased, so nothing personal may come to stand in it."""
    customer_id = await _opened(files)
    await files.reveal(customer_id, "name", reason="来电 13812345678 核实")
    assert await files.one("SELECT reason FROM audit ORDER BY id DESC LIMIT 1") == "来电 **** 核实"


@pytest.mark.parametrize("fields", [[], ["notes"], ["phone"], ["phones", 1]])
async def test_what_cannot_be_revealed_is_refused(files: Files, fields: list[str]) -> None:
    customer_id = await _opened(files)
    assert (await files.reveal(customer_id, *fields)).status_code == 422


async def test_nobody_and_what_is_out_of_sight_is_not_revealed(files: Files) -> None:
    customer_id = await _opened(files)
    assert (await files.reveal(new_id(), "phones")).status_code == 404
    path, body = f"/v1/customers/{customer_id}/reveal", {"fields": ["phones"], "reason": "x"}
    other_shop = await files.client.call("POST", path, "manager", json=body, shops=["outlet"])
    assert other_shop.status_code == 404


async def test_a_reveal_is_kept_nowhere_even_under_a_key(files: Files) -> None:
    customer_id = await _opened(files)
    path, body = f"/v1/customers/{customer_id}/reveal", {"fields": ["phones"], "reason": "x"}
    for _ in range(2):
        answer = await files.client.call("POST", path, "manager", json=body, headers={"Idempotency-Key": "k"})
        assert answer.json()["phones"][0] == "+8613812345678"
        assert "idempotent-replayed" not in answer.headers
    assert await files.one("SELECT count(*) FROM idempotency") == 0
    assert await files.one("SELECT count(*) FROM audit WHERE action = 'reveal'") == 2


async def test_a_message_learns_where_to_go_and_the_trail_tells(files: Files) -> None:
    """The one thing that another service asks (events.md)."""
    customer_id = await _opened(files)
    mail = await files.resolve(customer_id)
    assert (mail.status_code, mail.json()) == (200, {"channel": "email", "address": "Ming@example.com"})
    assert mail.headers["cache-control"] == "no-store"
    assert (await files.resolve(customer_id, "sms")).json()["address"] == "+8613812345678"
    after = await files.rows("SELECT after FROM audit WHERE action = 'resolve_contact' ORDER BY id")
    assert [row.after["channel"] for row in after] == ["email", "sms"]
    bare = (await files.open(phones=["13900000001"])).json()["customer_id"]
    for customer, channel in ((new_id(), "email"), (bare, "email"), (customer_id, "wechat"), (customer_id, "inbox")):
        assert (await files.resolve(customer, channel)).status_code == 404
    assert (await files.resolve(customer_id, "pigeon")).status_code == 422


@pytest.mark.parametrize("role", [*ROLES, "stranger"])
async def test_who_may_write_reveal_and_resolve(files: Files, role: str) -> None:
    customer_id = await _opened(files)
    contact, fields = {"channel": "email", "purpose": "care"}, {"fields": ["name"], "reason": "x"}
    for method, path, body, permission in (
        ("POST", "/v1/customers", {"phones": ["13900000001"]}, "customer:write"),
        ("PATCH", f"/v1/customers/{customer_id}", {"name": "李大明"}, "customer:write"),
        ("POST", f"/v1/customers/{customer_id}/reveal", fields, "customer:reveal"),
        ("POST", f"/v1/customers/{customer_id}/contacts", contact, "contact:resolve"),
    ):
        headers = {"If-Match": '"1"'} if method == "PATCH" else {}
        answer = await files.client.call(method, path, role, json=body, headers=headers)
        assert (answer.status_code == 403) is (role not in roles_with(permission)), (path, answer.text)
        assert (await files.client.http.request(method, path, json=body)).status_code == 401


async def test_a_buyers_token_sees_its_own_file_masked_and_without_remarks(files: Files) -> None:
    customer_id = await _opened(files)
    own = await files.read(customer_id, "storefront", account_id=account_of("旺旺小明同学2026"))
    assert (own["name"], own["phones"]) == ("李**", ["138****5678", "****4321"])
    for remark in ("tags", "hobbies", "risk", "habits", "explicit_needs", "implied_needs", "expectation", "notes"):
        assert own[remark] is None


async def test_a_buyers_token_writes_nothing_and_finds_nobody_by_phone(files: Files) -> None:
    """Else a 409 or a hit would tell whether somebody is a customer."""
    customer_id = await _opened(files)
    buyer = {"account_id": account_of("hong")}
    body = {"phones": ["13812345678"], "accounts": [{"buyer_ref": "hong"}]}
    made = await files.client.call("POST", "/v1/customers", "storefront", json=body, **buyer)
    assert made.status_code == 403
    for target in (customer_id, str(new_id())):
        changed = await files.change(target, 1, "storefront", claims=buyer, name="x")
        assert changed.status_code == 403
    found = await files.client.call("GET", "/v1/customers?phone=13812345678", "storefront", **buyer)
    assert found.json()["items"] == []


async def test_a_buyer_who_asks_for_anothers_file_is_written_down(files: Files) -> None:
    """T40: the answer is that of a thing that doesn't exist, and the attempt is recorded."""
    await files.hear(an_order("A-1"), an_order("A-2", buyer="hong"))
    ming, hong = await files.customer_of("ming"), await files.customer_of("hong")
    buyer = {"account_id": account_of("ming")}
    for path in (f"/v1/customers/{hong}", f"/v1/customers/{hong}/purchases", f"/v1/customers/{new_id()}"):
        assert (
            await files.client.call("GET", path, "storefront", sub="client:shop:ming", **buyer)
        ).status_code == 404
    assert (await files.client.call("GET", f"/v1/customers/{ming}", "storefront", **buyer)).status_code == 200
    rows = await files.rows("SELECT actor, aggregate_id, after FROM audit WHERE action = 'refuse'")
    assert [(row.actor, row.aggregate_id) for row in rows] == [("client:shop:ming", hong)]  # once in a minute
    assert rows[0].after == {"problem": "not-found", "account_id": str(account_of("ming"))}


async def test_nothing_personal_can_be_read_in_the_database(files: Files, capfd: pytest.CaptureFixture[str]) -> None:
    """Every table whole, as text: none of the values stands there, sealed ones neither; nor in the log."""
    customer_id = await _opened(files)
    await files.change(customer_id, 1, name="李小明二", phones=["13812345678", "13900000001"], notes=None)
    await files.reveal(customer_id, "name", "phones")
    await files.resolve(customer_id)
    await files.open(**MING)
    await files.open(phones=["13812345678"], id_number="110105194912310021")
    names = [row.tablename for row in await files.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert {"personal_value", "person_file", "audit", "outbox", "idempotency"} <= set(names)
    for name in names:
        for (row,) in await files.rows(f'SELECT CAST(one AS text) FROM "{name}" AS one'):
            told = row + _decoded(row)
            assert not [canary for canary in CANARIES if canary in told], name
    out, err = capfd.readouterr()
    assert not [canary for canary in CANARIES if canary in out + err]


def _decoded(row: str) -> str:
    """Whatever stands there as bytes, as text."""
    found = [piece.split(",")[0].strip('")') for piece in row.split("\\x")[1:]]
    hexes = [piece for piece in found if len(piece) % 2 == 0 and set(piece) <= set("0123456789abcdef")]
    return "".join(bytes.fromhex(piece).decode(errors="replace") for piece in hexes)


async def test_the_trail_shows_that_a_value_changed_and_not_what_it_is(files: Files) -> None:
    customer_id = await _opened(files)
    await files.change(customer_id, 1, phones=["13900000001"], language="en", notes=None)
    ((before, after),) = await files.rows("SELECT before, after FROM audit WHERE action = 'change'")
    assert set(before) == set(after) == {"phones", "language", "notes"}
    assert (before["language"], after["language"]) == ("zh-CN", "en")
    assert before["phones"] != after["phones"]
    assert (after["notes"], before["notes"] is None) == (None, False)


async def test_resealing_brings_everything_under_the_new_key(files: Files) -> None:
    customer_id = await _opened(files)
    old = files.client.transactions
    assert await reseal_all(old, SEALED) == 0
    new_key = read_keys(f"2026:{'ab' * 32}")
    both = replace(old, vault=_with_old_key(new_key))
    values = await files.one("SELECT count(*) FROM personal_value")
    assert await reseal_all(both, SEALED, at_once=2) == values + 1  # and the account's
    assert await reseal_all(both, SEALED) == 0
    files.client.runtime.transactions = replace(old, vault=_with_old_key(new_key, only=True))
    assert (await files.reveal(customer_id, "name")).json()["name"] == "李小明"
    assert (await files.reveal(customer_id, "accounts")).json()["accounts"][0]["buyer_ref"] == "旺旺小明同学2026"
    found = await files.client.call("GET", "/v1/customers?phone=13812345678")
    assert [item["customer_id"] for item in found.json()["items"]] == [customer_id]
    with pytest.raises(BrokenSealError):
        await reseal_all(old, SEALED)


async def test_an_answer_kept_for_its_key_lies_sealed_and_is_given_again_byte_for_byte(files: Files) -> None:
    """It says what staff remarked, which is sealed elsewhere as well; a new sealing key changes nothing of that."""
    key = {"Idempotency-Key": "open-ming"}
    first = await files.open(**MING, headers=key)
    assert first.status_code == 201
    ((body, headers),) = await files.rows("SELECT body, headers FROM idempotency")
    assert "喜欢晚上联系".encode() not in bytes(body)
    assert bytes(body)[:1] != b"{"
    assert "kefu-sealed" in headers
    old = files.client.transactions
    for number, transactions in enumerate((old, replace(old, vault=_with_old_key(read_keys(f"2026:{'ab' * 32}"))))):
        files.client.runtime.transactions = transactions
        assert await reseal_all(transactions, [reseal_answers], at_once=1) == number
        again = await files.open(**MING, headers=key)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert "kefu-sealed" not in again.headers
    assert (await files.open(**{**MING, "name": "王五"}, headers=key)).status_code == 422


def _with_old_key(new_key: list[VaultKey], *, only: bool = False) -> Vault:
    key = bytes.fromhex(KEY)
    old = [] if only else [VaultKey("development", _derive(key, "development seal"))]
    return Vault([*new_key, *old], search_key=_derive(key, "search"))


async def test_a_value_moved_to_another_row_does_not_open(files: Files) -> None:
    """Whoever can write into the table still can't show one person's value as another's field."""
    customer_id = await _opened(files)
    async with files.client.runtime.database.transaction() as session:
        await session.execute(
            text("UPDATE personal_value SET sealed = (SELECT sealed FROM personal_value WHERE kind = 'id_number')"
                 " WHERE kind = 'name'")
        )  # fmt: skip
    answer = await files.client.call("GET", f"/v1/customers/{customer_id}")
    assert answer.status_code == 500
    assert "11010519491231002" not in answer.text
    assert UUID(customer_id)
