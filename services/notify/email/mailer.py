"""Who takes letters: an SMTP server, or a folder where development catches all of them."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote

import aiosmtplib

from kit.logs import log
from kit.privacy import scrub
from services.notify.email.letter import Letter
from services.notify.notification.delivery import Outcome

STEP_SECONDS = 15.0
ATTEMPT_SECONDS = 60.0
_ANSWER_CHARS = 300


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a letter, and the provider's own words."""

    outcome: Outcome
    answer: str


class Mailer(Protocol):
    """Takes letters. Whatever goes wrong is a receipt and no exception."""

    name: str

    async def send(self, letter: Letter) -> Receipt:
        """Hand one letter over."""
        ...


class FolderMailer:
    """Keeps every letter as a file `<id>.eml`: nothing leaves the machine, and the same letter stands there once."""

    name = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, letter: Letter) -> Receipt:
        try:
            await asyncio.to_thread(self._keep, letter)
        except OSError as error:
            return Receipt(Outcome.POSTPONED, f"the folder can't be written: {type(error).__name__}")
        return Receipt(Outcome.ACCEPTED, "kept in the folder")

    def _keep(self, letter: Letter) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{letter.notification_id}.draft"
        draft.write_bytes(letter.as_bytes())
        draft.replace(self._folder / f"{letter.notification_id}.eml")


class SmtpMailer:
    """Hands letters to an SMTP server, one connection each.

    What is refused before the letter itself was offered was certainly not taken. Once it was, only the server's word
    tells: a connection that breaks then leaves the letter in doubt.
    """

    name = "smtp"

    def __init__(self, url: SplitResult) -> None:
        self._url = url

    async def send(self, letter: Letter) -> Receipt:
        offered = asyncio.Event()
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                answer = await self._hand_over(letter, offered)
        except aiosmtplib.SMTPResponseException as error:
            return self._refused(error, letter, offered)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            log.warning("mail.interrupted", error=error, offered=offered.is_set())
            outcome = Outcome.IN_DOUBT if offered.is_set() else Outcome.POSTPONED
            return Receipt(outcome, f"{type(error).__name__}")
        return Receipt(Outcome.ACCEPTED, _told(answer, letter))

    async def _hand_over(self, letter: Letter, offered: asyncio.Event) -> aiosmtplib.SMTPResponse:
        client = self._client()
        await client.connect()
        try:
            await client.mail(letter.sender)
            await client.rcpt(letter.address)
            offered.set()
            return await client.data(letter.as_bytes())
        finally:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=1)  # the letter is settled, whatever comes of the farewell
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        name, word = self._url.username, self._url.password
        return aiosmtplib.SMTP(
            hostname=self._url.hostname,
            port=self._url.port,
            username=unquote(name) if name else None,
            password=unquote(word) if word else None,
            timeout=STEP_SECONDS,
            use_tls=self._url.scheme == "smtps",
        )

    def _refused(self, error: aiosmtplib.SMTPResponseException, letter: Letter, offered: asyncio.Event) -> Receipt:
        """A word against the recipient or the letter is final when it is a 5xx; one against us is our trouble."""
        about_the_letter = offered.is_set() or isinstance(error, aiosmtplib.SMTPRecipientRefused)
        final = about_the_letter and 500 <= error.code < 600
        answer = aiosmtplib.SMTPResponse(error.code, str(error.message))
        return Receipt(Outcome.REFUSED if final else Outcome.POSTPONED, _told(answer, letter))


def _told(answer: aiosmtplib.SMTPResponse, letter: Letter) -> str:
    """The server's words without the address that they like to quote."""
    words = " ".join(str(answer.message).split())
    for personal in (letter.address, letter.address.partition("@")[0]):
        words = words.replace(personal, "****")
    return f"{answer.code} {scrub(words)}"[:_ANSWER_CHARS]
