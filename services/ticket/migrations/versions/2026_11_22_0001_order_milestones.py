"""Milestones that the storefront tells by themselves, kept beside the order's revisions (E3)."""

from alembic import op

revision = "2026_11_22_0001_order_milestones"
down_revision = "2026_11_21_0001_orders_and_tickets"


def upgrade() -> None:
    """Make the table."""
    op.execute("""
    CREATE TABLE order_milestone (
        order_id uuid NOT NULL REFERENCES shop_order,
        name text NOT NULL CHECK (name IN ('paid', 'shipped', 'received', 'completed', 'cancelled')),
        at timestamptz NOT NULL,
        paid_minor bigint CHECK (paid_minor >= 0),
        payment_method text,
        payer_token text,
        courier text,
        tracking_number text,
        reason text,
        PRIMARY KEY (order_id, name)
    )
    """)
