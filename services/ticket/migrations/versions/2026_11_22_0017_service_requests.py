"""Service requests."""

revision = "2026_11_22_0017_service_requests"
down_revision = "2026_11_22_0016_order_work"


def upgrade() -> None:
    """Nothing yet."""
