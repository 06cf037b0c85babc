"""Words and rules about goodwill that could not be paid, and about costs laid at another's door."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "2026_11_22_0004_goodwill_and_costs"
down_revision = "2026_11_22_0003_news_of_after_sales"

_REBOOKED = (
    ("zh-CN", "工单 {number} 的费用记在您名下", "店铺 {shop} 的工单 {number} 的费用 {amount}（{month}）改由您承担。"),
    (
        "en",
        "A cost of {number} is booked to you",
        "{amount} of {number}, shop {shop}, month {month}, is yours to bear from now on.",
    ),
)
_RULES: tuple[tuple[str, str, dict[str, str], str, list[list[str]]], ...] = (
    (
        "goodwill-failed", "goodwill.failed", {}, "refund.failed",
        [["assignee", "role:supervisor"], ["role:finance"]],
    ),
    ("cost-rebooked", "cost.rebooked", {"charged": "yes"}, "cost.rebooked", [["assignee"]]),
)  # fmt: skip


def upgrade() -> None:
    """Ship them; failed goodwill is told in the words of a failed refund."""
    names = ("name", "language", "subject", "body")
    template = sa.table("template", *map(sa.column, names), sa.column("version"), sa.column("variables", JSONB))
    variables = ["number", "shop", "month", "amount"]
    shared = {"name": "cost.rebooked", "version": 1, "variables": variables}
    op.bulk_insert(
        template, [shared | {"language": one, "subject": title, "body": body} for one, title, body in _REBOOKED]
    )
    plain: list[sa.ColumnClause[Any]] = [
        sa.column(name) for name in ("name", "subject", "template", "channel", "active")
    ]
    rule = sa.table("notification_rule", *plain, sa.column("condition", JSONB), sa.column("recipients", JSONB))
    keys = ("name", "subject", "condition", "template", "recipients")
    rows = [dict(zip(keys, one, strict=True)) | {"channel": "inbox", "active": True} for one in _RULES]
    op.bulk_insert(rule, rows)
