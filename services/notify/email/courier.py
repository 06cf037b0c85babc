"""The courier: carries messages out of the house while this process leads, and never inside a transaction (N4)."""

import asyncio
import contextlib
from datetime import timedelta

from contracts.notify import NotifyChannel, Purpose
from kit.db import is_transient
from kit.failpoints import reach
from kit.logs import log
from kit.principals import system
from kit.work import Transactions
from services.notify.email.channel import EmailChannel
from services.notify.email.contacts import ContactBook, ContactsAwayError
from services.notify.email.letter import Letter
from services.notify.email.mailer import Mailer
from services.notify.notification import delivery
from services.notify.notification.delivery import Parcel

TAKEN_AT_ONCE = 20
SENT_AT_ONCE = 5
DRAIN_SECONDS = 2.0
BOOK_PAUSE = timedelta(seconds=15)
_COURIER = system("courier")


class Courier:
    """Delivers what is due by e-mail."""

    def __init__(self, transactions: Transactions, channel: EmailChannel) -> None:
        self._transactions = transactions
        self._channel = channel
        self._hands = asyncio.Semaphore(SENT_AT_ONCE)
        self._going: set[asyncio.Task[bool]] = set()

    async def run(self, leads: asyncio.Event, *, poll_seconds: float = 1.0) -> None:
        """Deliver again and again while `leads` is set; what is under way at the end may come to its end."""
        try:
            while True:
                await leads.wait()
                try:
                    while await self.deliver_due():
                        pass
                except Exception as error:  # noqa: BLE001 - the loop must live; leases bring back what was taken
                    log.warning("courier.interrupted", error=error, transient=is_transient(error))
                await asyncio.sleep(poll_seconds)
        finally:
            await self._drain()
            if self._channel.book is not None:
                await self._channel.book.close()

    async def deliver_due(self) -> int:
        """Deliver what is due and list what somebody left in doubt; how many messages left the line."""
        async with self._transactions.begin(_COURIER) as work:
            doubts = await delivery.doubt_abandoned(work)
        mailer, book = self._channel.mailer, self._channel.book
        if mailer is None or book is None:
            return doubts
        async with self._transactions.begin(_COURIER) as work:
            parcels = await delivery.take(work, [NotifyChannel.EMAIL], TAKEN_AT_ONCE)
        tasks = [asyncio.create_task(self._deliver(parcel, mailer, book)) for parcel in parcels]
        self._going.update(tasks)
        for task in tasks:
            task.add_done_callback(self._going.discard)
        gone = await asyncio.gather(*(asyncio.shield(task) for task in tasks), return_exceptions=True)
        if broken := next((one for one in gone if isinstance(one, BaseException)), None):
            raise broken
        return doubts + sum(one is True for one in gone)

    async def _deliver(self, parcel: Parcel, mailer: Mailer, book: ContactBook) -> bool:
        """Carry one message out; whether it left the line."""
        async with self._hands:
            return await self._look_up_and_send(parcel, mailer, book)

    async def _look_up_and_send(self, parcel: Parcel, mailer: Mailer, book: ContactBook) -> bool:
        try:
            address = await book.address_of(parcel.customer_id, NotifyChannel.EMAIL, Purpose.TRANSACTIONAL)
        except ContactsAwayError as error:
            log.warning("courier.no_book", notification_id=str(parcel.notification_id), party=str(error))
            async with self._transactions.begin(_COURIER) as work:
                await delivery.give_back(work, parcel, BOOK_PAUSE)
            return False
        if address is None:
            async with self._transactions.begin(_COURIER) as work:
                await delivery.fail_unsent(work, parcel, "no_contact")
            return True
        return await self._hand_over(parcel, address, mailer)

    async def _hand_over(self, parcel: Parcel, address: str, mailer: Mailer) -> bool:
        letter = Letter(
            notification_id=parcel.notification_id,
            sender=self._channel.sender,
            address=address,
            subject=parcel.subject,
            body=parcel.body,
            language=parcel.language,
            written_at=self._transactions.clock.now(),
        )
        async with self._transactions.begin(_COURIER) as work:
            number = await delivery.hand_over(work, parcel)
        if number is None:
            return False
        reach("before-send")
        receipt = await mailer.send(letter)
        reach("after-send")
        async with self._transactions.begin(_COURIER) as work:
            await delivery.settle(work, parcel, number, receipt.outcome, receipt.answer)
        return True

    async def _drain(self) -> None:
        """Wait a little for what is under way: cut off now, it would be in doubt for nothing."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + DRAIN_SECONDS
        while self._going and loop.time() < deadline:
            with contextlib.suppress(asyncio.CancelledError):  # whoever ends us asks again and again
                await asyncio.wait(self._going, timeout=deadline - loop.time())
        for task in self._going:
            task.cancel()
