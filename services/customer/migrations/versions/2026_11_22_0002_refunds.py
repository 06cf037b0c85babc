"""Refunds of purchases."""

revision = "2026_11_22_0002_refunds"
down_revision = "2026_11_22_0001_personal_values"


def upgrade() -> None:
    """Nothing yet."""
