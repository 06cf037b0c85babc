"""Copies of units and teams."""

revision = "2026_11_22_0008_units"
down_revision = "2026_11_22_0007_attachments"


def upgrade() -> None:
    """Nothing yet."""
