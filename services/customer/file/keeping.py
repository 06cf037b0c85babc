"""Use cases of keeping files: a person's file opened, completed and changed; one person, one file (C1, C3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kit import audit, outbox
from kit.clock import business_date
from kit.ids import account_id, new_id, people_number
from kit.problems import Problem, invalid
from kit.work import Work
from services.customer.file import lifecycle, store
from services.customer.file.models import Account, PersonFile
from services.customer.file.schemas import AccountPut, CustomerCreate, CustomerUpdate
from services.customer.file.view import ref_place, visible_accounts
from services.customer.personal import service as personal
from services.customer.personal.kinds import ID_NUMBER, KINDS
from services.customer.personal.particulars import Gender, Resident, resident

_DERIVED = ("birthday", "gender")
_COLUMNS = ("gender", "occupation", "birthday", "language", "tags", "hobbies", "risk")
_PUBLIC = {"language"}

Changes = dict[str, tuple[str | None, str | None]]
"""What became another, by field: before and after as one text each."""


@dataclass(frozen=True)
class Kept:
    """A file that was just written, its accounts, and whether it came into being."""

    file: PersonFile
    accounts: Sequence[Account]
    is_new: bool = False


async def open_customer(work: Work, asked: CustomerCreate) -> Kept:
    """Open a person's file; an account whose file is provisional completes that one instead (C1).

    Raises Problem `already-exists` with id and number of the file that the person has (C3), `invalid-request` for an
    ID number that contradicts birthday or gender, `forbidden` for a buyer's token or a shop the caller doesn't serve.
    """
    refs = _refs(work, asked)
    customer_id = new_id()
    claimed = await _claim(work, customer_id, refs)
    holders = await store.find_customers(work.session, refs.keys() - claimed)
    if holders:
        file = await _provisional_one(work, set(holders.values()))
        await store.give_accounts(work.session, claimed, file.customer_id)
        return await _write(work, file, asked, refs, "complete", added=claimed)
    (number,) = await store.draw_numbers(work.session, 1)
    file = PersonFile(
        customer_id=customer_id,
        number=people_number("C", work.now, number),
        provisional=False,
        created_at=work.now,
    )
    await store.add(work.session, file)
    await _fill(work, file, asked, refs)
    accounts = await store.accounts_of(work.session, [customer_id])
    await outbox.record(work, file, lifecycle.opened(file, accounts))
    named = {"number": file.number, "provisional": False, "fields": sorted(asked.model_fields_set)}
    await audit.record(work, "open", "customer", customer_id, after=named)
    return Kept(file, accounts, is_new=True)


async def change_customer(work: Work, customer_id: UUID, asked: CustomerUpdate) -> Kept:
    """Write in a file; one that was provisional is complete then. The same again changes nothing and tells nothing.

    Raises Problem `precondition-required` without If-Match, `stale-version`, `not-found`, and those of
    `open_customer`.
    """
    refs = _refs(work, asked)
    if work.expected_version is None:
        raise Problem("precondition-required")
    claimed = await _claim(work, customer_id, refs)  # before the file's lock, in the order of all who claim
    file = await store.get_for_update(work.session, customer_id)
    if file is None or customer_id not in await visible_accounts(work, [customer_id]):
        raise Problem("not-found")
    work.expect_version(file.version)
    holders = set((await store.find_customers(work.session, refs.keys() - claimed)).values())
    if others := holders - {customer_id}:
        raise await _exists(work, {"accounts": min(others)})
    return await _write(work, file, asked, refs, "change", added=claimed)


async def reseal_some(work: Work, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """Bring the next accounts' platform ids under the newest key: how many were not, and after which to go on."""
    accounts = await store.accounts_after(work.session, after, limit)
    moved = 0
    for account in accounts:
        sealed = work.vault.reseal(account.sealed_ref, ref_place(account.account_id)) if account.sealed_ref else None
        if sealed is not None:
            account.sealed_ref, moved = sealed, moved + 1
    return moved, accounts[-1].account_id if len(accounts) == limit else None


async def _write(
    work: Work,
    file: PersonFile,
    asked: CustomerUpdate,
    refs: Mapping[UUID, AccountPut],
    action: str,
    *,
    added: set[UUID],
) -> Kept:
    """Write what was asked into a locked file, and tell others if something changed that they may know of."""
    accounts = await store.accounts_of(work.session, [file.customer_id])
    earlier = [account for account in accounts if account.account_id not in added]
    before, was_provisional = lifecycle.state_of(file, earlier), file.provisional
    changes = await _fill(work, file, asked, refs)
    if not (changes or added or (was_provisional and asked.model_fields_set)):
        return Kept(file, accounts)
    file.provisional = False
    file.version += 1
    if lifecycle.state_of(file, accounts) != before:
        await outbox.record(work, file, lifecycle.changed(file, accounts, work.now))
    await _trace(work, file, action, changes, was_provisional=was_provisional, added=added)
    return Kept(file, accounts)


async def _fill(work: Work, file: PersonFile, asked: CustomerUpdate, refs: Mapping[UUID, AccountPut]) -> Changes:
    """Put the fields that were named into the file, and return what became another."""
    columns = {name: getattr(asked, name) for name in _COLUMNS if name in asked.model_fields_set}
    columns |= await _derived(work, file, asked)
    changes = {name: (_text(getattr(file, name)), _text(value)) for name, value in columns.items()}
    for name, value in columns.items():
        setattr(file, name, value)
    wanted = {kind.name: _listed(getattr(asked, kind.field)) for kind in KINDS.values()
              if kind.field in asked.model_fields_set}  # fmt: skip
    try:
        written = await personal.write_values(work, file.customer_id, wanted)
    except personal.SomebodyElsesError as error:
        raise await _exists(work, error.holders) from error
    for one, ref in refs.items():
        await store.keep_ref(work.session, one, work.vault.seal(ref.buyer_ref, ref_place(one)))
    changes |= {KINDS[kind].field: (_text(before), _text(after)) for kind, (before, after) in written.items()}
    return {name: (before, after) for name, (before, after) in changes.items() if before != after}


async def _derived(work: Work, file: PersonFile, asked: CustomerUpdate) -> dict[str, date | Gender | None]:
    """Birthday and gender as they will stand: given, or derived from the ID number when missing (C1).

    Raises Problem `invalid-request` where they contradict the number, or a birthday is still to come.
    """
    told = await _told(work, file, asked)
    settled: dict[str, date | Gender | None] = {}
    for name in _DERIVED:
        given = getattr(asked if name in asked.model_fields_set else file, name)
        derived = getattr(told, name) if told else None
        if given is not None and derived is not None and given != derived:
            place = name if name in asked.model_fields_set else ID_NUMBER.field
            raise invalid(f"/{place}", "与身份证号不一致", "does not agree with the ID number")
        settled[name] = derived if given is None else given
    birthday = settled["birthday"]
    if isinstance(birthday, date) and birthday > business_date(work.now):
        place = "birthday" if asked.birthday else ID_NUMBER.field
        raise invalid(f"/{place}", "出生日期不能晚于今天", "nobody is born after today")
    return settled


async def _told(work: Work, file: PersonFile, asked: CustomerUpdate) -> Resident | None:
    """What the ID number tells that the file has or is about to get."""
    if ID_NUMBER.field in asked.model_fields_set:
        return resident(asked.id_number) if asked.id_number else None
    if asked.model_fields_set.isdisjoint(_DERIVED):
        return None
    values = (await personal.read_values(work, [file.customer_id], [ID_NUMBER])).get(file.customer_id, {})
    return resident(values[ID_NUMBER.name][0]) if ID_NUMBER.name in values else None


async def _trace(
    work: Work, file: PersonFile, action: str, changes: Changes, *, was_provisional: bool, added: set[UUID]
) -> None:
    """The names of what changed; values as digests under the person's own key, but for what everybody may know."""
    sides: list[dict[str, object]] = []
    for side in (0, 1):
        personal_fields = {name: texts[side] for name, texts in changes.items() if name not in _PUBLIC}
        shown = {name: texts[side] for name, texts in changes.items() if name in _PUBLIC}
        digests = await audit.personal(work, file.customer_id, personal_fields) if personal_fields else {}
        sides.append({**shown, **digests})
    before, after = sides
    if was_provisional:
        before, after = {**before, "provisional": True}, {**after, "provisional": False}
    if added:
        after = {**after, "accounts": sorted(map(str, added))}
    await audit.record(work, action, "customer", file.customer_id, before=before, after=after)


def _refs(work: Work, asked: CustomerUpdate) -> dict[UUID, AccountPut]:
    """The accounts named, by the ids that every service gives them.

    Raises Problem `forbidden`: a buyer's token writes nothing here, and nobody an account of a shop not theirs.
    """
    if work.actor.account_id is not None:
        raise Problem("forbidden", permission="customer:write")
    for account in asked.accounts:
        if not work.actor.serves(account.shop):
            raise Problem("forbidden", shop=account.shop)
    return {account_id(work.key, account.shop, account.buyer_ref): account for account in asked.accounts}


async def _claim(work: Work, customer_id: UUID, refs: Mapping[UUID, AccountPut]) -> set[UUID]:
    if not refs:
        return set()
    rows = [
        Account(account_id=one, shop=ref.shop, customer_id=customer_id, created_at=work.now)
        for one, ref in refs.items()
    ]
    return await store.claim_accounts(work.session, rows)


async def _provisional_one(work: Work, holders: set[UUID]) -> PersonFile:
    """The one provisional file that these accounts lead to, locked. Raises Problem `already-exists` otherwise."""
    file = await store.get_for_update(work.session, min(holders))
    if file is None or not file.provisional or len(holders) > 1:
        raise await _exists(work, {"accounts": min(holders)})
    return file


async def _exists(work: Work, holders: Mapping[str, UUID]) -> Problem:
    """The 409 that names the file the person has already, and by which fields; never a value (C3)."""
    if not holders:  # given up by its holder this very moment
        return Problem("conflict")
    customer_id = min(holders.values())
    file = await store.get(work.session, customer_id)
    fields = sorted(field for field, holder in holders.items() if holder == customer_id)
    return Problem("already-exists", customer_id=customer_id, number=file.number if file else None, fields=fields)


def _listed(value: object) -> list[str]:
    if isinstance(value, list):
        return value
    return [] if value is None else [str(value)]


def _text(value: object) -> str | None:
    if isinstance(value, list | tuple):
        return "\n".join(map(str, value)) or None
    return None if value is None else str(value)
