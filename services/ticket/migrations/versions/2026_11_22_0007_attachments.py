"""Attachments of tickets."""

revision = "2026_11_22_0007_attachments"
down_revision = "2026_11_22_0006_search"


def upgrade() -> None:
    """Nothing yet."""
