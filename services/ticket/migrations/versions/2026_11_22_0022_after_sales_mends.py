"""Payments and costs tell events of their own."""

from alembic import op

revision = "2026_11_22_0022_after_sales_mends"
down_revision = "2026_11_22_0021_faster_tickets"


def upgrade() -> None:
    """Count their events."""
    op.execute("ALTER TABLE payment ADD COLUMN event_seq bigint NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE case_cost ADD COLUMN event_seq bigint NOT NULL DEFAULT 0")
