"""Approvals and budgets."""

revision = "2026_11_22_0013_approvals"
down_revision = "2026_11_22_0012_books"


def upgrade() -> None:
    """Nothing yet."""
