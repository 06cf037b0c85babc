"""Groups, shifts, presence, routing and handovers."""

revision = "2026_11_22_0004_desk"
down_revision = "2026_11_22_0003_clocks"


def upgrade() -> None:
    """Nothing yet."""
