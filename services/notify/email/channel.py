"""E-mail as this installation has it: who takes the letters, who knows the addresses, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from kit.settings import Profile, ServiceSettings
from services.notify.email.contacts import ContactBook, HttpContactBook
from services.notify.email.mailer import FolderMailer, Mailer, SmtpMailer
from services.notify.settings import EmailSettings


@dataclass(frozen=True)
class EmailChannel:
    """The channel; without a mailer it isn't configured here, and its messages wait."""

    sender: str
    mailer: Mailer | None = None
    book: ContactBook | None = None
    missing: Sequence[str] = ()


def open_channel(settings: ServiceSettings, email: EmailSettings) -> EmailChannel:
    """The channel that these settings make. Raises UnsafeSettingsError for an SMTP address that is none."""
    smtp = email.smtp
    missing = tuple(email.missing(settings.profile))
    if missing or email.client_id is None or email.client_secret is None:
        return EmailChannel(email.mail_from, missing=missing)
    book = HttpContactBook(email.customer_url, email.gateway_url, email.client_id, email.client_secret)
    folder = settings.profile is not Profile.PRODUCTION and smtp is None
    mailer = FolderMailer(settings.home / "mail") if folder or smtp is None else SmtpMailer(smtp)
    return EmailChannel(email.mail_from, mailer, book)
