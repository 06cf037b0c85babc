"""Use cases of personal values: written, read and found again. Whoever asks decides who may see what comes (X6)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from kit.ids import new_id
from kit.vault import Place, Vault
from kit.work import Work
from services.customer.personal import store
from services.customer.personal.kinds import KINDS, Kind
from services.customer.personal.models import PersonalValue

Values = Mapping[str, Sequence[str]]
"""Open values by the name of their kind, in order."""

Change = tuple[Sequence[str], Sequence[str]]
"""The values of a kind before and after."""


class SomebodyElsesError(Exception):
    """Searched values that stand in another file already (C3): whose, by the field that holds them."""

    def __init__(self, holders: Mapping[str, UUID]) -> None:
        self.holders = dict(holders)
        super().__init__("the value is somebody else's")


async def read_values(
    work: Work, customer_ids: Collection[UUID], kinds: Collection[Kind] = tuple(KINDS.values())
) -> dict[UUID, Values]:
    """The open values of these customers; a kind that somebody has none of is missing."""
    found: dict[UUID, dict[str, list[str]]] = {}
    for value in await store.of_customers(work.session, customer_ids, [kind.name for kind in kinds]):
        opened = work.vault.open(value.sealed, _place(value.value_id))
        found.setdefault(value.customer_id, defaultdict(list))[value.kind].append(opened)
    return {customer_id: dict(values) for customer_id, values in found.items()}


async def write_values(work: Work, customer_id: UUID, wanted: Values) -> dict[str, Change]:
    """Let these be all the customer's values of these kinds, and return what changed, by kind.

    Hold the file's row lock. Raises SomebodyElsesError for a searched value that stands in another file.
    """
    kept = await store.of_customers(work.session, [customer_id], wanted.keys())
    known = {(value.kind, work.vault.open(value.sealed, _place(value.value_id))): value for value in kept}
    asked = {(kind, value): place for kind, values in wanted.items() for place, value in enumerate(values)}
    await store.remove(work.session, [value.value_id for name, value in known.items() if name not in asked])
    added = []
    for (kind, value), place in asked.items():
        present = known.get((kind, value))
        if present is None:
            added.append(_sealed(work, customer_id, KINDS[kind], value, place))
        elif present.place != place:
            await store.move(work.session, present.value_id, place)
    await _add(work, added)
    before = {kind: [value for one, value in known if one == kind] for kind in wanted}
    return {kind: (before[kind], list(wanted[kind])) for kind in wanted if before[kind] != list(wanted[kind])}


async def find_holder(work: Work, kind: Kind, value: str) -> UUID | None:
    """Whose value it is, by its keyed hash."""
    key = _search_key(work.vault, kind, value)
    return (await store.holders(work.session, [(kind.name, key)])).get((kind.name, key)) if key else None


async def reseal_some(work: Work, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """Bring the next values under the newest key: how many were not, and after which to go on; None at the end."""
    values = await store.sealed_after(work.session, after, limit)
    moved = 0
    for value in values:
        sealed = work.vault.reseal(value.sealed, _place(value.value_id))
        if sealed is not None:
            value.sealed, moved = sealed, moved + 1
    return moved, values[-1].value_id if len(values) == limit else None


async def _add(work: Work, values: Sequence[PersonalValue]) -> None:
    refused = await store.add_new(work.session, values)
    if refused:
        keys = {(value.kind, value.search_key): KINDS[value.kind].field for value in refused if value.search_key}
        holders = await store.holders(work.session, [(kind, key) for kind, key in keys if key])
        raise SomebodyElsesError({keys[found]: customer_id for found, customer_id in holders.items()})


def _sealed(work: Work, customer_id: UUID, kind: Kind, value: str, place: int) -> PersonalValue:
    value_id = new_id()
    return PersonalValue(
        value_id=value_id,
        customer_id=customer_id,
        kind=kind.name,
        place=place,
        sealed=work.vault.seal(value, _place(value_id)),
        search_key=_search_key(work.vault, kind, value),
        created_at=work.now,
    )


def _search_key(vault: Vault, kind: Kind, value: str) -> bytes | None:
    return vault.keyed_hash(kind.name, kind.spelling(value)) if kind.spelling else None


def _place(value_id: UUID) -> Place:
    return Place("personal_value", "sealed", value_id)
