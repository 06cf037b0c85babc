"""Facts of refunds."""

revision = "2026_11_22_0002_refund_facts"
down_revision = "2026_11_22_0001_units_and_teams"


def upgrade() -> None:
    """Nothing yet."""
