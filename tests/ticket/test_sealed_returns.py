"""X6: tracking numbers of what comes back and of what is sent instead lie sealed, each for its own row, and are
renewed under a new key; what is found by a number is found after that as well."""

import os
from dataclasses import replace
from uuid import UUID

import pytest
from refund_desk import Json, Refunds
from return_desk import Returns
from ticket_desk import Desk

from kit.ids import new_id
from kit.rotation import reseal_all
from kit.vault import BrokenSealError, Vault, VaultKey
from kit.work import Transactions
from services.ticket.exchange import sealing as sent
from services.ticket.exchange.rotation import reseal_sendings
from services.ticket.inbound import sealing as returned
from services.ticket.inbound.rotation import reseal_parcels

OURS = (reseal_parcels, reseal_sendings)


def under(desk: Desk, *keys: VaultKey) -> Transactions:
    """The service's transactions, with a vault of these keys."""
    return replace(desk.client.transactions, vault=Vault(keys, search_key=bytes(32)))


async def on_both_ways(desk: Desk) -> tuple[Returns, Json]:
    """An exchange with three parcels that come back, and one sent ahead of them without a number of its own, twice."""
    returns = Returns(await Refunds(desk).settle_in())
    await returns.refunds.order("A-1", (3, "30.00"))
    refund = await returns.waiting(kind="exchange", pieces={1: 3})
    for number in ("ZT0000000001", "ZT0000000002", "ZT0000000003"):
        await returns.ship(refund, {1: 1}, tracking_number=number)
    await returns.done(refund, "send", ahead=True, courier="顺丰", tracking_number="SF0000000001")
    await returns.done(refund, "lose", reason="丢件")
    await returns.done(refund, "send", ahead=True, courier="顺丰", order_no="A-1-R")
    return returns, refund


async def test_numbers_come_under_a_new_key_and_the_old_one_can_go(desk: Desk) -> None:
    returns, refund = await on_both_ways(desk)
    vault = desk.client.transactions.vault
    assert vault is not None
    old, new = VaultKey("old", os.urandom(32)), VaultKey("new", os.urandom(32))
    for row in await desk.rows("SELECT parcel_id, sealed_tracking FROM return_parcel"):
        number = returned.opened(vault, row.parcel_id, bytes(row.sealed_tracking))
        sealed = returned.seal(Vault([old], search_key=bytes(32)), row.parcel_id, number)
        await desk.change(
            "UPDATE return_parcel SET sealed_tracking = :s WHERE parcel_id = :p", s=sealed, p=row.parcel_id
        )
    for row in await desk.rows(
        "SELECT sending_id, sealed_tracking FROM exchange_sending WHERE sealed_tracking IS NOT NULL"
    ):
        number_sent = sent.opened(vault, row.sending_id, bytes(row.sealed_tracking))
        sealed_sent = sent.seal(Vault([old], search_key=bytes(32)), row.sending_id, number_sent)
        await desk.change(
            "UPDATE exchange_sending SET sealed_tracking = :s WHERE sending_id = :p", s=sealed_sent, p=row.sending_id
        )
    assert await reseal_all(under(desk, old), OURS, at_once=2) == 0
    assert await reseal_all(under(desk, new, old), OURS, at_once=2) == 4
    assert await reseal_all(under(desk, new, old), OURS, at_once=1) == 0
    with pytest.raises(BrokenSealError):
        await reseal_all(under(desk, old), OURS)
    newest = Vault([new], search_key=bytes(32))
    rows = await desk.rows("SELECT parcel_id, sealed_tracking FROM return_parcel ORDER BY parcel_id")
    numbers = [returned.opened(newest, row.parcel_id, bytes(row.sealed_tracking)) for row in rows]
    assert numbers == ["ZT0000000001", "ZT0000000002", "ZT0000000003"]
    found = await desk.rows(
        "SELECT refund_id FROM return_parcel WHERE tracking_hash = :hash", hash=returned.hashed(vault, "ZT0000000002")
    )
    assert [row.refund_id for row in found] == [UUID(refund["refund_id"])]
    assert returns.desk is desk


def test_a_seal_opens_for_its_own_row() -> None:
    vault, here, there = Vault([VaultKey("k", os.urandom(32))], search_key=bytes(32)), new_id(), new_id()
    sealed, also = returned.seal(vault, here, "ZT1"), sent.seal(vault, here, "SF1")
    assert (returned.opened(vault, here, sealed), sent.opened(vault, here, also)) == ("ZT1", "SF1")
    with pytest.raises(BrokenSealError):
        returned.opened(vault, there, sealed)
    with pytest.raises(BrokenSealError):
        sent.opened(vault, there, also)
    with pytest.raises(BrokenSealError):
        sent.opened(vault, here, sealed)
    assert (sent.seal(vault, here, None), sent.opened(vault, here, None), sent.renewed(vault, here, None)) == (
        None,
    ) * 3
