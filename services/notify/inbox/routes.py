"""`/v1/inbox`: one's own messages (N1)."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.problems import language_of
from kit.work import Work
from services.notify.inbox.schemas import InboxFilter, InboxPage, MessagePublic, UnreadCount
from services.notify.notification import service
from services.notify.notification.lifecycle import Status
from services.notify.notification.service import Message
from services.notify.template import service as templates
from services.notify.template.policy import language_for

router = APIRouter(tags=["inbox"])


def reader_language(accept_language: Annotated[str | None, Header()] = None) -> str:
    """The language that the caller reads (X8)."""
    return language_for(language_of(accept_language))


Language = Annotated[str, Depends(reader_language)]


@router.get("/v1/inbox", response_model=InboxPage, dependencies=[allow("inbox:read")])
async def list_inbox(work: WorkDep, query: Annotated[InboxFilter, Query()], language: Language) -> Response:
    """One's own messages, newest first, in the language of `Accept-Language`."""
    after = read_cursor(work, "inbox", query)
    filters = {"recipient_staff_id": work.actor.staff_id} | ({"status": Status.UNREAD} if query.unread else {})
    found = await _own_page(work, filters, UUID(after[0]) if after else None, query.limit + 1)
    shown = found[: query.limit]
    cursor = write_cursor(work, "inbox", [str(shown[-1].notification_id)]) if len(found) > query.limit else None
    page = InboxPage(items=await _messages(work, shown, language), next_cursor=cursor)
    return _in_language(page_answer(page, path="/v1/inbox", query=query, next_cursor=cursor), language)


@router.get("/v1/inbox/unread-count", response_model=UnreadCount, dependencies=[allow("inbox:read")])
async def count_unread(work: WorkDep) -> Response:
    """How many of one's own messages wait to be read."""
    reader = work.actor.staff_id
    return await answer(work, UnreadCount(unread=await service.unread_count(work, reader) if reader else 0))


@router.post("/v1/inbox/{notification_id}/read", response_model=MessagePublic, dependencies=[allow("inbox:mark")])
async def mark_notification_read(
    notification_id: Annotated[UUID, Path(description="The message's id.")], work: WorkDep, language: Language
) -> Response:
    """Mark one's own message as read; anybody else's doesn't exist here."""
    message = await service.mark_read(work, notification_id)
    (shown,) = await _messages(work, [message], language)
    return _in_language(await answer(work, shown, version=message.version), language)


async def _own_page(work: Work, filters: Mapping[str, object], after: UUID | None, limit: int) -> Sequence[Message]:
    """A caller who is no member of staff has no messages."""
    return await service.page(work, filters, after, limit) if work.actor.staff_id else ()


async def _messages(work: Work, shown: Sequence[Message], language: str) -> list[MessagePublic]:
    """The messages with their words filled in."""
    words = await templates.wordings(work, {(one.template, one.template_version) for one in shown}, language)
    messages = []
    for one in shown:
        title, body = words[one.template, one.template_version].fill(one.variables)
        known = one.model_dump(include={"notification_id", "ticket_id", "status", "created_at", "read_at", "version"})
        messages.append(MessagePublic(**known, event=one.subject, title=title, body=body, language=language))
    return messages


def _in_language(response: Response, language: str) -> Response:
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return response
