"""Search, saved views and macros."""

revision = "2026_11_22_0006_search"
down_revision = "2026_11_22_0005_complaints"


def upgrade() -> None:
    """Nothing yet."""
