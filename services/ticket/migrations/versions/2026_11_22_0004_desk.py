"""Groups, shifts, presence, routing and handovers."""

from typing import Any

from alembic import op

from kit.schema_v1 import ship_policies

revision = "2026_11_22_0004_desk"
down_revision = "2026_11_22_0003_clocks"

_POLICIES: dict[str, dict[str, Any]] = {
    "routing-rules": {
        "rules": [
            {
                "kinds": [], "categories": [], "shops": [], "tiers": ["key"], "channels": [], "skills": [],
                "group": "key",
            }
        ],
        "fallback": "service",
        "overflow": "overflow",
    },
    "desk-load": {"open_chats": 20, "open_tickets": None, "hand_assignment_may_exceed": False},
}  # fmt: skip


def upgrade() -> None:
    """Ship the default policies."""
    ship_policies(op.execute, _POLICIES)
