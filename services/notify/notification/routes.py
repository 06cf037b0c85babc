"""`/v1/notifications`: what was told to whom and what became of it, for those who look after it (N1, N4)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from contracts.notify import NotifyChannel
from kit.http.edge import WorkDep, allow, answer
from kit.http.pages import page_answer, read_cursor, write_cursor
from kit.work import Work
from services.notify.email.channel import EmailChannel
from services.notify.notification import service
from services.notify.notification.lifecycle import RESENDING, Status
from services.notify.notification.schemas import (
    AttemptPublic,
    ChannelList,
    ChannelPublic,
    NotificationFilter,
    NotificationPage,
    NotificationPublic,
    NotificationWhole,
    ResendAsk,
)  # fmt: skip

router = APIRouter(prefix="/v1/notifications", tags=["notifications"])
NotificationId = Annotated[UUID, Path(description="The message's id.")]


@router.get("", response_model=NotificationPage, dependencies=[allow("notification:read")])
async def list_notifications(work: WorkDep, query: Annotated[NotificationFilter, Query()]) -> Response:
    """What was told to whom, newest first, without the words."""
    filters = query.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
    after = read_cursor(work, "notifications", query)
    found = await service.page(work, filters, UUID(after[0]) if after else None, query.limit + 1)
    shown = found[: query.limit]
    cursor = (
        write_cursor(work, "notifications", [str(shown[-1].notification_id)]) if len(found) > query.limit else None
    )
    page = NotificationPage(items=[NotificationPublic.model_validate(one) for one in shown], next_cursor=cursor)
    return page_answer(page, path="/v1/notifications", query=query, next_cursor=cursor)


@router.get("/channels", response_model=ChannelList, dependencies=[allow("notification:read")])
async def list_channels(work: WorkDep, request: Request) -> Response:
    """Every channel, whether it is configured, and how many messages wait for it."""
    email: EmailChannel = request.app.state.email
    waiting = await service.waiting_by_channel(work)
    inbox = ChannelPublic(channel=NotifyChannel.INBOX, configured=True, by="inbox", missing=[], waiting=0)
    post = ChannelPublic(
        channel=NotifyChannel.EMAIL,
        configured=email.mailer is not None,
        by=email.mailer.name if email.mailer else None,
        missing=list(email.missing),
        waiting=waiting.get(NotifyChannel.EMAIL, 0),
    )
    return await answer(work, ChannelList(items=[inbox, post]))


@router.get("/{notification_id}", response_model=NotificationWhole, dependencies=[allow("notification:read")])
async def get_notification(notification_id: NotificationId, work: WorkDep) -> Response:
    """One message with every attempt and the provider's answers."""
    return await _whole(work, notification_id)


@router.post(
    "/{notification_id}/resend", response_model=NotificationWhole, dependencies=[allow("notification:resend")]
)
async def resend_notification(notification_id: NotificationId, body: ResendAsk, work: WorkDep) -> Response:
    """Send a message again that failed, or of which nobody knows whether it arrived: somebody decides (N4)."""
    await service.resend(work, notification_id, body.reason)
    return await _whole(work, notification_id)


async def _whole(work: Work, notification_id: UUID) -> Response:
    message, attempts = await service.get(work, notification_id)
    shown = NotificationWhole(
        **NotificationPublic.model_validate(message).model_dump(exclude={"event"}),
        subject=message.subject,
        tries=[AttemptPublic.model_validate(one) for one in attempts],
        allowed=RESENDING.allowed(Status(message.status)),
    )
    return await answer(work, shown, version=message.version)
