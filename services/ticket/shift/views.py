"""A shift as an answer shows it."""

from services.ticket.shift.lifecycle import LIFE, Presence, ShiftLike, ShiftStatus, spans
from services.ticket.shift.schemas import SegmentPublic, ShiftPublic


def public(shift: ShiftLike) -> ShiftPublic:
    """The shift as an answer shows it; why somebody is away is not everybody's business."""
    return ShiftPublic(
        shift_id=shift.shift_id,
        staff_id=shift.staff_id,
        shop=shift.shop,
        preset=shift.preset,
        business_date=shift.business_date,
        planned_start=shift.planned_start,
        planned_end=shift.planned_end,
        segments=[SegmentPublic.model_validate(one) for one in spans(shift)],
        status=ShiftStatus(shift.status),
        presence=Presence(shift.presence),
        presence_since=shift.presence_since,
        auto_reply_until=shift.auto_reply_until,
        started_at=shift.started_at,
        late_seconds=shift.late_seconds,
        ended_at=shift.ended_at,
        early_seconds=shift.early_seconds,
        stays_on=shift.stays_on,
        hands_over=shift.hands_over,
        swap_id=shift.swap_id,
        version=shift.version,
        allowed=LIFE.allowed(ShiftStatus(shift.status)),
    )
