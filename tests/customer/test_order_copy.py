"""Orders arrive by events: purchases are copied, and the first order of an unknown account opens a file (C1, C10)."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import Any

import orjson
import pytest
from customer_orders import PLACED, Copying, account_of, an_arrival, an_order, corrected, recorded
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from stage import Starter

from contracts.catalogue import decode
from contracts.customer.customer import CustomerCreated
from contracts.price import Price
from contracts.ticket.order import FlagColour, FlagMeaning, OrderFlagged, OrderState
from kit.inbox import Verdict
from kit.principals import system
from kit.problems import Problem
from kit.testing.poll import eventually
from kit.work import Work
from services.customer.file import service as files

LATER = PLACED + timedelta(days=1)
PURCHASE = "SELECT paid_minor, counted FROM purchase WHERE order_id = :order_id"


@pytest.fixture
async def customer(start_service: Starter) -> AsyncIterator[Copying]:
    async with start_service("customer") as client:
        yield Copying(client)


def _flagged(order: OrderState, sequence: int) -> list[Any]:
    colour = FlagColour.YELLOW if order.fake else None
    told = OrderFlagged(
        order=order, colour=colour, meaning=order.flag_meaning, flagged_at=LATER, flagged_by="staff:test"
    )
    return [an_arrival(told, sequence)]


@contextmanager
def _statements(customer: Copying) -> Iterator[list[str]]:
    """The statements that this task sends while the block lasts; the service's timers send theirs beside it."""
    seen: list[str] = []
    here = asyncio.current_task()

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if asyncio.current_task() is here:
            seen.append(statement)

    engine = customer.client.runtime.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_the_first_order_of_an_unknown_account_opens_a_provisional_file(customer: Copying) -> None:
    await customer.hear(an_order())
    ((file_id, number, provisional, language, version, event_seq),) = await customer.rows(
        "SELECT customer_id, number, provisional, language, version, event_seq FROM person_file"
    )
    assert re.fullmatch(r"C20261121-\d{6}", number)
    assert (provisional, language, version, event_seq) == (True, "zh-CN", 1, 1)
    assert await customer.customer_of("ming") == file_id


async def test_file_audit_and_event_are_written_together(customer: Copying) -> None:
    await customer.hear(an_order())
    ((aggregate_id, sequence, body),) = await customer.rows("SELECT aggregate_id, sequence, body FROM outbox")
    told = decode("customer.created", body)
    assert isinstance(told, CustomerCreated)
    assert (told.customer.customer_id, sequence) == (aggregate_id, 1)
    assert [account.account_id for account in told.customer.accounts] == [account_of("ming")]
    ((actor, action, noun, audited),) = await customer.rows("SELECT actor, action, noun, aggregate_id FROM audit")
    assert (actor, action, noun, audited) == ("system:customer-order-copy", "open", "customer", aggregate_id)


async def test_later_orders_of_the_account_go_into_the_same_file(customer: Copying) -> None:
    await customer.hear(an_order("A-1"))
    await customer.hear(an_order("A-2"), an_order("A-3"))
    assert await customer.one("SELECT count(*) FROM person_file") == 1
    assert await customer.one("SELECT count(DISTINCT customer_id) FROM purchase") == 1


async def test_an_account_of_another_shop_is_another_account(customer: Copying) -> None:
    await customer.hear(an_order("A-1", shop="main"), an_order("A-1", shop="outlet"))
    assert await customer.one("SELECT count(*) FROM person_file") == 2


async def test_five_hundred_orders_cost_as_many_statements_as_five(customer: Copying) -> None:
    many = [an_order(f"A-{n}", buyer=f"buyer-{n % 300}", paid=f"{n}.01") for n in range(500)]
    few = [an_order(f"B-{n}", buyer=f"other-{n}") for n in range(5)]
    with _statements(customer) as for_few:
        await customer.arrive(recorded(*few))
    with _statements(customer) as for_many:
        await customer.arrive(recorded(*many))
    assert len(for_many) == len(for_few) < 12
    counted = "SELECT count(*), count(DISTINCT customer_id), sum(paid_minor) FROM purchase WHERE order_no LIKE 'A-%'"
    assert await customer.rows(counted) == [(500, 300, sum(100 * n + 1 for n in range(500)))]
    for table in ("person_file", "account", "audit", "outbox"):
        assert await customer.one(f"SELECT count(*) FROM {table}") == 305
    assert await customer.one("SELECT count(DISTINCT number) FROM person_file") == 305


async def test_the_same_events_again_change_nothing(customer: Copying) -> None:
    arrivals = recorded(an_order("A-1"), an_order("A-2", buyer="hong"))
    assert await customer.arrive(arrivals) == [Verdict.APPLY] * 2
    before = await customer.rows("SELECT *, xmin::text FROM purchase ORDER BY order_id")
    assert await customer.arrive(arrivals) == [Verdict.DONE] * 2
    assert await customer.rows("SELECT *, xmin::text FROM purchase ORDER BY order_id") == before
    assert await customer.one("SELECT count(*) FROM outbox") == 2


async def test_an_equal_copy_writes_no_row(customer: Copying) -> None:
    """An import sent again with new events: nothing that purchases care for has changed."""
    await customer.hear(an_order())
    before = await customer.rows("SELECT *, xmin::text FROM purchase")
    await customer.hear(an_order(revision=2, courier="顺丰"))
    assert await customer.rows("SELECT *, xmin::text FROM purchase") == before


async def test_an_older_event_that_comes_late_is_left(customer: Copying) -> None:
    order = an_order()
    cancelled = order.model_copy(update={"cancelled_at": LATER})
    await customer.arrive(corrected(cancelled, sequence=3))
    assert await customer.arrive(corrected(order, sequence=2)) == [Verdict.DONE]
    assert await customer.rows(PURCHASE, order_id=order.order_id) == [(2000, False)]


async def test_of_several_events_of_one_order_in_a_batch_the_last_counts(customer: Copying) -> None:
    order = an_order()
    dearer = [an_order(paid=paid) for paid in ("21.00", "22.00", "23.00")]
    batch = recorded(order)
    for sequence, state in enumerate(dearer, start=2):
        batch += corrected(state, sequence)
    await customer.arrive(batch)
    assert await customer.rows(PURCHASE, order_id=order.order_id) == [(2300, True)]


async def test_a_correction_replaces_the_purchase(customer: Copying) -> None:
    """Also when it turns out to be another buyer's order: it moves to that file (C10)."""
    await customer.hear(an_order(buyer="ming", paid="20.00"))
    await customer.hear(an_order(buyer="hong", paid="18.50", revision=2))
    ((owner, paid_minor),) = await customer.rows("SELECT customer_id, paid_minor FROM purchase")
    assert (owner, paid_minor) == (await customer.customer_of("hong"), 1850)


async def test_a_fake_flag_takes_an_order_out_of_value_and_taking_it_off_puts_it_back(customer: Copying) -> None:
    order = an_order()
    fake = order.model_copy(update={"fake": True, "flag_meaning": FlagMeaning.FAKE})
    await customer.arrive(recorded(order))
    await customer.arrive(_flagged(fake, 2))
    assert await customer.rows(PURCHASE, order_id=order.order_id) == [(2000, False)]
    await customer.arrive(_flagged(order, 3))
    assert await customer.rows(PURCHASE, order_id=order.order_id) == [(2000, True)]


async def test_payment_and_cancellation_move_an_order_in_and_out_of_value(customer: Copying) -> None:
    placed, paid = an_order(paid=None), an_order()
    for order, expected in (
        (placed, (None, False)),
        (paid, (2000, True)),
        (paid.model_copy(update={"cancelled_at": LATER}), (2000, False)),
    ):
        await customer.hear(order)
        assert await customer.rows(PURCHASE, order_id=order.order_id) == [expected]


async def test_a_failing_batch_leaves_neither_file_nor_audit_nor_event(customer: Copying) -> None:
    owed = an_order("A-2", buyer="hong", paid=None, paid_at=LATER, discount=Price(amount="99.00", currency="CNY"))
    with pytest.raises(Problem):
        await customer.arrive(recorded(an_order(), owed))
    for table in ("person_file", "account", "purchase", "audit", "outbox", "position"):
        assert await customer.one(f"SELECT count(*) FROM {table}") == 0, table


def _work(customer: Copying, session: AsyncSession) -> Work:
    return Work(session=session, actor=system("first"), now=PLACED, key=customer.client.runtime.settings.key)


async def _waits_for_a_lock(customer: Copying, transactions: int = 1) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(await customer.one(waiting) == transactions)


async def test_two_transactions_with_the_same_new_account_open_one_file(customer: Copying) -> None:
    transactions = customer.client.transactions
    async with transactions.begin(system("first")) as first:
        await files.take_orders(first, [an_order("A-1"), an_order("A-2", buyer="hong")])
        second = asyncio.create_task(customer.arrive(recorded(an_order("A-3"), an_order("A-4", buyer="li"))))
        await eventually(lambda: _waits_for_a_lock(customer))
    await second
    bought = (
        "SELECT order_no, account_id, number FROM purchase JOIN person_file USING (customer_id) ORDER BY order_no"
    )
    rows = await customer.rows(bought)
    assert [row.order_no for row in rows] == ["A-1", "A-2", "A-3", "A-4"]
    assert rows[0].number == rows[2].number
    for table in ("person_file", "account", "outbox", "audit"):
        assert await customer.one(f"SELECT count(*) FROM {table}") == 3, table


class _Undone(Exception):  # noqa: N818
    """Why a transaction ends without a commit."""


@asynccontextmanager
async def _undone(customer: Copying) -> AsyncIterator[AsyncSession]:
    """A transaction that is rolled back at the end of the block."""
    with suppress(_Undone):
        async with customer.client.runtime.database.transaction() as session:
            yield session
            raise _Undone


async def test_when_the_first_of_two_transactions_fails_the_second_opens_the_file(customer: Copying) -> None:
    async with _undone(customer) as session:
        await files.take_orders(_work(customer, session), [an_order("A-1")])
        second = asyncio.create_task(customer.arrive(recorded(an_order("A-3"))))
        await eventually(lambda: _waits_for_a_lock(customer))
    await second
    assert await customer.rows("SELECT order_no FROM purchase") == [("A-3",)]
    assert await customer.one("SELECT count(*) FROM outbox") == 1


async def test_batches_with_the_same_new_accounts_in_opposite_order_do_not_deadlock(
    customer: Copying,
) -> None:
    """Both are held up at the middle account; taken in the order of arrival, the rest would be a deadlock."""
    buyers = sorted((f"buyer-{number}" for number in range(5)), key=account_of)
    forwards = recorded(*(an_order(f"A-{buyer}", buyer=buyer) for buyer in buyers))
    backwards = recorded(*(an_order(f"B-{buyer}", buyer=buyer) for buyer in reversed(buyers)))
    async with _undone(customer) as session:
        await files.take_orders(_work(customer, session), [an_order("C-1", buyer=buyers[2])])
        batches = [asyncio.create_task(customer.arrive(batch)) for batch in (forwards, backwards)]
        await eventually(lambda: _waits_for_a_lock(customer, transactions=2))
    await asyncio.gather(*batches)
    assert await customer.one("SELECT count(*) FROM purchase") == 10
    assert await customer.one("SELECT count(*) FROM person_file") == 5


async def test_many_batches_at_once_open_each_file_once(customer: Copying) -> None:
    buyers = [f"buyer-{n}" for n in range(40)]
    batches = [
        recorded(*(an_order(f"{batch}-{buyer}", buyer=buyer) for buyer in (buyers if batch % 2 else buyers[::-1])))
        for batch in range(6)
    ]
    await asyncio.gather(*(customer.arrive(batch) for batch in batches))
    for table in ("person_file", "account", "outbox", "audit"):
        assert await customer.one(f"SELECT count(*) FROM {table}") == 40, table
    assert await customer.one("SELECT count(*) FROM purchase") == 240
    assert await customer.one("SELECT count(DISTINCT customer_id) FROM purchase") == 40


async def test_nothing_personal_is_stored_or_told(customer: Copying) -> None:
    await customer.hear(an_order(region="江苏", agent="菲菲"))
    bodies = [orjson.loads(body) for (body,) in await customer.rows("SELECT body FROM outbox")]
    assert [set(body) for body in bodies] == [{"customer", "created_at"}]
    after = await customer.one("SELECT after FROM audit")
    assert set(after) == {"number", "provisional"}
