"""Goods that come back, and replacements."""

revision = "2026_11_22_0015_returns"
down_revision = "2026_11_22_0014_refunds"


def upgrade() -> None:
    """Nothing yet."""
