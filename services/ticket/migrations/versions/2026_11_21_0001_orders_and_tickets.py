"""Orders with their flags, tickets of the common life, copies of customers and staff."""

from typing import Any

from alembic import op

from kit.schema_v1 import create_tables, ship_policies

revision = "2026_11_21_0001_orders_and_tickets"
down_revision = None

_STATEMENTS = (
    """
    CREATE TABLE shop_order (
        order_id uuid PRIMARY KEY,
        shop text NOT NULL,
        order_no text NOT NULL,
        account_id uuid NOT NULL,
        revision bigint NOT NULL CHECK (revision >= 1),
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        goods_minor bigint NOT NULL CHECK (goods_minor >= 0),
        discount_minor bigint NOT NULL CHECK (discount_minor >= 0),
        freight_minor bigint NOT NULL CHECK (freight_minor >= 0),
        paid_minor bigint CHECK (paid_minor = goods_minor - discount_minor + freight_minor),
        cost_minor bigint CHECK (cost_minor >= 0),
        lines jsonb NOT NULL,
        region text,
        channel text,
        agent text,
        courier text,
        payment_method text,
        top_up_of text,
        historic boolean NOT NULL,
        fake boolean NOT NULL,
        flag_meaning text CHECK (flag_meaning IN
            ('cleared', 'problem', 'solved', 'fake', 'sale', 'refund_or_change', 'exchange')),
        placed_at timestamptz NOT NULL,
        paid_at timestamptz,
        shipped_at timestamptz,
        received_at timestamptz,
        completed_at timestamptz,
        cancelled_at timestamptz,
        recorded_at timestamptz NOT NULL,
        version bigint NOT NULL,
        event_seq bigint NOT NULL,
        UNIQUE (shop, order_no),
        CHECK (fake = (flag_meaning IS NOT DISTINCT FROM 'fake'))
    )
    """,
    "CREATE INDEX ix_shop_order_placed ON shop_order (placed_at, order_id)",
    "CREATE INDEX ix_shop_order_shop ON shop_order (shop, placed_at, order_id)",
    "CREATE INDEX ix_shop_order_account ON shop_order (account_id, placed_at, order_id)",
    """
    CREATE INDEX ix_shop_order_flag ON shop_order (flag_meaning, placed_at, order_id) WHERE flag_meaning IS NOT NULL
    """,
    """
    CREATE INDEX ix_shop_order_shop_flag ON shop_order (shop, flag_meaning, placed_at, order_id)
    WHERE flag_meaning IS NOT NULL
    """,
    """
    CREATE TABLE order_delivery (
        order_id uuid PRIMARY KEY REFERENCES shop_order,
        recipient_name text,
        recipient_phone text,
        recipient_address text,
        tracking_number text,
        payer_token text
    )
    """,
    """
    CREATE TABLE order_flag (
        flag_id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES shop_order,
        colour text,
        meaning text,
        remark text,
        agent text,
        staff_id uuid,
        content text,
        marked_on date,
        policy_version integer,
        flagged_by text NOT NULL,
        flagged_by_staff_id uuid,
        flagged_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_order_flag_order ON order_flag (order_id, flag_id)",
    "CREATE SEQUENCE ticket_number CACHE 20",
    """
    CREATE TABLE ticket (
        ticket_id uuid PRIMARY KEY,
        number text NOT NULL UNIQUE,
        kind text NOT NULL,
        shop text NOT NULL,
        status text NOT NULL CHECK (status IN ('new', 'open', 'waiting', 'solved', 'closed', 'cancelled')),
        waiting_on text CHECK (waiting_on IN ('customer', 'courier', 'warehouse', 'supplier')),
        subject text NOT NULL,
        description text,
        solution text,
        customer_id uuid,
        account_id uuid,
        order_id uuid REFERENCES shop_order,
        order_no text,
        assignee_staff_id uuid,
        priority text NOT NULL,
        channel text NOT NULL,
        source text NOT NULL,
        opened_by text NOT NULL,
        opened_by_staff_id uuid,
        opened_at timestamptz NOT NULL,
        solved_at timestamptz,
        closed_at timestamptz,
        times_reopened integer NOT NULL,
        touched_by jsonb NOT NULL,
        version bigint NOT NULL,
        event_seq bigint NOT NULL,
        CHECK ((status = 'waiting') = (waiting_on IS NOT NULL))
    )
    """,
    "CREATE INDEX ix_ticket_status ON ticket (status, ticket_id)",
    "CREATE INDEX ix_ticket_kind ON ticket (kind, ticket_id)",
    "CREATE INDEX ix_ticket_shop ON ticket (shop, ticket_id)",
    "CREATE INDEX ix_ticket_shop_status ON ticket (shop, status, ticket_id)",
    """
    CREATE INDEX ix_ticket_assignee ON ticket (assignee_staff_id, ticket_id) WHERE assignee_staff_id IS NOT NULL
    """,
    """
    CREATE INDEX ix_ticket_assignee_status ON ticket (assignee_staff_id, status, ticket_id)
    WHERE assignee_staff_id IS NOT NULL
    """,
    "CREATE INDEX ix_ticket_account ON ticket (account_id, ticket_id) WHERE account_id IS NOT NULL",
    "CREATE INDEX ix_ticket_order ON ticket (order_id, ticket_id) WHERE order_id IS NOT NULL",
    "CREATE INDEX ix_ticket_order_no ON ticket (order_no, ticket_id) WHERE order_no IS NOT NULL",
    # An agent works for few shops, a kind has its own statuses: taken for independent, a list of a pair that hardly
    # occurs would be looked for through all tickets.
    "CREATE STATISTICS st_ticket (mcv) ON shop, assignee_staff_id, kind, status FROM ticket",
    "ALTER STATISTICS st_ticket SET STATISTICS 1000",
    "CREATE TABLE customer_copy (customer_id uuid PRIMARY KEY, merged_into uuid, language text NOT NULL)",
    "CREATE TABLE account_copy (account_id uuid PRIMARY KEY, shop text NOT NULL, customer_id uuid NOT NULL)",
    "CREATE INDEX ix_account_copy_customer ON account_copy (customer_id)",
    "CREATE TABLE staff_copy (staff_id uuid PRIMARY KEY, role text NOT NULL, status text NOT NULL)",
    """
    CREATE TABLE alias_copy (
        shop text NOT NULL, alias text NOT NULL, staff_id uuid NOT NULL, PRIMARY KEY (shop, alias)
    )
    """,
    "CREATE INDEX ix_alias_copy_staff ON alias_copy (staff_id)",
)
_POLICIES: dict[str, dict[str, Any]] = {
    "flag-scheme": {
        "scheme": "classic",
        "meanings": {"red": "cleared", "green": "problem", "purple": "solved", "yellow": "fake"},
    },
    "ticket-life": {"reopen_days": 30},
}


def upgrade() -> None:
    """Make the tables and ship the default policies."""
    create_tables(op.execute)
    for statement in _STATEMENTS:
        op.execute(statement)
    ship_policies(op.execute, _POLICIES)
