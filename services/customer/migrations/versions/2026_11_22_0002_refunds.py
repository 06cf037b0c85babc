"""What was given back of purchases."""

from alembic import op

revision = "2026_11_22_0002_refunds"
down_revision = "2026_11_22_0001_personal_values"

_STATEMENTS = (
    # No reference to the purchase: a refund may be known before its order is.
    """
    CREATE TABLE purchase_refund (
        cause_id uuid PRIMARY KEY,
        sequence bigint NOT NULL,
        cause text NOT NULL CHECK (cause IN ('refund', 'goodwill')),
        order_id uuid NOT NULL,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
        given_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_purchase_refund_order ON purchase_refund (order_id) INCLUDE (amount_minor)",
    # The totals look for each order's refunds, so the order is in their index now.
    "DROP INDEX ix_purchase_counted",
    """
    CREATE INDEX ix_purchase_counted ON purchase (shop, currency, customer_id) INCLUDE (paid_minor, order_id)
    WHERE counted
    """,
)


def upgrade() -> None:
    """Make the table and its indexes."""
    for statement in _STATEMENTS:
        op.execute(statement)
