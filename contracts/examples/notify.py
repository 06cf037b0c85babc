"""Examples of the notify service's events."""

from contracts.event import Event
from contracts.examples.cast import (
    AS_MANAGER,
    BY_RULE,
    CAMPAIGN,
    COMPLAINT,
    CUSTOMER,
    SEGMENT,
    WEBHOOK,
    at,
    uid,
)
from contracts.notify import (
    CampaignFinished,
    CampaignStarted,
    CampaignStopped,
    Choice,
    NotificationFailed,
    NotificationInDoubt,
    NotificationRead,
    NotificationSent,
    NotifyChannel,
    PreferenceChanged,
    PreferenceState,
    Purpose,
    WebhookDisabled,
)

_MESSAGE = {
    "notification_id": uid(0x811),
    "channel": NotifyChannel.SMS,
    "purpose": Purpose.TRANSACTIONAL,
    "template": "ticket_closed",
    "template_version": 3,
    "customer_id": CUSTOMER,
    "ticket_id": COMPLAINT,
    "cause_subject": "ticket.closed",
    "cause_id": uid(0x812),
    "attempts": 1,
}
_CAMPAIGN = {
    "campaign_id": CAMPAIGN,
    "code": "birthday",
    "segment_id": SEGMENT,
    "purpose": Purpose.CARE,
    "template": "birthday_wishes",
    "planned": 120,
}

EXAMPLES: tuple[Event, ...] = (
    NotificationSent.model_validate({**_MESSAGE, "sent_at": at(12, 20, 11)}),
    NotificationFailed.model_validate(
        {
            **_MESSAGE,
            "attempts": 5,
            "failure": "number_out_of_service",
            "next_channel": NotifyChannel.CALL_TASK,
            "failed_at": at(12, 20, 30),
        }
    ),
    NotificationInDoubt.model_validate({**_MESSAGE, "since": at(12, 20, 11)}),
    NotificationRead.model_validate(
        {**_MESSAGE, "channel": NotifyChannel.INBOX, "read_at": at(12, 21)},
    ),
    PreferenceChanged(
        preference=PreferenceState(
            preference_id=uid(0x813),
            customer_id=CUSTOMER,
            choices=(
                Choice(channel=NotifyChannel.SMS, purpose=Purpose.MARKETING, allowed=False),
                Choice(channel=NotifyChannel.WECHAT, purpose=Purpose.CARE, allowed=True),
            ),
        ),
        changed_by="client:storefront",
        changed_at=at(13, 8),
    ),
    CampaignStarted.model_validate({**_CAMPAIGN, "started_by": BY_RULE, "started_at": at(15, 9)}),
    CampaignFinished.model_validate(
        {**_CAMPAIGN, "sent": 116, "failed": 1, "in_doubt": 1, "skipped": 2, "finished_at": at(15, 9, 4)}
    ),
    CampaignStopped.model_validate({**_CAMPAIGN, "sent": 40, "stopped_by": AS_MANAGER, "stopped_at": at(15, 9, 1)}),
    WebhookDisabled(
        webhook_id=WEBHOOK,
        failing_since=at(10, 9),
        last_status=503,
        disabled_by=BY_RULE,
        disabled_at=at(15, 9),
    ),
)
