"""Use cases of person files: opened by a first order, looked at, revealed, asked for a contact (C1, X6)."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from contracts.notify import NotifyChannel
from contracts.ticket.order import OrderState
from kit import audit, outbox
from kit.http.edge import see_own
from kit.ids import new_id, people_number
from kit.privacy import scrub
from kit.problems import Problem
from kit.work import Work
from services.customer.file import lifecycle, store, view
from services.customer.file.models import Account, PersonFile
from services.customer.file.schemas import (
    AccountPublic,
    ContactAsk,
    CustomerFilePublic,
    CustomerFilter,
    CustomerPublic,
    CustomerRevealed,
    RevealAsk,
    RevealField,
)  # fmt: skip
from services.customer.personal import service as personal
from services.customer.personal.kinds import EMAIL, MASKED, PHONE, Kind
from services.customer.purchase import service as purchases
from services.customer.purchase.schemas import Place, PurchasePublic
from services.customer.sight import sight_of

_REACHED_BY = {NotifyChannel.EMAIL: EMAIL, NotifyChannel.SMS: PHONE, NotifyChannel.CALL_TASK: PHONE}


async def take_orders(work: Work, orders: Sequence[OrderState]) -> None:
    """Put orders into their customers' files as purchases; an account nobody knows gets a provisional file (C1)."""
    customers = await _customers_of(work, {order.account_id: order.shop for order in orders})
    await purchases.copy_orders(work, orders, customers)


async def get_customer(work: Work, customer_id: UUID) -> tuple[CustomerFilePublic, int]:
    """The customer and the file's version. Raises Problem `not-found`, also for what is out of sight (T40)."""
    file, accounts = await _find(work, customer_id)
    return await view.describe_whole(work, file, accounts), file.version


async def list_customers(
    work: Work, query: CustomerFilter, after: UUID | None
) -> tuple[list[CustomerPublic], UUID | None]:
    """Customers in sight, newest first, and the id of the last when more follow."""
    files = await store.page(
        work.session,
        sight_of(work).narrowed(shop=query.shop, account_id=query.account_id),
        only=await _holders(work, {PHONE: query.phone, EMAIL: query.email}),
        provisional=query.provisional,
        after=after,
        limit=query.limit + 1,
    )
    shown = await view.describe(work, files[: query.limit])
    return shown, files[query.limit - 1].customer_id if len(files) > query.limit else None


async def list_purchases(
    work: Work, customer_id: UUID, after: Place | None, limit: int
) -> tuple[list[PurchasePublic], Place | None]:
    """The customer's purchases in sight, newest first, and the place of the last when more follow. Raises Problem
    `not-found`, also for what is out of sight (T40)."""
    _, accounts = await _find(work, customer_id)
    account_ids = [account.account_id for account in accounts]
    return await purchases.list_purchases(work, customer_id, account_ids, after, limit)


async def reveal(work: Work, customer_id: UUID, asked: RevealAsk) -> CustomerRevealed:
    """These fields of the file, open; who saw which, and why, is in the trail (X6). Raises Problem `not-found`."""
    _, accounts = await _find(work, customer_id)
    kinds = [kind for kind in MASKED if kind.field in asked.fields]
    values = (await personal.read_values(work, [customer_id], kinds)).get(customer_id, {})
    await audit.record(
        work, "reveal", "customer", customer_id, after={"fields": asked.fields}, reason=scrub(asked.reason)
    )
    shown: dict[str, object] = {kind.field: _open(kind, values) for kind in kinds}
    if RevealField.ACCOUNTS in asked.fields:
        shown["accounts"] = [
            AccountPublic(shop=one.shop, account_id=one.account_id, buyer_ref=view.ref_of(work.vault, one))
            for one in accounts
        ]
    return CustomerRevealed.model_validate({"customer_id": customer_id, **shown})


async def resolve_contact(work: Work, customer_id: UUID, asked: ContactAsk) -> str:
    """Where the customer is reached by that channel: the first such contact; each answer is in the trail.

    The one thing another service may ask of this one. Raises Problem `not-found`.
    """
    kind = _REACHED_BY.get(asked.channel)
    if kind is None:
        raise Problem("not-found")
    values = (await personal.read_values(work, [customer_id], [kind])).get(customer_id, {})
    if kind.name not in values:
        raise Problem("not-found")
    facts = {"channel": asked.channel, "purpose": asked.purpose}
    await audit.record(work, "resolve_contact", "customer", customer_id, after=facts)
    return values[kind.name][0]


async def _find(work: Work, customer_id: UUID) -> tuple[PersonFile, list[Account]]:
    """The file and its accounts in sight. Raises Problem `not-found`: a buyer who asks for the file of somebody else
    learns nothing, and the trail tells that they asked (T40)."""
    file = await store.get(work.session, customer_id)
    if file is None:
        raise Problem("not-found")
    accounts = (await view.visible_accounts(work, [customer_id])).get(customer_id)
    if accounts is not None:
        return file, accounts
    see_own(work, None, noun="customer", aggregate_id=customer_id)
    raise Problem("not-found")


def _open(kind: Kind, values: personal.Values) -> Sequence[str] | str | None:
    found = values.get(kind.name, ())
    return found if kind.many else next(iter(found), None)


async def _holders(work: Work, asked: Mapping[Kind, str | None]) -> set[UUID] | None:
    """The one customer who has all these values, as a set; None when nothing was asked for."""
    found = {await personal.find_holder(work, kind, value) for kind, value in asked.items() if value is not None}
    if not found:
        return None
    return {holder for holder in found if holder is not None} if len(found) == 1 else set()


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
