"""Confirmation, shipping, surcharges, changes of orders."""

revision = "2026_11_22_0016_order_work"
down_revision = "2026_11_22_0015_returns"


def upgrade() -> None:
    """Nothing yet."""
