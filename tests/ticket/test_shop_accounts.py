"""Shops' accounts: who sits at them, and the alarm every half hour where nobody does (T35)."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from clock_bench import without_loops
from ticket_desk import Desk, a_colleague, faults

from kit.ids import new_id
from services.ticket.shop_account import watch

MINUTE = timedelta(minutes=1)


@dataclass
class Accounts:
    """A shop with people who sit at its accounts."""

    desk: Desk
    fei: UUID
    hua: UUID

    async def make(self, name: str = "旗舰店:售前01", shop: str = "main", **facts: Any) -> dict[str, Any]:
        """An account; it must be taken."""
        people = {"assigned_staff_id": str(self.fei), "delegate_staff_id": str(self.hua)}
        body = {"shop": shop, "name": name, **people, **facts}
        answer = await self.desk.call("POST", "/v1/shop-accounts", "supervisor", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def verb(
        self, account: dict[str, Any], verb: str, who: UUID | None = None, role: str = "agent"
    ) -> httpx.Response:
        """Ask for a verb as that member of staff."""
        path = f"/v1/shop-accounts/{account['shop_account_id']}/{verb}"
        return await self.desk.call("POST", path, role, staff_id=who)

    async def done(self, account: dict[str, Any], verb: str, who: UUID | None = None, role: str = "agent") -> Any:
        """The same; it must be taken."""
        answer = await self.verb(account, verb, who, role)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def alarms(self, query: str = "standing=true") -> list[dict[str, Any]]:
        """The alarms of a list."""
        answer = await self.desk.call("GET", f"/v1/shop-accounts/alarms?{query}", "auditor")
        return list(answer.json()["items"])

    async def look(self, minutes: float = 30) -> int | None:
        """Let so much time pass and look; how many accounts nobody sits at."""
        self.desk.clock.advance(minutes * MINUTE)
        return await watch.look(self.desk.client.transactions)


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody but the test looks who sits there."""
    without_loops(monkeypatch)


@pytest.fixture
async def accounts(unwatched: None, desk: Desk) -> Accounts:
    fei, hua = a_colleague("菲菲"), a_colleague("花花")
    await desk.hear(fei, hua)
    return Accounts(desk, fei.staff_id, hua.staff_id)


async def test_an_account_has_an_agent_and_a_delegate(accounts: Accounts) -> None:
    account = await accounts.make()
    assert (account["status"], account["allowed"]) == ("signed_out", ["sign-in", "retire"])
    signed = await accounts.done(account, "sign-in", accounts.fei)
    assert (signed["status"], signed["signed_in_staff_id"]) == ("signed_in", str(accounts.fei))
    taken_over = await accounts.done(account, "sign-in", accounts.hua)
    assert taken_over["signed_in_staff_id"] == str(accounts.hua)
    for who, verb in (
        (new_id(), "sign-in"),
        (None, "sign-in"),
        (accounts.fei, "heartbeat"),
        (accounts.fei, "sign-out"),
    ):
        assert (await accounts.verb(account, verb, who)).status_code == 403, verb
    assert (await accounts.verb(account, "sign-out", None, "supervisor")).status_code == 200
    assert (await accounts.verb(account, "heartbeat", accounts.hua)).status_code == 409
    trail = await accounts.desk.audits(account["shop_account_id"])
    assert trail == ["make", "sign-in", "sign-in", "sign-out"]


async def test_a_heartbeat_is_no_change(accounts: Accounts) -> None:
    """It moves the sign of life, no version and no trail."""
    account = await accounts.make()
    await accounts.done(account, "sign-in", accounts.fei)
    before = (await accounts.desk.call("GET", f"/v1/shop-accounts/{account['shop_account_id']}")).json()
    accounts.desk.clock.advance(5 * MINUTE)
    after = await accounts.done(account, "heartbeat", accounts.fei)
    assert after["seen_at"] > before["seen_at"]
    assert (after["version"], after["since"]) == (before["version"], before["since"])
    assert await accounts.desk.audits(account["shop_account_id"]) == ["make", "sign-in"]


async def test_nobody_signed_in_raises_an_alarm_every_half_hour(accounts: Accounts) -> None:
    """T35: one alarm that counts, not one a look; it ends when somebody sits down."""
    left, held = await accounts.make("一号"), await accounts.make("二号")
    await accounts.done(held, "sign-in", accounts.fei)
    assert await accounts.look() is not None
    assert await accounts.look(1) is None, "not twice in one interval"
    (alarm,) = [one for one in await accounts.alarms() if one["shop_account_id"] == left["shop_account_id"]]
    assert (alarm["times"], alarm["ended_at"], alarm["unattended_since"]) == (1, None, left["since"])
    for _ in range(2):
        await accounts.look(29.5)
    assert (await accounts.alarms())[-1]["times"] >= 2
    await accounts.done(left, "sign-in", accounts.hua)
    standing = await accounts.alarms()
    assert left["shop_account_id"] not in {one["shop_account_id"] for one in standing}
    (ended,) = [one for one in await accounts.alarms("standing=false") if one["alarm_id"] == alarm["alarm_id"]]
    assert ended["ended_by_staff_id"] == str(accounts.hua)
    assert (await accounts.desk.audits(left["shop_account_id"])).count("raise-alarm") == 1
    told = await accounts.desk.rows("SELECT aggregate_id FROM outbox WHERE subject = 'shop_account.found_unattended'")
    assert [str(row.aggregate_id) for row in told].count(alarm["alarm_id"]) == 1


async def test_who_falls_silent_is_signed_out(accounts: Accounts) -> None:
    """Ten minutes without a sign of life; with one, nothing happens."""
    quiet, lively = await accounts.make("一号"), await accounts.make("二号")
    for account in (quiet, lively):
        await accounts.done(account, "sign-in", accounts.fei)
    accounts.desk.clock.advance(25 * MINUTE)
    await accounts.done(lively, "heartbeat", accounts.fei)
    assert await accounts.look(6) == 1
    (alarm,) = await accounts.alarms()
    assert alarm["shop_account_id"] == quiet["shop_account_id"]
    shown = (await accounts.desk.call("GET", f"/v1/shop-accounts/{quiet['shop_account_id']}")).json()
    assert (shown["status"], shown["signed_in_staff_id"], shown["since"]) == ("signed_out", None, shown["seen_at"])
    assert (await accounts.desk.audits(quiet["shop_account_id"]))[-2:] == ["fall-silent", "raise-alarm"]


async def test_nobody_has_to_be_there_at_night(accounts: Accounts) -> None:
    """T35: 09:00 to 24:00; at 00:30 nobody is missed."""
    await accounts.make()
    assert await accounts.look(12.5 * 60) == 0  # noon → 00:30
    assert await accounts.look(8.5 * 60) == 1  # 09:00


async def test_two_looks_at_once_are_one(accounts: Accounts) -> None:
    await accounts.make()
    accounts.desk.clock.advance(30 * MINUTE)
    found = await asyncio.gather(*(watch.look(accounts.desk.client.transactions) for _ in range(5)))
    assert len([one for one in found if one is not None]) <= 1
    assert [alarm["times"] for alarm in await accounts.alarms()] == [1]


async def test_a_retired_account_is_nobodys(accounts: Accounts) -> None:
    account = await accounts.make()
    await accounts.look()
    assert len(await accounts.alarms()) == 1
    retired = await accounts.done(account, "retire", None, "manager")
    assert (retired["status"], retired["allowed"]) == ("retired", ["restore"])
    assert await accounts.alarms() == []
    assert await accounts.look() == 0
    assert (await accounts.verb(account, "sign-in", accounts.fei)).status_code == 409
    assert (await accounts.done(account, "restore", None, "manager"))["status"] == "signed_out"
    assert await accounts.look() == 1


async def test_another_agent_is_assigned(accounts: Accounts) -> None:
    """If-Match is required; whoever may no longer sit there is signed out."""
    account = await accounts.make()
    await accounts.done(account, "sign-in", accounts.hua)
    path, body = f"/v1/shop-accounts/{account['shop_account_id']}", {"delegate_staff_id": None}
    assert (await accounts.desk.call("PATCH", path, "supervisor", json=body)).status_code == 428
    stale = await accounts.desk.call("PATCH", path, "supervisor", json=body, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    edited = await accounts.desk.call("PATCH", path, "supervisor", json=body, headers={"If-Match": '"2"'})
    assert (edited.json()["delegate_staff_id"], edited.json()["status"]) == (None, "signed_out")
    same = await accounts.desk.call("PATCH", path, "supervisor", json={}, headers={"If-Match": '"3"'})
    assert same.headers["etag"] == '"3"'


async def test_what_is_no_account(accounts: Accounts) -> None:
    """A name twice, nobody known, oneself for a delegate, another's shop."""
    await accounts.make()
    fei = str(accounts.fei)
    again = {"name": "旗舰店:售前01", "assigned_staff_id": fei}
    call = accounts.desk.call
    assert (await call("POST", "/v1/shop-accounts", "supervisor", json=again)).status_code == 409
    other = {"name": "二号", "assigned_staff_id": fei}
    unknown = await call("POST", "/v1/shop-accounts", "supervisor", json=other | {"assigned_staff_id": str(new_id())})
    assert unknown.json()["type"] == "/problems/not-yet-known"
    assert faults(await call("POST", "/v1/shop-accounts", "supervisor", json=other | {"delegate_staff_id": fei})) == [
        "/delegate_staff_id"
    ]
    assert faults(await call("POST", "/v1/shop-accounts", "supervisor", json=other | {"password": "x"})) == [
        "/password"
    ]
    there = await call("POST", "/v1/shop-accounts", "supervisor", json=other, shops=["outlet"])
    assert there.status_code == 403
    assert (await call("POST", "/v1/shop-accounts", "agent", json=other)).status_code == 403
    assert (await call("GET", f"/v1/shop-accounts/{new_id()}")).status_code == 404
    seen = await call("GET", "/v1/shop-accounts", shops=["outlet"])
    assert seen.json()["items"] == []
    listed = (await call("GET", f"/v1/shop-accounts?assigned_staff_id={fei}&status=signed_out")).json()
    assert [one["name"] for one in listed["items"]] == ["旗舰店:售前01"]
