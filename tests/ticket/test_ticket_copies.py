"""Copies of customers and staff, kept by their owners' events: the newest state, however it arrives (C3, A1, I5)."""

from typing import Any
from uuid import UUID

import pytest
from stage import NOON
from ticket_desk import Desk, a_colleague, a_file, changed

from contracts.appraisal.staff import Alias, StaffHired, StaffLeft, StaffState, StaffSuspended
from contracts.catalogue import EVENTS
from contracts.customer.customer import Account, CustomerMerged, CustomerState, CustomerUnmerged
from contracts.event import Event
from contracts.examples import example
from kit.envelope import Meta
from kit.ids import new_id
from kit.inbox import Verdict
from kit.subscriber import Arrival

pytestmark = pytest.mark.usefixtures("cleared_freely")


async def customer_of(desk: Desk, buyer: str) -> str | None:
    """For whom a new ticket about that buyer's order is."""
    number = f"O-{new_id()}"
    await desk.put(number, buyer=buyer)
    found: str | None = (await desk.open(order_no=number))["customer_id"]
    return found


async def signer(desk: Desk, alias: str, shop: str = "main") -> str | None:
    """Whose alias a flag's remark finds."""
    number = f"O-{new_id()}"
    await desk.put(number, shop)
    found: str | None = (await desk.flag("red", f"【{alias}】", order=f"{shop}/{number}"))["staff_id"]
    return found


def arrival(told: Event, sequence: int) -> Arrival:
    meta = Meta(new_id(), told.SUBJECT, told.aggregate_id, sequence, NOON)
    return Arrival(told.noun(), meta, told)


def merged(absorbed: CustomerState, survivor: CustomerState) -> CustomerMerged:
    return CustomerMerged(
        customer=absorbed.model_copy(update={"merged_into": survivor.customer_id}),
        survivor=survivor.customer_id,
        absorbed=absorbed.customer_id,
        accounts=absorbed.accounts,
        merged_by="staff:chief",
        merged_at=NOON,
    )


async def test_every_event_of_customers_and_staff_is_understood(desk: Desk) -> None:
    """E2: the published example of each, in one batch."""
    for owner, nouns in (("customer", {"customer"}), ("appraisal", {"staff", "team", "unit"})):
        subscriber = desk.subscriber(owner)
        assert set(subscriber.reader.nouns) == nouns
        told = [example(subject) for subject, event in EVENTS.items() if event.noun() in nouns]
        arrivals = [arrival(one, place) for place, one in enumerate(told, start=1)]
        assert set(await subscriber.apply(arrivals)) == {Verdict.APPLY}
        assert all(subscriber.handles(one.SUBJECT) for one in told)


async def test_an_older_state_changes_nothing(desk: Desk) -> None:
    """I5, copy mode: what comes twice or late is done already."""
    file = a_file(desk.account("ming"))
    newer = file.model_copy(update={"accounts": ()})
    subscriber = desk.subscriber("customer")
    assert await subscriber.apply([arrival(changed(newer), 7)]) == [Verdict.APPLY]
    late = [arrival(changed(file), 6), arrival(changed(file), 7)]
    assert await subscriber.apply(late) == [Verdict.DONE, Verdict.DONE]
    assert await customer_of(desk, "ming") is None


async def test_of_several_states_in_one_batch_the_last_counts(desk: Desk) -> None:
    """Copy mode: five hundred events of one file are one state."""
    file = a_file(desk.account("ming"))
    nobody = file.model_copy(update={"accounts": ()})
    await desk.hear(*[file, nobody] * 250)
    assert await customer_of(desk, "ming") is None
    await desk.hear(*[nobody, file] * 250)
    assert await customer_of(desk, "ming") == str(file.customer_id)


async def test_an_account_that_a_file_no_longer_has_is_nobodys(desk: Desk) -> None:
    """C3: a copy holds exactly the accounts of the newest state."""
    file = a_file(desk.account("ming"), desk.account("hong"))
    await desk.hear(file)
    await desk.hear(file.model_copy(update={"accounts": file.accounts[1:]}))
    assert await customer_of(desk, "ming") is None
    assert await customer_of(desk, "hong") == str(file.customer_id)


async def test_a_merged_file_is_spoken_for_until_the_merge_is_undone(desk: Desk) -> None:
    """C3: a merge sets a pointer and rewrites nothing; undoing it clears the pointer."""
    absorbed, survivor = a_file(desk.account("ming")), a_file(desk.account("hong"))
    await desk.hear(absorbed, survivor)
    before = await customer_of(desk, "ming")
    await desk.hear(merged(absorbed, survivor))
    after = await customer_of(desk, "ming")
    undone = CustomerUnmerged(
        customer=absorbed, survivor=survivor.customer_id, absorbed=absorbed.customer_id, accounts=absorbed.accounts,
        unmerged_by="staff:chief", unmerged_at=NOON,
    )  # fmt: skip
    await desk.hear(undone)
    assert (before, after) == (str(absorbed.customer_id), str(survivor.customer_id))
    assert await customer_of(desk, "ming") == str(absorbed.customer_id)


async def test_merges_are_followed_to_the_end(desk: Desk) -> None:
    """C3: a file merged into one that was merged itself; also before the last one's copy is here."""
    last, middle = a_file(), a_file()
    first = a_file(desk.account("ming"), merged_into=middle.customer_id)
    await desk.hear(first)
    assert await customer_of(desk, "ming") == str(middle.customer_id)
    await desk.hear(merged(middle, last))
    assert await customer_of(desk, "ming") == str(last.customer_id)
    await desk.hear(last)
    assert await customer_of(desk, "ming") == str(last.customer_id)


async def test_an_account_moves_with_its_file(desk: Desk) -> None:
    """C3: whichever of the two files tells first, and in one batch or in two."""
    account = desk.account("ming")
    one, other = a_file(account), a_file()
    lost = one.model_copy(update={"accounts": ()})
    won = other.model_copy(update={"accounts": (Account(shop="main", account_id=account),)})
    for batches in ([[one, other, lost, won]], [[one, other, won, lost]], [[other, one], [won], [lost]],
                    [[other, one], [lost], [won]], [[won, one, other], [lost, won]]):  # fmt: skip
        for batch in batches:
            await desk.hear(*batch)
        assert await customer_of(desk, "ming") == str(other.customer_id), batches


async def test_an_account_told_by_two_files_is_the_later_ones(desk: Desk) -> None:
    """Copy mode: the order of the telling counts, not which file was heard of first."""
    account = desk.account("ming")
    one, other = a_file(account), a_file(account)
    await desk.hear(other.model_copy(update={"accounts": ()}), one, other)
    assert await customer_of(desk, "ming") == str(other.customer_id)


async def test_an_alias_is_whose_it_was_told_last(desk: Desk) -> None:
    """A1: given to somebody else in one batch or in two; an alias given up is nobody's."""
    old, new = new_id(), new_id()

    def with_aliases(staff_id: UUID, *aliases: str) -> StaffState:
        return a_colleague(*aliases, staff_id=staff_id)

    await desk.hear(with_aliases(new), with_aliases(old, "菲菲"), with_aliases(old), with_aliases(new, "菲菲"))
    assert await signer(desk, "菲菲") == str(new)
    await desk.hear(with_aliases(old), with_aliases(new, "菲菲"), with_aliases(old, "菲菲", "小美"))
    assert (await signer(desk, "菲菲"), await signer(desk, "小美")) == (str(old), str(old))
    await desk.hear(with_aliases(new, "小美"), with_aliases(old, "菲菲"))
    assert (await signer(desk, "菲菲"), await signer(desk, "小美")) == (str(old), str(new))
    await desk.hear(with_aliases(old, "阿强"))
    assert (await signer(desk, "菲菲"), await signer(desk, "阿强")) == (None, str(old))


async def test_an_alias_is_the_shops_before_it_is_the_companys(desk: Desk) -> None:
    """A1: unique in its shop; two shops may have the same."""
    here, everywhere = a_colleague("菲菲", shop="outlet"), a_colleague("菲菲", shop="main")
    await desk.hear(here, everywhere)
    assert await signer(desk, "菲菲", "outlet") == str(here.staff_id)
    assert await signer(desk, "菲菲", "flagship") == str(everywhere.staff_id)
    both = a_colleague(staff_id=here.staff_id).model_copy(
        update={"aliases": (Alias(shop="outlet", alias="小美"), Alias(shop="flagship", alias="小美"))}
    )
    await desk.hear(both)
    assert [await signer(desk, "小美", shop) for shop in ("outlet", "flagship", "main")] == [
        str(both.staff_id), str(both.staff_id), None,
    ]  # fmt: skip
    assert await signer(desk, "菲菲", "outlet") == str(everywhere.staff_id)


async def test_who_leaves_loses_every_alias_and_gets_no_ticket(desk: Desk) -> None:
    """A1, C7: whoever is suspended keeps them."""
    staff = a_colleague("菲菲")
    await desk.hear(StaffHired(staff=staff, hired_by="staff:chief"))
    suspended = a_colleague("菲菲", staff_id=staff.staff_id, status="suspended")
    await desk.hear(StaffSuspended(staff=suspended, suspended_by="staff:chief", suspended_at=NOON))
    assert await signer(desk, "菲菲") == str(staff.staff_id)
    left = a_colleague("菲菲", staff_id=staff.staff_id, status="left")
    await desk.hear(StaffLeft(staff=left, recorded_by="staff:chief", recorded_at=NOON))
    assert await signer(desk, "菲菲") is None
    answer = await desk.verb(await desk.open(), "assign", "supervisor", staff_id=str(staff.staff_id))
    assert answer.status_code == 422
    await desk.hear(a_colleague("菲菲", staff_id=new_id()))
    assert await signer(desk, "菲菲") is not None


async def test_copies_take_five_hundred_states_in_as_many_statements_as_five(desk: Desk) -> None:
    """Subscriber loops are set-based."""
    counts: list[tuple[int, int]] = []
    for size in (5, 500):
        files = [a_file(desk.account(f"b-{size}-{n}")) for n in range(size)]
        staff = [a_colleague(f"a-{size}-{n}") for n in range(size)]
        with desk.statements() as of_files:
            await desk.hear(*files)
        with desk.statements() as of_staff:
            await desk.hear(*staff)
        counts.append((len(of_files), len(of_staff)))
    assert counts[0] == counts[1]
    rows = await desk.rows(
        "SELECT (SELECT count(*) FROM customer_copy), (SELECT count(*) FROM account_copy),"
        " (SELECT count(*) FROM staff_copy), (SELECT count(*) FROM alias_copy)"
    )
    assert tuple(rows[0]) == (505,) * 4


async def test_what_copies_hear_is_told_to_nobody(desk: Desk) -> None:
    """A copy is no fact of this service: no event, no line in the trail, nothing personal."""
    await desk.hear(a_file(desk.account("ming")))
    await desk.hear(a_colleague("菲菲"))
    found: list[Any] = [await desk.rows(f"SELECT * FROM {table}") for table in ("outbox", "audit")]
    assert found == [[], []]
