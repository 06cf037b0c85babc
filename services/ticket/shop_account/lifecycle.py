"""店铺账号的状态: somebody is signed in or nobody is; retired ones are nobody's any more (T35). Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from contracts.ticket.shop_account import ShopAccountFoundUnattended
from kit.lifecycle import Lifecycle
from kit.problems import Problem


class AccountStatus(StrEnum):
    """Whether somebody sits at the account."""

    SIGNED_OUT = "signed_out"
    SIGNED_IN = "signed_in"
    RETIRED = "retired"


_S = AccountStatus
LIFE = Lifecycle(
    noun="shop_account",
    states=AccountStatus,
    initial=_S.SIGNED_OUT,
    table={
        "sign-in": {_S.SIGNED_OUT: _S.SIGNED_IN, _S.SIGNED_IN: _S.SIGNED_IN},
        "heartbeat": {_S.SIGNED_IN: _S.SIGNED_IN},
        "sign-out": {_S.SIGNED_IN: _S.SIGNED_OUT},
        "fall-silent": {_S.SIGNED_IN: _S.SIGNED_OUT},
        "retire": {_S.SIGNED_OUT: _S.RETIRED, _S.SIGNED_IN: _S.RETIRED},
        "restore": {_S.RETIRED: _S.SIGNED_OUT},
    },
)
_BY_ITSELF = frozenset({"fall-silent"})


class AccountLike(Protocol):
    """A shop's account as the table holds it."""

    shop_account_id: UUID
    shop: str
    status: str
    assigned_staff_id: UUID
    delegate_staff_id: UUID | None
    signed_in_staff_id: UUID | None
    since: datetime
    seen_at: datetime | None


def allowed(account: AccountLike) -> list[str]:
    """The verbs that somebody may ask for now."""
    return [verb for verb in LIFE.allowed(AccountStatus(account.status)) if verb not in _BY_ITSELF]


def sign_in(account: AccountLike, staff_id: UUID | None, now: datetime) -> None:
    """上线: its agent or the delegate sits down, in place of whoever sat there. Raises Problem `forbidden` for
    anybody else, `transition-refused` for a retired one."""
    if staff_id is None or staff_id not in (account.assigned_staff_id, account.delegate_staff_id):
        raise Problem("forbidden", permission="shop_account:sign_in")
    LIFE.move(account, "sign-in")
    account.signed_in_staff_id, account.since, account.seen_at = staff_id, now, now


def heartbeat(account: AccountLike, staff_id: UUID | None, now: datetime) -> None:
    """Still there. Raises Problem `forbidden` for anybody but who is signed in, `transition-refused` for nobody."""
    LIFE.move(account, "heartbeat")
    if staff_id is None or staff_id != account.signed_in_staff_id:
        raise Problem("forbidden", permission="shop_account:sign_in")
    account.seen_at = now


def found_unattended(account: AccountLike, alarm_id: UUID, now: datetime) -> ShopAccountFoundUnattended:
    """无人在线: what is told when an alarm is raised about it."""
    return ShopAccountFoundUnattended(
        alarm_id=alarm_id,
        shop_account_id=account.shop_account_id,
        shop=account.shop,
        assigned_staff_id=account.assigned_staff_id,
        delegate_staff_id=account.delegate_staff_id,
        since=account.since,
        found_at=now,
    )


def leave(account: AccountLike, verb: str, now: datetime) -> None:
    """Nobody sits there any more: signed out, silent for too long, or the account is retired."""
    LIFE.move(account, verb)
    account.signed_in_staff_id, account.since = None, now
