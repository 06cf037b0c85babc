"""Events of the notify service: deliveries, preferences, campaigns and webhooks. Nothing here says what was written
or to which number it went (X6)."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.fields import Code, Count, Part, Positive, Subject


class NotifyChannel(StrEnum):
    """通知渠道 (N1)."""

    INBOX = "inbox"
    EMAIL = "email"
    SMS = "sms"
    WECHAT = "wechat"
    CALL_TASK = "call_task"
    GROUP_ROBOT = "group_robot"
    WEBHOOK = "webhook"


class Purpose(StrEnum):
    """What a message is for; consent is asked per purpose (N6)."""

    TRANSACTIONAL = "transactional"
    CARE = "care"
    SURVEY = "survey"
    MARKETING = "marketing"


class NotificationEvent(Event):
    """What all events of a notification share: one effect per event, recipient and channel (N4).

    Exactly one of the ids says for whom it was. ``cause_subject`` and ``cause_id`` name the event that asked for it.
    """

    OWNER = "notify"
    AGGREGATE = "notification_id"

    notification_id: UUID
    channel: NotifyChannel
    purpose: Purpose
    template: Code
    template_version: Positive
    customer_id: UUID | None = None
    staff_id: UUID | None = None
    webhook_id: UUID | None = None
    campaign_id: UUID | None = None
    ticket_id: UUID | None = None
    cause_subject: Code | None = None
    cause_id: UUID | None = None
    attempts: Count = 0


class NotificationSent(NotificationEvent):
    """已发送: the provider took it (N4)."""

    SUBJECT = "notification.sent"

    sent_at: AwareDatetime


class NotificationFailed(NotificationEvent):
    """发送失败: given up on this channel; ``next_channel`` is tried if there is one (N4)."""

    SUBJECT = "notification.failed"

    failure: Code
    next_channel: NotifyChannel | None = None
    failed_at: AwareDatetime


class NotificationInDoubt(NotificationEvent):
    """结果不明: cut off in the middle, it may or may not have arrived; a person decides (N4)."""

    SUBJECT = "notification.in_doubt"

    since: AwareDatetime


class NotificationRead(NotificationEvent):
    """已读 (N5)."""

    SUBJECT = "notification.read"

    read_at: AwareDatetime


class Choice(Part):
    """Whether one purpose is allowed on one channel (N6)."""

    channel: NotifyChannel
    purpose: Purpose
    allowed: bool


class PreferenceState(Part):
    """退订与同意: all that a person has chosen (N6); the person is a customer or a member of staff."""

    preference_id: UUID
    customer_id: UUID | None = None
    staff_id: UUID | None = None
    choices: tuple[Choice, ...]


class PreferenceChanged(Event):
    """偏好变更: all choices as they are since ``changed_at``; a reader keeps the latest (N6)."""

    SUBJECT = "preference.changed"
    OWNER = "notify"
    AGGREGATE = "preference.preference_id"

    preference: PreferenceState
    changed_by: Subject
    changed_at: AwareDatetime


class CampaignEvent(Event):
    """What all events of a campaign share; the counters add up to those handled so far (N10)."""

    OWNER = "notify"
    AGGREGATE = "campaign_id"

    campaign_id: UUID
    code: Code
    segment_id: UUID | None = None
    purpose: Purpose
    template: Code
    planned: Count
    sent: Count = 0
    failed: Count = 0
    in_doubt: Count = 0
    skipped: Count = 0


class CampaignStarted(CampaignEvent):
    """群发开始 (N10)."""

    SUBJECT = "campaign.started"

    started_by: Subject
    started_at: AwareDatetime


class CampaignFinished(CampaignEvent):
    """群发完成 (N10)."""

    SUBJECT = "campaign.finished"

    finished_at: AwareDatetime


class CampaignStopped(CampaignEvent):
    """群发中止: a person stopped it (N10)."""

    SUBJECT = "campaign.stopped"

    stopped_by: Subject
    stopped_at: AwareDatetime


class WebhookDisabled(Event):
    """回调停用: after days of failure, or by hand (N8)."""

    SUBJECT = "webhook.disabled"
    OWNER = "notify"
    AGGREGATE = "webhook_id"

    webhook_id: UUID
    failing_since: AwareDatetime | None = None
    last_status: int | None = None
    disabled_by: Subject
    disabled_at: AwareDatetime


EVENTS: tuple[type[Event], ...] = (
    NotificationSent,
    NotificationFailed,
    NotificationInDoubt,
    NotificationRead,
    PreferenceChanged,
    CampaignStarted,
    CampaignFinished,
    CampaignStopped,
    WebhookDisabled,
)
