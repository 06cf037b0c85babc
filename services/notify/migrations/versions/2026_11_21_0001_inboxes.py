"""Templates, rules, inboxes and the copy of staff."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from kit.schema_v1 import create_tables, ship_policies

revision = "2026_11_21_0001_inboxes"
down_revision = None

_STATEMENTS = (
    """
    CREATE TABLE template (
        name text NOT NULL,
        version integer NOT NULL CHECK (version >= 1),
        language text NOT NULL CHECK (language IN ('zh-CN', 'en')),
        subject text NOT NULL,
        body text NOT NULL,
        variables jsonb NOT NULL,
        PRIMARY KEY (name, version, language)
    )
    """,
    """
    CREATE TABLE notification_rule (
        name text PRIMARY KEY,
        subject text NOT NULL,
        condition jsonb NOT NULL,
        template text NOT NULL,
        recipients jsonb NOT NULL,
        channel text NOT NULL CHECK (channel IN ('inbox')),
        active boolean NOT NULL
    )
    """,
    "CREATE INDEX ix_notification_rule_subject ON notification_rule (subject, name)",
    """
    CREATE TABLE notification (
        notification_id uuid PRIMARY KEY,
        event_id uuid NOT NULL,
        subject text NOT NULL,
        ticket_id uuid,
        rule text NOT NULL,
        template text NOT NULL,
        template_version integer NOT NULL,
        recipient_staff_id uuid NOT NULL,
        channel text NOT NULL CHECK (channel IN ('inbox')),
        variables jsonb NOT NULL,
        status text NOT NULL CHECK (status IN ('unread', 'read')),
        created_at timestamptz NOT NULL,
        read_at timestamptz,
        version bigint NOT NULL,
        event_seq bigint NOT NULL,
        UNIQUE (event_id, recipient_staff_id, channel),
        CHECK ((status = 'read') = (read_at IS NOT NULL))
    )
    """,
    "CREATE INDEX ix_notification_recipient ON notification (recipient_staff_id, notification_id)",
    """
    CREATE INDEX ix_notification_unread ON notification (recipient_staff_id, notification_id) WHERE status = 'unread'
    """,
    "CREATE INDEX ix_notification_ticket ON notification (ticket_id, notification_id) WHERE ticket_id IS NOT NULL",
    "CREATE INDEX ix_notification_status ON notification (status, notification_id)",
    "CREATE TABLE staff_copy (staff_id uuid PRIMARY KEY, role text NOT NULL, status text NOT NULL)",
    "CREATE INDEX ix_staff_copy_role ON staff_copy (role, status)",
)
_POLICIES: dict[str, dict[str, Any]] = {"quiet-start": {"max_age_hours": 24}}

_TICKET = ["number", "kind", "shop", "priority", "order_no"]
_TEMPLATES: tuple[tuple[str, list[str], tuple[str, str], tuple[str, str]], ...] = (
    (
        "ticket.opened",
        _TICKET,
        (
            "新工单 {number}（{kind}）",
            "店铺 {shop} 有新工单 {number}（{kind}），优先级：{priority}，请及时处理。",
        ),
        (
            "New ticket {number} ({kind})",
            "There is a new ticket {number} in shop {shop}: {kind}, priority {priority}. Please see to it.",
        ),
    ),
    (
        "ticket.assigned",
        _TICKET,
        ("工单 {number} 已派给您", "店铺 {shop} 的工单 {number}（{kind}）现由您负责，优先级：{priority}。"),
        (
            "Ticket {number} is yours now",
            "Ticket {number} of shop {shop} ({kind}) was given to you, priority {priority}.",
        ),
    ),
    (
        "ticket.closed",
        [*_TICKET, "outcome"],
        ("工单 {number} 已关闭", "店铺 {shop} 的工单 {number}（{kind}）已关闭，结果：{outcome}。"),
        ("Ticket {number} is closed", "Ticket {number} of shop {shop} ({kind}) is closed: {outcome}."),
    ),
    (
        "order.problem",
        ["order_no", "shop"],
        ("问题订单 {order_no}", "店铺 {shop} 的订单 {order_no} 被标记为有问题，请跟进。"),
        (
            "Order {order_no} has a problem",
            "Order {order_no} of shop {shop} was flagged as a problem.",
        ),
    ),
)
_RULES: tuple[tuple[str, str, dict[str, str], str, list[list[str]]], ...] = (
    ("ticket-opened", "ticket.opened", {}, "ticket.opened", [["assignee", "role:supervisor"]]),
    ("ticket-assigned", "ticket.assigned", {}, "ticket.assigned", [["assignee"]]),
    ("ticket-closed", "ticket.closed", {}, "ticket.closed", [["assignee"], ["opener"]]),
    ("order-problem", "order.flagged", {"meaning": "problem"}, "order.problem", [["role:supervisor"]]),
)


def upgrade() -> None:
    """Make the tables, ship the default policies, the first templates and rules."""
    create_tables(op.execute)
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
    _ship_templates()
    _ship_rules()


def _ship_templates() -> None:
    names = ("name", "language", "subject", "body")
    table = sa.table("template", *map(sa.column, names), sa.column("version"), sa.column("variables", JSONB))
    rows = [
        {"name": name, "version": 1, "language": language, "subject": subject, "body": body, "variables": variables}
        for name, variables, chinese, english in _TEMPLATES
        for language, (subject, body) in (("zh-CN", chinese), ("en", english))
    ]
    op.bulk_insert(table, rows)


def _ship_rules() -> None:
    documents = (sa.column("condition", JSONB), sa.column("recipients", JSONB))
    plain: list[sa.ColumnClause[Any]] = [
        sa.column(name) for name in ("name", "subject", "template", "channel", "active")
    ]
    keys = ("name", "subject", "condition", "template", "recipients")
    rows = [dict(zip(keys, rule, strict=True)) | {"channel": "inbox", "active": True} for rule in _RULES]
    op.bulk_insert(sa.table("notification_rule", *plain, *documents), rows)
