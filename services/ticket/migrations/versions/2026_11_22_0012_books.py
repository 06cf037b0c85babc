"""Books of orders."""

revision = "2026_11_22_0012_books"
down_revision = "2026_11_22_0011_penalties"


def upgrade() -> None:
    """Nothing yet."""
