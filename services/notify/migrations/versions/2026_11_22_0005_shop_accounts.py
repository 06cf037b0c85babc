"""Words and a rule about accounts of shops at which nobody sits."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "2026_11_22_0005_shop_accounts"
down_revision = "2026_11_22_0004_goodwill_and_costs"

_NAME = "shop_account.unattended"
_WORDS = (
    ("zh-CN", "店铺 {shop} 的账号无人在线", "店铺 {shop} 有账号自 {since} 起无人在线，请立即安排人员登录。"),
    (
        "en",
        "Nobody is signed in to an account of {shop}",
        "An account of shop {shop} has had nobody signed in since {since}. Somebody has to sit down at it.",
    ),
)


def upgrade() -> None:
    """Ship them: its agent and the delegate hear of it, and the supervisors."""
    names = ("name", "language", "subject", "body")
    template = sa.table("template", *map(sa.column, names), sa.column("version"), sa.column("variables", JSONB))
    shared = {"name": _NAME, "version": 1, "variables": ["shop", "since"]}
    op.bulk_insert(
        template, [shared | {"language": one, "subject": title, "body": body} for one, title, body in _WORDS]
    )
    plain: list[sa.ColumnClause[Any]] = [
        sa.column(name) for name in ("name", "subject", "template", "channel", "active")
    ]
    rule = sa.table("notification_rule", *plain, sa.column("condition", JSONB), sa.column("recipients", JSONB))
    row = {
        "name": "shop-account-unattended", "subject": "shop_account.found_unattended", "condition": {},
        "template": _NAME, "recipients": [["assignee"], ["role:supervisor"]], "channel": "inbox", "active": True,
    }  # fmt: skip
    op.bulk_insert(rule, [row])
