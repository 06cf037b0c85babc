"""Payments and their answers."""

revision = "2026_11_22_0019_payments"
down_revision = "2026_11_22_0018_procedures"


def upgrade() -> None:
    """Nothing yet."""
