"""E-mail to customers: one letter per event and recipient, or a doubt that somebody settles (N1, N3, N4)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from post_office import SENDER, Post, seconds, smtp

from contracts.catalogue import decode
from contracts.ticket.ticket import TicketKind
from kit.ids import new_id
from kit.principals import system
from kit.testing.children import free_port
from services.notify.notification import service as notifications

MINUTE = timedelta(minutes=1)


async def test_a_closed_ticket_is_written_to_its_customer(post: Post) -> None:
    customer = new_id()
    message = await post.close_ticket(customer, number="T7", kind=TicketKind.COMPLAINT)
    assert (await post.state(message)).status == "pending"
    assert await post.carry() == 1
    ((address, letter),) = post.office.letters
    assert (address, letter["To"], letter["From"]) == ("ming.li@example.com", "ming.li@example.com", SENDER)
    assert letter["Subject"] == "您的工单 T7 已处理完毕"
    assert "您的工单 T7（投诉）已处理完毕，结果：已解决。" in letter.get_content()
    assert letter["Message-ID"] == f"<{message}@shop.example>"
    assert (letter["Auto-Submitted"], letter["Content-Language"]) == ("auto-generated", "zh-CN")
    assert (await post.state(message)).status == "sent"
    assert await post.tries(message) == [(1, "accepted", "250 2.0.0 taken as 4711")]
    assert post.book.asked == [(customer, "email", "transactional")]
    assert await post.carry() == 0
    assert len(post.office.letters) == 1


async def test_what_is_told_and_written_down(post: Post) -> None:
    customer = new_id()
    message = await post.close_ticket(customer)
    await post.carry()
    body, sequence = await post.one("SELECT body, sequence FROM outbox WHERE subject = 'notification.sent'")
    event: Any = decode("notification.sent", body)
    assert (event.customer_id, event.staff_id, event.channel, event.attempts) == (customer, None, "email", 1)
    assert (event.notification_id, event.template, sequence) == (message, "ticket.closed.customer", 1)
    trail = await post.rows("SELECT actor, action FROM audit ORDER BY id")
    assert [tuple(row) for row in trail] == [("system:test", "queue"), ("system:courier", "accept")]


async def test_the_words_are_in_the_customers_language(post: Post) -> None:
    customer = new_id()
    await post.know(customer, language="en-GB")
    await post.close_ticket(customer, number="T7", kind=TicketKind.REFUND)
    await post.carry()
    ((_, letter),) = post.office.letters
    assert letter["Subject"] == "Your ticket T7 is closed"
    assert "your ticket T7 (refund) is closed: solved." in letter.get_content()


async def test_a_merged_file_is_written_to_as_the_one_that_speaks_for_it(post: Post) -> None:
    """C3: the survivor's address, the survivor's language."""
    absorbed, survivor = new_id(), new_id()
    await post.know(absorbed, merged_into=survivor)
    await post.know(survivor, language="en")
    await post.close_ticket(absorbed, address=None)
    post.book.addresses[survivor] = "survivor@example.com"
    await post.carry()
    ((address, letter),) = post.office.letters
    assert (address, letter["Content-Language"]) == ("survivor@example.com", "en")


async def test_an_erased_customer_is_not_even_looked_up(post: Post) -> None:
    customer = new_id()
    await post.know(customer, erased=True)
    message = await post.close_ticket(customer)
    await post.carry()
    assert ((await post.state(message)).status, (await post.state(message)).failure) == ("failed", "erased")
    assert post.book.asked == []


async def test_a_ticket_of_nobody_known_is_written_to_nobody(post: Post) -> None:
    from notify_desk import a_ticket, arrival, closed

    from kit.envelope import Delivery

    told = arrival(closed(a_ticket(status="closed")))
    async with post.transactions.begin(system("test")) as work:
        await notifications.tell_of_events(work, [Delivery(told.meta, told.event)])  # type: ignore[arg-type]
    assert await post.rows("SELECT * FROM notification") == []


async def test_the_same_event_again_writes_no_second_letter(post: Post) -> None:
    from notify_desk import a_ticket, arrival, closed

    from kit.envelope import Delivery

    told = arrival(closed(a_ticket(status="closed", customer_id=new_id())))
    for _ in range(3):
        async with post.transactions.begin(system("test")) as work:
            await notifications.tell_of_events(work, [Delivery(told.meta, told.event)] * 2)  # type: ignore[arg-type]
    assert len(await post.rows("SELECT * FROM notification")) == 1


async def test_what_is_not_taken_now_is_tried_again_after_growing_pauses(post: Post) -> None:
    message = await post.close_ticket(new_id())
    post.office.orders += ["later"] * 3
    pauses = []
    for pause in (timedelta(0), MINUTE, 5 * MINUTE):
        await post.carry(after=pause)
        state = await post.state(message)
        assert state.status == "pending"
        pauses.append(seconds(state.next_attempt_at, post.clock.now()))
    assert pauses == [60, 300, 1800]
    assert await post.carry(after=29 * MINUTE) == 0
    assert await post.carry(after=MINUTE) == 1
    assert (await post.state(message)).status == "sent"
    assert [outcome for _, outcome, _ in await post.tries(message)] == ["postponed"] * 3 + ["accepted"]
    assert (await post.tries(message))[0][2] == "451 4.3.0 come back later"
    assert len(post.office.letters) == 1
    assert await post.events(message) == ["notification.sent"]


async def test_after_the_last_try_it_is_given_up_and_can_be_seen(post: Post) -> None:
    message = await post.close_ticket(new_id())
    post.office.orders += ["later"] * 6
    for _ in range(6):
        await post.carry(after=timedelta(hours=8))
    state = await post.state(message)
    assert (state.status, state.failure, state.attempts) == ("failed", "gave_up", 6)
    assert await post.events(message) == ["notification.failed"]
    body = (await post.one("SELECT body FROM outbox"))[0]
    event: Any = decode("notification.failed", body)
    assert (event.failure, event.attempts, event.next_channel) == ("gave_up", 6, None)
    assert await post.carry(after=timedelta(days=9)) == 0


@pytest.mark.parametrize("order", ["nobody", "never"])
async def test_what_is_refused_for_good_is_not_tried_again(post: Post, order: str) -> None:
    message = await post.close_ticket(new_id(), "ming.li@example.com")
    post.office.orders.append(order)
    await post.carry()
    state = await post.state(message)
    assert (state.status, state.failure, state.attempts) == ("failed", "refused", 1)
    ((_, outcome, answer),) = await post.tries(message)
    assert outcome == "refused"
    assert answer
    assert answer[:3] in ("550", "554")
    assert "ming" not in answer
    assert await post.carry(after=timedelta(days=1)) == 0


async def test_a_connection_lost_before_the_letter_leaves_no_doubt(post: Post) -> None:
    message = await post.close_ticket(new_id())
    post.office.orders.append("hang up early")
    await post.carry()
    assert (await post.state(message)).status == "pending"
    assert await post.carry(after=MINUTE) == 1
    assert len(post.office.letters) == 1


async def test_a_closed_post_office_loses_nothing(post: Post) -> None:
    message = await post.close_ticket(new_id())
    post.server.close()
    await post.carry()
    ((_, outcome, answer),) = await post.tries(message)
    assert (outcome, answer) == ("postponed", "SMTPConnectError")
    post.server.open()
    assert await post.carry(after=MINUTE) == 1
    assert (await post.state(message)).status == "sent"


async def test_who_has_no_address_is_failed_and_seen(post: Post) -> None:
    message = await post.close_ticket(new_id(), address=None)
    await post.carry()
    state = await post.state(message)
    assert (state.status, state.failure, state.attempts) == ("failed", "no_contact", 0)
    assert await post.events(message) == ["notification.failed"]


async def test_while_the_book_is_away_no_try_is_lost(post: Post) -> None:
    message = await post.close_ticket(new_id())
    post.book.away = True
    for _ in range(20):
        assert await post.carry(after=timedelta(seconds=15)) == 0
    state = await post.state(message)
    assert (state.status, state.attempts, state.tries) == ("pending", 0, 0)
    post.book.away = False
    assert await post.carry(after=timedelta(seconds=15)) == 1
    assert (await post.state(message)).status == "sent"


async def test_two_couriers_at_once_write_each_letter_once(post: Post) -> None:
    for number in range(30):
        await post.close_ticket(new_id(), f"buyer{number}@example.com")
    couriers = [post.courier() for _ in range(3)]
    await asyncio.gather(*(courier.deliver_due() for courier in couriers))
    while await post.carry():
        pass
    assert sorted(address for address, _ in post.office.letters) == sorted(f"buyer{n}@example.com" for n in range(30))
    assert {row.status for row in await post.rows("SELECT status FROM notification")} == {"sent"}


async def test_no_address_stands_in_any_table_or_log(post: Post, capfd: pytest.CaptureFixture[str]) -> None:
    for order in ("nobody", "never", "later", "take and hang up", "hang up early", "accept"):
        post.office.orders[:] = [order]
        await post.close_ticket(new_id(), "canary.li@example.com")
        await post.carry()
    names = [row.tablename for row in await post.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    for name in names:
        for (row,) in await post.rows(f'SELECT CAST(one AS text) FROM "{name}" AS one'):
            assert "canary" not in row, name
            assert b"canary".hex() not in row, name
    out, err = capfd.readouterr()
    assert "canary" not in out + err


async def test_a_server_that_is_no_mail_server_is_our_trouble(post: Post) -> None:
    """Somebody else's answer on that port postpones; nothing is lost, nothing is in doubt."""

    async def not_mail(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    port = free_port()
    message = await post.close_ticket(new_id())
    async with await asyncio.start_server(not_mail, "127.0.0.1", port):
        await post.carry(post.courier(smtp(f"smtp://127.0.0.1:{port}")))
    assert (await post.state(message)).status == "pending"
    ((_, outcome, _),) = await post.tries(message)
    assert outcome == "postponed"
