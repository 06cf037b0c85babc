"""Use cases of aliases: who bears which, and whose a remark's name is."""

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.problems import Problem
from kit.work import Work
from services.appraisal.alias import store
from services.appraisal.alias.models import StaffAlias
from services.appraisal.alias.store import Pair


async def aliases_of(work: Work, staff: Collection[UUID]) -> dict[UUID, list[StaffAlias]]:
    """The aliases of each of these members of staff."""
    borne: dict[UUID, list[StaffAlias]] = {staff_id: [] for staff_id in staff}
    for alias in await store.of_staff(work.session, staff):
        borne[alias.staff_id].append(alias)
    return borne


async def set_aliases(work: Work, staff_id: UUID, wanted: Sequence[Pair]) -> set[Pair]:
    """Let the member of staff bear exactly these aliases; returns the new ones.

    Raises Problem `already-exists` with the place of one that somebody else bears in that shop (A1).
    """
    await store.hold_for_change(work.session)
    present = {(alias.shop, alias.alias) for alias in await store.of_staff(work.session, [staff_id])}
    added, dropped = set(wanted) - present, present - set(wanted)
    if dropped:
        await store.give_up(work.session, dropped)
    if added and (taken := added - await store.take(work.session, staff_id, added)):
        place = min(wanted.index(pair) for pair in taken)
        raise Problem("already-exists", field=f"/aliases/{place}/alias")
    return added


async def match(work: Work, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Whose aliases these are: by shop, else by shop `main`. No alias changes until this transaction ends."""
    await store.hold_for_matching(work.session)
    return await store.whose(work.session, pairs) if pairs else {}
