"""Recipients of orders, sealed."""

revision = "2026_11_22_0009_sealed_deliveries"
down_revision = "2026_11_22_0008_units"


def upgrade() -> None:
    """Nothing yet."""
