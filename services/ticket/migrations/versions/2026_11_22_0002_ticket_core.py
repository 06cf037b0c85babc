"""Groups, units, tiers, tags, messages and links of tickets."""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0002_ticket_core"
down_revision = "2026_11_22_0001_order_milestones"

_STATEMENTS = (
    """
    ALTER TABLE ticket
        ADD COLUMN category text,
        ADD COLUMN tier text CHECK (tier IN ('key', 'ordinary', 'small', 'bad')),
        ADD COLUMN group_code text,
        ADD COLUMN unit_id uuid,
        ADD COLUMN tags jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN watchers jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN details jsonb NOT NULL DEFAULT '{}',
        ADD COLUMN outcome text CHECK (outcome IN
            ('solved', 'unreachable', 'refused', 'withdrawn', 'duplicate', 'merged', 'cancelled')),
        ADD COLUMN solved_by_staff_id uuid,
        ADD COLUMN merged_into uuid REFERENCES ticket,
        ADD COLUMN deadline_at timestamptz,
        ADD COLUMN version_stamp bigint CHECK (version_stamp >= 0),
        ADD COLUMN clock_due_at timestamptz,
        ADD COLUMN due_at timestamptz,
        ADD CONSTRAINT ck_ticket_deadline CHECK (deadline_at IS NULL OR version_stamp IS NOT NULL),
        ADD CONSTRAINT ck_ticket_merged CHECK (merged_into IS NULL OR (status = 'closed' AND outcome = 'merged')),
        ADD CONSTRAINT ck_ticket_due CHECK (due_at IS NULL OR status IN ('new', 'open', 'waiting'))
    """,
    "CREATE INDEX ix_ticket_customer ON ticket (customer_id, ticket_id) WHERE customer_id IS NOT NULL",
    "CREATE INDEX ix_ticket_group ON ticket (group_code, status, ticket_id) WHERE group_code IS NOT NULL",
    "CREATE INDEX ix_ticket_unit ON ticket (unit_id, ticket_id) WHERE unit_id IS NOT NULL",
    "CREATE INDEX ix_ticket_category ON ticket (category, ticket_id) WHERE category IS NOT NULL",
    "CREATE INDEX ix_ticket_channel ON ticket (channel, ticket_id)",
    "CREATE INDEX ix_ticket_priority ON ticket (priority, ticket_id)",
    "CREATE INDEX ix_ticket_merged_into ON ticket (merged_into) WHERE merged_into IS NOT NULL",
    # The queue: what nobody has yet, newest first or what is due first; small, whatever else is asked of it.
    """
    CREATE INDEX ix_ticket_queue ON ticket (ticket_id)
    WHERE assignee_staff_id IS NULL AND status IN ('new', 'open', 'waiting')
    """,
    """
    CREATE INDEX ix_ticket_queue_group ON ticket (group_code, due_at, ticket_id)
    WHERE assignee_staff_id IS NULL AND status IN ('new', 'open', 'waiting')
    """,
    # What is due first: only what somebody still has to work on is in these.
    "CREATE INDEX ix_ticket_due ON ticket (due_at, ticket_id) WHERE due_at IS NOT NULL",
    "CREATE INDEX ix_ticket_shop_due ON ticket (shop, due_at, ticket_id) WHERE due_at IS NOT NULL",
    "CREATE INDEX ix_ticket_assignee_due ON ticket (assignee_staff_id, due_at, ticket_id) WHERE due_at IS NOT NULL",
    "CREATE INDEX ix_ticket_group_due ON ticket (group_code, due_at, ticket_id) WHERE due_at IS NOT NULL",
    "CREATE TABLE ticket_tag (tag text, ticket_id uuid REFERENCES ticket, PRIMARY KEY (tag, ticket_id))",
    "CREATE INDEX ix_ticket_tag_ticket ON ticket_tag (ticket_id)",
    """
    CREATE TABLE ticket_watcher (
        staff_id uuid, ticket_id uuid REFERENCES ticket, PRIMARY KEY (staff_id, ticket_id)
    )
    """,
    """
    CREATE TABLE ticket_message (
        message_id uuid PRIMARY KEY,
        ticket_id uuid NOT NULL REFERENCES ticket,
        came_from uuid REFERENCES ticket,
        internal boolean NOT NULL,
        author text NOT NULL CHECK (author IN ('customer', 'staff', 'system')),
        automatic boolean NOT NULL,
        written_by text NOT NULL,
        staff_id uuid,
        body text NOT NULL,
        sent_at timestamptz NOT NULL,
        CHECK (NOT internal OR author <> 'customer'),
        CHECK (NOT automatic OR author = 'system')
    )
    """,
    "CREATE INDEX ix_ticket_message_ticket ON ticket_message (ticket_id, message_id)",
    # What a buyer may read, however many notes stand between.
    "CREATE INDEX ix_ticket_message_public ON ticket_message (ticket_id, message_id) WHERE NOT internal",
    """
    CREATE TABLE ticket_link (
        link_id uuid PRIMARY KEY,
        ticket_id uuid NOT NULL REFERENCES ticket,
        kind text NOT NULL CHECK (kind IN ('duplicate_of', 'follows', 'parent')),
        other_id uuid NOT NULL REFERENCES ticket,
        linked_by text NOT NULL,
        linked_at timestamptz NOT NULL,
        UNIQUE (ticket_id, kind, other_id),
        CHECK (ticket_id <> other_id)
    )
    """,
    # A ticket stands below one other at most, and is the double of one.
    """
    CREATE UNIQUE INDEX ux_ticket_link_one ON ticket_link (ticket_id, kind) WHERE kind IN ('parent', 'duplicate_of')
    """,
    "CREATE INDEX ix_ticket_link_other ON ticket_link (other_id, kind, ticket_id)",
    "CREATE INDEX ix_customer_copy_merged ON customer_copy (merged_into) WHERE merged_into IS NOT NULL",
    "ALTER TABLE customer_copy ADD COLUMN tiers jsonb NOT NULL DEFAULT '{}'",
)
_POLICIES: dict[str, dict[str, Any]] = {
    "ticket-limits": {"tags": 20, "watchers": 50, "links": 100, "messages_moved": 200},
    "auto-reply": {
        "channels": ["chat"],
        "overflow": {
            "zh": "您好，当前咨询人数较多，您的问题已登记，客服会尽快按顺序回复您。",
            "en": "Hello, many customers are writing at the moment. Your question is registered and will be answered"
            " in turn.",
        },
        "nobody": {
            "zh": "您好，现在没有客服在线，您的问题已登记，上班后会第一时间回复您。",
            "en": "Hello, nobody is online right now. Your question is registered and will be answered first thing.",
        },
        "meal": {
            "zh": "您好，客服正在用餐，很快回来，您的消息已收到，回来后第一时间回复您。",
            "en": "Hello, our agent is at a meal and back soon. Your message has arrived and will be answered first"
            " thing.",
        },
    },
}


def upgrade() -> None:
    """Make the columns and tables, ship the policies."""
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
