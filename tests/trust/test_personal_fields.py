"""Personal fields in the trail: digests under a key that erasure destroys (X6, X7)."""

import asyncio

from trail_desk import SOMEBODY, Trail

from kit import audit
from kit.ids import new_id

PHONE = {"phone": "+8613812345678", "name": "李小明", "wechat": None}


async def test_a_change_shows_and_a_value_does_not(trail: Trail) -> None:
    ming, hua = new_id(), new_id()
    async with trail.transactions.begin(SOMEBODY) as work:
        first = await audit.personal(work, ming, PHONE)
        again = await audit.personal(work, ming, {"phone": PHONE["phone"], "mobile": PHONE["phone"]})
        others = await audit.personal(work, hua, PHONE)
    assert first["phone"] == again["phone"]
    assert first["wechat"] is None
    assert str(first["phone"]).startswith("hmac:")
    assert len({first["phone"], first["name"], again["mobile"], others["phone"], others["name"]}) == 5
    assert "138" not in str(first["phone"])[:9]


async def test_once_forgotten_a_person_is_a_stranger_and_the_chain_is_whole(trail: Trail) -> None:
    ming = new_id()
    async with trail.transactions.begin(SOMEBODY) as work:
        digests = await audit.personal(work, ming, PHONE)
        await audit.record(work, "rename", "customer", ming, after=digests)
    await trail.seal()
    for _ in range(2):
        async with trail.transactions.begin(SOMEBODY) as work:
            await audit.forget(work, ming)
    assert await trail.rows("SELECT count(*) FROM audit_person_key") == [0]
    async with trail.transactions.begin(SOMEBODY) as work:
        assert (await audit.personal(work, ming, PHONE))["phone"] != digests["phone"]
    assert await trail.found() is None


async def test_twenty_at_once_agree_on_one_key(trail: Trail) -> None:
    ming = new_id()

    async def digest() -> str | None:
        async with trail.transactions.begin(SOMEBODY) as work:
            return (await audit.personal(work, ming, PHONE))["phone"]

    assert len(set(await asyncio.gather(*(digest() for _ in range(20))))) == 1
