"""Fewer statements for a new ticket."""

revision = "2026_11_22_0021_faster_tickets"
down_revision = "2026_11_22_0020_liability"


def upgrade() -> None:
    """No table changes for it: a new ticket's rows are gathered and written with one statement (`kit.session`)."""
