"""Complaints: the closed loop."""

revision = "2026_11_22_0005_complaints"
down_revision = "2026_11_22_0004_desk"


def upgrade() -> None:
    """Nothing yet."""
