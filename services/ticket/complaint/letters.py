"""Use cases of the callback letter: drafted from the ticket, edited by the agent, sent as a message (T17)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kit import audit
from kit.http.fields import Text
from kit.policies import in_force
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.complaint import store
from services.ticket.complaint.case import begin
from services.ticket.complaint.letter import draft, text_of
from services.ticket.complaint.lifecycle import Stage, refusal
from services.ticket.complaint.models import Complaint, ComplaintLetter
from services.ticket.complaint.policy import CALLBACK_LETTER
from services.ticket.complaint.service import get_complaint
from services.ticket.copies import service as copies
from services.ticket.message.schemas import MessageCreate
from services.ticket.sight import sees_notes
from services.ticket.ticket import service as tickets
from services.ticket.ticket.service import Ticket

Language = Literal["zh", "en"]
LetterPart = Annotated[Text, Field(max_length=2000)] | Literal[""]
# As long as a message may be.
_LONGEST = 5000
# A letter reports what was done: there is a solution, and it is not all over yet.
_WRITTEN_AT = (
    Stage.SOLUTION_PROPOSED, Stage.CUSTOMER_INFORMED, Stage.VERIFIED_INSIDE, Stage.CALLED_BACK,
)  # fmt: skip


class LetterParts(BaseModel):
    """The seven parts; a letter is saved with empty ones and sent without any (T17)."""

    model_config = ConfigDict(extra="forbid")

    salutation: LetterPart = ""
    thanks: LetterPart = ""
    apology: LetterPart = ""
    report: LetterPart = ""
    hope: LetterPart = ""
    closing: LetterPart = ""
    signature: LetterPart = ""


class LetterEdit(BaseModel):
    """The letter as the agent wants it."""

    model_config = ConfigDict(extra="forbid")

    language: Language = "zh"
    parts: LetterParts


class LetterPublic(BaseModel):
    """The letter of a complaint: as it was saved, else as it is drafted from the ticket."""

    complaint_id: UUID
    language: Language
    parts: LetterParts
    missing: list[str] = Field(description="The parts that are still empty.")
    saved: bool
    sent_at: datetime | None
    message_id: UUID | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, saved or not."""

    complaint_id: UUID
    language: str
    parts: dict[str, str]
    saved: ComplaintLetter | None

    def public(self) -> LetterPublic:
        """As an answer shows it."""
        return LetterPublic.model_validate(
            {
                "complaint_id": self.complaint_id,
                "language": self.language,
                "parts": self.parts,
                "missing": [part for part, text in self.parts.items() if not text.strip()],
                "saved": self.saved is not None,
                "sent_at": self.saved and self.saved.sent_at,
                "message_id": self.saved and self.saved.message_id,
            }
        )


async def get_letter(work: Work, complaint_id: UUID, language: Language | None) -> Letter:
    """The letter as it was saved; else, and in another language than it was saved in, a draft from the ticket (T17).

    Raises Problem `not-found`, also to a buyer.
    """
    complaint, ticket = await get_complaint(work, complaint_id)
    if not sees_notes(work):
        raise Problem("not-found")
    saved = await store.letter(work.session, complaint_id)
    if saved is not None and language in (None, saved.language):
        return Letter(complaint_id, saved.language, saved.parts, saved)
    return await _drafted(work, complaint, ticket, language)


async def edit_letter(work: Work, complaint_id: UUID, asked: LetterEdit) -> Letter:
    """Save it as the agent wants it; one that was sent becomes a new letter.

    Raises Problem `transition-refused` for a complaint without a solution or at its end, and what `case.begin`
    raises.
    """
    case = await begin(work, complaint_id)
    _expect_written(case.complaint, "letter")
    saved = await store.letter(work.session, complaint_id)
    if saved is None:
        saved = ComplaintLetter(
            complaint_id=complaint_id,
            language=asked.language,
            parts=asked.parts.model_dump(),
            edited_by=work.actor.subject,
            edited_at=work.now,
        )
        await store.add(work.session, saved)
    else:
        saved.language, saved.parts = asked.language, asked.parts.model_dump()
        saved.edited_by, saved.edited_at = work.actor.subject, work.now
        saved.message_id = saved.sent_by = saved.sent_at = None
        saved.version += 1
    await audit.record(work, "edit-letter", "complaint", complaint_id, after={"language": asked.language})
    return Letter(complaint_id, saved.language, saved.parts, saved)


async def send_letter(work: Work, complaint_id: UUID) -> Letter:
    """寄出: the letter becomes a message that the customer can see (T17, T48).

    Raises Problem `transition-refused` for a letter that was sent already and for a complaint without a solution or
    at its end, `conflict` when none was saved, `invalid-request` naming the parts that are missing, and what
    `case.begin` raises.
    """
    case = await begin(work, complaint_id)
    _expect_written(case.complaint, "letter")
    saved = await store.letter(work.session, complaint_id)
    if saved is None:
        raise Problem("conflict", noun="letter")
    if saved.sent_at is not None:
        facts: dict[str, Any] = {"noun": "letter", "from": "sent", "verb": "send", "allowed": []}
        raise Problem("transition-refused", **facts)
    text = text_of(saved.parts)
    if len(text) > _LONGEST:
        raise invalid("/parts", f"信件最多 {_LONGEST} 个字符", f"a letter has at most {_LONGEST} characters")
    message = await tickets.write_message(work, complaint_id, MessageCreate(text=text))
    saved.message_id, saved.sent_by, saved.sent_at = message.message_id, work.actor.subject, work.now
    after = {"message_id": str(message.message_id), "language": saved.language}
    await audit.record(work, "send-letter", "complaint", complaint_id, after=after)
    return Letter(complaint_id, saved.language, saved.parts, saved)


async def _drafted(work: Work, complaint: Complaint, ticket: Ticket, language: Language | None) -> Letter:
    policy = (await in_force(work.session, CALLBACK_LETTER, complaint.shop, work.now)).document
    party = await copies.whom(work, complaint.shop, None, ticket.account_id) if ticket.account_id else copies.NOBODY
    chosen: Language = language or ("en" if party.language.startswith("en") else "zh")
    solution = await store.solution(work.session, complaint.complaint_id, complaint.round)
    staff_id = work.actor.staff_id
    parts = draft(
        policy.en if chosen == "en" else policy.zh,
        cause=complaint.cause,
        solution=solution.details if solution else None,
        shop=complaint.shop,
        agent=await copies.alias_of_staff(work.session, complaint.shop, staff_id) if staff_id else None,
        now=work.now,
    )
    return Letter(complaint.complaint_id, chosen, parts, None)


def _expect_written(complaint: Complaint, verb: str) -> None:
    stage = Stage(complaint.stage)
    if stage not in _WRITTEN_AT:
        raise refusal(stage, verb)
