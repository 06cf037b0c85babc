"""Costs of cases, goodwill."""

revision = "2026_11_22_0020_liability"
down_revision = "2026_11_22_0019_payments"


def upgrade() -> None:
    """Nothing yet."""
