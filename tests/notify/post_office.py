"""A post office: a real SMTP server that does to letters what it is told, and everything needed to send them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from notify_desk import a_ticket, arrival, closed
from sqlalchemy import text
from stage import NOON

from contracts.customer.customer import CustomerChanged, CustomerState
from contracts.notify import NotifyChannel, Purpose
from contracts.ticket.ticket import TicketStatus
from kit.clock import FrozenClock
from kit.envelope import Delivery
from kit.principals import system
from kit.testing.children import free_port
from kit.work import Transactions
from services.notify.copies import service as copies
from services.notify.email.channel import EmailChannel
from services.notify.email.contacts import ContactsAwayError
from services.notify.email.courier import Courier
from services.notify.email.mailer import Mailer, SmtpMailer
from services.notify.notification import service as notifications
from services.notify.settings import EmailSettings

SENDER = "kefu@shop.example"
SLOWER_THAN_ANY_LEASE = timedelta(minutes=3)


@dataclass
class Office:
    """The handler of the server. `orders` say what to do with the next letters; then all are taken."""

    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the server's own name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if self._told("nobody"):
            return f"550 5.1.1 <{address}>: {address.partition('@')[0]} is unknown here"
        if self._told("hang up early"):
            server.transport.close()  # type: ignore[union-attr]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._told("later"):
            return "451 4.3.0 come back later"
        if self._told("never"):
            return f"554 5.7.1 nothing for {envelope.rcpt_tos[0]}"
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.letters.append((envelope.rcpt_tos[0], message))
        if self._told("take and hang up"):
            server.transport.close()  # type: ignore[union-attr]
        return "250 2.0.0 taken as 4711"

    def _told(self, order: str) -> bool:
        if self.orders[:1] != [order]:
            return False
        del self.orders[0]
        return True


class Server:
    """The office behind a door; it can be closed and opened again on the same port."""

    def __init__(self) -> None:
        self.office = Office()
        self.port = free_port()
        self._controller: Controller | None = None
        self.open()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def open(self) -> None:
        self._controller = Controller(self.office, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


@dataclass
class Book:
    """Addresses by customer; `away` while nobody answers."""

    addresses: dict[UUID, str] = field(default_factory=dict)
    asked: list[tuple[UUID, str, str]] = field(default_factory=list)
    away: bool = False

    async def address_of(self, customer_id: UUID, channel: NotifyChannel, purpose: Purpose) -> str | None:
        self.asked.append((customer_id, channel.value, purpose.value))
        if self.away:
            raise ContactsAwayError("customer: ConnectionRefusedError")
        return self.addresses.get(customer_id)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Post:
    """Messages put in line, a courier that carries them, and the tables in which it says so."""

    transactions: Transactions
    clock: FrozenClock
    server: Server
    book: Book = field(default_factory=Book)
    sequences: int = 0

    @property
    def office(self) -> Office:
        return self.server.office

    def courier(self, mailer: Mailer | None = None) -> Courier:
        mailer = mailer or smtp(self.server.url)
        return Courier(self.transactions, EmailChannel(SENDER, mailer, self.book))

    async def close_ticket(
        self, customer_id: UUID, address: str | None = "ming.li@example.com", **facts: Any
    ) -> UUID:
        """Tell the service of a closed ticket of that customer; the message that is in line then."""
        if address:
            self.book.addresses[customer_id] = address
        ended = {"status": TicketStatus.CLOSED, "closed_at": NOON, "customer_id": customer_id}
        told = arrival(closed(a_ticket(**{**ended, **facts})), at=self.clock.now())
        async with self.transactions.begin(system("test")) as work:
            await notifications.tell_of_events(work, [Delivery(told.meta, told.event)])  # type: ignore[arg-type]
        found: UUID = (
            await self.one("SELECT notification_id FROM notification WHERE event_id = :id", id=told.meta.id)
        )[0]
        return found

    async def know(self, customer_id: UUID, **facts: Any) -> None:
        """Let the service know a customer's file."""
        state = CustomerState(customer_id=customer_id, **facts)
        told = arrival(CustomerChanged(customer=state, changed_at=NOON))
        async with self.transactions.begin(system("test")) as work:
            await copies.keep_customers(work, [Delivery(told.meta, told.event)])  # type: ignore[arg-type]

    async def carry(self, courier: Courier | None = None, *, after: timedelta = timedelta(0)) -> int:
        """One round of the courier, so much later."""
        self.clock.advance(after)
        return await (courier or self.courier()).deliver_due()

    async def state(self, notification_id: UUID) -> Any:
        """The message as the table has it."""
        return await self.one("SELECT * FROM notification WHERE notification_id = :id", id=notification_id)

    async def tries(self, notification_id: UUID) -> list[tuple[int, str | None, str | None]]:
        query = "SELECT number, outcome, answer FROM delivery_attempt WHERE notification_id = :id ORDER BY number"
        return [tuple(row) for row in await self.rows(query, id=notification_id)]

    async def events(self, notification_id: UUID) -> list[str]:
        query = "SELECT subject FROM outbox WHERE aggregate_id = :id ORDER BY sequence"
        return [row.subject for row in await self.rows(query, id=notification_id)]

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with self.transactions.database.reading() as session:
            return list((await session.execute(text(statement), values)).all())

    async def one(self, statement: str, **values: Any) -> Any:
        (row,) = await self.rows(statement, **values)
        return row


def smtp(url: str) -> SmtpMailer:
    """The mailer for that server, as the settings make it."""
    place = EmailSettings(smtp_url=url).smtp  # type: ignore[arg-type]
    assert place is not None
    return SmtpMailer(place)


def seconds(later: datetime, earlier: datetime) -> float:
    return (later - earlier).total_seconds()


def words(facts: Mapping[str, Any]) -> str:
    return "".join(map(str, facts.values()))
