"""Use cases of person files: opened by a first order, looked at (C1)."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from contracts.ticket.order import OrderState
from kit import audit, outbox
from kit.ids import new_id, people_number
from kit.problems import Problem
from kit.work import Work
from services.customer.file import lifecycle, store
from services.customer.file.models import Account, PersonFile
from services.customer.file.schemas import AccountPublic, CustomerFilter, CustomerPublic
from services.customer.purchase import service as purchases
from services.customer.purchase.schemas import Place, PurchasePublic
from services.customer.sight import sight_of


async def take_orders(work: Work, orders: Sequence[OrderState]) -> None:
    """Put orders into their customers' files as purchases; an account nobody knows gets a provisional file (C1)."""
    customers = await _customers_of(work, {order.account_id: order.shop for order in orders})
    await purchases.copy_orders(work, orders, customers)


async def get_customer(work: Work, customer_id: UUID) -> tuple[CustomerPublic, int]:
    """The customer and the file's version. Raises Problem `not-found`, also for what is out of sight (T40)."""
    file = await store.get(work.session, customer_id)
    shown = await _describe(work, [file]) if file else []
    if file is None or not shown:
        raise Problem("not-found")
    return shown[0], file.version


async def list_customers(
    work: Work, query: CustomerFilter, after: UUID | None
) -> tuple[list[CustomerPublic], UUID | None]:
    """Customers with an account in sight, newest first, and the id of the last when more follow."""
    sight = sight_of(work).narrowed(shop=query.shop, account_id=query.account_id)
    files = await store.page(work.session, sight, query.provisional, after, query.limit + 1)
    shown = await _describe(work, files[: query.limit])
    return shown, files[query.limit - 1].customer_id if len(files) > query.limit else None


async def list_purchases(
    work: Work, customer_id: UUID, after: Place | None, limit: int
) -> tuple[list[PurchasePublic], Place | None]:
    """The customer's purchases in sight, newest first, and the place of the last when more follow.

    Raises Problem `not-found` as `get_customer` does.
    """
    accounts = await _accounts_in_sight(work, [customer_id])
    if not accounts:
        raise Problem("not-found")
    return await purchases.list_purchases(
        work, customer_id, [account.account_id for account in accounts], after, limit
    )


async def _customers_of(work: Work, shops: Mapping[UUID, str]) -> dict[UUID, UUID]:
    """The customer of each account (with its shop); opens provisional files for the unknown ones.

    Another transaction may be opening the same: whoever claims the account first makes its file (C3).
    """
    known = await store.find_customers(work.session, shops.keys())
    unknown = {account_id: shop for account_id, shop in shops.items() if account_id not in known}
    if unknown:
        known |= await _open_files(work, unknown)
        known |= await store.find_customers(work.session, unknown.keys() - known.keys())
    return known


async def _open_files(work: Work, shops: Mapping[UUID, str]) -> dict[UUID, UUID]:
    """Open a provisional file for each account that can be claimed: file, audit and event together (I1)."""
    accounts = [
        Account(account_id=account_id, shop=shop, customer_id=new_id(), created_at=work.now)
        for account_id, shop in shops.items()
    ]
    claimed = await store.claim_accounts(work.session, accounts)
    mine = [account for account in accounts if account.account_id in claimed]
    numbers = await store.draw_numbers(work.session, len(mine))
    opened = [(_provisional(work, account, number), account) for account, number in zip(mine, numbers, strict=True)]
    await store.insert(work.session, [file for file, _ in opened])
    await outbox.record_many(work, [(lifecycle.opened(file, [account]), file.event_seq) for file, account in opened])
    await audit.record_many(
        work,
        [
            audit.entry(
                work, "open", "customer", file.customer_id, after={"number": file.number, "provisional": True}
            )
            for file, _ in opened
        ],
    )
    return {account.account_id: file.customer_id for file, account in opened}


def _provisional(work: Work, account: Account, number: int) -> PersonFile:
    """A new file whose first event is about to be recorded."""
    return PersonFile(
        customer_id=account.customer_id,
        number=people_number("C", work.now, number),
        provisional=True,
        created_at=work.now,
        event_seq=1,
    )


async def _describe(work: Work, files: Sequence[PersonFile]) -> list[CustomerPublic]:
    """The files as answers show them; one without any account in sight is left out."""
    ids = [file.customer_id for file in files]
    accounts = await _accounts_in_sight(work, ids)
    bought = await purchases.sum_up(work, ids, [account.account_id for account in accounts])
    by_customer: dict[UUID, list[AccountPublic]] = {}
    for account in accounts:
        shown = AccountPublic(shop=account.shop, account_id=account.account_id)
        by_customer.setdefault(account.customer_id, []).append(shown)
    return [
        CustomerPublic(
            **file.model_dump(include={"customer_id", "number", "provisional", "language", "created_at"}),
            accounts=by_customer[file.customer_id],
            purchases=bought.get(file.customer_id, []),
        )
        for file in files
        if file.customer_id in by_customer
    ]


async def _accounts_in_sight(work: Work, customer_ids: Sequence[UUID]) -> list[Account]:
    sight = sight_of(work)
    return [account for account in await store.accounts_of(work.session, customer_ids) if sight.covers(account)]
