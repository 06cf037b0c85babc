"""Files as answers show them: masked, and of accounts and purchases what is in the caller's sight (X1, X6)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.privacy import mask_code
from kit.vault import Place, Vault
from kit.work import Work
from services.customer.file import store
from services.customer.file.models import Account, PersonFile
from services.customer.file.schemas import AccountPublic, CustomerFilePublic, CustomerPublic
from services.customer.personal import service as personal
from services.customer.personal.kinds import KINDS, MASKED, NAME
from services.customer.purchase import service as purchases
from services.customer.sight import sight_of

_SHOWN = {"customer_id", "number", "provisional", "language", "created_at"}
_KNOWN = {"version", "gender", "occupation", "birthday"}
_REMARKED = {"tags", "hobbies", "risk"}


async def visible_accounts(work: Work, customer_ids: Collection[UUID]) -> dict[UUID, list[Account]]:
    """The accounts in sight of each customer in sight; one who has none yet is in sight of all but buyers."""
    sight = sight_of(work)
    every: dict[UUID, list[Account]] = {customer_id: [] for customer_id in customer_ids}
    for account in await store.accounts_of(work.session, customer_ids):
        every[account.customer_id].append(account)
    seen = {customer_id: list(filter(sight.covers, accounts)) for customer_id, accounts in every.items()}
    return {
        customer_id: accounts
        for customer_id, accounts in seen.items()
        if accounts or (sight.without_account and not every[customer_id])
    }


async def describe(work: Work, files: Sequence[PersonFile]) -> list[CustomerPublic]:
    """The files as lists show them; one out of sight is left out."""
    accounts = await visible_accounts(work, [file.customer_id for file in files])
    shared = await _shared(work, files, accounts)
    names = await personal.read_values(work, list(shared), [NAME])
    return [
        CustomerPublic(**shared[file.customer_id], name=_masked(names.get(file.customer_id, {})).get("name"))
        for file in files
        if file.customer_id in shared
    ]


async def describe_whole(work: Work, file: PersonFile, accounts: Sequence[Account]) -> CustomerFilePublic:
    """One file with all that is in it; `accounts` are those in sight."""
    shared = await _shared(work, [file], {file.customer_id: accounts})
    values = (await personal.read_values(work, [file.customer_id])).get(file.customer_id, {})
    shown = {"phones": [], "emails": [], "addresses": []} | _masked(values)
    own = {**dict.fromkeys(kind.field for kind in KINDS.values()), **shown}
    columns = _KNOWN if work.actor.account_id is not None else _KNOWN | _REMARKED
    if work.actor.account_id is not None:
        own = {kind.field: own[kind.field] for kind in MASKED}
    return CustomerFilePublic.model_validate({**shared[file.customer_id], **own, **file.model_dump(include=columns)})


def ref_of(vault: Vault, account: Account) -> str | None:
    """The platform's own id of the buyer, open."""
    return vault.open(account.sealed_ref, ref_place(account.account_id)) if account.sealed_ref else None


def ref_place(account_id: UUID) -> Place:
    """Where that id lies sealed."""
    return Place("account", "sealed_ref", account_id)


async def _shared(
    work: Work, files: Sequence[PersonFile], accounts: Mapping[UUID, Sequence[Account]]
) -> dict[UUID, dict[str, Any]]:
    """What lists and single files show alike, of the files in sight."""
    bought = await purchases.sum_up(
        work, list(accounts), [account.account_id for some in accounts.values() for account in some]
    )
    return {
        file.customer_id: {
            **file.model_dump(include=_SHOWN),
            "accounts": [_account(work.vault, account) for account in accounts[file.customer_id]],
            "purchases": bought.get(file.customer_id, []),
        }
        for file in files
        if file.customer_id in accounts
    }


def _account(vault: Vault, account: Account) -> AccountPublic:
    masked = mask_code(ref_of(vault, account))
    return AccountPublic(shop=account.shop, account_id=account.account_id, buyer_ref=masked)


def _masked(values: personal.Values) -> dict[str, Any]:
    """Values under the names of their fields, covered as their kinds say."""
    shown: dict[str, Any] = {}
    for name, found in values.items():
        kind = KINDS[name]
        masked = [kind.shown(value) for value in found]
        shown[kind.field] = masked if kind.many else masked[0]
    return shown
