"""Use cases of shops' accounts: kept, signed in to, looked after (T35)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from kit import audit, outbox
from kit.ids import new_id
from kit.logs import log
from kit.policies import in_force
from kit.policy import EVERYWHERE
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.calendar import service as calendars
from services.ticket.copies import service as copies
from services.ticket.shop_account import lifecycle, store
from services.ticket.shop_account.lifecycle import LIFE, AccountStatus
from services.ticket.shop_account.models import ShopAccount, ShopAccountAlarm
from services.ticket.shop_account.policy import SHOP_ACCOUNT_WATCH
from services.ticket.shop_account.schemas import (
    ShopAccountAlarmFilter,
    ShopAccountCreate,
    ShopAccountEdit,
    ShopAccountFilter,
)
from services.ticket.sight import in_sight

__all__ = [
    "ShopAccount", "ShopAccountAlarm", "edit_account", "get_account", "heartbeat", "list_accounts", "list_alarms",
    "look_after", "make_account", "restore_account", "retire_account", "sign_in", "sign_out",
]  # fmt: skip
LOOKS_KEPT = timedelta(days=7)


async def make_account(work: Work, asked: ShopAccountCreate) -> ShopAccount:
    """Keep an account of a shop. Raises Problem `forbidden` for a shop out of sight, `already-exists` for a name that
    the shop has, `not-yet-known` and `invalid-request` for people who can't sit at it."""
    if not work.actor.serves(asked.shop):
        raise Problem("forbidden", shop=asked.shop)
    await _expect_people(work, asked.assigned_staff_id, asked.delegate_staff_id)
    account = ShopAccount(
        shop_account_id=new_id(),
        **asked.model_dump(),
        status=LIFE.initial,
        since=work.now,
        made_by=work.actor.subject,
        made_at=work.now,
    )
    if not await store.add(work.session, account):
        raise Problem("already-exists", noun=LIFE.noun)
    await _write_down(work, account, "make", None)
    return account


async def edit_account(work: Work, shop_account_id: UUID, asked: ShopAccountEdit) -> ShopAccount:
    """换人: another agent or delegate; whoever is signed in and may no longer be is signed out. Raises Problem
    `precondition-required`, `stale-version`, `not-found`, and what people who can't sit at it raise."""
    if work.expected_version is None:
        raise Problem("precondition-required")
    account = await _locked(work, shop_account_id)
    work.expect_version(account.version)
    before = _audited(account)
    named = asked.model_dump(exclude_unset=True)
    assigned = named.get("assigned_staff_id") or account.assigned_staff_id
    delegate = named.get("delegate_staff_id", account.delegate_staff_id)
    await _expect_people(work, assigned, delegate)
    account.assigned_staff_id, account.delegate_staff_id = assigned, delegate
    if account.signed_in_staff_id not in (None, assigned, delegate):
        lifecycle.leave(account, "sign-out", work.now)
    if _audited(account) == before:
        return account
    account.version += 1
    await _write_down(work, account, "edit", before)
    return account


async def get_account(work: Work, shop_account_id: UUID) -> ShopAccount:
    """One account. Raises Problem `not-found`, also for one of a shop out of sight."""
    return _seen(work, await store.get(work.session, shop_account_id))


async def list_accounts(
    work: Work, query: ShopAccountFilter, after: UUID | None
) -> tuple[list[ShopAccount], UUID | None]:
    """Accounts in the caller's sight, newest first, and the last one when there are more."""
    wanted = in_sight(work, query.model_dump(exclude={"limit", "cursor"}, exclude_none=True))
    found = await store.page(work.session, wanted, after, query.limit + 1)
    items = found[: query.limit]
    return items, items[-1].shop_account_id if len(found) > query.limit else None


async def list_alarms(
    work: Work, query: ShopAccountAlarmFilter, after: UUID | None
) -> tuple[list[ShopAccountAlarm], UUID | None]:
    """Alarms in the caller's sight, newest first, and the last one when there are more."""
    wanted = in_sight(work, {"shop": query.shop} if query.shop is not None else {})
    found = await store.page_of_alarms(work.session, wanted, after, query.limit + 1, standing=query.standing)
    items = found[: query.limit]
    return items, items[-1].alarm_id if len(found) > query.limit else None


async def sign_in(work: Work, shop_account_id: UUID) -> ShopAccount:
    """上线, which ends an alarm. Raises Problem `not-found`, `forbidden` for anybody but its agent and the delegate,
    `transition-refused`."""
    account = await _locked(work, shop_account_id)
    before = _audited(account)
    lifecycle.sign_in(account, work.actor.staff_id, work.now)
    account.version += 1
    await store.end_alarm(work.session, shop_account_id, work.now, work.actor.staff_id)
    await _write_down(work, account, "sign-in", before)
    return account


async def heartbeat(work: Work, shop_account_id: UUID) -> ShopAccount:
    """A sign of life; nothing that a trail would have to know. Raises Problem `not-found`, `forbidden`,
    `transition-refused`."""
    account = await _locked(work, shop_account_id)
    lifecycle.heartbeat(account, work.actor.staff_id, work.now)
    return account


async def sign_out(work: Work, shop_account_id: UUID) -> ShopAccount:
    """下线, by whoever is signed in or a lead. Raises Problem `not-found`, `forbidden`, `transition-refused`."""
    account = await _locked(work, shop_account_id)
    before = _audited(account)
    theirs = account.signed_in_staff_id in (None, work.actor.staff_id)
    if not theirs and not work.actor.may("shop_account:manage"):
        raise Problem("forbidden", permission="shop_account:manage")
    lifecycle.leave(account, "sign-out", work.now)
    account.version += 1
    await _write_down(work, account, "sign-out", before)
    return account


async def retire_account(work: Work, shop_account_id: UUID) -> ShopAccount:
    """停用, which ends an alarm. Raises Problem `not-found`, `transition-refused`."""
    account = await _locked(work, shop_account_id)
    before = _audited(account)
    lifecycle.leave(account, "retire", work.now)
    account.version += 1
    await store.end_alarm(work.session, shop_account_id, work.now, work.actor.staff_id)
    await _write_down(work, account, "retire", before)
    return account


async def restore_account(work: Work, shop_account_id: UUID) -> ShopAccount:
    """恢复. Raises Problem `not-found`, `transition-refused`."""
    account = await _locked(work, shop_account_id)
    before = _audited(account)
    LIFE.move(account, "restore")
    account.since = work.now
    account.version += 1
    await _write_down(work, account, "restore", before)
    return account


async def look_after(work: Work) -> int | None:
    """巡检: sign out who has fallen silent, and raise an alarm for every account that nobody sits at in its hours.
    How many there are; None when this interval has been looked at already."""
    rules = await in_force(work.session, SHOP_ACCOUNT_WATCH, EVERYWHERE, work.now)
    slot = rules.document.slot_of(work.now)
    if not await store.begin_look(work.session, slot, work.now):
        return None
    unattended = [account for account in await store.watched(work.session) if await _is_unattended(work, account)]
    for account in unattended:
        await _raise_alarm(work, account)
    await store.end_look(work.session, slot, len(unattended), work.now - LOOKS_KEPT)
    return len(unattended)


async def _is_unattended(work: Work, account: ShopAccount) -> bool:
    rules = (await in_force(work.session, SHOP_ACCOUNT_WATCH, account.shop, work.now)).document
    if account.status == AccountStatus.SIGNED_IN and rules.is_silent(account.seen_at or account.since, work.now):
        before = _audited(account)
        lifecycle.leave(account, "fall-silent", work.now)
        account.since = account.seen_at or work.now
        account.version += 1
        await _write_down(work, account, "fall-silent", before)
    if account.status != AccountStatus.SIGNED_OUT:
        return False
    _, calendar = await calendars.calendar_in_force(work.session, account.shop, work.now)
    return rules.is_watched(work.now, calendar.hours.time_zone)


async def _raise_alarm(work: Work, account: ShopAccount) -> None:
    alarm = ShopAccountAlarm(
        alarm_id=new_id(),
        shop_account_id=account.shop_account_id,
        shop=account.shop,
        unattended_since=account.since,
        raised_at=work.now,
        last_seen_at=work.now,
    )
    log.warning("shop_account.unattended", shop=account.shop, shop_account_id=str(account.shop_account_id))
    if await store.raise_alarm(work.session, alarm):
        await outbox.record_many(work, [(lifecycle.found_unattended(account, alarm.alarm_id, work.now), 1)])
        after = {"alarm_id": str(alarm.alarm_id), "since": account.since.isoformat()}
        await audit.record(work, "raise-alarm", LIFE.noun, account.shop_account_id, after=after)


async def _expect_people(work: Work, assigned: UUID, delegate: UUID | None) -> None:
    """Two who are here: nobody stands in for themselves."""
    await copies.expect_staff(work, assigned)
    if delegate is not None:
        if delegate == assigned:
            raise invalid("/delegate_staff_id", "代班人不能是本人", "nobody stands in for themselves")
        await copies.expect_staff(work, delegate)


async def _locked(work: Work, shop_account_id: UUID) -> ShopAccount:
    return _seen(work, await store.lock(work.session, shop_account_id))


def _seen(work: Work, account: ShopAccount | None) -> ShopAccount:
    if account is None or not work.actor.serves(account.shop):
        raise Problem("not-found")
    return account


async def _write_down(work: Work, account: ShopAccount, verb: str, before: dict[str, Any] | None) -> None:
    await audit.record(work, verb, LIFE.noun, account.shop_account_id, before=before, after=_audited(account))


def _audited(account: ShopAccount) -> dict[str, Any]:
    people = ("assigned_staff_id", "delegate_staff_id", "signed_in_staff_id")
    named = {name: str(value) if (value := getattr(account, name)) else None for name in people}
    return {"status": account.status, **named}
