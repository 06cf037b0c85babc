"""Groups, units, tiers, tags, messages and links of tickets."""

revision = "2026_11_22_0002_ticket_core"
down_revision = "2026_11_22_0001_order_milestones"


def upgrade() -> None:
    """Nothing yet."""
