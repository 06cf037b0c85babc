"""Penalty lists and units' volumes."""

revision = "2026_11_22_0011_penalties"
down_revision = "2026_11_22_0010_other_kinds"


def upgrade() -> None:
    """Nothing yet."""
