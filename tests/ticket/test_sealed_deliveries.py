"""Who gets an order's parcel lies sealed (X6): bound to its order, renewed under a new key, old rows as well."""

import os
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from ticket_desk import PAID, Desk, an_item

from kit.ids import derived_id, new_id
from kit.rotation import reseal_all
from kit.vault import BrokenSealError, Vault, VaultKey
from kit.work import Transactions
from services.ticket.order.sealing import Party, Recipient
from services.ticket.rotation import SEALED

RECIPIENT = {"name": "李小明", "phone": "13812345678", "address": "江苏省连云港市海州区某路 1 号"}
FACTS: dict[str, Any] = {"recipient": RECIPIENT, "tracking_number": "SF1234567890", "payer_token": "payer-4711"}
WHOLE = Party(Recipient(**RECIPIENT), "SF1234567890", "payer-4711")
PLAIN = ("recipient_name", "recipient_phone", "recipient_address", "tracking_number", "payer_token")


def order_id(number: str) -> UUID:
    return derived_id("order", "main", number)


def under(desk: Desk, *keys: VaultKey) -> Transactions:
    """The service's transactions, with a vault of these keys."""
    return replace(desk.client.transactions, vault=Vault(keys, search_key=bytes(32)))


def a_key(name: str) -> VaultKey:
    return VaultKey(name, os.urandom(32))


async def in_plain(desk: Desk) -> int:
    """How many values of either table stand open."""
    counted = " + ".join(f"count({name})" for name in PLAIN)
    ((deliveries,),) = await desk.rows(f"SELECT {counted} FROM order_delivery")
    ((milestones,),) = await desk.rows("SELECT count(tracking_number) + count(payer_token) FROM order_milestone")
    return int(deliveries + milestones)


async def test_every_way_in_seals(desk: Desk) -> None:
    await desk.put("A-1", **FACTS)
    await desk.put("A-1", revision=2, **FACTS)
    await desk.send(an_item("A-2", **FACTS), an_item("A-3"))
    assert await in_plain(desk) == 0
    parties = await desk.parties()
    assert (parties[order_id("A-1")], parties[order_id("A-2")], parties[order_id("A-3")]) == (WHOLE, WHOLE, Party())


async def test_a_correction_without_a_recipient_leaves_none(desk: Desk) -> None:
    """C10: a higher revision replaces the whole order."""
    await desk.put("A-1", **FACTS)
    await desk.put("A-1", revision=2)
    assert (await desk.parties())[order_id("A-1")] == Party()
    shown = await desk.call("GET", "/v1/orders/main/A-1")
    assert (shown.json()["recipient"], shown.json()["tracking_number"]) == (None, None)


async def test_a_seal_opens_for_its_own_order_only(desk: Desk) -> None:
    await desk.send(an_item("A-1", **FACTS), an_item("A-2", recipient={"name": "王五"}))
    await desk.change(
        "UPDATE order_delivery SET sealed_recipient = (SELECT sealed_recipient FROM order_delivery WHERE order_id = :a)"
        " WHERE order_id = :b",
        a=order_id("A-1"), b=order_id("A-2"),
    )  # fmt: skip
    answer = await desk.call("GET", "/v1/orders/main/A-2")
    assert answer.status_code == 500
    assert "李" not in answer.text
    await desk.change("UPDATE order_delivery SET sealed_tracking = sealed_payer")
    with pytest.raises(BrokenSealError):
        await desk.parties()


async def test_reseal_brings_all_under_the_new_key_and_then_the_old_one_can_go(desk: Desk) -> None:
    old, new = a_key("2025"), a_key("2026")
    desk.client.runtime.transactions = under(desk, old)
    await desk.send(*(an_item(f"A-{n}", **FACTS) for n in range(5)), an_item("A-9"))
    assert await reseal_all(under(desk, old), SEALED, at_once=2) == 0
    assert await reseal_all(under(desk, new, old), SEALED, at_once=2) == 15
    assert await reseal_all(under(desk, new, old), SEALED, at_once=2) == 0
    desk.client.runtime.transactions = under(desk, new)
    assert list((await desk.parties()).values()).count(WHOLE) == 5
    with pytest.raises(BrokenSealError):
        await reseal_all(under(desk, old), SEALED)


async def old_rows(desk: Desk) -> None:
    """Rows as they were before there were seals."""
    await desk.put("A-1", paid_at=PAID)
    values = {"name": RECIPIENT["name"], "phone": RECIPIENT["phone"], "address": RECIPIENT["address"]}
    await desk.change(
        "UPDATE order_delivery SET recipient_name = :name, recipient_phone = :phone, recipient_address = :address,"
        " payer_token = 'payer-4711'",
        **values,
    )
    await desk.change(
        "INSERT INTO order_milestone (order_id, name, at, tracking_number)"
        " VALUES (:one, 'shipped', now(), 'SF1234567890')",
        one=order_id("A-1"),
    )


async def test_what_is_still_plain_is_read_and_sealed_by_reseal(desk: Desk) -> None:
    await old_rows(desk)
    shown = (await desk.call("GET", "/v1/orders/main/A-1")).json()
    assert shown["recipient"] == {"name": "李**", "phone": "138****5678", "address": "江苏省连云港****"}
    assert await in_plain(desk) == 5
    assert await reseal_all(desk.client.transactions, SEALED) == 3  # the recipient is one
    assert await in_plain(desk) == 0
    again = (await desk.call("GET", "/v1/orders/main/A-1")).json()
    assert again["recipient"] == shown["recipient"]
    assert (await desk.parties())[order_id("A-1")].payer_token == "payer-4711"


async def test_an_old_milestone_outlives_a_correction(desk: Desk) -> None:
    """E3: what was told by itself stays, sealed by then."""
    await old_rows(desk)
    await desk.put("A-1", revision=2, recipient=RECIPIENT)
    assert (await desk.parties())[order_id("A-1")].tracking_number == "SF1234567890"
    assert await in_plain(desk) == 0


async def test_reseal_goes_through_any_number_of_rows(desk: Desk) -> None:
    """Nothing is left out at the borders of its short transactions."""
    old, new = a_key("2025"), a_key("2026")
    desk.client.runtime.transactions = under(desk, old)
    for count in (1, 2, 3):
        await desk.send(*(an_item(f"{new_id()}", **FACTS) for _ in range(count)))
    for n, key in enumerate((new, a_key("2027"))):
        keys = (key, new, old) if n else (key, old)
        assert await reseal_all(under(desk, *keys), SEALED, at_once=1 + n) == 18
