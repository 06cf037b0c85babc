"""Business calendars and the clocks of tickets."""

revision = "2026_11_22_0003_clocks"
down_revision = "2026_11_22_0002_ticket_core"


def upgrade() -> None:
    """Nothing yet."""
