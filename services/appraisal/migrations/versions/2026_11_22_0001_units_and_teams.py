"""Units and teams."""

revision = "2026_11_22_0001_units_and_teams"
down_revision = "2026_11_21_0001_staff_and_sale_credits"


def upgrade() -> None:
    """Nothing yet."""
