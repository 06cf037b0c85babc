"""A letter: a message with its words and its address, alive only while it is handed over (X6)."""

from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

_HEADERS = policy.SMTP.clone(max_line_length=78, raise_on_defect=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes to one customer. Its id is the message's own, so a letter sent twice can be told for what it is."""

    notification_id: UUID
    sender: str
    address: str = field(repr=False)
    subject: str
    body: str
    language: str
    written_at: datetime

    def as_bytes(self) -> bytes:
        """The letter as it goes over the wire (RFC 5322)."""
        message = EmailMessage(policy=_HEADERS)
        message["From"] = self.sender
        message["To"] = self.address
        message["Subject"] = self.subject
        message["Date"] = format_datetime(self.written_at)
        message["Message-ID"] = f"<{self.notification_id}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.body, charset="utf-8")  # which forgets what was said of a content before
        message["Content-Language"] = self.language
        return message.as_bytes()
