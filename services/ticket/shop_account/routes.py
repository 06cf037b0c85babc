"""`/v1/shop-accounts` (T35)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.ticket.shop_account import service
from services.ticket.shop_account.lifecycle import allowed
from services.ticket.shop_account.schemas import (
    ShopAccountAlarmFilter,
    ShopAccountAlarmPage,
    ShopAccountAlarmPublic,
    ShopAccountCreate,
    ShopAccountEdit,
    ShopAccountFilter,
    ShopAccountPage,
    ShopAccountPublic,
)
from services.ticket.shop_account.service import ShopAccount

router = APIRouter(prefix="/v1/shop-accounts", tags=["shop accounts"])
AccountId = Annotated[UUID, Path(description="The account's id.")]
READS = [allow("shop_account:read")]
MANAGES = [allow("shop_account:manage")]
SIGNS_IN = [allow("shop_account:sign_in")]


@router.post("", status_code=201, response_model=ShopAccountPublic, dependencies=MANAGES)
async def make_shop_account(body: ShopAccountCreate, work: WorkDep) -> Response:
    """Keep an account of a shop, with its agent and the delegate."""
    account = await service.make_account(work, body)
    return await _shown(work, account, status=201, location=f"/v1/shop-accounts/{account.shop_account_id}")


@router.get("", response_model=ShopAccountPage, dependencies=READS)
async def list_shop_accounts(work: WorkDep, query: Annotated[ShopAccountFilter, Query()]) -> Response:
    """Accounts, newest first, and who is signed in."""
    place = read_cursor(work, "shop-accounts", query)
    items, last = await service.list_accounts(work, query, UUID(place[0]) if place else None)
    cursor = write_cursor(work, "shop-accounts", [last]) if last else None
    page = ShopAccountPage(items=[_public(one) for one in items], next_cursor=cursor)
    return page_answer(page, path="/v1/shop-accounts", query=query, next_cursor=cursor)


@router.get("/alarms", response_model=ShopAccountAlarmPage, dependencies=READS)
async def list_shop_account_alarms(work: WorkDep, query: Annotated[ShopAccountAlarmFilter, Query()]) -> Response:
    """Accounts at which nobody sat when it was looked, newest first."""
    place = read_cursor(work, "shop-account-alarms", query)
    items, last = await service.list_alarms(work, query, UUID(place[0]) if place else None)
    cursor = write_cursor(work, "shop-account-alarms", [last]) if last else None
    page = ShopAccountAlarmPage(
        items=[ShopAccountAlarmPublic.model_validate(one) for one in items], next_cursor=cursor
    )
    return page_answer(page, path="/v1/shop-accounts/alarms", query=query, next_cursor=cursor)


@router.get("/{shop_account_id}", response_model=ShopAccountPublic, dependencies=READS)
async def get_shop_account(shop_account_id: AccountId, work: WorkDep) -> Response:
    """One account."""
    return await _shown(work, await service.get_account(work, shop_account_id))


@router.patch("/{shop_account_id}", response_model=ShopAccountPublic, dependencies=MANAGES)
async def edit_shop_account(shop_account_id: AccountId, body: ShopAccountEdit, work: WorkDep) -> Response:
    """Assign another agent or delegate; If-Match is required."""
    return await _shown(work, await service.edit_account(work, shop_account_id, body))


@router.post("/{shop_account_id}/sign-in", response_model=ShopAccountPublic, dependencies=SIGNS_IN)
async def sign_in(shop_account_id: AccountId, work: WorkDep) -> Response:
    """Sit down at it: its agent or the delegate."""
    return await _shown(work, await service.sign_in(work, shop_account_id))


@router.post("/{shop_account_id}/heartbeat", response_model=ShopAccountPublic, dependencies=SIGNS_IN)
async def send_heartbeat(shop_account_id: AccountId, work: WorkDep) -> Response:
    """Say that one is still there."""
    return await _shown(work, await service.heartbeat(work, shop_account_id))


@router.post("/{shop_account_id}/sign-out", response_model=ShopAccountPublic, dependencies=SIGNS_IN)
async def sign_out(shop_account_id: AccountId, work: WorkDep) -> Response:
    """Leave it."""
    return await _shown(work, await service.sign_out(work, shop_account_id))


@router.post("/{shop_account_id}/retire", response_model=ShopAccountPublic, dependencies=MANAGES)
async def retire_shop_account(shop_account_id: AccountId, work: WorkDep) -> Response:
    """Nobody sits at it any more."""
    return await _shown(work, await service.retire_account(work, shop_account_id))


@router.post("/{shop_account_id}/restore", response_model=ShopAccountPublic, dependencies=MANAGES)
async def restore_shop_account(shop_account_id: AccountId, work: WorkDep) -> Response:
    """Take it up again."""
    return await _shown(work, await service.restore_account(work, shop_account_id))


async def _shown(work: Work, account: ShopAccount, *, status: int = 200, location: str | None = None) -> Response:
    return await answer(work, _public(account), status=status, version=account.version, location=location)


def _public(account: ShopAccount) -> ShopAccountPublic:
    return ShopAccountPublic.model_validate({**account.model_dump(), "allowed": allowed(account)})
