"""Refunds and their lines."""

revision = "2026_11_22_0014_refunds"
down_revision = "2026_11_22_0013_approvals"


def upgrade() -> None:
    """Nothing yet."""
