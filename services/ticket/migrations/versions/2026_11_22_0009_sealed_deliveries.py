"""Recipients of orders, sealed. What is there in plain stays readable until `kefu reseal` has sealed it."""

from alembic import op

revision = "2026_11_22_0009_sealed_deliveries"
down_revision = "2026_11_22_0008_units"

_STATEMENTS = (
    """
    ALTER TABLE order_delivery
        ADD COLUMN sealed_recipient bytea, ADD COLUMN sealed_tracking bytea, ADD COLUMN sealed_payer bytea
    """,
    "ALTER TABLE order_milestone ADD COLUMN sealed_tracking bytea, ADD COLUMN sealed_payer bytea",
)


def upgrade() -> None:
    """Make the columns."""
    for statement in _STATEMENTS:
        op.execute(statement)
