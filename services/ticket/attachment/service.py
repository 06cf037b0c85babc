"""Use cases of attachments: begun, attached, read, removed, moved (T1).

Whose ticket it is, its own room says; the routes ask there first. Content goes into the store before its row, outside
any transaction (I11): `begin` writes down the key under which it will lie, `attach` ends that, and what was begun and
never attached is swept away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from kit import audit
from kit.ids import new_id
from kit.policies import in_force
from kit.policy import InForce
from kit.privacy import scrub
from kit.problems import Problem, invalid
from kit.work import Work
from services.ticket.attachment import store
from services.ticket.attachment.inspection import Inspected
from services.ticket.attachment.models import Attachment
from services.ticket.attachment.policy import ATTACHMENT_RULES, AttachmentRules, FileType
from services.ticket.attachment.receiving import Received
from services.ticket.attachment.schemas import AttachmentPublic, Visibility
from services.ticket.sight import sees_notes

__all__ = ["Attachment", "Stored", "attach", "begin", "describe", "get", "list_attachments", "move", "remove"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A content that lies in the store and has no attachment yet."""

    key: str
    received: Received
    inspected: Inspected
    rules: InForce[AttachmentRules]


async def begin(work: Work, shop: str) -> tuple[str, InForce[AttachmentRules]]:
    """The key for a content to come, and the rules it has to keep."""
    key = f"{work.now:%Y%m}/{uuid4().hex}"
    await store.begin_upload(work.session, key, work.now)
    return key, await in_force(work.session, ATTACHMENT_RULES, shop, work.now)


def expect_visibility(work: Work, *, internal: bool) -> None:
    """Raises Problem `invalid-request` when somebody outside the house would attach for the house alone."""
    if internal and not sees_notes(work):
        raise invalid("/visibility", "只能是公开附件", "can only be public")


async def attach(work: Work, ticket_id: UUID, stored: Stored) -> Attachment:
    """附上: the stored content belongs to the ticket, whose row the caller holds, so that the limit holds.

    Raises Problem `invalid-request` when the ticket has as many as it may, `conflict` when the content took so long
    that it was swept away.
    """
    expect_visibility(work, internal=stored.received.internal)
    most = stored.rules.document.per_ticket
    if await store.count(work.session, ticket_id) >= most:
        raise invalid("/file", f"每张工单最多 {most} 个附件", f"a ticket takes at most {most} files")
    if not await store.end_upload(work.session, stored.key):
        raise Problem("conflict")
    attachment = _row(work, ticket_id, stored)
    await store.add(work.session, attachment)
    await audit.record(work, "attach", "attachment", attachment.attachment_id, after=_audited(attachment))
    return attachment


async def list_attachments(
    work: Work, ticket_id: UUID, after: UUID | None, limit: int
) -> tuple[Sequence[Attachment], UUID | None]:
    """Files of a ticket that the caller may see, oldest first, and the last one shown when there are more."""
    internal = sees_notes(work)
    found = await store.page(work.session, ticket_id, internal=internal, after=after, limit=limit + 1)
    return found[:limit], found[limit - 1].attachment_id if len(found) > limit else None


async def get(work: Work, ticket_id: UUID, attachment_id: UUID) -> Attachment:
    """One file. Raises Problem `not-found`, also for an internal one that the caller may not see."""
    return _seen(work, await store.get(work.session, ticket_id, attachment_id))


async def remove(work: Work, ticket_id: UUID, attachment_id: UUID, reason: str) -> None:
    """删除: by who attached it, or by a lead. Its content goes soon after, its row stays without its name.

    Raises Problem `not-found`, `forbidden` for somebody else's file.
    """
    attachment = _seen(work, await store.get_for_update(work.session, ticket_id, attachment_id))
    if attachment.attached_by != work.actor.subject and not work.actor.may("attachment:remove"):
        raise Problem("forbidden", permission="attachment:remove")
    before = _audited(attachment)
    attachment.removed_at, attachment.removed_by = work.now, work.actor.subject
    await audit.record(work, "remove", "attachment", attachment_id, before=before, reason=scrub(reason))


async def move(work: Work, ticket_id: UUID, into: UUID) -> None:
    """合并: the files of the merged ticket stand in the one it was merged into, however many that makes (T3)."""
    await store.move(work.session, ticket_id, into)


def describe(attachment: Attachment) -> AttachmentPublic:
    """The file as an answer shows it."""
    return AttachmentPublic(
        attachment_id=attachment.attachment_id,
        ticket_id=attachment.ticket_id,
        name=attachment.name,
        kind=FileType(attachment.kind),
        media_type=attachment.media_type,
        size_bytes=attachment.size_bytes,
        sha256=attachment.sha256.hex(),
        width=attachment.width,
        height=attachment.height,
        visibility=Visibility.INTERNAL if attachment.internal else Visibility.PUBLIC,
        staff_id=attachment.staff_id,
        attached_at=attachment.attached_at,
    )


def _row(work: Work, ticket_id: UUID, stored: Stored) -> Attachment:
    received, inspected = stored.received, stored.inspected
    return Attachment(
        attachment_id=new_id(),
        ticket_id=ticket_id,
        internal=received.internal,
        name=received.name,
        kind=inspected.kind,
        media_type=inspected.media_type,
        size_bytes=received.size,
        sha256=received.sha256,
        width=inspected.width,
        height=inspected.height,
        storage_key=stored.key,
        policy_version=stored.rules.version,
        attached_by=work.actor.subject,
        staff_id=work.actor.staff_id,
        attached_at=work.now,
    )


def _seen(work: Work, attachment: Attachment | None) -> Attachment:
    if attachment is None or (attachment.internal and not sees_notes(work)):
        raise Problem("not-found")
    return attachment


def _audited(attachment: Attachment) -> dict[str, str | int | bool]:
    return {
        "ticket_id": str(attachment.ticket_id),
        "kind": attachment.kind,
        "size_bytes": attachment.size_bytes,
        "sha256": attachment.sha256.hex(),
        "internal": attachment.internal,
    }
