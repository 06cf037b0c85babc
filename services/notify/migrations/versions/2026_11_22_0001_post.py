"""Messages that leave the house: to customers, by e-mail, with their attempts; and the copy of customers."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0001_post"
down_revision = "2026_11_21_0001_inboxes"

_STATEMENTS = (
    """
    ALTER TABLE notification_rule
        DROP CONSTRAINT notification_rule_channel_check,
        ADD CHECK (channel IN ('inbox', 'email'))
    """,
    """
    ALTER TABLE notification
        DROP CONSTRAINT notification_channel_check,
        DROP CONSTRAINT notification_status_check,
        DROP CONSTRAINT notification_event_id_recipient_staff_id_channel_key,
        ALTER COLUMN recipient_staff_id DROP NOT NULL,
        ADD COLUMN recipient_customer_id uuid,
        ADD COLUMN attempts integer NOT NULL DEFAULT 1 CHECK (attempts >= 0),
        ADD COLUMN tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
        ADD COLUMN next_attempt_at timestamptz,
        ADD COLUMN leased_until timestamptz,
        ADD COLUMN failure text,
        ADD CHECK (channel IN ('inbox', 'email')),
        ADD CHECK (CASE WHEN channel = 'inbox' THEN status IN ('unread', 'read')
                   ELSE status IN ('pending', 'sending', 'sent', 'failed', 'in_doubt') END),
        ADD CHECK ((channel = 'inbox') = (recipient_staff_id IS NOT NULL)),
        ADD CHECK ((recipient_staff_id IS NULL) <> (recipient_customer_id IS NULL)),
        ADD CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
        ADD CHECK ((status = 'failed') = (failure IS NOT NULL)),
        -- N4: one effect per event, recipient and channel.
        ADD UNIQUE NULLS NOT DISTINCT (event_id, recipient_staff_id, recipient_customer_id, channel)
    """,
    """
    CREATE INDEX ix_notification_due ON notification (next_attempt_at, notification_id) WHERE status = 'pending'
    """,
    "CREATE INDEX ix_notification_sending ON notification (leased_until) WHERE status = 'sending'",
    """
    CREATE INDEX ix_notification_customer ON notification (recipient_customer_id, notification_id)
    WHERE recipient_customer_id IS NOT NULL
    """,
    """
    CREATE TABLE delivery_attempt (
        notification_id uuid NOT NULL REFERENCES notification,
        number integer NOT NULL CHECK (number >= 1),
        started_at timestamptz NOT NULL,
        ended_at timestamptz,
        outcome text CHECK (outcome IN ('accepted', 'postponed', 'refused', 'in_doubt')),
        answer text,
        PRIMARY KEY (notification_id, number),
        CHECK ((ended_at IS NULL) = (outcome IS NULL))
    )
    """,
    """
    CREATE TABLE customer_copy (
        customer_id uuid PRIMARY KEY, language text NOT NULL, merged_into uuid, erased boolean NOT NULL
    )
    """,
)
_POLICIES: dict[str, dict[str, Any]] = {"delivery-pauses": {"pauses_seconds": [60, 300, 1800, 7200, 28_800]}}
_NAME, _VARIABLES = "ticket.closed.customer", ["number", "kind", "outcome"]
_WORDS = (
    (
        "zh-CN",
        "您的工单 {number} 已处理完毕",
        "您好：\n\n您的工单 {number}（{kind}）已处理完毕，结果：{outcome}。\n如仍有疑问，请随时联系我们。\n",
    ),
    (
        "en",
        "Your ticket {number} is closed",
        "Hello,\n\nyour ticket {number} ({kind}) is closed: {outcome}.\nIs anything left to do? Write to us.\n",
    ),
)


def upgrade() -> None:
    """Make room for the post, ship its policy, its first template and rule."""
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
    names = ("name", "language", "subject", "body")
    templates = sa.table("template", *map(sa.column, names), sa.column("version"), sa.column("variables", JSONB))
    shared = {"name": _NAME, "version": 1, "variables": _VARIABLES}
    op.bulk_insert(templates, [shared | dict(zip(names[1:], words, strict=True)) for words in _WORDS])
    plain: list[sa.ColumnClause[Any]] = [
        sa.column(name) for name in ("name", "subject", "template", "channel", "active")
    ]
    rules = sa.table("notification_rule", *plain, sa.column("condition", JSONB), sa.column("recipients", JSONB))
    rule = {
        "name": "ticket-closed-customer", "subject": "ticket.closed", "template": _NAME, "channel": "email",
        "active": True, "condition": {}, "recipients": [["customer"]],
    }  # fmt: skip
    op.bulk_insert(rules, [rule])
