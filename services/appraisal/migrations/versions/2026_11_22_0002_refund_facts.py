"""Facts of refunds, and a credit that says that its order was refunded."""

from alembic import op

revision = "2026_11_22_0002_refund_facts"
down_revision = "2026_11_22_0001_units_and_teams"

_STATEMENTS = (
    # No reference to the order: it may not be known here, and a refund may come before it.
    """
    CREATE TABLE refund_fact (
        refund_id uuid PRIMARY KEY,
        sequence bigint NOT NULL,
        order_id uuid NOT NULL,
        shop text NOT NULL,
        order_no text NOT NULL,
        ticket_number text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('money_only', 'return_and_money', 'exchange', 'resend')),
        reason text NOT NULL,
        fault text NOT NULL CHECK (fault IN ('customer', 'merchant', 'courier')),
        assignee_staff_id uuid,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
        order_refunded_minor bigint NOT NULL CHECK (order_refunded_minor >= 0),
        order_fully_refunded boolean NOT NULL,
        paid_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_refund_fact_order ON refund_fact (order_id)",
    "CREATE INDEX ix_refund_fact_assignee ON refund_fact (assignee_staff_id, paid_at)",
    """
    CREATE TABLE refund_cost_fact (
        refund_id uuid NOT NULL REFERENCES refund_fact,
        place smallint NOT NULL CHECK (place >= 1),
        kind text NOT NULL CHECK (kind IN ('goods', 'freight', 'goodwill', 'fee')),
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
        bearer text NOT NULL CHECK (bearer IN ('company', 'unit', 'courier', 'supplier', 'staff')),
        bearer_code text,
        unit_id uuid,
        staff_id uuid,
        PRIMARY KEY (refund_id, place)
    )
    """,
    "CREATE INDEX ix_refund_cost_fact_staff ON refund_cost_fact (staff_id) WHERE staff_id IS NOT NULL",
    "CREATE INDEX ix_refund_cost_fact_unit ON refund_cost_fact (unit_id) WHERE unit_id IS NOT NULL",
    """
    ALTER TABLE sale_credit
        DROP CONSTRAINT sale_credit_why_not_check,
        ADD CONSTRAINT sale_credit_why_not_check CHECK (why_not IN
            ('cancelled', 'refunded', 'fake', 'top-up', 'unmarked', 'unmatched'))
    """,
)


def upgrade() -> None:
    """Make the tables; a credit may say *refunded*."""
    for statement in _STATEMENTS:
        op.execute(statement)
