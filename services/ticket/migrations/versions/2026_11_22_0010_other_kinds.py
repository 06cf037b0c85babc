"""Emergencies, bad reviews, merchant reports."""

revision = "2026_11_22_0010_other_kinds"
down_revision = "2026_11_22_0009_sealed_deliveries"


def upgrade() -> None:
    """Nothing yet."""
