"""Procedures and their ticks."""

revision = "2026_11_22_0018_procedures"
down_revision = "2026_11_22_0017_service_requests"


def upgrade() -> None:
    """Nothing yet."""
